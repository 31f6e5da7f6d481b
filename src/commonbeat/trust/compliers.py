"""What did contact do for those who were reached because they were assigned to it?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import special, stats

from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.regression import ols
from commonbeat.trust.complete import left_out, matrix, numbers, rows

__all__ = ["ComplierEffect", "complier_effect", "instrument_checks"]

STRONG = (
    104.7  # first-stage F from which the usual 95 % interval keeps its promise (Lee, McCrary, Moreira & Porter 2022)
)


@dataclass(frozen=True, slots=True)
class ComplierEffect:
    """Intention to treat first, then the effect on those whose contact the assignment changed.

    assigned  : effect of being assigned, on everybody (always valid in a trial)
    reached   : how many more were contacted because of the assignment, a share
    effect    : two-stage least squares; its interval is Anderson-Rubin's when the first stage is not strong
    strength  : first-stage F;  low, high of `anderson_rubin` may be infinite: the data then bound nothing on that side
    one_sided : nobody in control was contacted, so the effect is `assigned` / `reached`
    """

    assigned: Estimate
    reached: Estimate
    effect: Estimate
    strength: float
    anderson_rubin: tuple[float, float]
    one_sided: bool
    exclusion: str | None

    def to_dict(self) -> dict:
        names = ("assigned", "reached", "effect", "strength", "anderson_rubin", "one_sided", "exclusion")
        return plain({name: getattr(self, name) for name in names})


def complier_effect(y, assigned, contacted, *, covariates=None, block=None, cluster=None, weights=None, se=None, level=0.95,
                    exclusion=None, unit="") -> ComplierEffect:  # fmt: skip
    """What did contact do for those it reached because they were assigned?

    y, assigned, contacted : (n,) outcome, 0/1 drawn by chance, 0/1 (or dose) what happened
    covariates, block      : (n, p) controls; (n,) block labels, absorbed
    cluster, weights, se   : as in `regress`
    exclusion : why assignment can matter only through contact; without that sentence the effect carries a caution
    Raises TooFew when assignment moved nobody's contact.
    Method: two-stage least squares; interval by Anderson & Rubin (1949) when the first-stage F is below 105. Contact is
    never compared with no contact: those who are reached differ from those who are not.
    """
    x, names = (np.empty((len(assigned), 0)), []) if covariates is None else matrix(covariates, "covariates")
    r = rows(y=y, z=assigned, d=contacted, x=x, block=block, cluster=cluster, weights=weights)
    if len(np.unique(r["z"])) < 2:
        raise TooFew("everybody has the same assignment: there is nobody to compare with")
    more = {
        "fixed_effects": [] if block is None else [r["block"]], "clusters": [] if cluster is None else [r["cluster"]],
        "weights": r.get("weights"), "se": se, "level": level,
    }  # fmt: skip
    run = lambda outcome: ols(outcome, np.column_stack([r["z"], r["x"]]), ["assigned", *names], **more)  # noqa: E731
    itt, first, both = run(r["y"]), run(r["d"]), run(r["y"] + r["d"])
    at = itt.position("assigned")
    if abs(first.statistic[at]) < 1e-6 or len(np.unique(r["d"])) < 2:
        raise TooFew("assignment changed nobody's contact: there are no compliers to learn from")
    iv = ols(
        r["y"], np.column_stack([r["d"], r["x"]]), ["contacted", *names], instruments=np.column_stack([r["z"], r["x"]]),
        instrument_names=["assigned", *names], **more,
    )  # fmt: skip
    strength = float(first.statistic[at] ** 2)
    honest = _anderson_rubin(itt, first, both, at, level)
    effect = _honest(iv.of("contacted", unit), strength, honest, exclusion)
    one_sided = bool((r["d"][r["z"] == r["z"].min()] == 0).all())
    out = left_out(r.dropped)
    return ComplierEffect(
        itt.of("assigned", unit).with_caution(*out), first.of("assigned", "share"), effect.with_caution(*out), strength,
        honest, one_sided, exclusion,
    )  # fmt: skip


def _honest(effect, strength, interval, exclusion):
    cautions = []
    if strength < STRONG:
        ends = [None if not np.isfinite(v) else v for v in interval]
        effect = replace(effect, low=ends[0], high=ends[1], method=effect.method + "; Anderson-Rubin interval")
        cautions.append(f"first-stage F = {strength:.1f} (below {STRONG:g}): interval by Anderson and Rubin")
        if None in ends:
            cautions.append("the assignment moved contact too little: the interval has no end on at least one side")
    if not exclusion:
        cautions.append("valid only if assignment matters through contact alone; no reason for that was given")
    return effect.with_caution(*cautions)


def _anderson_rubin(itt, first, both, at, level):
    """Effects b for which assignment does not move y - b d; a quadratic, since the variance is one in b."""
    vy, vd = itt.vcov[at, at], first.vcov[at, at]
    vyd = (both.vcov[at, at] - vy - vd) / 2
    c = special.stdtrit(itt.df[at], (1 + level) / 2) ** 2
    py, pd = itt.estimate[at], first.estimate[at]
    a, half, rest = pd**2 - c * vd, py * pd - c * vyd, py**2 - c * vy
    inside = half**2 - a * rest
    if a <= 0 or inside < 0:
        return -np.inf, np.inf  # a set with a hole in the middle is reported by its hull
    return (half - np.sqrt(inside)) / a, (half + np.sqrt(inside)) / a


def instrument_checks(y, endogenous, instruments, *, exogenous=None, se="classical") -> dict:
    """Are the instruments strong, needed and in agreement?

    y, endogenous, instruments, exogenous : (n,), (n,), (n, r) excluded instruments, (n, p) controls
    Returns weak (F of the excluded instruments), endogeneity (Wu-Hausman F) and, with more than one instrument,
    overidentification: Sargan's with se="classical", Wooldridge's (1995) robust score otherwise. Each: statistic, df, p.
    """
    z, z_names = matrix(instruments, "instruments")
    x, x_names = (np.empty((len(z), 0)), []) if exogenous is None else matrix(exogenous, "exogenous")
    r = rows(y=numbers(y, "y"), d=numbers(endogenous, "endogenous"), z=z, x=x)
    y, d, z, x = r["y"], r["d"], r["z"], r["x"]
    z_names = [f"instrument {name}" for name in z_names]
    first = ols(d, np.column_stack([z, x]), z_names + x_names, se=se)
    weak = first.wald(z_names)
    rest = d - _predicted(first, np.column_stack([z, x]))
    hausman = ols(y, np.column_stack([d, rest, x]), ["d", "rest", *x_names], se=se).wald(["rest"])
    out = {"weak": _checked(weak, first), "endogeneity": _checked(hausman, None)}
    if z.shape[1] > 1:
        fit = ols(y, np.column_stack([d, x]), ["d", *x_names], instruments=np.column_stack([z, x]),
                  instrument_names=z_names + x_names, se=se)  # fmt: skip
        u = y - _predicted(fit, np.column_stack([d, x]))
        statistic = _sargan(u, z, x) if se == "classical" else _wooldridge(u, d - rest, z, x)
        k = z.shape[1] - 1
        out["overidentification"] = {"statistic": statistic, "df": k, "p_value": float(stats.chi2.sf(statistic, k))}
    return out


def _predicted(fit, x):
    return np.column_stack([np.ones(len(x)), x]) @ fit.estimate


def _checked(wald, fit):
    return {"statistic": wald[0], "df": wald[1], "p_value": wald[2]}


def _residual(y, x):
    x = np.column_stack([np.ones(len(x)), x])
    return y - x @ np.linalg.lstsq(x, y, rcond=None)[0]


def _sargan(u, z, x):
    rest = _residual(u, np.column_stack([z, x]))
    return float(len(u) * (1 - (rest @ rest) / (u @ u)))


def _wooldridge(u, fitted, z, x):
    scores = _residual(z[:, 1:], np.column_stack([fitted, x])) * u[:, None]
    ones = np.ones(len(u))
    rest = ones - scores @ np.linalg.lstsq(scores, ones, rcond=None)[0]
    return float(len(u) - rest @ rest)
