"""Weighted quantiles: below which answer does a given share of the population lie?"""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput

__all__ = ["QUANTILE_RULES", "weighted_quantile"]

#: "math" the smallest answer that reaches the share; "school" the middle of two when it is reached exactly;
#: "hf4" ... "hf9" interpolate as Hyndman & Fan 1996 number them, with weights
QUANTILE_RULES = ("math", "school", "hf4", "hf5", "hf6", "hf7", "hf8", "hf9")


def weighted_quantile(y, weights, shares, *, rule="math") -> np.ndarray:
    """Weighted quantiles of y at each of `shares`  -> same shape as `shares`; nan where a share lies outside 0 to 1."""
    if rule not in QUANTILE_RULES:
        raise BadInput(f'`rule` is "{rule}"; it may be {", ".join(QUANTILE_RULES)}.')
    y, w, shares = np.asarray(y, float), np.asarray(weights, float), np.asarray(shares, float)
    keep = (w > 0) & ~np.isnan(y)
    order = np.argsort(y[keep], kind="stable")
    y, w = y[keep][order], w[keep][order]
    if not len(y):
        return np.full(shares.shape, np.nan)
    reached = np.cumsum(w)
    found = _steps(y, reached, shares, rule) if rule in ("math", "school") else _lines(y, w, reached, shares, rule)
    return np.where((shares < 0) | (shares > 1), np.nan, found)


def _steps(y, reached, shares, rule):
    goal = shares * reached[-1]
    slack = 1e-12 * reached[-1]  # sums of weights that should be equal differ in the last bits
    at = np.clip(np.searchsorted(reached, goal - slack), 0, len(y) - 1)
    exact = np.abs(reached[at] - goal) <= slack
    if rule == "math":
        return y[at]
    return np.where(exact, (y[at] + y[np.minimum(at + 1, len(y) - 1)]) / 2, y[at])


def _lines(y, w, reached, shares, rule):
    before, total, last = reached - w, reached[-1], w[-1]
    place = {
        "hf4": lambda: reached / total,
        "hf5": lambda: (reached - w / 2) / total,
        "hf6": lambda: reached / (total + last),
        "hf7": lambda: before / max(before[-1], 1e-300),
        "hf8": lambda: (before / 3 + reached * 2 / 3) / (total + last / 3),
        "hf9": lambda: (before * 3 / 8 + reached * 5 / 8) / (total + last / 4),
    }[rule]()
    return np.interp(shares, place, y)
