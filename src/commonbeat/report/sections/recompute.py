"""A study's citation, and the small program that computes its numbers again and says where they differ."""

from __future__ import annotations

from importlib import resources

from commonbeat import __version__
from commonbeat.studies.findings import Findings

__all__ = ["citation", "script"]


def script() -> str:
    """The program itself, which lies beside the report; it needs this package, findings.json and the book."""
    return resources.files("commonbeat.report").joinpath("templates/recompute.py").read_text(encoding="utf-8")


def citation(f: Findings) -> str:
    """What to write under a quotation, so that anybody finds the same numbers."""
    sealed = f"sealed {f.sealed_at[:10]}" if f.sealed_at else "never sealed"
    sealed += "" if f.sealed_before_data or not f.sealed_at else ", after the data"
    source = "simulated town, " if f.simulated else ""
    return (
        f"“{f.plan['title']}” ({source}plan {f.plan['plan_id']}, {f.plan_hash[:12]}, {sealed}; snapshot {f.snapshot[:12] or 'none'}, seed {f.seed}). "
        f"Computed with Commonbeat {__version__}.\n"
    )
