"""What did the plan's comparison do, in one ring at one wave? Asks the trust room, and nothing that the plan did not name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from commonbeat import trust
from commonbeat.errors import CommonbeatError, TooFew
from commonbeat.estimate import Estimate
from commonbeat.privacy import OFFICER_FLOOR
from commonbeat.regression import ols
from commonbeat.studies import saturation
from commonbeat.studies.covariates import complete, known_before
from commonbeat.studies.findings import Finding
from commonbeat.studies.plan import Plan, Ring
from commonbeat.studies.verdicts import verdict

__all__ = ["SHORT", "adjusted", "effect", "finding", "influence", "simultaneous_level", "usable", "weights_of"]


SHORT = "fewer than"  #: how the reason begins when an arm is under the floor


def simultaneous_level(level: float, cells: int, estimator: str = "") -> float:
    """The level each of k intervals needs so that all hold at once with probability `level`.

    Method: Sidak's inequality, which holds for normal estimates under any dependence, so the promise is kept (a little
    more than kept where rings share the same answers). Confidence sequences are not normal: Bonferroni there.
    """
    return 1 - (1 - level) / max(cells, 1) if estimator == "anytime" else level ** (1 / max(cells, 1))


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
    whole, rows = rows, rows.filter(pl.col("score").is_not_null())
    n = [int((rows["treated"] == arm).sum()) for arm in (0, 1)]
    floor = max(plan.floor, OFFICER_FLOOR) if ring.name == "officer" else plan.floor
    untreated_only = plan.design == "saturation" and n[0] >= 2 * floor  # shares are compared there, not arms
    if min(n) < floor and not untreated_only:
        treated, control = plan.arms_of(ring)
        short = " and ".join(a for a, k in ((treated, n[1]), (control, n[0])) if k < floor)
        few = f"{SHORT} {floor} answers in {short}"  # how many fewer is not for everybody to know
        return Estimate(None, n=sum(n), level=level, unit=plan.outcome.unit, cautions=(few,))
    try:
        replays = (
            estimator == "randomisation_test" and plan.design == "saturation"
        )  # units without an answer were drawn too
        asked = whole if estimator == "difference_in_differences" or replays else rows
        return replace(_ask(plan, ring, asked, estimator, level, seed), unit=plan.outcome.unit)
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
        ring.name, wave, e, verdict(e, plan.smallest_effect, better=plan.outcome.better), how, group, value, planned, estimator or plan.estimator,
        plan.outcome.name.capitalize(), plan.smallest_effect,
    )  # fmt: skip


def _ask(plan, ring, rows, estimator, level, seed) -> Estimate:
    how = {
        "difference_in_means": _plainly, "adjusted_effect": _adjusted, "randomisation_test": _redrawn, "complier_effect": _compliers,
        "difference_in_differences": _changes, "spillover": _around, "anytime": _every_day,
    }.get(estimator)  # fmt: skip
    if how is None:
        raise TooFew(f"{estimator} cannot be asked of people's answers; name another estimator in the plan")
    return how(plan, ring, rows, level, seed)


def _parts(plan, rows):
    """(y, arm, what the draw looked like) as arrays."""
    shape = {"block": usable(rows, plan.block), "cluster": usable(rows, plan.cluster), "weights": weights_of(rows)}
    return rows["score"].to_numpy(), rows["treated"].to_numpy(), shape


def _plainly(plan, ring, rows, level, seed):
    y, arm, shape = _parts(plan, rows)
    return trust.difference_in_means(y, arm, level=level, **shape)


def _adjusted(plan, ring, rows, level, seed):
    y, arm, shape = _parts(plan, rows)
    beside = known_before(plan, rows)
    if not beside.width or plan.design == "matched_pair":  # pairs are the adjustment; their spread is the noise
        return trust.difference_in_means(y, arm, level=level, **shape)
    return trust.adjusted_effect(y, arm, beside.to_numpy(), level=level, **shape)


def _redrawn(plan, ring, rows, level, seed):
    if plan.design == "saturation":
        return saturation.replayed(
            rows,
            ring=ring.name,
            block=plan.block,
            cluster=plan.cluster or "respondent",
            level=level,
            draws=plan.draws,
            seed=seed,
        )
    y, arm, shape = _parts(plan, rows)
    statistic = "difference" if plan.design == "matched_pair" else "studentised"
    test = trust.randomisation_test(
        y, arm, block=shape["block"], cluster=shape["cluster"], level=level, seed=seed, draws=plan.draws, statistic=statistic
    )  # fmt: skip
    how = "every assignment listed" if test.exact else f"{test.draws:,} redraws"
    method = f"randomisation test, p = {test.p_value:.4f}, interval by inversion; {how}"
    return Estimate(
        test.effect, low=test.low, high=test.high, level=level, n=test.n, method=method, cautions=test.cautions
    )


def _compliers(plan, ring, rows, level, seed):
    if "contacted" not in rows.columns or rows["contacted"].drop_nulls().n_unique() < 2:
        raise TooFew(
            f"nobody's answer to {plan.contact} says that contact differed, so there are no compliers to learn from"
        )
    rows = rows.filter(pl.col("contacted").is_not_null())
    y, arm, shape = _parts(plan, rows)
    beside = known_before(plan, rows)
    found = trust.complier_effect(
        y,
        arm,
        rows["contacted"].to_numpy(),
        covariates=beside.to_numpy() if beside.width else None,
        level=level,
        **shape,
    )
    reached = f"the draw changed contact for {100 * found.reached.value:.0f} of a hundred; this is the effect on them"
    return replace(found.effect, n=len(y)).with_caution(reached)


def _changes(plan, ring, rows, level, seed):
    """Change since wave 0 among treated minus change among the others; the same people or others at both times."""
    long = pl.concat(
        [rows.with_columns(pl.col(y).alias("y"), pl.lit(w).alias("later")) for y, w in (("before", 0), ("score", 1))]
    )
    long = long.filter(pl.col("y").is_not_null())
    if long.group_by("treated", "later").len().height < 4:
        raise TooFew("a change needs answers before and after in both arms")
    cluster = usable(long, plan.cluster)
    cluster = long["respondent"].to_numpy() if cluster is None else cluster
    t, later = long["treated"].to_numpy().astype(float), long["later"].to_numpy().astype(float)
    fit = ols(
        long["y"].to_numpy(), np.column_stack([t, later, t * later]), ["arm", "later", "change"], clusters=[cluster],
        weights=weights_of(long), level=level,
    )  # fmt: skip
    method = f"difference in differences, {len(np.unique(cluster))} clusters, CR2"
    return replace(fit.of("change", ""), n=int(rows["score"].is_not_null().sum()), method=method)


def _around(plan, ring, rows, level, seed):
    return saturation.around(rows, ring=ring.name, block=plan.block, level=level)


def _every_day(plan, ring, rows, level, seed):
    rows = rows.sort("at", "respondent", nulls_last=True)
    return trust.anytime(rows["score"].to_numpy(), rows["treated"].to_numpy(), level=level).now


def adjusted(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """Scores with what the plan's covariates explain taken out, the same slope in both arms: for effects that are compared over waves.

    Without it chance differences of before would stand in every wave, and look like an effect that stays.
    """
    if plan.estimator != "adjusted_effect":
        return rows
    rows, beside = complete(plan, rows)
    if not beside.width or rows.height < 4 * (beside.width + 2):
        return rows
    x = beside.to_numpy()
    w = np.sqrt(np.ones(len(x)) if weights_of(rows) is None else weights_of(rows))
    x = x - np.average(x, axis=0, weights=w**2)
    design = np.column_stack([np.ones(len(x)), rows["treated"].to_numpy(), x])
    slope = np.linalg.lstsq(design * w[:, None], rows["score"].to_numpy() * w, rcond=None)[0][2:]
    return rows.with_columns(pl.Series("score", rows["score"].to_numpy() - x @ slope))


def influence(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """What does each cluster (or person) add to the estimate's error?  -> key, part; empty where there is nothing to compute.

    The parts of a weighted regression of scores on arm, covariates and blocks: their products say how estimates go together.
    """
    rows, beside = complete(plan, rows.filter(pl.col("score").is_not_null()))
    if rows.height < plan.floor or rows["treated"].n_unique() < 2:
        return pl.DataFrame(schema={"key": pl.String, "part": pl.Float64})
    block = usable(rows, plan.block)
    parts = [
        np.ones(rows.height),
        rows["treated"].to_numpy().astype(float),
        *(beside[c].to_numpy() for c in beside.columns),
    ]
    parts += (
        []
        if block is None or plan.design == "matched_pair"
        else [(block == b).astype(float) for b in np.unique(block)[1:]]
    )
    x, w, y = np.column_stack(parts), weights_of(rows), rows["score"].to_numpy()
    w = np.ones(len(y)) if w is None else w
    inverse = np.linalg.pinv((x * w[:, None]).T @ x, hermitian=True)
    rest = y - x @ (inverse @ (x.T @ (w * y)))
    cluster = plan.cluster if usable(rows, plan.cluster) is not None else "respondent"
    part = pl.Series("part", (x @ inverse[1]) * w * rest)
    return (
        rows.select(pl.col(cluster).cast(pl.String).alias("key"))
        .with_columns(part)
        .group_by("key")
        .agg(pl.col("part").sum())
    )


def usable(rows, name):
    """A block or cluster column, when it says something about these rows; None otherwise."""
    if not name or name not in rows.columns or rows[name].null_count() or rows[name].n_unique() < 2:
        return None
    return rows[name].to_numpy()


def weights_of(rows):
    if "weight" not in rows.columns or rows["weight"].null_count() or rows["weight"].n_unique() < 2:
        return None
    return rows["weight"].to_numpy()
