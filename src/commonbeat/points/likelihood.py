"""How probable are events under given parameters, and which gaps remain?  Parameters travel as logarithms in one vector."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy import special

from commonbeat.points import kernels
from commonbeat.points.histories import prepare

__all__ = ["log_likelihood", "parts_of", "rescaled", "sent_by_push", "value", "vector"]


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


def vector(
    data, *, background=1.0, ratio=0.5, half_life=1.0, tail=None, exponent=1.0, push_size=1.0, push_half_life=1.0
):
    tail = 1.0 if tail is None else tail
    given = {"background": background, "ratio": ratio, "half_life": half_life, "tail": tail, "push_size": push_size,
             "push_half_life": push_half_life, "push_pull": 0.5}  # fmt: skip
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
    if data.push is not None:
        return _value_with_push(data, x)
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


def without_push(data, x):
    """The same likelihood without a push  -> (data, x): what the account sent is a part of the background's shape.

    Events it sent may call forth others less (or more) than the rest: their weight is push_pull, that of the others 1.
    """
    named = dict(zip(data.names, x))
    size, rate = math.exp(named["push_size"] - named["background"]), math.log(2) / math.exp(named["push_half_life"])
    since = np.maximum(data.times - data.push, 0.0)
    sent = size * rate * np.exp(-rate * since) * (data.times > data.push)
    gone = -size * np.expm1(-rate * since)
    end = float(data.ends[0])
    shape = {
        "shape": 1 + sent,
        "passed": data.times + gone,
        "shape_total": end - size * math.expm1(-rate * (end - data.push)),
    }
    inner = x[: len(data.names) - 2 - (data.brought is not None)].copy()
    marks = {}
    if data.brought is not None:
        logs = np.log1p(data.brought * math.expm1(named["push_pull"]))
        marks = {"log_marks": logs, "exponent": 1.0}
        inner[data.names.index("ratio")] += math.log(np.exp(logs).mean())
    return replace(data, push=None, brought=None, **shape, **marks), inner


def sent_by_push(data, x):
    """(events,) chance that the push sent each event, given all that came before it."""
    plain, inner = without_push(data, x)
    mu, n, half, tail, exponent = parts_of(plain, inner)
    weight, _ = weights(plain, exponent)
    nodes, coefficients = _exponentials(plain, half, tail)
    others = mu + n * kernels.excited(plain.times, weight, nodes, coefficients)
    sent = mu * (plain.shape - 1)
    return sent / (sent + others)


def _exponentials(data, half, tail):
    if data.kernel == "exponential":
        nodes = np.array([math.log(2) / half])
        return nodes, nodes
    c = half / (2 ** (1 / tail) - 1)
    nodes = needed(data, tail, c)
    return nodes, coefficients_of(nodes, tail, c)[0]


def _value_with_push(data, x, step=1e-5):
    """The push's own slopes are differences; the others stay analytic."""
    ll, inner = value(*without_push(data, x))
    slopes = []
    for k in range(inner.size, x.size):
        e = np.zeros(x.size)
        e[k] = step
        slopes.append((value(*without_push(data, x + e))[0] - value(*without_push(data, x - e))[0]) / (2 * step))
    inner[0] -= slopes[0]  # at a fixed number sent, a larger background is a smaller share of it
    return ll, np.r_[inner, slopes]


def rescaled(data, x):
    if data.push is not None:
        return rescaled(*without_push(data, x))
    mu, n, half, tail, exponent = parts_of(data, x)
    weight, _ = weights(data, exponent)
    nodes, coefficients = _exponentials(data, half, tail)
    passed = data.passed if data.passed.size else data.times
    gaps = kernels.power_law_compensator(
        data.times, data.offsets, np.zeros(data.ends.size), data.ends, weight, passed, nodes, coefficients, mu, n
    )
    if data.background == "none":
        gaps = np.delete(gaps, data.offsets[:-1][np.diff(data.offsets) > 0])
    return gaps
