"""An effect among all who were asked, when who answers is explained by what was known beforehand."""

from __future__ import annotations

import numpy as np
from scipy import special

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.trust.attrition import APART, response
from commonbeat.trust.complete import matrix, numbers, rows
from commonbeat.trust.experiments import _which

__all__ = ["effect_weighted_for_answering"]

STEPS = 30  # of Newton; a logit that has not settled by then is separated
RARE = 0.05  # chances of answering below this make one person stand for twenty


def effect_weighted_for_answering(y, arm, covariates, *, cluster=None, draws=500, seed=0, level=0.95, control=None,
                                  treated=None, unit="") -> Estimate:  # fmt: skip
    """What did being assigned do, if those silent would have said what people like them said?

    y          : (n,) answers, nan where a person did not answer;  arm (n,)
    covariates : (n, p) known for everybody before assignment: what may explain who answers. Missing ones drop the person
    cluster    : (n,) what was assigned
    draws      : people (or clusters) of each arm are redrawn this often, and the chances are fitted anew each time
    Each answer counts by one over its fitted chance of answering, a logit in the arm, the covariates and their products.
    **It rests on an assumption nobody can check**: among people alike in these covariates and in the same arm, answering
    has nothing to do with the answer. `bounds` needs no such thing and is to be read beside it.
    Raises TooFew when an arm has fewer answers than the logit has coefficients, BadInput when all or none answered.
    Method: inverse probability weighting, normalised (Robins, Rotnitzky & Zhao 1994); bootstrap error, t with units less
    two.
    """
    if draws < 100:
        raise BadInput(f"draws={draws}: an error needs at least 100 redraws")
    x, _ = matrix(covariates, "covariates")
    y = numbers(y, "y")
    r = rows(arm=arm, x=x, cluster=cluster)
    y, (found, code) = y[r.kept], codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    here = (code == found.index(control)) | (code == found.index(treated))
    y, z = y[here], (code[here] == found.index(treated)).astype(float)
    design = _design(r["x"][here], z)
    _enough(y, z, design.shape[1])
    unit_of = np.arange(len(y)) if cluster is None else codes_of(r["cluster"][here], "cluster")[1]
    value, chance = _effect(y, z, design, np.ones(len(y)))
    drawn = _redrawn(y, z, design, unit_of, draws, seed)
    df = len(np.unique(unit_of)) - 2
    error = float(np.std(drawn, ddof=1))
    half = special.stdtrit(df, (1 + level) / 2) * error
    told = response(y, z, cluster=None if cluster is None else unit_of, level=level)
    method = f"answers weighted by one over the chance of answering, refitted in each of {len(drawn)} redraws"
    cautions = (*what, *_said(told, chance[np.isfinite(y)], draws - len(drawn)))
    return Estimate(
        value, error, df, value - half, value + half, level, int(np.isfinite(y).sum()), unit, method, cautions
    )


def _design(x, z):
    """Intercept, arm, centred covariates on one scale, and their products with the arm."""
    spread = x.std(0)
    x = (x - x.mean(0))[:, spread > 0] / spread[spread > 0]
    return np.column_stack([np.ones(len(z)), z, x, z[:, None] * x])


def _enough(y, z, columns):
    answered = np.isfinite(y)
    if answered.all() or not answered.any():
        raise BadInput("everybody answered, or nobody did: there is nothing to weight for")
    least = min(int(answered[z == a].sum()) for a in (0, 1))
    if least <= columns:
        raise TooFew(
            f"{least} answers in the smaller arm for {columns} coefficients of the logit: use fewer covariates"
        )


def _effect(y, z, design, times):
    """(difference of weighted means, (n,) chance of answering); `times` says how often each person was drawn."""
    answered = np.isfinite(y)
    chance = _logit(design, answered.astype(float), times)
    weight, told = np.where(answered, times / chance, 0.0), np.where(answered, y, 0.0)
    means = [(weight * told)[z == a].sum() / weight[z == a].sum() for a in (0, 1)]
    return means[1] - means[0], chance


def _logit(x, d, times):
    """Fitted chances; a little of the prior that everybody is alike keeps a separated logit finite."""
    beta = np.zeros(x.shape[1])
    ridge = 1e-6 * len(d) * np.eye(x.shape[1])
    for _ in range(STEPS):
        p = special.expit(x @ beta)
        curve = (x * (times * p * (1 - p))[:, None]).T @ x + ridge
        step = np.linalg.solve(curve, x.T @ (times * (d - p)) - ridge @ beta)
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return np.clip(special.expit(x @ beta), 1e-4, 1)


def _redrawn(y, z, design, unit_of, draws, seed):
    """Effects of samples of units drawn again within each arm, as many as there were."""
    arm_of = np.zeros(unit_of.max() + 1)
    arm_of[unit_of] = z
    rng, out = np.random.default_rng(seed), []
    for _ in range(draws):
        count = np.zeros(len(arm_of))
        for a in (0, 1):
            units = np.flatnonzero(arm_of == a)
            count += np.bincount(rng.choice(units, len(units)), minlength=len(count))
        times = count[unit_of]
        if all((times * np.isfinite(y))[z == a].sum() > 1 for a in (0, 1)):
            out.append(_effect(y, z, design, times)[0])
    return np.array(out)


def _said(told, chance, lost):
    yield "assumes that among people alike in the covariates, answering has nothing to do with the answer: read bounds beside it"
    if abs(told.difference.value) > APART:
        points = 100 * told.difference.value
        yield f"the arms answered differently by {points:.1f} points: the weights carry more than usual"
    if (chance < RARE).any():
        yield f"{int((chance < RARE).sum())} answers had a chance below {RARE:g} and stand for more than {1 / RARE:.0f} people each"
    if lost:
        yield f"{lost} redraws had an arm without answers and are left out"
