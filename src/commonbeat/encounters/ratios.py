"""How many times as often?  Ratios of two rates or shares, crude and within areas."""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize
from scipy import stats as law

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.stats import clopper_pearson, wilson

__all__ = ["positive_to_enforcement", "rate_ratio", "share_ratio", "within_areas"]


def rate_ratio(count, exposure, count_against, exposure_against, *, method="wald", level=0.95) -> Estimate:
    """How many times as often is one group met as another, per resident?

    count, exposure : of the group;  count_against, exposure_against : of the group it is compared with
    method : wald (log scale); score, exact or midp (given the sum of the counts; midp with the median-unbiased ratio)
    Raises TooFew when a count is 0 under `wald` or nobody was met, BadInput for an exposure of 0.
    """
    a, b = float(count), float(count_against)
    if exposure <= 0 or exposure_against <= 0:
        raise BadInput("A rate ratio needs residents in both groups.")
    per = float(exposure_against) / float(exposure)
    if a + b == 0 or (method == "wald" and min(a, b) == 0):
        raise TooFew("One of the groups was never met; a ratio cannot be told from that.")
    value = a / b * per if b else None
    if method == "wald":
        half = _z(level) * math.sqrt(1 / a + 1 / b)
        low, high = value * math.exp(-half), value * math.exp(half)
        said = "rate ratio, Wald interval on the log scale"
    else:
        if method == "midp":
            *limits, middle = _mid_p(a, a + b, level)
            value = middle / (1 - middle) * per if middle < 1 else None
        else:
            limits = {"score": wilson, "exact": clopper_pearson}[method](a, a + b, level=level)
        low, high = (float(p / (1 - p)) * per if p < 1 else None for p in limits)
        said = f"rate ratio, {method} interval given the sum of the counts"
    return Estimate(value, low=low, high=high, level=level, n=int(a + b), unit="ratio", method=said)


def within_areas(count, residents, count_against, residents_against, *, level=0.95) -> Estimate:
    """How many times as often, comparing only people of the same area?

    all (areas,)  -> ratio. The crude ratio over a whole town also holds who lives where; this one does not.
    Method: Mantel-Haenszel rate ratio, variance of Greenland and Robins (1985). Areas without both groups say nothing.
    """
    a, n1, b, n0 = (np.asarray(x, float) for x in (count, residents, count_against, residents_against))
    keep = (n1 > 0) & (n0 > 0)
    a, n1, b, n0 = a[keep], n1[keep], b[keep], n0[keep]
    total = n1 + n0
    top, bottom = (a * n0 / total).sum(), (b * n1 / total).sum()
    if not top or not bottom:
        raise TooFew("One of the groups was never met in an area where both live; a ratio cannot be told from that.")
    variance = ((a + b) * n1 * n0 / total**2).sum() / (top * bottom)
    value, half = top / bottom, _z(level) * math.sqrt(variance)
    return Estimate(
        value, low=value * math.exp(-half), high=value * math.exp(half), level=level, n=int((a + b).sum()), unit="ratio",
        method=f"Mantel-Haenszel rate ratio over {keep.sum()} areas, Greenland-Robins interval",
    )  # fmt: skip


def share_ratio(k, n, k_against, n_against, *, level=0.95) -> Estimate:
    """How many times as large is one group's share (of stops with a search, say) as another's?

    Method: risk ratio, Wald interval on the log scale. Raises TooFew when a share is 0 or nobody was counted.
    """
    k, n, k0, n0 = (float(x) for x in (k, n, k_against, n_against))
    if min(k, k0, n, n0) <= 0:
        raise TooFew("One of the shares is 0 of its n; a ratio of shares cannot be told from that.")
    value = (k / n) / (k0 / n0)
    half = _z(level) * math.sqrt(1 / k - 1 / n + 1 / k0 - 1 / n0)
    return Estimate(
        value, low=value * math.exp(-half), high=value * math.exp(half), level=level, n=int(n + n0), unit="ratio",
        method="ratio of shares, Wald interval on the log scale",
    )  # fmt: skip


def positive_to_enforcement(positive, enforcement, *, level=0.95):
    """How many positive contacts for one of enforcement?  -> (ratio, low, high), shaped like the counts; nan without any.

    For the appendix: it is improved by logging more. The residents cancel.  Method: score interval (Wilson) of the share.
    """
    p, e = np.asarray(positive, float), np.asarray(enforcement, float)
    low, high = wilson(p, p + e, level=level)
    with np.errstate(divide="ignore", invalid="ignore"):
        value = np.where(p + e > 0, p / e, np.nan)
        return value, np.where(p > 0, low / (1 - low), np.where(p + e > 0, 0.0, np.nan)), high / (1 - high)


def _mid_p(k: float, n: float, level: float) -> tuple[float, float, float]:
    """Shares at which the tail beyond k, with half of k itself, is small from below, from above, and one half."""

    def beyond(share):  # P(X > k) + P(X = k) / 2 for a binomial
        return law.binom.sf(k, n, share) + 0.5 * law.binom.pmf(k, n, share)

    def at(wanted):
        return optimize.brentq(lambda p: beyond(p) - wanted, 1e-12, 1 - 1e-12, xtol=1e-14)

    tail = (1 - level) / 2
    low, high = 0.0 if k == 0 else at(tail), 1.0 if k == n else at(1 - tail)
    return low, high, at(0.5) if 0 < k < n else k / n


def _z(level: float) -> float:
    return float(law.norm.ppf((1 + level) / 2))
