"""Newton's steps to the calibrated weights: how far must each weight bend for the known totals to be met?"""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput

__all__ = ["solve"]


def solve(x, want, base, *, how="linear", bounds=None, most=200, close=1e-13):
    """By which ratio must each weight change?  -> (ratio (rows,), steps, gap (columns,)) with gap = totals still missing.

    x (rows, columns), want (columns,), base (rows,). The ratio is F(x @ lambda) with F(0) = 1, F'(0) = 1.
    """
    bend = _bend(how, bounds)
    # columns of very different size (a count beside a sum of incomes) would blur the solver's idea of "collinear"
    size = np.maximum(np.abs(x).max(axis=0), 1e-300)
    z, t = x / size, want / size
    turn = np.zeros(x.shape[1])
    ratio, slope = bend(z @ turn)
    gap = t - z.T @ (base * ratio)
    steps = 0
    scale = np.maximum(np.abs(t), 1.0)
    while steps < most and np.max(np.abs(gap) / scale) > close:
        steps += 1
        change = np.linalg.lstsq(z.T @ (z * (base * slope)[:, None]), gap, rcond=1e-12)[0]
        better = False
        for _ in range(30):
            r, s = bend(z @ (turn + change))
            g = t - z.T @ (base * r)
            if np.isfinite(g).all() and np.abs(g).max() < np.abs(gap).max():
                turn, ratio, slope, gap, better = turn + change, r, s, g, True
                break
            change = change / 2
        if not better:
            break
    return ratio, steps, gap * size


def _bend(how, bounds):
    if bounds is not None:
        low, high = (float(b) for b in bounds)
        if not low < 1 < high:
            raise BadInput(
                f"`bounds` are {low:g} and {high:g}; the ratio of new to old weight must be able to stay 1."
            )
    if how == "linear":
        if bounds is None:
            return lambda u: (1 + u, np.ones_like(u))
        return lambda u: (np.clip(1 + u, low, high), ((1 + u > low) & (1 + u < high)).astype(float))
    if how == "raking":
        if bounds is None:
            return _exp
        return lambda u: (
            np.clip(_exp(u)[0], low, high),
            np.where((_exp(u)[0] > low) & (_exp(u)[0] < high), _exp(u)[0], 0.0),
        )
    if how == "logit":
        if bounds is None:
            raise BadInput(
                'how="logit" needs `bounds`, the least and greatest ratio of new to old weight, as (0.3, 4).'
            )
        return lambda u: _logit(u, low, high)
    raise BadInput(f'`how` is "{how}"; it may be linear, raking or logit.')


def _exp(u):
    ratio = np.exp(np.minimum(u, 700))
    return ratio, ratio


def _logit(u, low, high):
    a = (high - low) / ((1 - low) * (high - 1))
    e = np.exp(np.clip(a * u, -700, 700))
    below = high - 1 + (1 - low) * e
    ratio = (low * (high - 1) + high * (1 - low) * e) / below
    return ratio, (ratio - low) * (high - ratio) / ((1 - low) * (high - 1))
