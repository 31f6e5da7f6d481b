"""What did the plan's comparison do, in one ring at one wave? Asks the trust room, and nothing that the plan did not name."""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from commonbeat import trust
from commonbeat.errors import CommonbeatError, TooFew
from commonbeat.estimate import Estimate
from commonbeat.privacy import OFFICER_FLOOR
from commonbeat.studies.findings import Finding
from commonbeat.studies.plan import Plan, Ring
from commonbeat.studies.verdicts import verdict

__all__ = ["effect", "finding", "simultaneous_level", "usable", "weights_of"]


def simultaneous_level(level: float, cells: int) -> float:
    """The level each of k intervals needs so that all hold at once with probability `level`.

    Method: Sidak's inequality, which holds for normal estimates under any dependence, so the promise is kept (a little
    more than kept where rings share the same answers).
    """
    return level ** (1 / max(cells, 1))


def effect(
    plan: Plan,
    ring: Ring,
    rows: pl.DataFrame,
    *,
    estimator: str | None = None,
    level: float | None = None,
    seed: int = 0,
) -> Estimate:
    """The estimate for rows of one ring and wave: columns score, treated, and what the plan names.

    Too few in an arm, or a comparison that cannot be computed, gives an Estimate without value and the reason in words.
    """
    estimator, level = estimator or plan.estimator, level or plan.level
    rows = rows.filter(pl.col("score").is_not_null())
    n = [int((rows["treated"] == arm).sum()) for arm in (0, 1)]
    floor = max(plan.floor, OFFICER_FLOOR) if ring.name == "officer" else plan.floor
    if min(n) < floor:
        treated, control = plan.arms_of(ring)
        few = f"{n[1]} answers in {treated} and {n[0]} in {control}; at least {floor} of each are needed"
        return Estimate(None, n=sum(n), level=level, unit=plan.outcome.unit, cautions=(few,))
    try:
        return replace(_ask(plan, rows, estimator, level, seed), unit=plan.outcome.unit)
    except CommonbeatError as error:
        return Estimate(None, n=sum(n), level=level, unit=plan.outcome.unit, cautions=(str(error),))


def finding(
    plan: Plan,
    ring: Ring,
    wave: int,
    rows: pl.DataFrame,
    *,
    level=None,
    estimator=None,
    group="",
    value="",
    planned=True,
    seed=0,
) -> Finding:
    """One comparison with its verdict, marked by how far it can carry."""
    e = effect(plan, ring, rows, estimator=estimator, level=level, seed=seed)
    how = ring.how if e.known else "not_identified"
    if how == "observed":
        e = e.with_caution(
            "nobody drew who was reached: this is an association, adjusted for "
            + (", ".join(plan.covariates) or "nothing")
        )
    return Finding(
        ring.name, wave, e, verdict(e, plan.smallest_effect), how, group, value, planned, estimator or plan.estimator,
        plan.outcome.name.capitalize(), plan.smallest_effect,
    )  # fmt: skip


def _ask(plan, rows, estimator, level, seed) -> Estimate:
    y, arm = rows["score"].to_numpy(), rows["treated"].to_numpy()
    shape = {"block": usable(rows, plan.block), "cluster": usable(rows, plan.cluster), "weights": weights_of(rows)}
    if estimator == "difference_in_means":
        return trust.difference_in_means(y, arm, level=level, **shape)
    if estimator == "adjusted_effect":
        columns = [c for c in plan.covariates if c in rows.columns and rows[c].drop_nulls().n_unique() > 1]
        if not columns:
            return trust.difference_in_means(y, arm, level=level, **shape)
        covariates = rows.select(pl.col(columns).cast(pl.Float64)).to_numpy()
        return trust.adjusted_effect(y, arm, covariates, level=level, **shape)
    if estimator == "randomisation_test":
        test = trust.randomisation_test(
            y, arm, block=shape["block"], cluster=shape["cluster"], level=level, seed=seed
        )
        how = "every assignment listed" if test.exact else f"{test.draws:,} redraws"
        method = f"randomisation test, p = {test.p_value:.4f}, interval by inversion; {how}"
        return Estimate(
            test.effect, low=test.low, high=test.high, level=level, n=test.n, method=method, cautions=test.cautions
        )
    raise TooFew(f"{estimator} needs columns this study's answers do not have; name another estimator in the plan")


def usable(rows, name):
    """A block or cluster column, when it says something about these rows; None otherwise."""
    if not name or name not in rows.columns or rows[name].null_count() or rows[name].n_unique() < 2:
        return None
    return rows[name].to_numpy()


def weights_of(rows):
    if "weight" not in rows.columns or rows["weight"].null_count() or rows["weight"].n_unique() < 2:
        return None
    return rows["weight"].to_numpy()
