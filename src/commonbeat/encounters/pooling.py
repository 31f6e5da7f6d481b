"""What is an area's rate, if its neighbours' rates say something about it too?"""

from __future__ import annotations

import numpy as np
from scipy import special

__all__ = ["pooled"]


def pooled(count, exposure, *, level=0.95):
    """Rates of areas that borrow strength from each other, so that small areas do not shout.

    count, exposure : (areas,)  events, and what the rate is per; areas with exposure 0 or nan get nan
    -> (mean, low, high), each (areas,)
    Method: gamma-Poisson; the shape of the gamma is averaged over its marginal likelihood (uniform prior on its relative
    spread), its mean by maximum; the posterior's first two moments give a gamma, so that the interval carries what is not
    known about the hyperparameters (empirical Bayes after Morris 1983). Fewer than 3 areas: nothing to borrow, all nan.
    """
    k, e = np.asarray(count, float), np.asarray(exposure, float)
    use = np.isfinite(e) & (e > 0)
    out = [np.full(k.shape, np.nan) for _ in range(3)]
    if use.sum() < 3 or k[use].sum() == 0:
        return tuple(out)
    mean, variance = _moments(k[use], e[use])
    shape, rate = mean**2 / variance, mean / variance
    tail = (1 - level) / 2
    out[0][use] = mean
    out[1][use] = special.gammaincinv(shape, tail) / rate
    out[2][use] = special.gammaincinv(shape, 1 - tail) / rate
    return tuple(out)


def _moments(k, e):
    """Posterior mean and variance of each area's rate, averaged over the shape."""
    shapes = np.exp(np.linspace(np.log(0.05), np.log(5_000), 40))[:, None]
    log_likelihood, mean, variance = _given(shapes, k, e)
    weight = log_likelihood - 0.5 * np.log(shapes[:, 0])
    weight = np.exp(weight - weight.max())
    weight /= weight.sum()
    middle, second = weight @ mean, weight @ (variance + mean**2)
    return middle, second - middle**2


def _given(a, k, e):
    """For each shape (shapes, 1): log marginal likelihood at the best mean, posterior mean and variance of each area."""
    m = np.full(a.shape, k.sum() / e.sum())
    for _ in range(50):  # Newton on log m; the likelihood is unimodal in it
        total = a + e * m
        step = (a * (k - e * m) / total).sum(1, keepdims=True) / (a * e * m * (a + k) / total**2).sum(
            1, keepdims=True
        )
        m *= np.exp(np.clip(step, -1, 1))
        if np.abs(step).max() < 1e-10:
            break
    total = a + e * m
    log_likelihood = (
        special.gammaln(a + k) - special.gammaln(a) + a * np.log(a / total) + k * np.log(e * m / total)
    ).sum(1)
    variance_of_m = m**2 / (a * e * m / total).sum(1, keepdims=True)
    b = a / m
    mean = (a + k) / (b + e)
    slope = (a + k) / (b + e) ** 2 * a / m**2
    return log_likelihood, mean, (a + k) / (b + e) ** 2 + slope**2 * variance_of_m
