"""The top of the likelihood of a long history: a few Newton steps, each one pass over the events.

One sequence, exponential kernel, no marks, constant background or none. The exponentials of a block of events are taken
at once, since they do not wait for each other; the recursion that does wait is then a few additions and products.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from commonbeat.points.histories import Histories

__all__ = ["LONG", "is_long", "newton", "second_order"]

LONG = 200_000  #: events from which a pass is worth more care than the number of passes
BLOCK = 32_768  #: events whose gaps and exponentials are held at once: they stay in the cache
STEPS = 12
FAR = 1.0  #: a step that changes a logarithm by more than this leaves the neighbourhood where a parabola holds


def is_long(data: Histories) -> bool:
    """Is this a history that `newton` takes?"""
    plain = data.kernel == "exponential" and data.log_marks is None and not data.shape.size and data.push is None
    return plain and data.offsets.size == 2 and data.times.size >= LONG


def newton(data: Histories, x, bounds):
    """The maximum near x  -> (x, log-likelihood, curvature), or None where a parabola does not lead there.

    x : logarithms of (background,) ratio and half-life, from a good part of the history; curvature: minus the Hessian there
    """
    low, high = np.array(bounds).T
    for _ in range(STEPS):
        top, gradient, curvature = second_order(data, x)
        try:
            step = np.linalg.solve(
                np.linalg.cholesky(curvature).T, np.linalg.solve(np.linalg.cholesky(curvature), gradient)
            )
        except np.linalg.LinAlgError:
            return None
        if (
            not np.isfinite(step).all()
            or np.abs(step).max() > FAR
            or (x + step < low).any()
            or (x + step > high).any()
        ):
            return None
        x, gain = x + step, float(gradient @ step) / 2
        if gain < 1e-4:  # the parabola's own error is then of the order of gain^1.5 / sqrt(events)
            return x, top + gain, curvature
    return None


def second_order(data: Histories, x):
    """Log-likelihood, gradient and minus the Hessian in the logarithms x, in one pass."""
    free = data.background != "none"
    mu = math.exp(x[0]) if free else 0.0
    n, rate = math.exp(x[-2]), math.log(2) / math.exp(x[-1])
    sums = _pass(data.times, float(data.ends[0]), mu, n, rate, free)
    scale = np.array([mu, n, -rate])  # a longer half-life is a smaller rate
    gradient = sums[1:4] * scale
    mm, mn, mr, nn, nr, rr = sums[4:10]
    hessian = np.array([[mm, mn, mr], [mn, nn, nr], [mr, nr, rr]]) * np.outer(scale, scale)
    hessian[np.diag_indices(3)] += sums[1:4] * np.abs(scale)
    gradient[2], keep = sums[3] * -rate, slice(None) if free else slice(1, None)
    return float(sums[0]), gradient[keep], -hessian[keep, keep]


def _pass(times, end, mu, n, rate, free):
    sums, carry = np.zeros(10), np.zeros(4)
    gap, fade = np.zeros(min(BLOCK, times.size)), np.empty(min(BLOCK, times.size))
    for a in range(0, times.size, BLOCK):
        b = min(a + BLOCK, times.size)
        np.subtract(times[max(a, 1) : b], times[max(a, 1) - 1 : b - 1], out=gap[int(a == 0) : b - a])
        np.multiply(gap[: b - a], -rate, out=fade[: b - a])
        np.exp(fade[: b - a], out=fade[: b - a])
        _block(gap[: b - a], fade[: b - a], carry, sums, mu, n, rate)
    _close(end - float(times[-1]), times.size, carry, sums, n, rate)
    if free:
        sums[0] -= mu * end
        sums[1] -= end
    return sums


@njit(cache=True)
def _block(gap, fade, carry, sums, mu, n, rate):
    """sums: log-likelihood, its slopes in (mu, n, rate), its second slopes mm, mn, mr, nn, nr, rr.

    carry : sums over earlier events of exp, dt exp, dt^2 exp, and how many events share the present instant
    """
    state, lag, square, held = carry
    ll, g_mu, g_n, g_rate = 0.0, 0.0, 0.0, 0.0
    mm = mn = mr = nn = nr = rr = 0.0
    product = 1.0
    for i in range(gap.size):
        if gap[i] > 0.0:
            g, f = gap[i], fade[i]
            state += held
            square = f * (square + g * (2.0 * lag + g * state))
            lag = f * (lag + g * state)
            state *= f
            held = 0.0
        intensity = mu + n * rate * state
        if intensity > 0.0:  # without background the first event is given, not explained
            product *= intensity
            if not 1e-150 < product < 1e150:  # one logarithm for many events
                ll += np.log(product)
                product = 1.0
            share = 1.0 / intensity
            slope = (state - rate * lag) * share
            in_n, in_rate = rate * state * share, n * slope
            g_mu += share
            g_n += in_n
            g_rate += in_rate
            mm -= share * share
            mn -= share * in_n
            mr -= share * in_rate
            nn -= in_n * in_n
            nr += slope - in_n * in_rate
            rr += n * (rate * square - 2.0 * lag) * share - in_rate * in_rate
        held += 1.0
    carry[0], carry[1], carry[2], carry[3] = state, lag, square, held
    sums[0] += ll + np.log(product)
    sums[1] += g_mu
    sums[2] += g_n
    sums[3] += g_rate
    sums[4] += mm
    sums[5] += mn
    sums[6] += mr
    sums[7] += nn
    sums[8] += nr
    sums[9] += rr


def _close(gap, events, carry, sums, n, rate):
    """What was expected up to the end of the window, read off the same recursion."""
    state, lag, square, held = carry
    fade = math.exp(-rate * gap)
    state += held
    square = fade * (square + gap * (2 * lag + gap * state))
    lag = fade * (lag + gap * state)
    due = events - fade * state
    sums[0] -= n * due
    sums[2] -= due
    sums[3] -= n * lag
    sums[8] -= lag
    sums[9] += n * square
