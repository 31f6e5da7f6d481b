"""Do people change who were not there?  Effects by exposure, with variances that respect how exposure was drawn."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import sparse, stats
from scipy.spatial import cKDTree

from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate, plain
from commonbeat.regression.rows import ols
from commonbeat.ripple import exposure_kernels as kernels
from commonbeat.ripple.exposure import Exposure

__all__ = ["LEAST_UNITS", "PAIRS_UP_TO", "RingEffect", "Spillover", "exposure_effects", "spillover"]

LEAST_UNITS = (
    10  #: units observed in each of two conditions before their comparison is judged: below, variances collapse
)
PAIRS_UP_TO = 20_000  #: units up to which pair probabilities are counted; beyond that only the regression is given


@dataclass(frozen=True, slots=True)
class RingEffect:
    """One condition against the control condition.

    horvitz_thompson, hajek : average effect over all units, conservative variance (Aronow & Samii 2017)
    difference : plain difference of means, shown as what it is: biased when exposure was not equally likely for all
    regression : coefficient of the condition's dummy, weighted by 1 / probability
    n, n_control, excluded : units in each condition; units that could never have been in one of the two
    how        : "randomised", or "observed" (an association)
    verdict    : "estimated" or "too_few" (under 10 units in a condition)
    """

    condition: str
    horvitz_thompson: Estimate
    hajek: Estimate
    difference: float | None
    regression: Estimate
    n: int
    n_control: int
    excluded: int
    how: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Spillover:
    """effects by condition, nearest first; control: what they are compared with; must_hold: codes of what would have to be
    true for an association to be an effect (empty when randomised)"""

    effects: tuple[RingEffect, ...]
    control: str
    n: int
    method: str
    must_hold: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def spillover(
    y, exposed: Exposure, *, control="none", cluster=None, x=None, y_place=None, reach=None, level=0.95
) -> Spillover:
    """Did those change who were near, compared with those who were not?

    y        : (units,) outcome, or its change; nan where nobody answered (left out)
    exposed  : from `exposure`; control: the condition to compare with
    cluster  : (units,) labels for the regression's errors (CR2); or x, y_place and reach: places and the distance up to
               which errors may lean on each other (spatial HAC, Conley 1999); else HC2
    """
    y = np.asarray(y, float)
    if y.shape != exposed.observed.shape:
        raise BadInput(f"y has {y.size} values for {exposed.observed.size} units.")
    if control not in exposed.conditions:
        raise BadInput(f'control "{control}" is not one of {", ".join(exposed.conditions)}.')
    base = exposed.conditions.index(control)
    others = [k for k in range(len(exposed.conditions)) if k != base]
    answered = np.isfinite(y)
    pairs = _Pairs.of(y, exposed, answered) if exposed.bits is not None and answered.sum() <= PAIRS_UP_TO else None
    regression = _regression(y, exposed, base, answered, cluster, x, y_place, reach, level)
    effects = tuple(_one(y, exposed, answered, k, base, pairs, regression[k], level) for k in others)
    observed = any(e.how == "observed" for e in effects)
    must = (
        ("no_unmeasured_cause_of_viewing_and_trust", "same_trend_without_viewing", "views_measured_without_error")
        if observed
        else ()
    )
    method = f"{exposed.sentence}; exposure {exposed.how}" + (
        f" from {exposed.draws} draws" if exposed.how == "simulated" else ""
    )
    return Spillover(effects, control, int(answered.sum()), method, must)


def exposure_effects(y, exposed: Exposure, *, control="none", smoothing=False) -> dict:
    """The bare numbers of Aronow & Samii (2017) for every condition: totals, effects and variances, no floor on n.

    -> {"total_ht", "total_hajek", "var_total_ht", "var_total_hajek": {condition: ...},
        "effect_ht", "effect_hajek", "difference", "var_effect_ht", "var_effect_hajek": {condition: ...}}
    smoothing : add one draw in which every unit is in its own condition, as their software does for simulated draws
    """
    y = np.asarray(y, float)
    pairs = _Pairs.of(y, exposed, np.isfinite(y), smoothing)
    base, n = exposed.conditions.index(control), y.size
    out = {
        k: {}
        for k in (
            "total_ht",
            "total_hajek",
            "var_total_ht",
            "var_total_hajek",
            "effect_ht",
            "effect_hajek",
            "difference",
            "var_effect_ht",
            "var_effect_hajek",
        )
    }
    for k, name in enumerate(exposed.conditions):
        out["total_ht"][name], out["total_hajek"][name] = pairs.total(k), n * pairs.mean(k)
        out["var_total_ht"][name], out["var_total_hajek"][name] = (
            pairs.variance(k, 0.0),
            pairs.variance(k, pairs.mean(k)),
        )
        if k != base:
            out["effect_ht"][name] = (pairs.total(k) - pairs.total(base)) / n
            out["effect_hajek"][name] = pairs.mean(k) - pairs.mean(base)
            out["difference"][name] = y[exposed.observed == k].mean() - y[exposed.observed == base].mean()
            out["var_effect_ht"][name] = pairs.effect_variance(k, base, 0.0, 0.0) / n**2
            out["var_effect_hajek"][name] = pairs.effect_variance(k, base, pairs.mean(k), pairs.mean(base)) / n**2
    return out


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Outcomes, probabilities and packed draws from which pair probabilities are counted when needed."""

    y: np.ndarray
    observed: np.ndarray
    p: np.ndarray
    bits: np.ndarray
    draws: int
    smoothing: bool

    @classmethod
    def of(cls, y, exposed, answered, smoothing=False, usable=None):
        if exposed.bits is None:
            raise BadInput(
                "Variances need pair probabilities, and these need draws: ask `exposure` for listed or simulated ones."
            )
        rows = np.flatnonzero(answered if usable is None else answered & usable)
        p = kernels.count_bits(exposed.bits[:, rows]).T.astype(float)
        p = (p + 1) / (exposed.draws + 1) if smoothing else p / exposed.draws
        drawn = [k for k, n in enumerate(exposed.conditions) if n != "viewer"]
        full = np.full((rows.size, len(exposed.conditions)), np.nan)
        full[:, drawn] = p
        bits = np.zeros((len(exposed.conditions), rows.size, exposed.bits.shape[2]), np.uint64)
        bits[drawn] = exposed.bits[:, rows]
        return cls(y[rows], exposed.observed[rows], full, bits, exposed.draws, smoothing)

    def _in(self, k):
        return np.flatnonzero(self.observed == k)

    def total(self, k):
        i = self._in(k)
        return float((self.y[i] / self.p[i, k]).sum())

    def mean(self, k):
        i = self._in(k)
        return float((self.y[i] / self.p[i, k]).sum() / (1 / self.p[i, k]).sum()) if i.size else np.nan

    def variance(self, k, centre):
        """Variance of a total: pairs that can happen together, and a bound (Young) for pairs that cannot."""
        i = self._in(k)
        y, p = self.y[i] - centre, self.p[i, k]
        joint = kernels.agreements(self.bits[k, i], self.bits[k])
        never = (joint == 0).sum(1) - (joint[np.arange(i.size), i] == 0)
        joint = joint[:, i] / (self.draws + self.smoothing)
        np.fill_diagonal(joint, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.where(joint > 0, (joint - np.outer(p, p)) / joint, 0.0)
        scaled = y / p
        return float(((1 - p) * scaled**2).sum() + scaled @ weight @ scaled + (never * y**2 / p).sum())

    def covariance(self, k, l, centre_k, centre_l):
        i, j = self._in(k), self._in(l)
        yk, pk, yl, pl = self.y[i] - centre_k, self.p[i, k], self.y[j] - centre_l, self.p[j, l]
        joint = kernels.agreements(self.bits[k, i], self.bits[l])
        never_k = (joint == 0).sum(1)
        never_l = (kernels.agreements(self.bits[l, j], self.bits[k]) == 0).sum(1)
        joint = joint[:, j] / self.draws
        with np.errstate(divide="ignore", invalid="ignore"):
            weight = np.where(joint > 0, (joint - np.outer(pk, pl)) / joint, 0.0)
        return float(
            (yk / pk) @ weight @ (yl / pl) - (never_k * yk**2 / (2 * pk)).sum() - (never_l * yl**2 / (2 * pl)).sum()
        )

    def effect_variance(self, k, l, centre_k, centre_l):
        return self.variance(k, centre_k) + self.variance(l, centre_l) - 2 * self.covariance(k, l, centre_k, centre_l)


def _one(y, exposed, answered, k, base, pairs, regression, level) -> RingEffect:
    name, p = exposed.conditions[k], exposed.probability
    observed = name == "viewer" or exposed.conditions[base] == "viewer"
    could = answered & ((p[:, k] > 0) & (p[:, base] > 0) if not observed else True)
    a, b = could & (exposed.observed == k), could & (exposed.observed == base)
    na, nb, left = int(a.sum()), int(b.sum()), int((answered & ~could).sum())
    difference = float(y[a].mean() - y[b].mean()) if na and nb else None
    ok = min(na, nb) >= LEAST_UNITS
    why = () if ok else (f"{na} and {nb} units; {LEAST_UNITS} are needed in each condition.",)
    none = Estimate(None, n=na + nb, level=level, method="not estimated", cautions=why)
    ht = hajek = none
    if ok and not observed and pairs is not None:
        ht, hajek = _aronow_samii(pairs, exposed, answered, could, y, k, base, level)
    if ok and observed:
        hajek = Estimate(
            None, n=na + nb, cautions=("Nobody drew who views: this is an association, see the regression.",)
        )
    return RingEffect(name, ht, hajek, difference, regression if ok else none, na, nb, left,
                      "observed" if observed else "randomised", "estimated" if ok else "too_few")  # fmt: skip


def _aronow_samii(pairs, exposed, answered, could, y, k, base, level):
    if (answered & ~could).any():
        pairs = _Pairs.of(y, exposed, answered, usable=could)
    n, z = pairs.y.size, stats.norm.ppf((1 + level) / 2)
    out = []
    for how, mk, mb in (("Horvitz-Thompson", 0.0, 0.0), ("Hajek", pairs.mean(k), pairs.mean(base))):
        value = (pairs.total(k) - pairs.total(base)) / n if how != "Hajek" else mk - mb
        # the bound can come out below zero in small samples: then nothing is claimed
        variance = pairs.effect_variance(k, base, mk, mb) / n**2
        error = np.sqrt(variance) if variance > 0 else None
        low, high = (value - z * error, value + z * error) if error else (None, None)
        out.append(
            Estimate(
                value,
                std_error=error,
                low=low,
                high=high,
                level=level,
                n=n,
                method=f"{how}, conservative variance (Aronow & Samii 2017)",
            )
        )
    return out


def _regression(y, exposed, base, answered, cluster, x, y_place, reach, level):
    """Weighted least squares on condition dummies; weights 1 / probability, so that unequal chances do not stand in."""
    p = exposed.probability[np.arange(y.size), exposed.observed]
    w = np.where(np.isfinite(p) & (p > 0), 1 / np.maximum(p, 1e-12), 1.0)
    present = [
        k for k in range(len(exposed.conditions)) if k != base and (answered & (exposed.observed == k)).sum() > 1
    ]
    blank = {
        k: Estimate(None, method="regression", cautions=("Too few units in this condition.",))
        for k in range(len(exposed.conditions))
    }
    if not present or (answered & (exposed.observed == base)).sum() < 2:
        return blank
    rows = np.flatnonzero(answered & np.isin(exposed.observed, [*present, base]))
    dummies = np.column_stack([(exposed.observed[rows] == k) * 1.0 for k in present])
    names = [exposed.conditions[k] for k in present]
    if reach is not None:
        found = _conley(
            y[rows],
            dummies,
            w[rows],
            np.column_stack([np.asarray(x, float)[rows], np.asarray(y_place, float)[rows]]),
            reach,
            level,
        )
    else:
        groups = [] if cluster is None else [np.asarray(cluster)[rows]]
        fitted = ols(y[rows], dummies, names, clusters=groups, weights=w[rows], level=level)
        found = [fitted.of(n) for n in names]
    return blank | dict(zip(present, found))


def _conley(y, dummies, w, places, reach, level):
    """Errors that may lean on each other up to `reach`, with weight falling from 1 at 0 to 0 at reach (Bartlett)."""
    design = np.column_stack([np.ones(y.size), dummies])
    bread = np.linalg.inv(design.T @ (w[:, None] * design))
    beta = bread @ (design.T @ (w * y))
    score = design * (w * (y - design @ beta))[:, None]
    near = cKDTree(places).sparse_distance_matrix(cKDTree(places), reach, output_type="coo_matrix")
    lean = sparse.csr_matrix((1 - near.data / reach, (near.row, near.col)), shape=(y.size, y.size))
    variance = bread @ (score.T @ (lean @ score)) @ bread
    z = stats.norm.ppf((1 + level) / 2)
    out = []
    for k in range(1, design.shape[1]):
        error = np.sqrt(variance[k, k]) if variance[k, k] > 0 else None
        low, high = (beta[k] - z * error, beta[k] + z * error) if error else (None, None)
        out.append(
            Estimate(
                beta[k],
                std_error=error,
                low=low,
                high=high,
                level=level,
                n=y.size,
                method=f"weighted regression, spatial HAC up to {reach:g}",
            )
        )
    return out
