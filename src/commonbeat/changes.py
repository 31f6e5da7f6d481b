"""When did a series change?  Exact segmentations whose penalty is set by how often pure noise would raise an alarm.

Dynamic programming over all segmentations (Jackson et al. 2005) with the pruning of Killick et al. (2012): the
optimum, not a neighbour of it. The penalty is not a rule of thumb: it is the quantile, over series without any change,
of the smallest penalty that would have kept them whole.
"""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass

import numpy as np
from numba import njit

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain

__all__ = ["COSTS", "Changes", "Segmentation", "changepoints", "segment"]

COSTS = ("l2", "poisson")
LEAST_POINTS = 4


@dataclass(frozen=True, slots=True)
class Segmentation:
    """breaks: positions where a new level begins (never 0); levels: one per segment; objective: cost + penalty per break."""

    breaks: tuple[int, ...]
    levels: tuple[float, ...]
    objective: float

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Changes:
    """Where the level changed, and how surprising that is.

    breaks      : positions where a new level begins; empty when noise alone could do this
    levels      : (segments,) mean, or rate per unit of exposure, of each segment
    penalty     : price of one break that noise pays with probability `false_alarm`
    p_value     : how often series without change look at least as broken, (1 + #) / (1 + draws)
    method      : one line a statistician can check
    """

    breaks: tuple[int, ...]
    levels: tuple[float, ...]
    penalty: float
    p_value: float
    false_alarm: float
    n: int
    method: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def segment(y, *, penalty, cost="l2", weights=None) -> Segmentation:
    """Which segmentation is cheapest when every break costs `penalty`?  Exact.

    y       : (points,) values, or counts for cost="poisson"
    weights : (points,) precision of each value (l2), exposure behind each count (poisson); 1 unless given
    Cost of a segment: sum of w (y - mean)^2, or the negative Poisson log-likelihood without its constant.
    """
    y, w = _checked(y, weights, cost)
    last, objective = _optimum(*_sums(y, w, cost), float(penalty))
    breaks = _breaks(last)
    edges = [0, *breaks, y.size]
    top = y * w if cost == "l2" else y
    levels = tuple(
        float(top[a:b].sum() / w[a:b].sum()) if w[a:b].sum() > 0 else 0.0 for a, b in itertools.pairwise(edges)
    )
    return Segmentation(breaks, levels, float(objective))


def changepoints(y, *, rng, cost="l2", weights=None, std_error=None, false_alarm=0.05, draws=None) -> Changes:
    """When did this series change, if noise alone may raise an alarm in one series of twenty?  -> Changes

    y           : (points,) in time order; nan is not accepted: leave the point out, or give it weight 0
    cost        : "l2" for levels, "poisson" for counts
    weights     : as in `segment`; with `std_error` they are 1 / std_error^2
    std_error   : (points,) standard error of each value: noise is drawn from it. Without it the values are shuffled
    false_alarm : probability that a series without change gets any break
    Noise for counts: the total is dealt out again in proportion to exposure. Counts that cluster more than Poisson
    counts, and values that lean on the one before, raise more alarms than promised.
    Raises TooFew under 4 points.
    """
    if std_error is not None:
        if cost != "l2" or weights is not None:
            raise BadInput('std_error goes with cost="l2" and without weights: it is the weight.')
        std_error = np.asarray(std_error, float)
        if not (std_error > 0).all():
            raise BadInput("Every std_error must be above 0.")
        weights = 1 / std_error**2
    y, w = _checked(y, weights, cost)
    if y.size < LEAST_POINTS:
        raise TooFew(f"{y.size} points; a change needs at least {LEAST_POINTS}.")
    if not 0 < false_alarm < 1:
        raise BadInput(f"false_alarm={false_alarm} is not between 0 and 1.")
    draws = draws or (999 if y.size <= 500 else 199)
    null = np.sort([_breaking_point(*_noise(rng, y, w, std_error, cost), cost) for _ in range(draws)])
    rank = int(np.ceil((draws + 1) * (1 - false_alarm)))
    penalty = float(null[rank - 1]) if rank <= draws else float("inf")
    penalty *= 1 + 1e-9  # a tie with noise is noise
    observed = _breaking_point(y, w, cost)
    p = (1 + int((null >= observed * (1 - 1e-12)).sum())) / (1 + draws)
    found = segment(y, penalty=penalty, cost=cost, weights=w)
    how = {"l2": "sums of squares", "poisson": "Poisson likelihood"}[cost]
    source = (
        "its standard errors"
        if std_error is not None
        else ("counts dealt out again" if cost == "poisson" else "shuffling")
    )
    method = f"exact segmentation by {how}; penalty from {draws} series without change ({source})"
    return Changes(found.breaks, found.levels, penalty, p, false_alarm, y.size, method)


