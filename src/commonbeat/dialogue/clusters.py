"""Which people stand near each other on the map? k-means on a fixed grid of cells, so that a million cost little."""

from __future__ import annotations

import numpy as np
from numba import njit

__all__ = ["agreement_of_partitions", "align", "partition"]

CELLS_FROM = 2_000  # people; above, k-means sees the weighted means of grid cells instead of each person
ACROSS = 48  # cells along each axis, between the outermost half per cent of people on either side


def partition(points: np.ndarray, k: int, *, seed: int, restarts: int = 10) -> np.ndarray:
    """Into which k parts do these points fall?  -> (n,) int8, the largest part first, -1 nowhere.

    points : (n, 2) finite, in an order that nobody chose (see `Votes.people`): k-means++ then starts the same way
             however the rows were sorted
    Fewer than k distinct points: as many parts as there are points.
    Method: Lloyd's k-means from several k-means++ starts, the tightest kept.
    """
    cell, centre, weight = _cells(points)
    if k == 1 or len(centre) <= k:
        labels = np.arange(len(centre)) if 1 < len(centre) <= k else np.zeros(len(centre), int)
    else:
        labels = _kmeans(centre, weight, k, seed, restarts)
    return _largest_first(labels[cell], points)


def _kmeans(centre, weight, k, seed, restarts):
    draws = np.random.default_rng([seed, 5]).random((restarts, k))
    return _best_of_lloyd(centre, weight, k, draws)


@njit(cache=True)
def _best_of_lloyd(points, weight, k, draws):  # pragma: no cover (compiled)
    """Labels of the tightest of several k-means. Compiled by us: a library call costs 5 ms before it begins, and the
    checks of chance and stability make thousands; sums are added in one fixed order, so the last bit never changes."""
    n = len(points)
    best, kept = np.inf, np.zeros(n, np.int64)
    label, near = np.zeros(n, np.int64), np.empty(n)
    centre, mass = np.empty((k, 2)), np.empty(k)
    for r in range(len(draws)):
        near[:] = 1.0
        for c in range(k):
            at = _drawn(near, weight, draws[r, c])
            centre[c] = points[at]
            for i in range(n):
                d = (points[i, 0] - centre[c, 0]) ** 2 + (points[i, 1] - centre[c, 1]) ** 2
                near[i] = d if c == 0 or d < near[i] else near[i]
        label[:] = -1
        for _ in range(300):
            moved = False
            for i in range(n):
                nearest, least = 0, np.inf
                for c in range(k):
                    d = (points[i, 0] - centre[c, 0]) ** 2 + (points[i, 1] - centre[c, 1]) ** 2
                    if d < least:
                        nearest, least = c, d
                moved |= label[i] != nearest
                label[i], near[i] = nearest, least
            if not moved:
                break
            mass[:] = 0.0
            for i in range(n):
                c = label[i]
                if mass[c] == 0.0:
                    centre[c] = 0.0
                mass[c] += weight[i]
                centre[c, 0] += weight[i] * points[i, 0]
                centre[c, 1] += weight[i] * points[i, 1]
            for c in range(k):
                if mass[c] > 0.0:
                    centre[c] /= mass[c]
        spread = (weight * near).sum()
        if spread < best * (1 - 1e-12):
            best = spread
            kept[:] = label
    return kept


@njit(cache=True)
def _drawn(near, weight, draw):  # pragma: no cover (compiled)
    """A place drawn with probability weight x squared distance to the nearest centre so far (Arthur & Vassilvitskii 2007)."""
    left = draw * (near * weight).sum()
    for i in range(len(near)):
        left -= near[i] * weight[i]
        if left < 0:
            return i
    return int((near * weight).argmax())


def _cells(points):
    """(cell of each point, mean of each cell, people in each cell)."""
    if len(points) <= CELLS_FROM:
        unique, place, count = np.unique(points, axis=0, return_inverse=True, return_counts=True)
        return place.reshape(-1), unique, count.astype(float)
    low, high = np.percentile(points[:: max(1, len(points) // 20_000)], [0.5, 99.5], axis=0)
    step = np.where(high > low, (high - low) / ACROSS, 1.0)
    at = np.clip(((points - low) / step).astype(np.int64), -1, ACROSS) + 1
    code = at[:, 0] * (ACROSS + 2) + at[:, 1]
    count = np.bincount(code, minlength=(ACROSS + 2) ** 2)
    there = np.flatnonzero(count)
    means = [np.bincount(code, points[:, d], minlength=len(count))[there] / count[there] for d in (0, 1)]
    new = np.zeros(len(count), np.int64)
    new[there] = np.arange(len(there))
    return new[code], np.column_stack(means), count[there].astype(float)


def _largest_first(labels, points):
    size = np.bincount(labels, minlength=1)
    right = np.bincount(labels, points[:, 0], minlength=len(size)) / np.maximum(size, 1)
    order = np.lexsort((right, -size))
    rank = np.empty(len(size), np.int8)
    rank[order] = np.arange(len(size))
    return rank[labels]


def align(labels: np.ndarray, reference: np.ndarray, k: int) -> np.ndarray:
    """The same parts under the reference's names, chosen so that most people keep theirs (-1 stays -1)."""
    from scipy.optimize import linear_sum_assignment

    both = (labels >= 0) & (reference >= 0)
    shared = np.bincount(labels[both] * k + reference[both], minlength=k * k).reshape(k, k)
    mine, theirs = linear_sum_assignment(-shared)
    name = np.full(k + 1, -1, np.int8)
    name[mine] = theirs
    return name[labels]


def agreement_of_partitions(a: np.ndarray, b: np.ndarray) -> float:
    """How much do two divisions of the same people agree? 1 the same, about 0 by chance (Hubert & Arabie 1985).

    a, b : (n,) whole numbers >= 0. Written out because it is asked hundreds of times and the library takes a second to load.
    """
    k = int(b.max(initial=0)) + 1
    both = np.bincount(a.astype(np.int64) * k + b)
    pairs = [float((c * (c - 1)).sum()) / 2 for c in (both, np.bincount(a), np.bincount(b), np.array([len(a)]))]
    same, in_a, in_b, all_ = pairs
    if in_a == in_b == same:
        return 1.0
    expected = in_a * in_b / all_
    return (same - expected) / ((in_a + in_b) / 2 - expected)
