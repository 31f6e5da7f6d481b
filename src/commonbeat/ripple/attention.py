"""How many could have seen it, how soon, and where?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit
from scipy import stats as distributions

from commonbeat import stats
from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate
from commonbeat.ripple import trees

__all__ = ["Place", "half_life", "places", "reach"]

LEAST_PIECES = 10  #: branches of the root below which their variance says little


@dataclass(frozen=True, slots=True)
class Place:
    """events: how many events carry this coarse place; first_seconds: how long after the start the first one came."""

    place: str
    events: int
    first_seconds: float | None


def reach(table):
    """Sum of the audiences, and how many events state one  -> (None, 0) where none does."""
    if "audience" not in table.columns:
        return None, 0
    given = table["audience"]
    text = given.cast(pl.String).str.strip_chars() if given.dtype == pl.String else None
    audience = (given if text is None else text.set((text == "").fill_null(False), None)).cast(
        pl.Float64, strict=False
    )
    lost = given.is_not_null() & audience.is_null() & (True if text is None else (text != "").fill_null(False))
    audience = audience.fill_nan(None)
    wrong = (lost | (audience < 0).fill_null(False) | audience.is_infinite().fill_null(False)).arg_true()
    if len(wrong):
        row = int(wrong[0])
        said = f'"{given[row]}"' if text is not None else f"{audience[row]:g}"
        raise BadInput(f"audience is {said} for event {table['event_id'][row]}: use 0 or more, or leave it empty.")
    return (int(audience.sum()) if audience.count() else None), audience.count()


def half_life(found, level) -> Estimate:
    """Time until half of all events so far had happened, with an interval that knows that sharing comes in bursts.

    Where parents are known, what descends from one child of the root counts as one piece: the interval holds the times at
    which half of all events lies within chance of the variance between pieces (Woodruff 1952 with clusters). Elsewhere
    events count one by one (order statistics), which is too short where they come in bursts, and says so.
    """
    when = found.table["when"].to_numpy() if "at" in found.table.columns else np.zeros(0)
    known = np.isfinite(when)
    if known.sum() < 2:
        return Estimate(None, n=int(known.sum()), unit="seconds", method="order statistics")
    order = np.argsort(when[known], kind="stable")
    t = when[known][order] - when[known].min()
    half = t[int(np.ceil(t.size / 2)) - 1]
    piece = np.unique(trees.branches(found.parent)[known][order], return_inverse=True)[1]
    if (found.how == 2).any():
        low, high = _one_by_one(t, level)
        said = (
            "Of the events seen so far; parents are unknown, and events that come in bursts make the interval too short.",
        )
        how = "order statistics of event times"
    elif piece.max() + 1 < LEAST_PIECES:
        low, high = None, None
        said = (f"{piece.max() + 1} branches; an interval needs {LEAST_PIECES}.",)
        how = "median of event times"
    else:
        low, high = _by_pieces(t, piece, level)
        said, how = ("Of the events seen so far.",), "Woodruff interval, clustered by branches of the root"
    return Estimate(half, low=low, high=high, level=level, n=t.size, unit="seconds", method=how, cautions=said)


def _one_by_one(t, level):
    k = int(distributions.binom.ppf((1 - level) / 2, t.size, 0.5))
    return (t[k - 1], t[t.size - k]) if k >= 1 else (None, None)


def _by_pieces(t, piece, level):
    """Times at which the share of events so far cannot be told from one half.

    sum over pieces of (events so far - half its events) has the variance of its terms; kept up event by event.
    """
    pieces = piece.max() + 1
    size, so_far = np.bincount(piece).astype(float), np.zeros(pieces)
    total, square = _running(piece, size, so_far)
    spread = np.sqrt(np.maximum(square * pieces / (pieces - 1), 0.0))
    inside = np.abs(total) <= distributions.t.ppf((1 + level) / 2, pieces - 1) * spread
    at = np.flatnonzero(inside)
    return (t[at[0]], t[min(at[-1] + 1, t.size - 1)]) if at.size else (None, None)


@njit(cache=True)
def _running(piece, size, so_far):
    n = piece.size
    total, square = np.empty(n), np.empty(n)
    a, b = -0.5 * size.sum(), 0.25 * (size * size).sum()
    for i in range(n):
        p = piece[i]
        before = so_far[p] - 0.5 * size[p]
        so_far[p] += 1.0
        a += 1.0
        b += 2.0 * before + 1.0
        total[i], square[i] = a, b
    return total, square


def places(table, home, level):
    if "place" not in table.columns or table["place"].null_count() == len(table):
        return (), None
    start = table["when"].min()
    placed = table.filter(pl.col("place").is_not_null())
    by = (
        placed.group_by("place")
        .agg(events=pl.len(), first=pl.col("when").min())
        .sort(["events", "place"], descending=[True, False])
    )
    home = home or placed.sort("when", "event_id")["place"][0]
    away = int((placed["place"] != home).sum())
    low, high = stats.wilson(away, len(placed), level=level)
    outside = Estimate(
        away / len(placed), low=low, high=high, level=level, n=len(placed), method=f"Wilson; outside {home}"
    )
    return tuple(
        Place(p, e, None if f is None or start is None else f - start) for p, e, f in by.iter_rows()
    ), outside
