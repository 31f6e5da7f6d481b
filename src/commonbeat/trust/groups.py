"""For whom did it work, for whom not, and for whom did it backfire?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonbeat.design import codes_of
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.regression import ols
from commonbeat.stats import benjamini_hochberg, joint_t, step_down
from commonbeat.trust.complete import left_out, matrix, rows
from commonbeat.trust.experiments import _which

__all__ = ["GroupEffects", "by_group"]

SIMULATED = 40_000  # draws of the largest |t|; the critical value is good to about 0.02


@dataclass(frozen=True, slots=True)
class GroupEffects:
    """The effect in every group, judged together.

    groups    : labels, in sorted order
    effects   : one Estimate per group; `low`, `high` are simultaneous: all cover at once with probability `level`
    p_value, p_adjusted : (k,) of no effect in the group; after Benjamini & Hochberg
    p_step_down : (k,) the same so that even one wrong "moved" among all groups is rarer than the p (step-down max-t)
    verdict   : "gain", "backfire" or "cannot tell" by the simultaneous interval; "too few" where an arm has under two
    same      : (F, df, p) of "the effect is the same in every group", to be read first
    critical  : how many errors wide the simultaneous intervals are
    """

    groups: tuple
    effects: tuple[Estimate, ...]
    p_value: np.ndarray
    p_adjusted: np.ndarray
    p_step_down: np.ndarray
    verdict: tuple[str, ...]
    same: tuple[float, int, float]
    critical: float
    cautions: tuple[str, ...] = ()

    def tidy(self):
        """A polars frame, one row per group."""
        import polars as pl

        return pl.DataFrame(
            {
                "group": [str(g) for g in self.groups], "estimate": [e.value for e in self.effects],
                "std_error": [e.std_error for e in self.effects], "df": [e.df for e in self.effects],
                "conf_low": [e.low for e in self.effects], "conf_high": [e.high for e in self.effects],
                "n": [e.n for e in self.effects], "p_value": self.p_value, "p_adjusted": self.p_adjusted,
                "p_step_down": self.p_step_down, "verdict": list(self.verdict),
            }
        )  # fmt: skip

    def to_dict(self) -> dict:
        names = (
            "groups",
            "effects",
            "p_value",
            "p_adjusted",
            "p_step_down",
            "verdict",
            "same",
            "critical",
            "cautions",
        )
        return plain({name: getattr(self, name) for name in names})


def by_group(y, arm, group, *, covariates=None, block=None, cluster=None, weights=None, se=None, level=0.95, seed=0,
             control=None, treated=None, unit="") -> GroupEffects:  # fmt: skip
    """Does the effect differ between groups named beforehand?

    group      : (n,) race, age band, trust before, recent enforcement contact: known before assignment
    covariates : (n, p) measured before, centred, in common to all groups; block labels are absorbed
    Otherwise as `difference_in_means`. The question is the interaction test `same`: a group where the effect is
    "significant" beside one where it is not says nothing about a difference (Gelman & Stern 2006). A backfire is told by
    the same rule as a gain. Raises TooFew when fewer than two groups have two people (or clusters) in each arm.
    Method: one saturated least-squares fit, largest |t| of the joint normal for simultaneous intervals (Hothorn, Bretz
    & Westfall 2008).
    """
    x, names = (np.empty((len(arm), 0)), []) if covariates is None else matrix(covariates, "covariates")
    r = rows(y=y, arm=arm, group=group, x=x, block=block, cluster=cluster, weights=weights)
    found, code = codes_of(r["arm"], "arm")
    control, treated, what = _which(found, control, treated)
    here = (code == found.index(control)) | (code == found.index(treated))
    dropped = r.dropped
    r = {name: value[here] for name, value in r.items()}
    z = (code[here] == found.index(treated)).astype(float)
    labels, g = codes_of(r["group"], "group")
    large = _large_enough(z, g, len(labels), r.get("cluster"))
    if large.sum() < 2:
        raise TooFew(
            f"{int(large.sum())} of {len(labels)} groups have two in each arm: join groups beforehand, or ask for everybody"
        )
    use = large[g]
    parts = {name: value[use] for name, value in r.items()}
    fit, terms = _saturated(parts, z[use], g[use], np.flatnonzero(large), names, se, level)
    draws = _chance(fit, terms, seed)
    critical = float(np.quantile(draws.max(1), level))
    effects, p = _effects(fit, terms, large, g, critical, level, unit)
    verdict = [
        "too few" if not e.known else "gain" if e.low > 0 else "backfire" if e.high < 0 else "cannot tell"
        for e in effects
    ]
    said = tuple(f"backfire in group {labels[i]!r}" for i, v in enumerate(verdict) if v == "backfire")
    return GroupEffects(
        labels, effects, p, benjamini_hochberg(p), _step_down(effects, large, draws), tuple(verdict), _same(fit, terms), critical,
        (*what, *left_out(dropped), *said),
    )  # fmt: skip


def _large_enough(z, g, k, cluster):
    """Groups with two units in each arm; units are clusters where there are any."""
    out = np.zeros(k, bool)
    for i in range(k):
        inside = g == i
        count = [
            len(np.unique(cluster[inside & (z == a)])) if cluster is not None else (inside & (z == a)).sum()
            for a in (0, 1)
        ]
        out[i] = min(count) >= 2
    return out


def _saturated(r, z, g, kept, names, se, level):
    inside = (g[:, None] == kept).astype(float)
    terms = [f"effect[{k}]" for k in kept]
    x = r["x"] - np.average(r["x"], axis=0, weights=r.get("weights")) if names else r["x"]
    fit = ols(
        r["y"], np.column_stack([inside * z[:, None], inside[:, 1:], x]), terms + [f"group[{k}]" for k in kept[1:]] + names,
        fixed_effects=[r["block"]] if "block" in r else [], clusters=[r["cluster"]] if "cluster" in r else [],
        weights=r.get("weights"), se=se, level=level, show=terms,
    )  # fmt: skip
    return fit, terms


def _chance(fit, terms, seed):
    """(draws, groups) correlated |t| where nothing happened, with the smallest df among them."""
    at = [fit.position(t) for t in terms]
    return joint_t(fit.vcov[np.ix_(at, at)], df=fit.df[at].min(), draws=SIMULATED, seed=seed)


def _step_down(effects, large, draws):
    """(k,) adjusted p; nan where a group is too small or has no noise."""
    out, kept = np.full(len(large), np.nan), np.flatnonzero(large)
    t = np.array([effects[k].value / effects[k].std_error if effects[k].std_error > 0 else np.nan for k in kept])
    told = np.isfinite(t)
    if told.any():
        out[kept[told]] = step_down(t[told], draws[:, told])
    return out


def _effects(fit, terms, large, g, critical, level, unit):
    out, p, at = [], np.full(len(large), np.nan), iter(terms)
    for k, enough in enumerate(large):
        n = int((g == k).sum())
        if not enough:
            out.append(
                Estimate(None, level=level, n=n, unit=unit, cautions=("too few to tell: an arm has fewer than two",))
            )
            continue
        i = fit.position(next(at))
        value, error = fit.estimate[i], fit.std_error[i]
        p[k] = 2 * special.stdtr(fit.df[i], -abs(value / error)) if error > 0 else np.nan
        method = f"{fit.method}; simultaneous over {len(terms)} groups (max |t|)"
        out.append(
            Estimate(
                value, error, fit.df[i], value - critical * error, value + critical * error, level, n, unit, method
            )
        )
    return tuple(out), p


def _same(fit, terms):
    """Wald F of equal effects: differences of each group's effect from the first."""
    at = [fit.position(t) for t in terms]
    contrast = np.column_stack([-np.ones(len(at) - 1), np.eye(len(at) - 1)])
    gap = contrast @ fit.estimate[at]
    v = contrast @ fit.vcov[np.ix_(at, at)] @ contrast.T
    f = float(gap @ np.linalg.pinv(v, hermitian=True) @ gap) / len(gap)
    df = float(fit.df[at].min())
    return f, len(gap), float(special.fdtrc(len(gap), df, f))
