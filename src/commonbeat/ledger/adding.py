"""Adding rows to a table: what is already there adds nothing, what contradicts it is told, what was erased stays away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from commonbeat import codebook, tables
from commonbeat.errors import BadInput, Problem
from commonbeat.estimate import plain
from commonbeat.ledger import erasing
from commonbeat.ledger.change import SNAPSHOTS, Change, change
from commonbeat.ledger.parts import Part, scan
from commonbeat.ledger.receipts import Source, receipt, receipts_frame

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
            sieves[table] = _Sieve(c, table, source.file)
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


def _new_part(c: Change, table: str, batches, source, sieve: _Sieve, receipt_id: str, simulated) -> Part | None:
    """Writes what the table does not have yet; None when there is nothing new."""
    writer = c.writer(table)
    for frame, lines in _batches(table, batches, source, whole=not sieve.keys):
        fresh, where = sieve.new(frame, lines)
        writer.add(fresh, receipt_id, where)
    sieve.finish()
    return writer.close(simulated=simulated) if writer.rows else None


def receipts_part(c: Change, frame: pl.DataFrame) -> tuple[Part, ...]:
    """The receipts, which are their own receipts."""
    writer = c.writer("receipts")
    writer.add(frame, frame["receipt_id"], pl.int_range(1, len(frame) + 1, eager=True))
    return (writer.close(),)


def _batches(table: str, batches, source: Source, *, whole: bool) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    if isinstance(batches, Iterator):
        if not whole:
            yield from batches
            return
        pairs = list(batches)
        if pairs:
            yield pl.concat([f for f, _ in pairs]), pl.concat([n for _, n in pairs])
        return
    frame = tables.check(table, batches, file=source.file, lines=source.lines)
    yield frame, source.lines if source.lines is not None else pl.int_range(1, len(frame) + 1, eager=True)


class _Sieve:
    """Lets through the rows a table does not have yet."""

    def __init__(self, c: Change, table: str, file: str):
        self.table, self.file = table, file
        self.keys = list(codebook.TABLES[table].primary_key())
        self.there = scan(c.book / SNAPSHOTS / c.before.snapshot, table, c.before.tables.get(table, ()))
        self.has_rows = c.before.rows(table) > 0
        self.stones = erasing.tombstones(c.book, table)
        self.already = self.erased = 0
        self.seen: list[pl.DataFrame] = []
        self._known = self.there.select(self.keys).collect() if self.keys else None

    def new(self, frame: pl.DataFrame, lines: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        rows = frame.with_columns(lines.cast(pl.Int64).alias("line__"))
        if self.stones:
            gone = erasing.stones_of(self.table, frame).is_in(list(self.stones))
            self.erased += int(gone.sum())
            rows = rows.filter(~gone)
        if self.keys:
            self.seen.append(rows.select(*self.keys, "line__"))
        if self.has_rows:
            size = len(rows)
            rows = self._without_known_ids(rows) if self.keys else self._without_known_rows(rows)
            self.already += size - len(rows)
        return rows.drop("line__"), rows["line__"]

    def _without_known_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        both = rows.join(self._known, on=self.keys, how="semi")
        if both.is_empty():
            return rows
        old = self.there.join(both.select(self.keys).lazy(), on=self.keys, how="semi").collect()
        other = both.join(old, on=old.columns, how="anti", nulls_equal=True)
        if len(other):
            raise BadInput(problems=self._contradictions(other))
        return rows.join(self._known, on=self.keys, how="anti", maintain_order="left")

    def _without_known_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        values = [c for c in rows.columns if c != "line__"]
        nth = pl.int_range(pl.len()).over(values).alias("nth__")
        old = self.there.collect().with_columns(nth)
        fresh = rows.with_columns(nth).join(
            old, on=[*values, "nth__"], how="anti", nulls_equal=True, maintain_order="left"
        )
        return fresh.drop("nth__")

    def _contradictions(self, other: pl.DataFrame) -> list[Problem]:
        key = self.keys[0]
        return [
            Problem(
                f'{key} "{value}" is already in the book with other values. Erase that row first if it was wrong, or give '
                "the new one its own id",
                self.file, line, key, value,
            )
            for value, line in other.head(tables.LISTED).select(key, "line__").iter_rows()
        ]  # fmt: skip

    def finish(self) -> None:
        """An id may stand twice in two batches of one file, which no batch can see by itself."""
        if len(self.seen) < 2:
            return
        ids = pl.concat(self.seen)
        twice = ids.filter(pl.struct(self.keys).is_duplicated())
        if len(twice):
            key = self.keys[0]
            raise BadInput(
                problems=[
                    Problem(
                        f'{key} "{v}" stands in more than one row; each row needs its own', self.file, line, key, v
                    )
                    for v, line in twice.head(tables.LISTED).select(key, "line__").iter_rows()
                ]
            )
