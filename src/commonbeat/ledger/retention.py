"""How long is a row kept?  A schedule in TOML says; what is due goes, except what is under legal hold.

[contacts]
from = "at"         the column it is counted from
days = 1825
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from commonbeat import codebook
from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.ledger.book import Book
from commonbeat.ledger.erasing import Erased
from commonbeat.ledger.holds import held

__all__ = ["Due", "due", "keep_to", "schedule"]


@dataclass(frozen=True, slots=True)
class Due:
    """Rows of a table whose time is over: `ids` may go now, `held` stay under legal hold although they are due."""

    table: str
    before: date
    ids: tuple[str, ...]
    held: int

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def schedule(file) -> dict[str, tuple[str, int]]:
    """A retention schedule  -> table -> (column, days). Raises BadInput with what is wrong in it."""
    try:
        rules = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"{file} is not a retention schedule: {error}.") from error
    found = {}
    for table, rule in rules.items():
        if table not in codebook.TABLES or len(codebook.TABLES[table].primary_key()) != 1:
            raise BadInput(f'The schedule names "{table}", which is no table whose rows have an id.')
        column, days = rule.get("from"), rule.get("days")
        about = codebook.TABLES[table].columns().get(column)
        if about is None or not about.dtype.is_temporal() or not isinstance(days, int) or days < 1:
            raise BadInput(
                f'[{table}] needs from = "a column with a day or time" and days = a whole number of at least 1.'
            )
        found[table] = (column, days)
    return found


def due(book: Book, rules: dict[str, tuple[str, int]], *, today: date) -> tuple[Due, ...]:
    """What is older than its schedule allows? A row without a day is never due."""
    holds, found = held(book.path), []
    for table, (column, days) in rules.items():
        if table not in book:
            continue
        key, before = codebook.TABLES[table].primary_key()[0], today - timedelta(days=days)
        old = book.scan(table).filter(pl.col(column).cast(pl.Date) < before).select(key).collect()[key]
        here = [h for h in holds if h.table == table]
        kept = set(old) if any(h.ids is None for h in here) else {i for h in here for i in h.ids or ()} & set(old)
        found.append(Due(table, before, tuple(i for i in old if i not in kept), len(kept)))
    return tuple(found)


def keep_to(book: Book, rules, *, today: date, by: str, at: datetime | None = None) -> tuple[Erased, ...]:
    """Erases what is due and not held  -> what was erased, table by table; each is an entry in the book's chain."""
    done = []
    for table in due(book, rules, today=today):
        if table.ids:
            why = f"retention schedule: older than {table.before.isoformat()}"
            done.append(book.erase(table.table, table.ids, why=why, by=by, at=at))
    return tuple(done)
