"""Many stories, each with its own unknown rate of people who come by themselves: that rate is integrated out, compiled."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["marginal"]


@njit(cache=True)
def _peak(own, span, centre, spread):
    """Mode in u = log(rate) of the story's likelihood times the town's law for u, and the curvature there (Newton)."""
    u = centre
    curvature = 1.0
    for _ in range(60):
        rate, slope, bend = np.exp(u), 0.0, 0.0
        for i in range(own.size):
            share = rate / (rate + own[i])
            slope += share
            bend += share * (1.0 - share)
        slope -= rate * span + (u - centre) / spread**2
        # the information without the part that may turn the curve upwards keeps every step a climb
        firm = rate * span + 1.0 / spread**2
        curvature = max(firm - bend, 0.1 * firm)
        step = slope / curvature
        step = min(max(step, -1.5), 1.5)
        u += step
        if abs(step) < 1e-9:
            break
    return u, curvature


@njit(cache=True)
def marginal(times, offsets, ends, ratio, rate, centre, spread, nodes, weights, skip):
    """Log-likelihood of all stories, each story's log background rate integrated over Normal(centre, spread).

    nodes, weights : of Gauss-Hermite quadrature, placed around each story's own peak
    skip : 1 where each story's clock starts at its first event, which is then given and not explained; else 0
    """
    total = 0.0
    longest = 0
    for s in range(offsets.size - 1):
        longest = max(longest, offsets[s + 1] - offsets[s])
    store = np.empty(longest)
    for s in range(offsets.size - 1):
        a, b = offsets[s], offsets[s + 1]
        state = held = 0.0
        last = times[a] if a < b else 0.0
        for i in range(a, b):
            gap = times[i] - last
            if gap > 0.0:
                state = (state + held) * np.exp(-rate * gap)
                held = 0.0
                last = times[i]
            store[i - a] = ratio * rate * state
            held += 1.0
        spent = ratio * ((b - a) - (state + held) * np.exp(-rate * (ends[s] - last)))
        own = store[min(skip, b - a) : b - a]
        peak, curvature = _peak(own, ends[s], centre, spread)
        scale = np.sqrt(2.0 / curvature)
        top = -np.inf
        values = np.empty(nodes.size)
        for q in range(nodes.size):
            u = peak + scale * nodes[q]
            mu = np.exp(u)
            value = -mu * ends[s] - 0.5 * ((u - centre) / spread) ** 2 + nodes[q] ** 2
            for i in range(own.size):
                value += np.log(mu + own[i])
            values[q] = value
            top = max(top, value)
        inside = 0.0
        for q in range(nodes.size):
            inside += weights[q] * np.exp(values[q] - top)
        total += top + np.log(inside * scale / (spread * np.sqrt(2.0 * np.pi))) - spent
    return total
