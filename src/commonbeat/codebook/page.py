"""The codebook as a page and as JSON: made from the schemas, so that it cannot say something else than they do."""

from __future__ import annotations

from dataclasses import asdict

from commonbeat import codebook

__all__ = ["as_dict", "markdown"]

_TOP = """# Codebook

Every table, what its columns mean, and who may see them. Made from the schemas with `commonbeat codebook --markdown`;
a test keeps this page current. Times are UTC. "Who may see it": public (everybody), staff, analyst, auditor, and never
(kept only so that the record can be checked or linked inside one table; it leaves by no page, export or report).
"""


def as_dict(names) -> dict:
    """The tables in words, for JSON."""
    return {
        "schema_version": codebook.SCHEMA_VERSION,
        "tables": {
            n: {"meaning": codebook.TABLES[n].__doc__, "columns": [asdict(c) for c in codebook.columns(n)]}
            for n in names
        },
    }


def markdown(names) -> str:
    """The tables as one page."""
    parts = [_TOP]
    for name in names:
        parts.append(f"\n## {name}\n\n{codebook.TABLES[name].__doc__}\n")
        parts.append(
            "| column | meaning | unit | holds | may be missing | who may see it |\n|---|---|---|---|---|---|"
        )
        for c in codebook.columns(name):
            missing = "yes" if c.may_be_missing else ""
            cells = (f"`{c.name}`", c.meaning, c.unit or "", c.allowed or "", missing, c.see)
            parts.append("| " + " | ".join(x.replace("|", "\\|") for x in cells) + " |")
    return "\n".join(parts) + "\n"
