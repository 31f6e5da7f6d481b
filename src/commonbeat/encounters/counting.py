"""From contacts to a small table of counts: the one place that touches every row. What follows sees only the counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, TooFew

__all__ = ["KINDS", "Record", "Window", "counted", "midnight", "record_of", "residents_of", "window_of"]

KINDS = ("positive", "service", "enforcement")
GROUPS = ("race", "age_band", "sex")
MANY = 1_000_000  #: rows of people above which joining them out of order is worth compiled code


@dataclass(frozen=True, slots=True)
class Window:
    """The days that are counted, first and last included; `years` of 365.25 days is what a yearly rate divides by."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def years(self) -> float:
        return self.days / 365.25

    def to_dict(self) -> dict:
        return {"first": self.first.isoformat(), "last": self.last.isoformat(), "days": self.days}


def window_of(contacts, window: tuple[date, date] | None, zone: str) -> Window:
    """The days asked for, or from the first to the last contact in the town's own days.

    Raises TooFew for a record without contacts, or of less than four weeks: a yearly rate from it would be a guess.
    """
    if window is None:
        first, last = _ends(contacts)
        if first is None:
            raise TooFew("There are no contacts in this record; nothing can be counted yet.")
        window = tuple(pl.Series([first, last]).dt.convert_time_zone(zone).dt.date())
    found = Window(*window)
    if found.days < 28:
        raise TooFew(f"The record spans {found.days} days; a yearly rate needs at least 28.")
    return found


def _ends(contacts):
    """The first and last moment of a record, None without one."""
    if isinstance(contacts, Record):
        contacts = pl.DataFrame({"at": pl.Series(contacts.at).cast(pl.Datetime("us", "UTC"))})
    at = pl.col("at")
    return contacts.lazy().select(at.min().alias("first"), at.max().alias("last")).collect().row(0)


