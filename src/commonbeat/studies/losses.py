"""Who was lost, said before any effect: how many answered in each arm, and what the effect could be whatever the others think."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat import trust
from commonbeat.errors import CommonbeatError
from commonbeat.estimate import Estimate
from commonbeat.stats import wilson
from commonbeat.studies.effects import effect, usable
from commonbeat.studies.findings import Attrition, Flow
from commonbeat.studies.plan import Plan, Ring

__all__ = ["attrition"]

DIFFERENTIAL = 5.0  #: points of a hundred by which response may differ between arms before it is called differential


def attrition(plan: Plan, ring: Ring, asked: pl.DataFrame, scored: pl.DataFrame) -> Attrition | None:
    """How many of those asked answered, by arm and wave; the difference at the primary wave with its interval.

    None where other people were asked each time: nobody was followed, so nobody was lost.
    """
    if _others_each_time(plan, asked, scored):
        return None
    treated, control = plan.arms_of(ring)
    flow = []
    for arm in (treated, control):
        there = asked.filter(pl.col("arm") == arm)
        counts = tuple(
            (
                w,
                scored.filter((pl.col("wave") == w) & pl.col("score").is_not_null())
                .join(there, on="respondent", how="semi")
                .height,
            )
            for w in plan.waves
        )
        flow.append(Flow(ring.name, arm, there.height, counts))
    now = scored.filter(pl.col("wave") == plan.primary.wave).select("respondent", "score")
    here = asked.join(now, on="respondent", how="left").sort("respondent")
    responded = here.with_columns((100.0 * pl.col("score").is_not_null()).alias("score"))
    gap = effect(plan, ring, responded, estimator="difference_in_means")
    if not gap.known or gap.std_error == 0:
        gap = _newcombe(flow, plan)
    differential = gap.known and (gap.low > 0 or gap.high < 0 or abs(gap.value) > DIFFERENTIAL)
    return Attrition(tuple(flow), gap, bool(differential), _bounds(plan, here))


def _others_each_time(plan, asked, scored) -> bool:
    here = scored.filter(pl.col("score").is_not_null()).join(asked, on="respondent", how="semi")
    before, now = (here.filter(pl.col("wave") == w).select("respondent") for w in (0, plan.primary.wave))
    return (
        plan.design == "before_after"
        and before.height > 0
        and before.join(now, on="respondent", how="semi").height == 0
    )


def _newcombe(flow, plan) -> Estimate:
    """Difference of two shares from their Wilson intervals (Newcombe 1998), for when nobody or everybody answered."""
    (a, n), (b, m) = ((dict(f.answered)[plan.primary.wave], f.asked) for f in flow)
    if not n or not m:
        return Estimate(None, n=n + m)
    (la, ua), (lb, ub) = wilson(a, n, level=plan.level), wilson(b, m, level=plan.level)
    p, q = a / n, b / m
    low = p - q - np.hypot(p - la, ub - q)
    high = p - q + np.hypot(ua - p, q - lb)
    return Estimate(
        100 * (p - q),
        low=100 * low,
        high=100 * high,
        n=n + m,
        level=plan.level,
        unit="points of a hundred",
        method="Newcombe",
    )


def _bounds(plan, here):
    """What the effect could be whatever the lost would have said (Lee's bounds); None when nobody was lost or it cannot be told."""
    y = here["score"].to_numpy().astype(float)
    if not np.isnan(y).any():
        return None
    try:
        return trust.bounds(
            y,
            here["treated"].to_numpy(),
            cluster=usable(here, plan.cluster),
            level=plan.level,
            unit=plan.outcome.unit,
        )
    except CommonbeatError:
        return None
