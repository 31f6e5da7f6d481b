"""How probable are events under given parameters, and which gaps remain?  Parameters travel as logarithms in one vector."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from commonbeat.points import kernels
from commonbeat.points.histories import prepare

__all__ = ["log_likelihood", "parts_of", "rescaled", "value", "vector"]


def log_likelihood(
    times,
    *,
    branching_ratio,
    half_life,
    tail=None,
    background_rate=0.0,
    window=None,
    marks=None,
    mark_exponent=1.0,
    background=None,
):
    """How probable are these events under fixed parameters?  -> log-likelihood (density of times, natural logarithm).

    A `tail` makes the kernel a power law. `background` is as in `fit`; without a rate it is "none".
    """
    kernel = "exponential" if tail is None else "power_law"
    background = background if background is not None else ("constant" if background_rate > 0 else "none")
    data = prepare(times, window, marks, mark_exponent if marks is not None else None, kernel, background)
    x = vector(data, background=background_rate, ratio=branching_ratio, half_life=half_life, tail=tail)
    return value(data, x)[0]


def vector(data, *, background=1.0, ratio=0.5, half_life=1.0, tail=None, exponent=1.0):
    tail = 1.0 if tail is None else tail
    given = {"background": background, "ratio": ratio, "half_life": half_life, "tail": tail}
    return np.array([exponent if n == "exponent" else math.log(max(given[n], 1e-300)) for n in data.names])


def weights(data, exponent):
    if data.log_marks is None:
        return np.empty(0), np.empty(0)
    raw = np.exp(exponent * data.log_marks) if exponent else np.ones(data.log_marks.size)
    mean = raw.mean()
    tilt = (raw * data.log_marks).mean() / mean
    return raw / mean, raw / mean * (data.log_marks - tilt)


def parts_of(data, x):
    values = {n: (v if n == "exponent" else math.exp(v)) for n, v in zip(data.names, x)}
    exponent = values.get("exponent", data.exponent)
    return values.get("background", 0.0), values["ratio"], values["half_life"], values.get("tail"), exponent


def value(data, x):
    """Log-likelihood of prepared data at x = `vector(...)`, and its gradient there."""
    mu, n, half, tail, exponent = parts_of(data, x)
    weight, slope = weights(data, exponent)
    common = (data.times, data.offsets, data.ends, weight, slope, data.shape, data.shape_total)
    if data.kernel == "exponential":
        rate = math.log(2) / half
        ll, g_mu, g_n, g_rate, g_mark = kernels.exponential(*common, mu, n, rate)
        shape = [-g_rate * rate]
    else:
        reach = 2 ** (1 / tail) - 1
        c = half / reach
        nodes = needed(data, tail, c)
        ll, g_mu, g_n, g_tail, g_c, g_mark = kernels.power_law(
            *common, nodes, coefficients_of(nodes, tail, c), mu, n, tail, c
        )
        widen = c * (reach + 1) * math.log(2) / (reach * tail**2)  # dc/dtheta at a fixed half-life
        shape = [g_c * c, (g_tail + g_c * widen) * tail]
    gradient = ([] if data.background == "none" else [g_mu * mu]) + [g_n * n, *shape]
    return ll, np.array(gradient + ([g_mark] if "exponent" in data.names else []))


def needed(data, theta, c):
    """The nodes that this kernel uses: what lies outside adds less than a billionth at the shortest and longest delay."""
    slow = special.gammaincinv(1 + theta, 1e-9) / (c + float(data.ends.max(initial=0.0)))
    fast = special.gammainccinv(1 + theta, 1e-9) / c
    first, last = np.searchsorted(data.nodes, [slow, fast])
    count = min(2 * ((last - first) // 2 + 1), data.nodes.size)  # the kernel takes pairs
    first = min(max(0, first - 1), data.nodes.size - count)
    return data.nodes[first : first + count]


def coefficients_of(nodes, theta, c):
    scale = kernels.NODE_STEP * theta * np.exp(theta * math.log(c) - special.gammaln(1 + theta))
    density = scale * np.exp((1 + theta) * np.log(nodes) - nodes * c)
    in_theta = density * (np.log(nodes) - special.digamma(1 + theta) + 1 / theta + math.log(c))
    return np.stack([density, in_theta, density * (theta / c - nodes)])


def rescaled(data, x):
    mu, n, half, tail, exponent = parts_of(data, x)
    weight, _ = weights(data, exponent)
    if data.kernel == "exponential":
        nodes = np.array([math.log(2) / half])
        coefficients = nodes
    else:
        nodes = needed(data, tail, half / (2 ** (1 / tail) - 1))
        coefficients = coefficients_of(nodes, tail, half / (2 ** (1 / tail) - 1))[0]
    passed = data.passed if data.passed.size else data.times
    gaps = kernels.power_law_compensator(
        data.times, data.offsets, np.zeros(data.ends.size), data.ends, weight, passed, nodes, coefficients, mu, n
    )
    if data.background == "none":
        gaps = np.delete(gaps, data.offsets[:-1][np.diff(data.offsets) > 0])
    return gaps
