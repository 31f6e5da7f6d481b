"""Taking rows out for good: a new snapshot without them, the old files deleted, a hash and a tombstone kept.

The tombstone says that something was here, when and why it was taken out, never what. It holds the hash of each row's id,
so that importing the same file again does not bring the row back.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from commonbeat import codebook
from commonbeat.audit import canonical
from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.ledger import holds
from commonbeat.ledger.change import SNAPSHOTS, Change, change
from commonbeat.ledger.parts import Part, scan, scan_from

__all__ = ["ERASED", "OWNED", "Erased", "erase", "erased_parts", "stones_of", "tombstones"]

ERASED = "erased"  #: folder of tombstones in a book
OWNED = {
    "contacts": {"people": "contact_id"},
    "respondents": {"answers": "respondent"},
}  #: rows that go with their owner


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: rows by table, files deleted, the tombstone's hash, and the snapshot that counts now."""

    rows: dict[str, int]
    files: int
    tombstone: str | None
    snapshot: str

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def erase(
    book: Path, table: str, which: Iterable[str] | pl.Expr, *, why: str, by: str, at: datetime | None = None,
    wait: float = 30.0,
) -> Erased:  # fmt: skip
    """Takes rows out of every snapshot of a book.

    which : ids, or a polars condition for a table without ids;  rows they own (people of a contact) go with them
    why   : the ground, in words that name nobody;  by: the role that asks
    Raises Refused when a row is under legal hold, BadInput when nothing matches.
    """
    at, book = at or datetime.now(UTC), Path(book)
    with change(book, who=by, wait=wait) as c:
        gone = _matching(c, table, which)
        if not any(len(rows) for rows in gone.values()):
            raise BadInput(f"No row of {table} matches; nothing was erased.")
        holds.refuse_held(book, table, gone[table])
        after, old = dict(c.before.tables), []
        for name, rows in gone.items():
            after[name], dropped = _rewrite(c, name, rows)
            old += dropped
        stone = _tombstone(book, gone, old, why=why, at=at)
        counts = {name: len(rows) for name, rows in gone.items() if len(rows)}
        about = {"erased": counts, "why": why, "tombstone": stone}
        done = c.commit(after, what="rows.erased", who=by, about=about, at=at)
    return Erased(counts, _delete(book, old), stone, done.snapshot)


def tombstones(book: Path, table: str) -> set[str]:
    """Hashes of the ids of rows of this table that were erased."""
    return {row for stone in _stones(book) for row in stone["rows"].get(table, ())}


def erased_parts(book: Path) -> set[str]:
    """Names of part files that were deleted by an erasure, and may therefore be missing from old snapshots."""
    return {name for stone in _stones(book) for name in stone["files"]}


def stones_of(table: str, rows: pl.DataFrame) -> pl.Series:
    """(rows,) the hash that a tombstone keeps of each row: of its id, or of the whole row where there is none."""
    names = list(codebook.TABLES[table].primary_key()) or rows.columns
    values = rows.select(pl.col(names).cast(pl.String)).iter_rows()
    return pl.Series([hashlib.sha256(canonical([table, *v]).encode()).hexdigest() for v in values], dtype=pl.String)


def _matching(c: Change, table: str, which) -> dict[str, pl.DataFrame]:
    """The rows themselves, table by table."""
    keys = codebook.TABLES[table].primary_key()
    if isinstance(which, pl.Expr):
        condition = which
    elif len(keys) == 1:
        condition = pl.col(keys[0]).is_in(pl.Series(list(which), dtype=pl.String).implode())
    else:
        raise BadInput(f"{table} has no ids; give a condition on its columns.")
    rows = _scan(c, table).filter(condition).collect()
    gone = {table: rows}
    for name, link in OWNED.get(table, {}).items():
        gone[name] = _scan(c, name).filter(pl.col(link).is_in(rows[link].implode())).collect()
    return gone


def _scan(c: Change, table: str) -> pl.LazyFrame:
    return scan(c.book / SNAPSHOTS / c.before.snapshot, table, c.before.tables.get(table, ()))


def _rewrite(c: Change, table: str, gone: pl.DataFrame) -> tuple[tuple[Part, ...], list[Part]]:
    """The table's parts without these rows; parts that held none of them stay as they are."""
    folder, parts, dropped = c.book / SNAPSHOTS / c.before.snapshot, [], []
    keys = list(codebook.TABLES[table].primary_key()) or gone.columns
    for part in c.before.tables.get(table, ()):
        rows = scan(folder, table, (part,)).collect().hstack(scan_from(folder, (part,)).collect())
        kept = rows.join(gone, on=keys, how="anti", nulls_equal=True, maintain_order="left")
        if len(kept) == len(rows):
            parts.append(part)
            continue
        dropped.append(part)
        if len(kept):
            writer = c.writer(table)
            writer.add(kept.drop("receipt_id", "line"), kept["receipt_id"], kept["line"])
            parts.append(writer.close(simulated=part.simulated))
    return tuple(parts), dropped


def _tombstone(book: Path, gone, old: list[Part], *, why: str, at: datetime) -> str:
    stone = canonical(
        {
            "at": at,
            "why": why,
            "rows": {name: stones_of(name, rows).to_list() for name, rows in gone.items() if len(rows)},
            "files": {name: sha for p in old for name, sha in ((p.file, p.sha256), (p.from_file, p.from_sha256))},
        }
    )
    name = hashlib.sha256(stone.encode()).hexdigest()
    (book / ERASED).mkdir(exist_ok=True)
    (book / ERASED / f"{name}.json").write_text(stone, encoding="utf-8")
    return name


def _delete(book: Path, old: list[Part]) -> int:
    files = {name for p in old for name in (p.file, p.from_file)}
    there = [f for f in (book / SNAPSHOTS).glob("*/*.parquet") if f.name in files]
    for file in there:
        file.unlink()
    return len(there)


def _stones(book: Path) -> list[dict]:
    return [json.loads(f.read_text(encoding="utf-8")) for f in sorted((book / ERASED).glob("*.json"))]
