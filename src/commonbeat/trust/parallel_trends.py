"""What if the places would not have moved in parallel anyway?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.staggered import StaggeredEffect

__all__ = ["TrendSensitivity", "trend_sensitivity"]

FAR = 100.0  # bends beyond this many times the worst one seen are not looked for


@dataclass(frozen=True, slots=True)
class TrendSensitivity:
    """How far does the answer stand when trends may have bent after the start?

    effect    : the effect asked about, trends taken as parallel
    bends     : (k,) by how many times the worst change between two periods before the start trends may change after it
    low, high : (k,) interval that covers the effect if they bend no more than that
    breakdown : the largest bend at which the interval still leaves zero; 0 when it holds zero with parallel trends already
    """

    effect: Estimate
    bends: np.ndarray
    low: np.ndarray
    high: np.ndarray
    breakdown: float
    level: float
    method: str
    cautions: tuple[str, ...] = ()

    def tidy(self):
        """A polars frame: bend, conf_low, conf_high."""
        import polars as pl

        return pl.DataFrame({"bend": self.bends, "conf_low": self.low, "conf_high": self.high})

    def to_dict(self) -> dict:
        names = ("effect", "bends", "low", "high", "breakdown", "level", "method", "cautions")
        return plain({name: getattr(self, name) for name in names})


def trend_sensitivity(
    found: StaggeredEffect, *, at=None, bends=(0.0, 0.5, 1.0, 1.5, 2.0), level=None
) -> TrendSensitivity:
    """By how much may trends have bent before the answer is lost?

    found : a rollout judged by difference in differences, with at least one period to compare before the start
    at    : periods since the start, default the mean of all effects from the start on
    bends : how much trends may change from one period to the next after the start, in units of the largest change seen
            between two periods before it (Rambachan & Roth 2023, relative magnitudes)
    Raises TooFew without such a period, BadInput for a bend below zero or a time that was not estimated.
    Method: for each change before the start taken as the largest one, the ends are linear in the estimates and get normal
    one-sided limits; the interval is the hull over all of them. It covers at least as often as promised, and is wider
    than Rambachan & Roth's hybrid.
    """
    if found.method.startswith("Roth"):
        raise BadInput("under a drawn timing there is no trend to doubt: use method='callaway-santanna'")
    times = list(found.dynamic)
    before = [i for i, e in enumerate(times) if e < 0]
    if not before:
        raise TooFew("no two periods before the start can be compared: how trends move is not known")
    bends = np.asarray(bends, float)
    if bends.ndim != 1 or not bends.size or (bends < 0).any() or not np.isfinite(bends).all():
        raise BadInput(f"bends={bends.tolist()}: give factors of 0 or more")
    weight = _weights(times, at)
    level = found.simple.level if level is None else level
    z = special.ndtri((1 + level) / 2)
    v = found.covariance["dynamic"]
    value = np.array([e.value for e in found.dynamic.values()])
    ends = lambda bend: _ends(value, v, weight, _reach(times, weight), before, bend, z)  # noqa: E731
    low, high = np.array([ends(b) for b in bends]).T
    error = float(np.sqrt(weight @ v @ weight))
    what = "mean of the effects from the start on" if at is None else f"effect {at} periods after the start"
    effect = Estimate(
        weight @ value, error, None, weight @ value - z * error, weight @ value + z * error, level, found.simple.n,
        found.simple.unit, f"{what}; {found.simple.method}",
    )  # fmt: skip
    few = (
        ()
        if len(before) > 1
        else ("only one change before the start is known: the worst one may not have been seen",)
    )
    method = f"relative magnitudes over {len(before)} changes before the start, hull of normal limits; {what}"
    return TrendSensitivity(effect, bends, low, high, _breakdown(ends), level, method, few)


def _weights(times, at):
    """(k,) weights over the dynamic effects."""
    after = [e for e in times if e >= 0]
    if at is None:
        return np.array([e >= 0 for e in times], float) / len(after)
    if at not in after:
        raise BadInput(f"at={at}: there are effects {', '.join(map(str, after))} periods after the start")
    return np.array([e == at for e in times], float)


def _reach(times, weight):
    """How often a change by one unit in every period from the start on enters the weighted effect."""
    return float(sum(w * (e + 1) for e, w in zip(times, weight) if e >= 0))


def _ends(value, covariance, weight, reach, before, bend, z):
    """(low, high): the hull over which change before the start is the largest, and its sign."""
    low, high = [], []
    for i in before:
        for sign in (-1, 1):
            for side, out in ((-1, low), (1, high)):
                line = weight.copy()
                line[i] += side * bend * reach * sign
                out.append(line @ value + side * z * np.sqrt(line @ covariance @ line))
    return min(low), max(high)


def _breakdown(ends):
    outside = lambda bend: ends(bend)[0] > 0 or ends(bend)[1] < 0  # noqa: E731
    if not outside(0.0):
        return 0.0
    if outside(FAR):
        return FAR
    low, high = 0.0, FAR
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if outside(middle) else (low, middle)
    return low
