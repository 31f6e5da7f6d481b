"""Between which shares does a weighted share from a designed sample point?"""

from __future__ import annotations

import numpy as np
from scipy import optimize, special, stats

from commonbeat.errors import BadInput

__all__ = ["SHARE_INTERVALS", "share_interval"]

SHARE_INTERVALS = ("logit", "beta", "likelihood", "asin", "mean")


def share_interval(share, variance, n, df, *, how="logit", level=0.95) -> tuple[float, float]:
    """Low and high of a share, given its design variance, the people behind it and the design's degrees of freedom.

    how : "logit" symmetric in log odds; "beta" exact with the effective n (Korn & Graubard 1998), also used where the
          share is 0 or 1 and nothing else exists; "likelihood" (Rao & Scott scaled); "asin"; "mean" the plain one
    """
    if how not in SHARE_INTERVALS:
        raise BadInput(f'`interval` is "{how}"; for a share it may be {", ".join(SHARE_INTERVALS)}.')
    t = stats.t.ppf((1 + level) / 2, df)
    error = np.sqrt(variance)
    if how == "beta" or share <= 0 or share >= 1 or variance <= 0:
        return _korn_graubard(share, variance, n, df, level)
    if how == "logit":
        at, half = special.logit(share), t * error / (share * (1 - share))
        return float(special.expit(at - half)), float(special.expit(at + half))
    if how == "asin":
        at, half = np.arcsin(np.sqrt(share)), t * error / (2 * np.sqrt(share * (1 - share)))
        return float(np.sin(max(at - half, 0)) ** 2), float(np.sin(min(at + half, np.pi / 2)) ** 2)
    if how == "likelihood":
        return _likelihood(share, variance, n, t)
    return float(share - t * error), float(share + t * error)


def _korn_graubard(share, variance, n, df, level):
    tail = (1 - level) / 2
    effective = share * (1 - share) / variance if 0 < share < 1 and variance > 0 else float(n)
    if n > 1 and df > 0:
        effective *= (stats.t.ppf(tail, n - 1) / stats.t.ppf(tail, df)) ** 2
    k = share * effective
    low = 0.0 if share <= 0 else float(special.betaincinv(k, effective - k + 1, tail))
    high = 1.0 if share >= 1 else float(special.betaincinv(k + 1, effective - k, 1 - tail))
    return low, high


def _likelihood(share, variance, n, t):
    effective = share * (1 - share) / variance * (n - 1) / n

    def beyond(p):
        return 2 * effective * (special.rel_entr(share, p) + special.rel_entr(1 - share, 1 - p)) - t * t

    tiny = 1e-15
    return (
        float(optimize.brentq(beyond, tiny, share, xtol=1e-15, rtol=1e-14)),
        float(optimize.brentq(beyond, share, 1 - tiny, xtol=1e-15, rtol=1e-14)),
    )