@dataclass(frozen=True, slots=True)
class Record:
    """Contacts as small whole numbers, read once: every later count is a count of numbers.

    ids    : (n,) contact ids, None when nobody asks for groups;  at: (n,) microseconds since 1970, UTC
    cell   : (n,) area x kind: position in `areas` (the last one: outside every area) times 3, plus position in KINDS
    """

    ids: pl.Series | None
    at: np.ndarray
    cell: np.ndarray
    areas: tuple[str | None, ...]
    simulated: bool

    def inside(self, window: Window, zone: str) -> np.ndarray | bool:
        """(n,) which contacts lie in the window; plain True where all do."""
        first, last = (_microseconds(d, zone) for d in (window.first, window.last + timedelta(days=1)))
        if len(self.at) and first <= self.at.min() and self.at.max() < last:
            return True
        return (self.at >= first) & (self.at < last)

    def table(self, counts: np.ndarray, **more) -> pl.DataFrame:
        """Counts per cell as rows, zeros left out."""
        where = np.flatnonzero(counts)
        area = pl.Series(self.areas, dtype=pl.String).gather(where // len(KINDS))
        kind = pl.Series(KINDS, dtype=pl.String).gather(where % len(KINDS))
        count = pl.Series(counts[where], dtype=pl.Int64)
        return pl.DataFrame({"area_id": area, "kind": kind, "count": count}).with_columns(
            pl.lit(v, pl.String).alias(k) for k, v in more.items()
        )


def record_of(contacts, *, ids: bool) -> Record:
    """Reads only the columns that are counted, from a frame or lazily from Parquet."""
    lazy = contacts.lazy()
    there = lazy.collect_schema().names()
    wanted = ["at", pl.col("area_id").cast(pl.Categorical), "kind", *(["contact_id"] if ids else [])]
    rows = lazy.select(*wanted, *(["simulated"] if "simulated" in there else [])).collect()
    area, names = _numbered(rows["area_id"])
    kind = rows["kind"].cast(pl.Enum(KINDS)).to_physical().cast(pl.Int32).to_numpy()
    at = rows["at"].dt.cast_time_unit("us").to_physical().to_numpy()
    simulated = bool(rows["simulated"].any()) if "simulated" in there else False
    named = rows["contact_id"] if ids else None
    return Record(named, at, area * len(KINDS) + kind, (*names, None), simulated)


def counted(contacts, window: Window, zone: str, *, people=None, by: str | None = None) -> pl.DataFrame:
    """How many contacts of each kind, by area (null: outside every area) and group  -> area_id, group, kind, count.

    contacts : a frame, or a Record that was read with its ids
    by : race, age_band or sex from `people`. A contact counts once for each group that was present, so that one event
         with thirty children is one contact; contacts of which no group is known count as `unknown`.
    """
    if by is not None and (by not in GROUPS or people is None):
        raise BadInput(
            f'Contacts can be split by {", ".join(GROUPS)}, with a table of people; "{by}" is not one of them.'
        )
    record = contacts if isinstance(contacts, Record) else record_of(contacts, ids=by is not None)
    cells = len(record.areas) * len(KINDS)
    inside = record.inside(window, zone)
    cell = record.cell if inside is True else np.where(inside, record.cell, cells)  # one more for what lies outside
    if by is None:
        return record.table(np.bincount(cell, minlength=cells)[:cells])
    named = people.lazy().select("contact_id", pl.col(by).cast(pl.String).cast(pl.Categorical)).collect()
    group, groups = _numbered(named[by])
    if "unknown" not in groups:
        groups = (*groups, "unknown")  # where those without a word are already
    else:
        group[group == len(groups)] = groups.index("unknown")
    counts = _by_group(record.ids, cell, cells, named["contact_id"], group, groups)
    return pl.concat(record.table(n, group=g) for n, g in zip(counts, groups)).select(
        "area_id", "kind", "group", "count"
    )


def _numbered(words: pl.Series) -> tuple[np.ndarray, tuple[str, ...]]:
    """Words as numbers  -> (rows,) position of each among the words in their order, null: after the last; those words."""
    known = words.drop_nulls().unique()
    names = known.cast(pl.String).sort()
    codes = words.to_physical().cast(pl.Int64)
    place = np.full(int(known.to_physical().max() or 0) + 2, len(names), np.int32)
    place[known.to_physical().to_numpy()] = known.cast(pl.Enum(names)).to_physical().to_numpy()
    return place[codes.fill_null(len(place) - 1).to_numpy()], tuple(names)


def _by_group(ids: pl.Series, cell, cells: int, wanted: pl.Series, group, groups: tuple[str, ...]) -> np.ndarray:
    """(groups, cells) contacts in which anybody of the group was present: however many rows say so, it is one contact.

    People nearly always stand in the order of their contacts (imports and the city write them so): then comparing two
    columns is enough. In any other order they are joined by 64-bit hashes: among ten million ids the chance that any two
    share one is 3 in a million.
    """
    which, unknown = _in_order(ids, wanted), groups.index("unknown")
    if which is not None and len(wanted) == len(ids):  # one row of people for every contact
        both = group.astype(np.int64) * (cells + 1) + cell
        return np.bincount(both, minlength=len(groups) * (cells + 1)).reshape(len(groups), -1)[:, :cells]
    if which is None and len(wanted) > MANY and len(groups) <= 64:
        from commonbeat.encounters.meeting import met_in_cells  # numba takes a second to import

        return met_in_cells(ids.hash().to_numpy(), cell, cells, wanted.hash().to_numpy(), group, len(groups), unknown)
    which = _joined(ids, wanted) if which is None else which
    met = np.zeros((len(groups), len(cell)), bool)
    found = which >= 0
    met[group[found], which[found]] = True
    met[unknown] |= ~np.logical_or.reduce(met, axis=0)
    return np.stack([np.bincount(cell[np.flatnonzero(m)], minlength=cells)[:cells] for m in met])


def _in_order(ids: pl.Series, wanted: pl.Series) -> np.ndarray | None:
    """(rows of people,) in which row of contacts each belongs, when they stand in the same order; else None."""
    start = wanted.head(1_000).unique(maintain_order=True)
    if not (start == ids.head(len(start))).all():  # a glance is enough where they are shuffled
        return None
    begins = (wanted != wanted.shift(1)).fill_null(True)
    first = wanted if begins.all() else wanted.filter(begins)
    if len(first) != len(ids) or not (first == ids).all():
        return None
    return np.arange(len(ids)) if len(ids) == len(wanted) else begins.to_numpy().cumsum() - 1


def _joined(ids: pl.Series, wanted: pl.Series) -> np.ndarray:
    """(rows of people,) in which row of contacts each belongs; -1 where there is no such contact."""
    left = pl.LazyFrame({"h": wanted.hash(), "row": np.arange(len(wanted), dtype=np.uint32)})
    right = pl.LazyFrame({"h": ids.hash(), "which": np.arange(len(ids), dtype=np.uint32)})
    both = left.join(right, on="h").collect(engine="streaming")
    which = np.full(len(wanted), -1, np.int64)
    which[both["row"].to_numpy()] = both["which"].to_numpy()
    return which


def _microseconds(day: date, zone: str) -> int:
    return int(pl.select(midnight(day, zone)).to_series().dt.timestamp("us")[0])


def residents_of(population, by: str | None = None) -> pl.DataFrame:
    """Who lives there?  -> area_id, residents; with `by` also group.

    A row that is not split by anything counts for everybody; where there is none, the split rows are added up.
    """
    rows = population.lazy().collect() if isinstance(population, pl.LazyFrame) else population
    split = pl.any_horizontal(pl.col(GROUPS).is_not_null())
    if by is None:
        whole = rows.filter(~split).group_by("area_id").agg(pl.col("residents").sum())
        parts = rows.filter(split).join(whole, on="area_id", how="anti")
        finest = parts.filter(_finest(parts))
        return pl.concat([whole, finest.group_by("area_id").agg(pl.col("residents").sum())]).sort("area_id")
    others = [g for g in GROUPS if g != by]
    named = rows.filter(pl.col(by).is_not_null())
    only = named.filter(pl.all_horizontal(pl.col(others).is_null()))
    use = only if len(only) else named
    return (
        use.group_by("area_id", pl.col(by).cast(pl.String).alias("group"))
        .agg(pl.col("residents").sum())
        .sort("area_id")
    )


def _finest(rows: pl.DataFrame) -> pl.Expr:
    """Rows split by the same columns as most are: a table split both by race and by age must not be added twice."""
    shape = pl.concat_str([pl.col(g).is_not_null().cast(pl.Int8).cast(pl.String) for g in GROUPS])
    if rows.is_empty():
        return pl.lit(False)
    deepest = rows.select(shape.alias("s"))["s"].value_counts(sort=True)["s"][0]
    return shape == deepest


def midnight(day: date, zone: str) -> pl.Expr:
    """When a day of the town begins, in UTC."""
    return (
        pl.lit(day)
        .cast(pl.Datetime("us"))
        .dt.replace_time_zone(zone, ambiguous="earliest")
        .dt.convert_time_zone("UTC")
    )
