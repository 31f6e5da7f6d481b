"""What if the people present, not the residents, are counted?  A second denominator, shown beside the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from commonbeat.encounters.counting import counted, window_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.stats import garwood

__all__ = ["Present", "by_people_present"]

PER = 1_000  #: people present


@dataclass(frozen=True, slots=True)
class Present:
    """Contacts of one kind in one area per 1,000 people present there on average and year, with the exact interval."""

    area: str
    kind: str
    count: int
    people: float
    rate: float
    low: float
    high: float

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def by_people_present(
    contacts, present, *, window: tuple[date, date] | None = None, zone="UTC", level=0.95
) -> tuple[Present, ...]:
    """How often are people met, for everybody who is there, commuters and visitors included?

    present : area_id, people: how many are there on average; with a column hour (0 to 23, the town's own) one row for each
    Areas that nobody counted have no row. The file's numbers are taken as known: the interval is about the contacts alone.
    Raises BadInput for a frame without these columns, people below 0 or an area that stands twice; TooFew without any area.
    """
    table = _checked(present)
    span = window_of(contacts, window, zone)
    wide = counted(contacts, span, zone).filter(pl.col("area_id").is_not_null())
    both = table.join(pl.DataFrame({"kind": ["enforcement", "positive"]}), how="cross")
    both = both.join(wide, on=["area_id", "kind"], how="left").with_columns(pl.col("count").fill_null(0))
    exposure = both["people"].to_numpy() * span.years / PER
    low, high = garwood(both["count"].to_numpy(), exposure, level=level)
    columns = (
        both["area_id"],
        both["kind"],
        both["count"],
        both["people"],
        both["count"].to_numpy() / exposure,
        low,
        high,
    )
    return tuple(Present(a, k, int(n), float(p), *map(float, rest)) for a, k, n, p, *rest in zip(*columns))


def _checked(present) -> pl.DataFrame:
    frame = present.lazy().collect()
    if not {"area_id", "people"} <= set(frame.columns):
        raise BadInput(
            f"People present need the columns area_id and people (and perhaps hour); there are {', '.join(frame.columns)}."
        )
    if (
        "hour" in frame.columns
        and frame.group_by("area_id").agg(mixed=pl.col("hour").is_null().any() & (pl.len() > 1))["mixed"].any()
    ):
        raise BadInput("An area's people present are given for the whole day or hour by hour; some areas have both.")
    key = ["area_id", "hour"] if "hour" in frame.columns else ["area_id"]
    people = frame["people"].cast(pl.Float64, strict=False)
    if people.is_null().any() or not np.isfinite(people.to_numpy()).all() or (people < 0).any():
        raise BadInput("People present are numbers, 0 or more, in every row.")
    if frame.select(pl.struct(key).is_duplicated().any()).item():
        raise BadInput(f"Each {' and '.join(key)} stands once among the people present; some stand twice.")
    table = frame.select(pl.col("area_id").cast(pl.String), people.alias("people"))
    table = table.group_by("area_id").agg(pl.col("people").mean()).filter(pl.col("people") > 0).sort("area_id")
    if table.is_empty():
        raise TooFew("No area has people present; there is nothing to divide by.")
    return table
