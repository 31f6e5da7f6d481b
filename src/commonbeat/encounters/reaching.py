"""Does positive contact reach the places that see the most enforcement?"""

from __future__ import annotations

from datetime import date

import numpy as np
import polars as pl

from commonbeat.encounters.counting import counted, residents_of, window_of
from commonbeat.encounters.rates import cells_of
from commonbeat.encounters.results import Reach
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.stats import wilson

__all__ = ["reach"]

LEAST = 20  #: positive contacts below which the curve is not drawn


def reach(
    contacts, population, *, hardest=0.2, unplanned=False, window: tuple[date, date] | None = None, zone="UTC", level=0.95,
    draws=2_000, seed=0,
) -> Reach:  # fmt: skip
    """What share of positive contact goes to the areas with the most enforcement per resident?

    hardest   : the most enforced areas that are home to at least this share of residents
    unplanned : leave out contacts that belong to a programme
    Method: concentration curve and index over areas ranked by enforcement rate (Wagstaff and others 1991); the index's
    interval by a Poisson bootstrap of both counts, so that the ranking's own uncertainty is in it; the share's by Wilson.
    Raises TooFew under 20 positive contacts or 3 areas with residents.
    """
    if not 0 < hardest < 1:
        raise BadInput(f"hardest is {hardest}; give a share of residents between 0 and 1.")
    span = window_of(contacts, window, zone)
    rows = contacts.lazy()
    if unplanned:
        rows = rows.filter((pl.col("kind") != "positive") | pl.col("programme").is_null())
    table = cells_of(counted(rows, span, zone), residents_of(population), None)
    known = table.filter(pl.col("residents") > 0, pl.col("area_id").is_not_null())
    positive, enforced, residents = (
        known[c].to_numpy().astype(float) for c in ("positive", "enforcement", "residents")
    )
    if positive.sum() < LEAST or len(known) < 3:
        raise TooFew(
            f"There are {int(positive.sum())} positive contacts in {len(known)} areas with residents; the curve needs "
            f"{LEAST} and 3."
        )
    order = _ranked(enforced, residents)
    x, y = _curve(positive[order], residents[order])
    top = int(np.searchsorted(x[1:], hardest - 1e-12)) + 1
    n, k = int(positive.sum()), int(positive[order][:top].sum())
    low, high = (float(v) for v in wilson(k, n, level=level))
    names = known["area_id"].to_numpy()[order]
    without = table.filter(pl.col("residents").fill_null(0) == 0)["area_id"].drop_nulls().to_list()
    share = Estimate(
        k / n, low=low, high=high, level=level, n=n, unit="share of positive contacts", method="Wilson interval"
    )
    index = _index(positive, enforced, residents, level, draws, np.random.default_rng(seed))
    return Reach(tuple(names[:top]), float(x[top]), share, index, tuple(zip(x.tolist(), y.tolist())), tuple(without))


def _ranked(enforced, residents):
    return np.argsort(-enforced / residents, kind="stable")


def _curve(positive, residents):
    x, y = (np.concatenate([[0.0], np.cumsum(v) / max(v.sum(), 1e-300)]) for v in (residents, positive))
    return x, y


def _area_under(positive, enforced, residents) -> float:
    order = _ranked(enforced, residents)
    x, y = _curve(positive[order], residents[order])
    return float(2 * np.trapezoid(y, x) - 1)


def _index(positive, enforced, residents, level, draws, rng) -> Estimate:
    value = _area_under(positive, enforced, residents)
    again = np.array([_area_under(rng.poisson(positive), rng.poisson(enforced), residents) for _ in range(draws)])
    error = float(again.std(ddof=1))
    low, high = np.quantile(
        2 * value - again, [(1 - level) / 2, (1 + level) / 2]
    )  # basic bootstrap: takes out its own bias
    return Estimate(
        value, std_error=error, low=float(low), high=float(high), level=level, n=int(positive.sum()), unit="index, -1 to 1",
        method=f"concentration index, Poisson bootstrap of {draws:,} draws",
    )  # fmt: skip
