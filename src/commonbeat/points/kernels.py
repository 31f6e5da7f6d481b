"""The inner loops of `commonbeat.points`: likelihood, gradient and compensator of self-exciting processes, compiled.

Several sequences lie one after another in `times`; `offsets` says where each begins. Empty `weight` means every event
weighs 1, empty `shape` means a constant background. An event never excites another at the same time: what arrives at
one instant waits in `held` until the clock moves.
"""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["NODE_STEP", "excited", "exponential", "power_law", "power_law_compensator", "power_law_nodes"]

NODE_STEP = float(np.log(2.0)) / 2  # every second node doubles, so its exponential is the square of an earlier one


@njit(cache=True)
def exponential(times, offsets, ends, weight, slope, shape, shape_total, background, ratio, rate):
    """Log-likelihood and its gradient in (background, ratio, rate, mark exponent); O(events), no array of their size.

    The compensator at the end of each sequence is read off the same recursion, which saves one exponential per event.
    """
    marked, shaped = weight.size > 0, shape.size > 0
    ll = g_mu = g_n = g_rate = g_mark = 0.0
    for s in range(offsets.size - 1):
        state = lag = mark = held = held_mark = 0.0
        total = total_mark = 0.0
        last = times[offsets[s]] if offsets[s] < offsets[s + 1] else 0.0
        for i in range(offsets[s], offsets[s + 1]):
            gap = times[i] - last
            if gap > 0.0:
                fade = np.exp(-rate * gap)
                state += held
                lag = fade * (lag + gap * state)
                state *= fade
                if marked:
                    mark = fade * (mark + held_mark)
                    held_mark = 0.0
                held = 0.0
                last = times[i]
            b = shape[i] if shaped else 1.0
            intensity = background * b + ratio * rate * state
            if intensity > 0.0:  # without background the first event is given, not explained
                ll += np.log(intensity)
                share = 1.0 / intensity
                g_mu += b * share
                g_n += rate * state * share
                g_rate += ratio * (state - rate * lag) * share
                if marked:
                    g_mark += ratio * rate * mark * share
            if marked:
                held += weight[i]
                held_mark += slope[i]
                total += weight[i]
                total_mark += slope[i]
            else:
                held += 1.0
                total += 1.0
        gap = ends[s] - last
        fade = np.exp(-rate * gap)
        state += held
        ll -= ratio * (total - state * fade)
        g_n -= total - state * fade
        g_rate -= ratio * fade * (lag + gap * state)
        if marked:
            g_mark -= ratio * (total_mark - fade * (mark + held_mark))
    ll -= background * shape_total
    g_mu -= shape_total
    return ll, g_mu, g_n, g_rate, g_mark


