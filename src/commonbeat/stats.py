"""Small statistics that more than one room needs: exact intervals and corrections for looking many times."""

from __future__ import annotations

import numpy as np
from scipy import special, stats

__all__ = [
    "benjamini_hochberg",
    "beta_interval",
    "clopper_pearson",
    "garwood",
    "holm",
    "joint_t",
    "largest_t",
    "step_down",
    "wilson",
]

SLACK = 1e-9  # ties count as reached, whatever the last bit says


def garwood(count, exposure=1.0, *, level=0.95):
    """Between which rates does a Poisson count point?  -> (low, high), each shaped like `count`.

    count    : (...) events counted, >= 0
    exposure : (...) what the rate is per (residents, hours); 0 gives nan
    Method: exact, from chi-square quantiles (Garwood 1936).
    """
    count, exposure = np.asarray(count, float), np.asarray(exposure, float)
    a = (1 - level) / 2
    low = np.where(count > 0, special.gammaincinv(np.maximum(count, 1e-300), a), 0.0)
    high = special.gammaincinv(count + 1, 1 - a)
    with np.errstate(divide="ignore", invalid="ignore"):
        return (np.where(exposure > 0, low / exposure, np.nan), np.where(exposure > 0, high / exposure, np.nan))


def wilson(successes, n, *, level=0.95):
    """Between which shares does k out of n point?  -> (low, high); n = 0 gives nan (Wilson 1927)."""
    k, n = np.asarray(successes, float), np.asarray(n, float)
    z = stats.norm.ppf((1 + level) / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = k / n
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)


def clopper_pearson(successes, n, *, level=0.95):
    """The exact interval of a share, never too short  -> (low, high); n = 0 gives nan (Clopper & Pearson 1934)."""
    k, n = np.asarray(successes, float), np.asarray(n, float)
    a = (1 - level) / 2
    low = np.where(k > 0, special.betaincinv(np.maximum(k, 1e-300), np.maximum(n - k + 1, 1e-300), a), 0.0)
    high = np.where(k < n, special.betaincinv(k + 1, np.maximum(n - k, 1e-300), 1 - a), 1.0)
    return np.where(n > 0, low, np.nan), np.where(n > 0, high, np.nan)


def beta_interval(successes, n, *, level=0.95, prior=(1.0, 1.0)):
    """The central Bayesian interval of a share under a Beta prior  -> (low, high); uniform prior unless told."""
    k, n = np.asarray(successes, float), np.asarray(n, float)
    a, b = k + prior[0], n - k + prior[1]
    tail = (1 - level) / 2
    return special.betaincinv(a, b, tail), special.betaincinv(a, b, 1 - tail)


def benjamini_hochberg(p):
    """Which share of false discoveries does each finding carry?  -> adjusted p, nan stays nan (Benjamini & Hochberg 1995)."""
    return _by_valid(p, lambda q: stats.false_discovery_control(q))


def holm(p):
    """p-values adjusted so that one false finding in the family stays as rare as promised (Holm 1979); nan stays nan."""

    def step_down(q):
        order = np.argsort(q)
        m = len(q)
        adjusted = np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * q[order]))
        out = np.empty(m)
        out[order] = adjusted
        return out

    return _by_valid(p, step_down)


def _by_valid(p, correct):
    p = np.asarray(p, float)
    out = np.full(p.shape, np.nan)
    valid = ~np.isnan(p)
    if valid.any():
        out[valid] = correct(p[valid])
    return out


def largest_t(covariance, *, df=np.inf, level=0.95, draws=100_000, seed=0) -> float:
    """How many errors wide must intervals be so that all of them hold at once?  covariance: (k, k) of the estimates.

    Method: quantile of the largest |t| of the joint normal (or t) law, simulated (Hothorn, Bretz & Westfall 2008).
    """
    return float(np.quantile(joint_t(covariance, df=df, draws=draws, seed=seed).max(1), level))


def joint_t(covariance, *, df=np.inf, draws=100_000, seed=0) -> np.ndarray:
    """(draws, k) |t| of k estimates whose true values are 0, drawn from their joint normal (or t) law."""
    v = np.asarray(covariance, float)
    d = np.divide(1, np.sqrt(np.diag(v)), out=np.zeros(len(v)), where=np.diag(v) > 0)
    values, vectors = np.linalg.eigh(v * np.outer(d, d))
    rng = np.random.default_rng(seed)
    z = np.abs(rng.standard_normal((draws, len(v))) @ (vectors * np.sqrt(np.maximum(values, 0))).T)
    return z / np.sqrt(rng.chisquare(df, draws) / df)[:, None] if np.isfinite(df) else z


def step_down(observed, draws) -> np.ndarray:
    """Which of several |t| are beyond chance, each adjusted for having looked at all of them?  -> (k,) adjusted p.

    observed : (k,) |t|;  draws : (draws, k) |t| where nothing happened, the same draw in a row
    Method: step-down maxT, p = (1 + #) / (1 + draws) (Westfall & Young 1993).
    """
    observed, draws = np.abs(np.asarray(observed, float)), np.abs(np.asarray(draws, float))
    order = np.argsort(-observed)
    largest = np.maximum.accumulate(draws[:, order[::-1]], axis=1)[:, ::-1]
    p = (1 + (largest >= observed[order] - SLACK).sum(0)) / (1 + len(draws))
    out = np.empty(len(observed))
    out[order] = np.maximum.accumulate(p)
    return out
