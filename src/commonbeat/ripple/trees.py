"""Many cascades at once: size, depth, breadth and structural virality of every tree of a forest, in one pass each way.

The kernels work on positions: `parent[i]` is the row of i's parent, -1 at a root; rows of one cascade stand together.
One pass is only right when parents stand before their children, so that is checked first, and repaired if needed.
Wiener sums are kept in two integers, since a chain of about four million nodes no longer fits into 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

__all__ = ["Shapes", "branches", "circles", "shapes", "sound"]


@dataclass(frozen=True, slots=True)
class Shapes:
    """One row per cascade.

    size, depth, max_breadth, leaves, sum_depth : (cascades,) int64
    wiener_high, wiener_low : (cascades,) the Wiener index is high * 2^62 + low: use `wiener(k)`
    node_depth : (nodes,) int32 steps from the root
    """

    size: np.ndarray
    depth: np.ndarray
    max_breadth: np.ndarray
    leaves: np.ndarray
    sum_depth: np.ndarray
    wiener_high: np.ndarray
    wiener_low: np.ndarray
    node_depth: np.ndarray

    def wiener(self, k: int) -> int:
        """Sum of the distances of all pairs, as an integer of any length."""
        return (int(self.wiener_high[k]) << 62) + int(self.wiener_low[k])

    def structural_virality(self) -> np.ndarray:
        """(cascades,) mean distance of two different nodes; nan for a cascade of one (Goel et al. 2016)."""
        n = self.size.astype(float)
        total = self.wiener_low.astype(float)
        for k in np.flatnonzero(self.wiener_high):
            total[k] = float(self.wiener(k))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(n > 1, 2 * total / (n * (n - 1)), np.nan)


def shapes(parent, offsets) -> Shapes:
    """How large, deep, broad and viral is each tree?

    parent  : (nodes,) int64 row of the parent, -1 at the root; each cascade has exactly one root
    offsets : (cascades + 1,) int64 where each cascade's rows begin
    Parents must stand before their children (`sound` sees to that).
    """
    return Shapes(*_shapes(np.ascontiguousarray(parent, np.int64), np.ascontiguousarray(offsets, np.int64)))


def sound(parent, offsets):
    """Rows put in an order that the kernel may trust  -> (parent, order)

    order : rows in the new order, or None when the given order already was right
    The first row of each circle is tied to its cascade's root, which is the first row of the cascade.
    """
    parent = np.ascontiguousarray(parent, np.int64)
    if _is_ordered(parent):
        return parent, None
    offsets = np.ascontiguousarray(offsets, np.int64)
    cascade = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    looped = np.flatnonzero(_first_of_each(parent))
    parent = parent.copy()
    parent[looped] = offsets[:-1][cascade[looped]]
    order = np.lexsort((_levels(parent), cascade))
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    moved = parent[order]
    return np.where(moved < 0, -1, place[np.maximum(moved, 0)]), order


def circles(parent):
    """(nodes,) which rows name each other, or themselves, as parents in a circle?"""
    parent = np.ascontiguousarray(parent, np.int64)
    return np.zeros(parent.size, bool) if _is_ordered(parent) else _circles(parent)


def _first_of_each(parent):
    """The first row of every circle."""
    rows = np.flatnonzero(_circles(parent))
    first = np.zeros(parent.size, bool)
    done = np.zeros(parent.size, bool)
    for row in rows:
        if not done[row]:
            first[row] = True
            while not done[row]:
                done[row] = True
                row = parent[row]
    return first


@njit(cache=True)
def _is_ordered(parent):
    for i in range(parent.size):  # noqa: SIM110 (compiled)
        if parent[i] >= i:
            return False
    return True


@njit(cache=True)
def _circles(parent):
    """Walk upward from every row until a row seen before; one seen on the same walk closes a circle."""
    n = parent.size
    seen, on_circle = np.zeros(n, np.int64), np.zeros(n, np.bool_)
    for i in range(n):
        at = i
        while at >= 0 and seen[at] == 0:
            seen[at] = i + 1
            at = parent[at]
        if at >= 0 and seen[at] == i + 1:
            while not on_circle[at]:
                on_circle[at] = True
                at = parent[at]
    return on_circle


@njit(cache=True)
def _levels(parent):
    """Steps from the root of every node, each path followed upward once; there are no circles."""
    n = parent.size
    level, path = np.full(n, -1, np.int64), np.empty(n, np.int64)
    for i in range(n):
        steps, at = 0, i
        while at >= 0 and level[at] < 0:
            path[steps] = at
            steps += 1
            at = parent[at]
        base = level[at] if at >= 0 else -1
        for k in range(steps - 1, -1, -1):
            base += 1
            level[path[k]] = base
    return level


@njit(cache=True)
def branches(parent):
    """(nodes,) the child of the root each node descends from, as its row; a root is its own. Parents stand first."""
    out = np.arange(parent.size)
    for i in range(parent.size):
        if parent[i] >= 0 and parent[parent[i]] >= 0:
            out[i] = out[parent[i]]
    return out


@njit(cache=True)
def _shapes(parent, offsets):
    cascades, n = offsets.size - 1, parent.size
    size, depth, breadth = np.zeros(cascades, np.int64), np.zeros(cascades, np.int64), np.zeros(cascades, np.int64)
    leaves, sum_depth = np.zeros(cascades, np.int64), np.zeros(cascades, np.int64)
    high, low = np.zeros(cascades, np.int64), np.zeros(cascades, np.int64)
    level, below = np.zeros(n, np.int32), np.ones(n, np.int32)
    at_level = np.zeros(n + 1, np.int32)
    for c in range(cascades):
        a, b = offsets[c], offsets[c + 1]
        count, deepest, total = b - a, 0, 0
        for i in range(a, b):
            p = parent[i]
            d = level[p] + 1 if p >= 0 else 0
            level[i] = d
            total += d
            deepest = max(deepest, d)
            at_level[d] += 1
        widest = 0
        for d in range(deepest + 1 if count > 0 else 0):
            widest = max(widest, at_level[d])
            at_level[d] = 0
        small, large, ends = 0, 0, 0
        for i in range(b - 1, a - 1, -1):
            s = np.int64(below[i])
            ends += s == 1
            small += s * (count - s)  # every pair is split by the edges of its path: each edge counts s (n - s) pairs
            if small >= 4611686018427387904:  # 2^62
                small -= 4611686018427387904
                large += 1
            if parent[i] >= 0:
                below[parent[i]] += below[i]
        size[c], depth[c], breadth[c], leaves[c], sum_depth[c] = count, deepest, widest, ends, total
        high[c], low[c] = large, small
    return size, depth, breadth, leaves, sum_depth, high, low, level
