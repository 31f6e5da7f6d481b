"""May we look every day?  Intervals that hold at every look at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, special

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.complete import left_out, rows
from commonbeat.trust.experiments import _which

__all__ = ["Anytime", "anytime", "share_sequence"]

START = 50  # answers in each arm before the first interval of a mean: the guarantee is asymptotic


@dataclass(frozen=True, slots=True)
class Anytime:
    """The effect at every look, with intervals that cover at all looks together with probability `level`.

    n        : (looks,) answers so far
    value, low, high : (looks,) difference between arms; infinite ends before there is enough to say anything
    first    : n at the first look that excludes zero, None if none did
    """

    n: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    level: float
    first: int | None
    unit: str
    method: str
    cautions: tuple[str, ...] = field(default=())

    @property
    def now(self) -> Estimate:
        """The latest look."""
        low, high = (None if np.isinf(v[-1]) else v[-1] for v in (self.low, self.high))
        return Estimate(
            self.value[-1], None, None, low, high, self.level, int(self.n[-1]), self.unit, self.method, self.cautions
        )

    def tidy(self):
        """A polars frame, one row per look."""
        import polars as pl

        return pl.DataFrame({"n": self.n, "estimate": self.value, "conf_low": self.low, "conf_high": self.high})

    def to_dict(self) -> dict:
        names = ("n", "value", "low", "high", "level", "first", "unit", "method", "cautions")
        return plain({name: getattr(self, name) for name in names} | {"now": self.now})


def anytime(
    y, arm, *, kind="mean", looks=None, horizon=None, level=0.95, control=None, treated=None, unit=""
) -> Anytime:
    """What does the running experiment say so far, however often somebody looks?

    y, arm  : (n,) in the order the answers came; arms drawn person by person
    kind    : "mean": asymptotic confidence sequence (Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024);
              "share": y is 0/1, exact for every n: each arm's share by the beta mixture, joined
    looks   : n at which to report, default every answer;  horizon : n where the interval should be tightest
    level   : chance that every interval, at every look, covers
    Raises TooFew when an arm is empty, BadInput when a share is not 0 or 1.
    """
    r = rows(y=y, arm=arm)
    found = tuple(np.unique(r["arm"]).tolist())
    control, treated, what = _which(found, control, treated)
    here = np.isin(r["arm"], [control, treated])
    y, z = r["y"][here], (r["arm"][here] == treated).astype(float)
    n = np.arange(1, len(y) + 1) if looks is None else np.asarray(looks, int)
    if n.size == 0 or n.min() < 1 or n.max() > len(y) or (np.diff(n) <= 0).any():
        raise BadInput(f"looks must increase and lie between 1 and {len(y)} answers")
    cautions = (*what, *left_out(r.dropped))
    if kind == "mean":
        value, low, high = _means(y, z, n, horizon or len(y), level)
        method = (
            f"asymptotic confidence sequence, tightest at n = {horizon or len(y)}, from {START} answers per arm on"
        )
    elif kind == "share":
        value, low, high = _shares(y, z, n, level)
        method = "difference of shares, each arm's exact beta-mixture sequence at half the error (Ville's inequality)"
    else:
        raise BadInput(f"kind={kind!r}: choose 'mean' or 'share'")
    with np.errstate(invalid="ignore"):
        out = np.flatnonzero((low > 0) | (high < 0))
    return Anytime(n, value, low, high, level, int(n[out[0]]) if out.size else None, unit, method, cautions)


def share_sequence(y, *, looks=None, level=0.95, prior=(0.5, 0.5)):
    """Between which shares does a running count point, at every look at once?  -> (low, high), exact for every n.

    y : (n,) 0/1 in order.  Method: under the true share p the ratio of the beta mixture to p's own likelihood is a
    martingale of mean 1, so it stays below 1 / (1 - level) for ever with probability `level` (Robbins 1970, Ville 1939).
    """
    y = np.asarray(y, float)
    wrong = np.flatnonzero((y != 0) & (y != 1))
    if wrong.size:
        raise BadInput(f"answer {y[wrong[0]]:g} in row {wrong[0]} is not 0 or 1: use kind='mean'")
    n = np.arange(1, len(y) + 1) if looks is None else np.asarray(looks, int)
    s = np.cumsum(y)[n - 1] if len(y) else np.zeros(0)
    return mixture_ends(s, n, level, prior)


def mixture_ends(s, n, level, prior):
    """(low, high) for s of n, by bisection on the log likelihood ratio, all looks at once."""
    s, n = np.asarray(s, float), np.asarray(n, float)
    mixed = special.betaln(prior[0] + s, prior[1] + n - s) - special.betaln(*prior) + np.log(1 - level)
    ends = []
    best = s / n
    for edge in (0.0, 1.0):
        inner, outer = best.copy(), np.full_like(best, edge)
        for _ in range(60):
            middle = (inner + outer) / 2
            kept = special.xlogy(s, middle) + special.xlog1py(n - s, -middle) > mixed
            inner, outer = np.where(kept, middle, inner), np.where(kept, outer, middle)
        ends.append(outer)
    return ends[0], ends[1]


def _running(y, z, n):
    """(mean, sum of squares about it, count) of one arm at every look."""
    base = y.mean()
    count, total, square = (np.cumsum(z * v)[n - 1] for v in (np.ones_like(y), y - base, (y - base) ** 2))
    with np.errstate(divide="ignore", invalid="ignore"):
        return total / count + base, square - total**2 / count, count


def _means(y, z, n, horizon, level):
    m1, q1, n1 = _running(y, z, n)
    m0, q0, n0 = _running(y, 1 - z, n)
    if n1[-1] == 0 or n0[-1] == 0:
        raise TooFew("one arm has no answers at the last look")
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(q1 / (n1 - 1) / n1 + q0 / (n0 - 1) / n0)
        half = error * _stretch(n, horizon, 1 - level)
        half = np.where((n1 < START) | (n0 < START), np.inf, half)
        value = m1 - m0
    return value, np.where(np.isinf(half), -np.inf, value - half), np.where(np.isinf(half), np.inf, value + half)


def _stretch(n, horizon, alpha):
    """How many standard errors wide the interval is at n: a normal mixture tuned to be tightest near `horizon`."""
    best = optimize.minimize_scalar(
        lambda u: (1 + np.exp(-u)) * (np.log1p(np.exp(u)) - 2 * np.log(alpha)), bounds=(-10, 10), method="bounded"
    ).x
    scaled = n * np.exp(best) / horizon  # n rho^2
    return np.sqrt((scaled + 1) / scaled * (np.log1p(scaled) - 2 * np.log(alpha)))


def _shares(y, z, n, level):
    wrong = np.flatnonzero((y != 0) & (y != 1))
    if wrong.size:
        raise BadInput(f"answer {y[wrong[0]]:g} in row {wrong[0]} is not 0 or 1: use kind='mean'")
    ends, value = [], []
    for side in (z, 1 - z):
        count, total = np.cumsum(side)[n - 1], np.cumsum(side * y)[n - 1]
        safe = np.maximum(count, 1)
        low, high = mixture_ends(np.where(count > 0, total, 0.5), safe, 1 - (1 - level) / 2, (0.5, 0.5))
        ends.append((np.where(count > 0, low, 0), np.where(count > 0, high, 1)))
        value.append(np.where(count > 0, total / safe, np.nan))
    return value[0] - value[1], ends[0][0] - ends[1][1], ends[0][1] - ends[1][0]