def _checked(y, weights, cost):
    if cost not in COSTS:
        raise BadInput(f'cost="{cost}" is not one of {", ".join(COSTS)}.')
    y = np.asarray(y, float)
    w = np.ones(y.size) if weights is None else np.asarray(weights, float)
    if y.ndim != 1 or w.shape != y.shape:
        raise BadInput("y is one series, and weights has one number for each of its points.")
    if not np.isfinite(y).all() or not np.isfinite(w).all() or (w < 0).any():
        raise BadInput("y and weights must be finite, weights >= 0; give a missing point weight 0.")
    if cost == "poisson" and ((y < 0).any() or (y != np.round(y)).any() or ((w == 0) & (y > 0)).any()):
        raise BadInput("Counts must be whole numbers >= 0, and 0 where the exposure is 0.")
    return y, w


def _sums(y, w, cost):
    """What the cost of a segment adds up; centring keeps every digit when the level is large against its changes."""
    if cost == "poisson":
        return y, w, np.zeros(y.size), True
    centred = y - (np.average(y, weights=w) if w.sum() > 0 else 0.0)
    return w * centred, w, w * centred * centred, False


def _noise(rng, y, w, std_error, cost):
    if cost == "poisson":
        return (rng.multinomial(int(y.sum()), w / w.sum()).astype(float) if y.sum() else y), w
    if std_error is not None:
        return rng.normal(0.0, std_error), w
    order = rng.permutation(y.size)
    return y[order], w[order]


def _breaking_point(y, w, cost):
    """The smallest penalty per break at which the series stays whole: the largest gain per break of any segmentation."""
    top, w, squares, poisson = _sums(y, w, cost)
    whole = _cost(top.sum(), w.sum(), squares.sum(), poisson)
    penalty = max(_best_split(top, w, squares, poisson), 0.0)
    while True:  # each round finds the segmentation that gains most at this price; prices only rise (Dinkelbach)
        last, objective = _optimum(top, w, squares, poisson, penalty)
        count = len(_breaks(last))
        if count == 0:
            return penalty
        gain = (whole - (objective - penalty * count)) / count
        if gain <= penalty * (1 + 1e-12):
            return max(gain, penalty)
        penalty = gain


def _breaks(last):
    out, at = [], last.size - 1
    while last[at] > 0:
        at = last[at]
        out.append(int(at))
    return tuple(reversed(out))


@njit(cache=True)
def _cost(top, weight, squares, poisson):
    if poisson:
        return top - top * np.log(top / weight) if top > 0.0 else 0.0
    return squares - top * top / weight if weight > 0.0 else 0.0


@njit(cache=True)
def _best_split(top, weight, squares, poisson):
    """Gain of the best single break."""
    t, w, q = top.sum(), weight.sum(), squares.sum()
    whole, best = _cost(t, w, q, poisson), -1e300
    a = b = c = 0.0
    for i in range(top.size - 1):
        a += top[i]
        b += weight[i]
        c += squares[i]
        best = max(best, whole - _cost(a, b, c, poisson) - _cost(t - a, w - b, q - c, poisson))
    return best


@njit(cache=True)
def _optimum(top, weight, squares, poisson, penalty):
    """last[i]: where the segment that ends before i begins, in the cheapest segmentation of the first i points."""
    n = top.size
    t, w, q = np.zeros(n + 1), np.zeros(n + 1), np.zeros(n + 1)
    for i in range(n):
        t[i + 1], w[i + 1], q[i + 1] = t[i] + top[i], w[i] + weight[i], q[i] + squares[i]
    best, last = np.empty(n + 1), np.zeros(n + 1, np.int64)
    best[0] = -penalty
    alive, count = np.zeros(n + 1, np.int64), 1
    value = np.empty(n + 1)
    for i in range(1, n + 1):
        least = np.inf
        for k in range(count):
            a = alive[k]
            value[k] = best[a] + _cost(t[i] - t[a], w[i] - w[a], q[i] - q[a], poisson)
            if value[k] + penalty < least:
                least, last[i] = value[k] + penalty, a
        best[i] = least
        kept = 0
        for k in range(count):
            if value[k] <= least:
                alive[kept] = alive[k]
                kept += 1
        alive[kept] = i
        count = kept + 1
    return last, best[n]
