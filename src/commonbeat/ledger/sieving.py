"""Which rows does a table not have yet?  In batches, remembering 8 bytes for an id and 24 for a row without one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from commonbeat import codebook, tables
from commonbeat.errors import BadInput, Problem
from commonbeat.ledger import erasing
from commonbeat.ledger.change import SNAPSHOTS, Change
from commonbeat.ledger.parts import scan

__all__ = ["Sieve"]

_ROW = ["a__", "b__"]  #: two 64-bit hashes of all values of a row; two different rows never share both


class Sieve:
    """Lets through the rows a table does not have yet; counts those it has, and those that were erased."""

    def __init__(self, c: Change, table: str, file: str):
        self.table, self.file = table, file
        self.keys = list(codebook.TABLES[table].primary_key())
        self.there = scan(c.book / SNAPSHOTS / c.before.snapshot, table, c.before.tables.get(table, ()))
        self.has_rows = c.before.rows(table) > 0
        self.stones = erasing.tombstones(c.book, table)
        self.already = self.erased = 0
        self.ids: list[np.ndarray] = []
        if self.has_rows:
            self.known = self.there.select(self.keys).collect() if self.keys else _counted(self.there.collect())

    def new(self, frame: pl.DataFrame, lines: pl.Series) -> tuple[pl.DataFrame, pl.Series]:
        rows = frame.with_columns(lines.cast(pl.Int64).alias("line__"))
        if self.stones:
            gone = erasing.stones_of(self.table, frame).is_in(list(self.stones))
            self.erased += int(gone.sum())
            rows = rows.filter(~gone)
        if self.has_rows:
            size = len(rows)
            rows = self._without_known_ids(rows) if self.keys else self._without_known_rows(rows)
            self.already += size - len(rows)
        if self.keys:
            self.ids.append(rows.select(self.keys).hash_rows().to_numpy())
        return rows.drop("line__"), rows["line__"]

    def finish(self, part: Path, came_from: Path) -> None:
        """An id may stand twice in two batches of one file, which no batch can see by itself; then the part is read again."""
        if len(self.ids) < 2:
            return
        ids = np.sort(np.concatenate(self.ids))
        alike = ids[1:][ids[1:] == ids[:-1]]
        if not len(alike):
            return
        both = pl.concat(
            [pl.scan_parquet(part, glob=False).select(self.keys), pl.scan_parquet(came_from, glob=False)],
            how="horizontal",
        )
        twice = both.collect().filter(pl.struct(self.keys).is_duplicated())
        if len(twice):
            key = self.keys[0]
            said = "stands in more than one row; each row needs its own"
            raise BadInput(
                problems=[
                    Problem(f'{key} "{v}" {said}', self.file, line, key, v)
                    for v, line in twice.head(tables.LISTED).select(key, "line").iter_rows()
                ]
            )

    def _without_known_ids(self, rows: pl.DataFrame) -> pl.DataFrame:
        both = rows.join(self.known, on=self.keys, how="semi")
        if both.is_empty():
            return rows
        old = self.there.join(both.select(self.keys).lazy(), on=self.keys, how="semi").collect()
        other = both.join(old, on=old.columns, how="anti", nulls_equal=True)
        if len(other):
            raise BadInput(problems=self._contradictions(other))
        return rows.join(self.known, on=self.keys, how="anti", maintain_order="left")

    def _without_known_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """A row that occurs three times where the table has it twice is new once."""
        hashed = _hashed(rows.drop("line__"))
        nth = hashed.select(pl.int_range(pl.len()).over(_ROW).alias("nth"))["nth"]
        left = hashed.join(self.known, on=_ROW, how="left", maintain_order="left")["n__"].fill_null(0)
        used = hashed.group_by(_ROW).agg(pl.len().alias("used"))
        rest = pl.col("n__") - pl.col("used").fill_null(0).cast(pl.Int64)
        self.known = self.known.join(used, on=_ROW, how="left").select(*_ROW, rest.alias("n__"))
        return rows.filter(nth >= left)

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


def _hashed(rows: pl.DataFrame) -> pl.DataFrame:
    return pl.DataFrame([rows.hash_rows(seed=k).alias(name) for k, name in enumerate(_ROW)])


def _counted(rows: pl.DataFrame) -> pl.DataFrame:
    """How often does each row occur?  -> two hashes, n__."""
    return _hashed(rows).group_by(_ROW).agg(pl.len().cast(pl.Int64).alias("n__"))
