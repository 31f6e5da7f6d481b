"""Legal hold: rows somebody must keep, because a court, a complaint or a records request is about them.

A hold is an entry in the book's audit chain, and so is its end; what is held today follows from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from commonbeat import codebook
from commonbeat.audit import Chain
from commonbeat.errors import BadInput, Refused
from commonbeat.estimate import plain
from commonbeat.ledger.change import CHAIN, current

__all__ = ["Hold", "held", "hold", "lift", "refuse_held"]


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold: its number in the chain, the table, the ids (None: every row), why, and since when."""

    n: int
    table: str
    ids: tuple[str, ...] | None
    why: str
    at: str

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def hold(book, table: str, ids: Iterable[str] | None, *, why: str, by: str, at: datetime | None = None) -> Hold:
    """Forbids erasing these rows (None: the whole table) until the hold is lifted."""
    current(Path(book))
    if table not in codebook.TABLES:
        raise BadInput(f'There is no table "{table}" to hold.')
    about = {"table": table, "ids": None if ids is None else sorted(ids), "why": why}
    return _hold(Chain(Path(book) / CHAIN).append("hold.placed", who=by, about=about, at=at or datetime.now(UTC)))


def lift(book, n: int, *, why: str, by: str, at: datetime | None = None) -> None:
    """Ends the hold with this number."""
    if n not in {h.n for h in held(book)}:
        raise BadInput(f"There is no hold {n} in force.")
    Chain(Path(book) / CHAIN).append("hold.lifted", who=by, about={"hold": n, "why": why}, at=at or datetime.now(UTC))


def held(book) -> tuple[Hold, ...]:
    """The holds in force, oldest first."""
    found: dict[int, Hold] = {}
    for entry in Chain(Path(book) / CHAIN):
        if entry.what == "hold.placed":
            found[entry.n] = _hold(entry)
        elif entry.what == "hold.lifted":
            found.pop(entry.about["hold"], None)
    return tuple(found.values())


def refuse_held(book: Path, table: str, rows: pl.DataFrame) -> None:
    """Raises Refused when one of these rows is held, and says by which hold."""
    keys = codebook.TABLES[table].primary_key()
    for h in held(book):
        if h.table != table:
            continue
        caught = rows if h.ids is None else rows.filter(pl.col(keys[0]).is_in(list(h.ids)))
        if len(caught):
            raise Refused(
                f"{len(caught)} of these rows are under legal hold {h.n} ({h.why}, since {h.at[:10]}). Nothing was "
                "erased; lift the hold first, if those who placed it agree."
            )


def _hold(entry) -> Hold:
    ids = entry.about["ids"]
    return Hold(entry.n, entry.about["table"], None if ids is None else tuple(ids), entry.about["why"], entry.at)