def power_law_nodes(shortest: float, longest: float) -> np.ndarray:
    """Rates whose exponentials add up to (t + c)^-(1+theta) for every c >= shortest and t + c <= longest.

    Trapezoid rule for Gamma(1+theta) (t+c)^-(1+theta) = integral of e^{(1+theta)x - (t+c)e^x} dx; with a step of
    ln(2)/2 its error stays under 1e-6 of the value for theta <= 5. Ends: e^-40 at the fast one, 1e-6 at the slow one.
    """
    slow, fast = np.log(1e-6 / longest), np.log(40.0 / shortest)
    count = 2 * (int(np.ceil((fast - slow) / NODE_STEP)) // 2 + 1)
    return np.exp(slow + NODE_STEP * np.arange(count))


@njit(cache=True)
def _fade(state, held, gap, slowest):
    """Decays every node by its own rate; 1 - e^-2x = y(2 - y) with y = 1 - e^-x keeps all digits at tiny x."""
    y = -np.expm1(-slowest * gap)
    z = -np.expm1(-slowest * np.sqrt(2.0) * gap)
    for k in range(0, state.size, 2):
        state[k] = (state[k] + held) * (1.0 - y)
        state[k + 1] = (state[k + 1] + held) * (1.0 - z)
        y = y * (2.0 - y)
        z = z * (2.0 - z)


@njit(cache=True)
def power_law(
    times, offsets, ends, weight, slope, shape, shape_total, nodes, coefficients, background, ratio, theta, c
):
    """Log-likelihood and gradient in (background, ratio, theta, c, mark exponent); O(events x nodes).

    coefficients : (3, nodes) of the density and of its derivatives in theta and c; the compensator is exact.
    """
    marked, shaped = weight.size > 0, shape.size > 0
    ll = g_mu = g_n = g_theta = g_c = g_mark = 0.0
    m = nodes.size
    state, mark = np.zeros(m), np.zeros(m)
    for s in range(offsets.size - 1):
        state[:] = 0.0
        mark[:] = 0.0
        held = held_mark = 0.0
        seen = False
        last = times[offsets[s]] if offsets[s] < offsets[s + 1] else 0.0
        for i in range(offsets[s], offsets[s + 1]):
            gap = times[i] - last
            if gap > 0.0:
                _fade(state, held, gap, nodes[0])
                if marked:
                    _fade(mark, held_mark, gap, nodes[0])
                    held_mark = 0.0
                held = 0.0
                last = times[i]
                seen = True
            b = shape[i] if shaped else 1.0
            density = d_theta = d_c = d_mark = 0.0
            if seen:
                for k in range(m):
                    density += coefficients[0, k] * state[k]
                    d_theta += coefficients[1, k] * state[k]
                    d_c += coefficients[2, k] * state[k]
                if marked:
                    for k in range(m):
                        d_mark += coefficients[0, k] * mark[k]
            intensity = background * b + ratio * density
            if intensity > 0.0:
                ll += np.log(intensity)
                share = 1.0 / intensity
                g_mu += b * share
                g_n += density * share
                g_theta += ratio * d_theta * share
                g_c += ratio * d_c * share
                g_mark += ratio * d_mark * share
            w = weight[i] if marked else 1.0
            held += w
            u = ends[s] - times[i]
            left = (1.0 + u / c) ** -theta
            ll -= ratio * w * (1.0 - left)
            g_n -= w * (1.0 - left)
            g_theta -= ratio * w * left * np.log1p(u / c)
            g_c += ratio * w * theta * u / (c * (c + u)) * left
            if marked:
                held_mark += slope[i]
                g_mark -= ratio * slope[i] * (1.0 - left)
    ll -= background * shape_total
    g_mu -= shape_total
    return ll, g_mu, g_n, g_theta, g_c, g_mark


@njit(cache=True)
def power_law_compensator(times, offsets, begins, ends, weight, passed, nodes, coefficients, background, ratio):
    """How many events were expected between each event and the one before it (or the start of its sequence).

    passed : background shape integrated up to each event; also right for one exponential: nodes [rate], coefficient rate.
    """
    out = np.empty(times.size)
    m = nodes.size
    state = np.zeros(m)
    for s in range(offsets.size - 1):
        state[:] = 0.0
        held, before = 0.0, 0.0
        last = begins[s]
        for i in range(offsets[s], offsets[s + 1]):
            gap = times[i] - last
            expected = background * (passed[i] - before)
            if gap > 0.0:
                for k in range(m):
                    state[k] += held
                    y = -np.expm1(-nodes[k] * gap)
                    expected += ratio * coefficients[k] / nodes[k] * state[k] * y
                    state[k] *= 1.0 - y
                held = 0.0
            held += weight[i] if weight.size > 0 else 1.0
            out[i] = expected
            before, last = passed[i], times[i]
    return out


@njit(cache=True)
def excited(times, weight, nodes, coefficients):
    """(events,) density of what earlier events of one sequence call forth at each event, per unit of the ratio."""
    out, state = np.zeros(times.size), np.zeros(nodes.size)
    held, last = 0.0, times[0]
    for i in range(times.size):
        gap = times[i] - last
        if gap > 0.0:
            for k in range(nodes.size):
                state[k] = (state[k] + held) * np.exp(-nodes[k] * gap)
            held, last = 0.0, times[i]
        for k in range(nodes.size):
            out[i] += coefficients[k] * state[k]
        held += weight[i] if weight.size > 0 else 1.0
    return out
