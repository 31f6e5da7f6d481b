"""Adding rows to a table: what is already there adds nothing, what contradicts it is told, what was erased stays away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from commonbeat import tables
from commonbeat.estimate import plain
from commonbeat.ledger.change import SNAPSHOTS, Change, change
from commonbeat.ledger.parts import Part, scan
from commonbeat.ledger.receipts import Source, receipt, receipts_frame
from commonbeat.ledger.sieving import Sieve

__all__ = ["Added", "add", "add_all", "receipts_part"]


@dataclass(frozen=True, slots=True)
class Added:
    """What an import did: rows added, rows that were already there, rows that stay away because they were erased."""

    table: str
    added: int
    already: int
    erased: int
    snapshot: str
    receipt_id: str | None

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def add(book: Path, table: str, batches, **how) -> Added:
    """Adds rows to one table of a book; see `add_all`."""
    return add_all(book, {table: batches}, **how)[table]


def add_all(
    book: Path,
    batches: Mapping[str, object],
    *,
    source: Source,
    importer: str,
    note: str = "",
    at: datetime | None = None,
    simulated: bool | None = None,
    wait: float = 30.0,
) -> dict[str, Added]:
    """Adds rows to tables of a book in one step  -> table -> Added. All of them or, when anything is wrong, none.

    batches : table -> any frame, or an iterator of (checked frame, source lines) for a file that does not fit into memory
    A row is known by the id its source gave it; without one, by all its values and how often they occur.
    Raises BadInput when an id is already there with other values, Busy when another writer does not finish in `wait`.
    """
    at, book = at or datetime.now(UTC), Path(book)
    with change(book, who=importer, wait=wait) as c:
        after, said, sieves, told = dict(c.before.tables), [], {}, {}
        for table, rows in batches.items():
            told[table] = receipt(table, source, importer=importer, at=at, rows=0)
            sieves[table] = Sieve(c, table, source.file)
            part = _new_part(c, table, rows, source, sieves[table], told[table]["receipt_id"], simulated)
            if part:
                after[table] = (*after.get(table, ()), part)
                said.append(told[table] | {"rows": part.rows})
        if said:
            old = scan(book / SNAPSHOTS / c.before.snapshot, "receipts", after.get("receipts", ())).collect()
            after["receipts"] = receipts_part(c, pl.concat([old, receipts_frame(said)]))
        about = {"tables": sorted(row["table"] for row in said), "note": note}
        done = c.commit(after, what="rows.added", who=importer, about=about, at=at)
    rows = {row["table"]: row["rows"] for row in said}
    return {
        t: Added(t, rows.get(t, 0), s.already, s.erased, done.snapshot, told[t]["receipt_id"] if t in rows else None)
        for t, s in sieves.items()
    }


def _new_part(c: Change, table: str, batches, source, sieve: Sieve, receipt_id: str, simulated) -> Part | None:
    """Writes what the table does not have yet; None when there is nothing new."""
    writer = c.writer(table)
    for frame, lines in _batches(table, batches, source):
        fresh, where = sieve.new(frame, lines)
        writer.add(fresh, receipt_id, where)
    if not writer.rows:
        return None
    part = writer.close(simulated=simulated)
    sieve.finish(c.folder / part.file, c.folder / part.from_file)
    return part


def receipts_part(c: Change, frame: pl.DataFrame) -> tuple[Part, ...]:
    """The receipts, which are their own receipts."""
    writer = c.writer("receipts")
    writer.add(frame, frame["receipt_id"], pl.int_range(1, len(frame) + 1, eager=True))
    return (writer.close(),)


def _batches(table: str, batches, source: Source) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    if isinstance(batches, Iterator):
        yield from batches
        return
    frame = tables.check(table, batches, file=source.file, lines=source.lines)
    yield frame, source.lines if source.lines is not None else pl.int_range(1, len(frame) + 1, eager=True)
