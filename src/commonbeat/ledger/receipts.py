"""Where rows came from: the file, its hash, the day, who brought it in, under which licence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from commonbeat import tables
from commonbeat.audit import canonical
from commonbeat.estimate import plain

__all__ = ["Origin", "Source", "receipt", "receipts_frame"]


@dataclass(frozen=True, slots=True)
class Source:
    """A file rows were read from. `sha256` of its bytes; `lines`: (rows,) source line of each row, None: counted from 1."""

    file: str
    sha256: str
    licence: str | None = None
    mapping: str | None = None
    lines: pl.Series | None = None


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one row came from: its number in the table, its id if it has one, its receipt, its line in that file."""

    table: str
    row: int
    id: str | None
    line: int
    receipt: dict

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def receipt(table: str, source: Source, *, importer: str, at: datetime, rows: int) -> dict:
    """One row of the `receipts` table."""
    said = {
        "table": table,
        "file": source.file.replace("\\", "/").rsplit("/", 1)[-1],
        "sha256": source.sha256,
        "at": at,
        "importer": importer,
        "licence": source.licence,
        "mapping": source.mapping,
        "rows": rows,
    }
    name = hashlib.sha256(canonical(said).encode()).hexdigest()
    return {"receipt_id": f"r-{name[:16]}", **said}


def receipts_frame(rows: list[dict]) -> pl.DataFrame:
    return tables.check("receipts", rows) if rows else tables.empty("receipts")
