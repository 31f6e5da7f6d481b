"""A population's known totals beside the sample's columns: who is in which category, and can the totals be met at all?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput
from commonbeat.trust.cells import look_up

__all__ = ["Margin", "read_margins", "table"]

_NOBODY = np.int32(-1)
_WIDEST = 1 << 20  #: widest span of whole numbers that is looked up rather than searched


@dataclass(frozen=True, slots=True)
class Margin:
    """One column whose totals are known.

    codes      : (rows,) which category a person is in
    categories : their names
    totals     : (categories,) people in the population
    """

    column: str
    codes: np.ndarray
    categories: tuple[str, ...]
    totals: np.ndarray


def table(frame) -> pl.DataFrame:
    """Any dataframe that speaks Arrow, or a dict of columns, as polars."""
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    return frame if isinstance(frame, pl.DataFrame) else pl.DataFrame(frame)


def read_margins(frame, margins) -> tuple[Margin, ...]:
    """Which category is everybody in, and what should each sum to?

    margins : {column: {category: total}}
    Raises BadInput naming the column and category where sample and population do not speak of the same people.
    """
    people = table(frame)
    if not margins:
        raise BadInput("No margins were given: nothing is known of the population, so there is nothing to weight to.")
    read = tuple(_read(people, str(column), dict(totals)) for column, totals in margins.items())
    sums = {m.column: float(m.totals.sum()) for m in read}
    first = read[0].column
    for column, total in sums.items():
        if abs(total - sums[first]) > 1e-6 * abs(sums[first]):
            raise BadInput(
                f"The margins cannot meet: `{first}` sums to {sums[first]:,.6g} people and `{column}` to {total:,.6g}. "
                "Both must describe the same population."
            )
    return read


def _read(people: pl.DataFrame, column: str, totals: dict) -> Margin:
    if column not in people.columns:
        raise BadInput(f"There is no column `{column}`; the sample has {', '.join(people.columns)}.")
    names = [str(k) for k in totals]
    want = np.array(list(totals.values()), float)
    if not np.isfinite(want).all() or (want < 0).any():
        raise BadInput(f"`{column}`: every category needs a total of 0 or more people.")
    codes, met = _codes(people[column], names)
    if met[0]:
        _who_is_missing(people[column], codes, names, column)
    for name, total, here in zip(names, want, met[1:], strict=True):
        if (total > 0) != (here > 0):
            raise BadInput(
                f"The margins cannot meet: `{column}` = {name} stands for {total:,.6g} people in the population and {here:,} "
                "in the sample. Join it with a neighbouring category, or leave it out of both."
            )
    return Margin(column, codes, tuple(names), want)


def _codes(series: pl.Series, names: list[str]):
    """-> (rows,) category of each person, -1 where it has no total, and how many are in each, those first."""
    found = None
    if series.dtype.is_integer() and not series.null_count() and len(series):
        found = _whole_numbers(series, names)
    elif isinstance(series.dtype, pl.Categorical | pl.Enum) and not series.null_count():
        found = _named(series, names)
    if found is None:
        found = _words(series, names)
    values, low, lookup = found
    return look_up(values, low, lookup, len(names))


def _named(series, names):
    met = series.unique()
    place = {n: i for i, n in enumerate(names)}
    physical = met.to_physical().to_numpy().astype(np.int64)
    lookup = np.full(int(physical.max()) + 1, _NOBODY)
    lookup[physical] = [place.get(name, -1) for name in met.cast(pl.String).to_list()]
    return series.to_physical().cast(pl.Int32).to_numpy(), 0, lookup


def _whole_numbers(series, names):
    low, high = int(series.min()), int(series.max())
    if (
        high - low > _WIDEST
        or abs(high) >= 2**31
        or abs(low) >= 2**31
        or not all(n.lstrip("-").isdigit() for n in names)
    ):
        return None
    lookup = np.full(high - low + 1, _NOBODY)
    for code, name in enumerate(names):
        if low <= int(name) <= high:
            lookup[int(name) - low] = code
    return series.cast(pl.Int32).to_numpy(), low, lookup


def _words(series, names):
    if series.dtype.is_float():
        series = series.map_elements(
            lambda v: str(int(v)) if v == v and v == int(v) else str(v), return_dtype=pl.String
        )
    elif series.dtype == pl.Boolean:
        series = series.replace_strict({True: "True", False: "False"}, return_dtype=pl.String)
    text = series.cast(pl.String)
    codes = text.replace_strict(names, list(range(1, len(names) + 1)), default=0, return_dtype=pl.Int32).fill_null(0)
    return codes.to_numpy(), 0, np.arange(-1, len(names), dtype=np.int32)


def _who_is_missing(series, codes, names, column):
    outside = series.filter(pl.Series(codes < 0))
    nulls = outside.null_count()
    if nulls:
        raise BadInput(
            f"`{column}` is missing for {nulls:,} people. Give `unknown` its own total, fill it in, or set them aside first."
        )
    found = str(outside[0])
    line = int(np.argmax(codes < 0)) + 1
    raise BadInput(
        f'`{column}`, row {line}: "{found}" has no total in the margins, which know {", ".join(names)} '
        f"({len(outside):,} people in all)."
    )
