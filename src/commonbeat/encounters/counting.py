"""From contacts to a small table of counts: the one place that touches every row. What follows sees only the counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from commonbeat.errors import BadInput, TooFew

__all__ = ["KINDS", "Window", "counted", "midnight", "residents_of", "window_of"]

KINDS = ("positive", "service", "enforcement")
GROUPS = ("race", "age_band", "sex")


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
        at = contacts.lazy().select(pl.col("at").min().alias("first"), pl.col("at").max().alias("last")).collect()
        first, last = at.select(pl.all().dt.convert_time_zone(zone).dt.date()).row(0)
        if first is None:
            raise TooFew("There are no contacts in this record; nothing can be counted yet.")
        window = (first, last)
    found = Window(*window)
    if found.days < 28:
        raise TooFew(f"The record spans {found.days} days; a yearly rate needs at least 28.")
    return found


def counted(contacts, window: Window, zone: str, *, people=None, by: str | None = None) -> pl.DataFrame:
    """How many contacts of each kind, by area (null: outside every area) and group  -> area_id, group, kind, count.

    by : race, age_band or sex from `people`. A contact counts once for each group that was present, so that one event
         with thirty children is one contact; contacts of which no group is known count as `unknown`.
    """
    at = pl.col("at")
    first, last = (midnight(d, zone) for d in (window.first, window.last + timedelta(days=1)))
    rows = contacts.lazy().filter((at >= first) & (at < last))
    if by is None:
        return (
            rows.group_by("area_id", "kind").agg(pl.len().cast(pl.Int64).alias("count")).collect(engine="streaming")
        )
    if by not in GROUPS or people is None:
        raise BadInput(
            f'Contacts can be split by {", ".join(GROUPS)}, with a table of people; "{by}" is not one of them.'
        )
    groups = people.lazy().select("contact_id", pl.col(by).cast(pl.String).alias("group")).collect()
    inside = ((at >= first) & (at < last)).alias("inside")
    met = contacts.lazy().select("contact_id", "area_id", "kind", inside).collect()
    joined = _side_by_side(met, groups)
    if joined is None:
        joined = met.join(groups, on="contact_id", how="left").unique(["contact_id", "group"])
    return (
        joined.lazy()
        .filter("inside")
        .group_by("area_id", "kind", pl.col("group").fill_null("unknown"))
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .collect()
    )


def _side_by_side(met: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame | None:
    """The join, without one, when people stand in the order of their contacts (imports and the city write them so).

    Comparing two columns and counting steps is ten times as fast as hashing ids; None when the order is another.
    """
    begins = (groups["contact_id"] != groups["contact_id"].shift(1)).fill_null(True)
    first = groups["contact_id"] if begins.all() else groups["contact_id"].filter(begins)
    if len(first) != len(met) or not (first == met["contact_id"]).all():
        return None
    if len(first) == len(groups):
        return met.select("area_id", "kind", "inside", groups["group"])
    which = (begins.cast(pl.UInt32).cum_sum() - 1).alias("which")
    alike = pl.DataFrame([which, groups["group"]]).unique(maintain_order=False)
    return met.select("area_id", "kind", "inside")[alike["which"]].with_columns(alike["group"])


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
