"""A book: a folder of immutable snapshots and one small file that says which of them counts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from commonbeat import codebook
from commonbeat.audit import Chain
from commonbeat.errors import BadInput, BookError
from commonbeat.ledger import adding, erasing
from commonbeat.ledger.change import CHAIN, SNAPSHOTS, Change, change, current, swap_in
from commonbeat.ledger.manifest import MANIFEST, Manifest, read_manifest
from commonbeat.ledger.parts import scan, scan_from
from commonbeat.ledger.receipts import Origin, Source, receipt, receipts_frame
from commonbeat.tables import check

if TYPE_CHECKING:
    import duckdb

__all__ = ["Book"]

WAIT = 30.0  #: seconds a second writer waits for the first


@dataclass(frozen=True, slots=True)
class Book:
    """A checked record, opened at one snapshot. Reading never changes it; every change gives a new Book.

    path     : the folder
    manifest : what the opened snapshot says about itself
    """

    path: Path
    manifest: Manifest

    @classmethod
    def create(cls, path: str | os.PathLike, *, at: datetime | None = None) -> Book:
        """A new book without tables. Raises BookError when something is already there."""
        path = Path(path)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise BookError(f"{path} already exists and is not empty; choose another folder for the new book.")
        empty = Manifest({}, {"what": "an empty book"})
        try:
            folder = path / SNAPSHOTS / empty.snapshot
            folder.mkdir(parents=True)
            (folder / MANIFEST).write_text(empty.text(), encoding="utf-8")
            about = {"snapshot": empty.snapshot}
            chain = Chain(path / CHAIN)
            swap_in(path, empty.snapshot, lambda: chain.append("book.created", who="ledger", about=about, at=at))
        except OSError as error:
            raise BookError(f"A book cannot be made at {path}: {error}.") from error
        return cls(path, empty)

    @classmethod
    def open(cls, path: str | os.PathLike, *, snapshot: str | None = None) -> Book:
        """The book as it stands now, or as it stood at `snapshot` (a hash or the beginning of one). Read only.

        Raises BookError when this is no book or a newer program wrote it, Broken when its manifest was changed.
        """
        path = Path(path)
        now = current(path)
        return cls(path, read_manifest(path / SNAPSHOTS / (_named(path, snapshot) if snapshot else now)))

    @property
    def snapshot(self) -> str:
        """The hash that names what is in it; every number made from the book carries it."""
        return self.manifest.snapshot

    @property
    def tables(self) -> tuple[str, ...]:
        return tuple(t for t in codebook.TABLES if t in self.manifest.tables)

    @property
    def simulated(self) -> bool:
        """Does any row come from the simulated city?"""
        return any(p.simulated for parts in self.manifest.tables.values() for p in parts)

    @property
    def label(self) -> str:
        """What must stand beside everything made from this book: `simulated`, `partly simulated` or nothing."""
        said = {p.simulated for t, parts in self.manifest.tables.items() if t != "receipts" for p in parts}
        return {(): "", (False,): "", (True,): "simulated"}.get(tuple(said), "partly simulated")

    @property
    def chain(self) -> Chain:
        """The audit chain of the book: every snapshot, erasure, hold and seal."""
        return Chain(self.path / CHAIN)

    @property
    def folder(self) -> Path:
        return self.path / SNAPSHOTS / self.snapshot

    def __contains__(self, table: str) -> bool:
        return table in self.manifest.tables

    def rows(self, table: str) -> int:
        """How many rows the table has; 0 when the book does not have it."""
        return self.manifest.rows(table)

    def scan(self, table: str) -> pl.LazyFrame:
        """A table, lazily. Raises BookError when the book has none by that name, or rows of this snapshot were erased."""
        return scan(self.folder, table, self._parts(table))

    def table(self, name: str) -> pl.DataFrame:
        """A table as a polars frame; columns as the codebook says."""
        return self.scan(name).collect()

    def origins(self, table: str) -> pl.DataFrame:
        """Receipt and source line of every row of a table, in its order: receipt_id, line."""
        return scan_from(self.folder, self._parts(table)).collect()

    def duckdb(self) -> duckdb.DuckDBPyConnection:
        """The book in SQL. The connection can read these tables and nothing else: no file, no network, no writing back."""
        import duckdb  # slow to import, and only this needs them
        import pyarrow.dataset as ds

        connection = duckdb.connect()
        for name in self.tables:
            self._parts(name)
            files = [str(self.folder / p.file) for p in self.manifest.tables[name]]
            connection.register(name, ds.dataset(files))
        connection.execute("SET enable_external_access = false; SET lock_configuration = true")
        return connection

    def where(self, table: str, row: str | int) -> Origin:
        """Where did this row come from?  row: its id, or its number counted from 1."""
        rows = self.scan(table).with_row_index("row", 1)
        key = _key(table)
        wanted = pl.col("row") == int(row) if str(row).isdigit() else pl.lit(False)
        if key:
            wanted |= pl.col(key) == str(row)
        found = rows.filter(wanted).select("row", *([key] if key else [])).collect()
        if found.is_empty():
            kind = f"{key} or a number from 1 to {self.rows(table):,}" if key else f"number 1 to {self.rows(table):,}"
            raise BadInput(f'There is no row "{row}" in {table}; use its {kind}.')
        first = found.filter(pl.col(key) == str(row)) if key else found
        number, *name = (first if len(first) else found).row(0)
        receipt_id, line = self.origins(table).row(number - 1)
        receipts = self.table("receipts").filter(pl.col("receipt_id") == receipt_id)
        return Origin(table, number, name[0] if name else None, line, receipts.row(0, named=True))

    def write(
        self,
        tables: Mapping[str, object],
        *,
        importer: str,
        note: str = "",
        receipts: Mapping[str, Source] | None = None,
        simulated: bool | None = None,
        at: datetime | None = None,
        wait: float = WAIT,
    ) -> Book:
        """These tables take the place of those with the same names; the others stay  -> the book at its new snapshot.

        tables    : table -> any frame; checked, so a wrong cell changes nothing (BadInput)
        importer  : the role that writes, in receipts and in the chain;  note: why, in words
        receipts  : table -> the Source it was read from; without one the receipt names the importer
        simulated : the label of all these tables; None: simulated if a row of any of them says so
        wait      : seconds to wait for another writer before Busy
        """
        at = at or datetime.now(UTC)
        checked = {name: check(name, frame) for name, frame in tables.items()}
        with change(self.path, who=importer, wait=wait) as c:
            manifest = _replace(c, checked, dict(receipts or {}), importer, note, simulated, at)
        return Book(self.path, manifest)

    def add(self, table: str, frame, *, source: Source, importer: str, **how) -> adding.Added:
        """Adds rows to a table; see `adding.add`. Rows that are already there add nothing."""
        return adding.add(self.path, table, frame, source=source, importer=importer, **how)

    def erase(self, table: str, ids: Iterable[str] | pl.Expr, *, why: str, by: str, **how) -> erasing.Erased:
        """Takes rows out of the book for good; see `erasing.erase`."""
        return erasing.erase(self.path, table, ids, why=why, by=by, **how)

    def _parts(self, table: str):
        if table not in self.manifest.tables:
            raise BookError(f"{self.path.name} has no table {table}; it has {', '.join(self.tables) or 'none yet'}.")
        parts = self.manifest.tables[table]
        gone = [p for p in parts if not (self.folder / p.file).exists()]
        if gone:
            raise BookError(
                f"Rows of {table} in snapshot {self.snapshot[:12]} were erased or are missing. Open the book as it stands "
                "now, or run `commonbeat verify` to see which."
            )
        return parts


def _replace(c: Change, checked, sources, importer, note, simulated, at) -> Manifest:
    if simulated is None:
        simulated = any(f["simulated"].any() for f in checked.values() if "simulated" in f.columns)
    after = dict(c.before.tables)
    said = [checked.pop("receipts")] if "receipts" in checked else []
    lost = [t for t in checked if t in after]
    for name, frame in checked.items():
        source = sources.get(name) or Source(f"written by {importer}", _content_hash(frame))
        row = receipt(name, source, importer=importer, at=at, rows=len(frame))
        lines = source.lines if source.lines is not None else pl.int_range(1, len(frame) + 1, eager=True)
        writer = c.writer(name)
        writer.add(frame, row["receipt_id"], lines)
        after[name] = (writer.close(simulated=simulated),)
        said.append(receipts_frame([row]))
    old = scan(c.book / SNAPSHOTS / c.before.snapshot, "receipts", after.get("receipts", ())).collect()
    kept = old.filter(~pl.col("table").is_in(lost))
    after["receipts"] = adding.receipts_part(c, pl.concat([kept, *said]).unique("receipt_id", maintain_order=True))
    return c.commit(after, what="snapshot.written", who=importer, about={"note": note}, at=at)


def _content_hash(frame: pl.DataFrame) -> str:
    """SHA-256 of a frame that came from no file: of its Arrow stream."""
    sink = hashlib.sha256()
    for batch in frame.to_arrow().to_batches():
        sink.update(batch.serialize())
    return sink.hexdigest()


def _key(table: str) -> str | None:
    keys = codebook.TABLES[table].primary_key()
    return keys[0] if len(keys) == 1 else None


def _named(path: Path, start: str) -> str:
    found = [f.name for f in (path / SNAPSHOTS).iterdir() if f.name.startswith(start) and len(f.name) == 64]
    if len(found) != 1:
        raise BookError(f'{path.name} has {len(found)} snapshots that begin with "{start}"; give more of the hash.')
    return found[0]
