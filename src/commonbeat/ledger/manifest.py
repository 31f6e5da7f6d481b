"""What a snapshot says about itself: which tables, how many rows, which hashes, made from which snapshot, by whom."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from commonbeat import codebook
from commonbeat.audit import canonical
from commonbeat.errors import BookError, Broken
from commonbeat.ledger.parts import Part

__all__ = ["MANIFEST", "Manifest", "read_manifest"]

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A snapshot's own description.

    tables         : table -> its parts, in row order
    schema_version : of the codebook that wrote it
    about          : who, when, why, and the snapshot before: in the manifest's seal, not in the snapshot's name, so that
                     the same rows have the same name whoever writes them
    """

    tables: Mapping[str, tuple[Part, ...]]
    about: Mapping
    schema_version: int = codebook.SCHEMA_VERSION

    @property
    def content(self) -> dict:
        return {
            "schema_version": self.schema_version,
            "tables": {
                name: {
                    "rows": sum(p.rows for p in parts),
                    "simulated": any(p.simulated for p in parts),
                    "parts": [p.to_dict() for p in parts],
                }
                for name, parts in sorted(self.tables.items())
            },
        }

    @property
    def snapshot(self) -> str:
        """The snapshot's name: SHA-256 of everything that is in it."""
        return hashlib.sha256(canonical(self.content).encode()).hexdigest()

    def rows(self, table: str) -> int:
        return sum(p.rows for p in self.tables.get(table, ()))

    def text(self) -> str:
        body = {"content": self.content, "about": dict(self.about)}
        return canonical(body | {"seal": hashlib.sha256(canonical(body).encode()).hexdigest()}) + "\n"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a snapshot; Broken when a byte of it changed, BookError when a newer program wrote it."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
        data = json.loads(text)
        content = data["content"]
        version = content["schema_version"]
        if version > codebook.SCHEMA_VERSION:
            raise BookError(
                f"This book's tables have version {version}; this program reads up to {codebook.SCHEMA_VERSION}. "
                "Install the newer Commonbeat that wrote it."
            )
        tables = {name: tuple(Part(**p) for p in about["parts"]) for name, about in content["tables"].items()}
        manifest = Manifest(tables, data["about"], version)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Broken(f"The manifest of snapshot {folder.name[:12]} cannot be read: {error}.") from error
    if manifest.text() != text or manifest.snapshot != folder.name:
        raise Broken(f"The manifest of snapshot {folder.name[:12]} was changed after it was written.")
    return manifest
