"""How sure must each interval be, so that all of them hold at once? From how the estimates go together, not from the worst case."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy import stats

from commonbeat.studies.effects import influence, simultaneous_level
from commonbeat.studies.plan import Plan

__all__ = ["level_of_each"]

DRAWS = 40_000


def level_of_each(plan: Plan, cells: Sequence[pl.DataFrame], *, seed: int = 0) -> float:
    """The level of each of k intervals, so that all hold together with the plan's level.

    cells : rows of each comparison, with score, treated and what the plan names
    "sidak" needs nothing but k and keeps a little more than it promises; "max_t" takes the quantile of the largest |t| when
    estimates share people and streets (Hothorn, Bretz & Westfall 2008), and is never wider; "none" leaves the plan's level.
    """
    if plan.multiplicity == "none":
        return plan.level
    worst = simultaneous_level(plan.level, len(cells), plan.estimator)
    if plan.multiplicity != "max_t":
        return worst
    parts = [influence(plan, rows).with_columns(pl.lit(k).alias("cell")) for k, rows in enumerate(cells)]
    known = [p for p in parts if p.height]
    if len(known) < 2:
        return worst
    wide = (
        pl.concat(known)
        .pivot(on="cell", index="key", values="part", aggregate_function="sum")
        .drop("key")
        .fill_null(0.0)
        .to_numpy()
    )
    together = np.corrcoef(wide, rowvar=False)
    root = np.linalg.cholesky(together + 1e-9 * np.eye(len(together)))
    drawn = np.random.default_rng(seed).standard_normal((DRAWS, len(together))) @ root.T
    unknown = len(cells) - len(known)  # what could not be computed today may be tomorrow: it is counted as unrelated
    each = (
        2 * stats.norm.cdf(np.quantile(np.abs(drawn).max(1), plan.level ** (len(known) / (len(known) + unknown)))) - 1
    )
    return float(min(max(each, plan.level), worst))
