"""Many cascades at once: size, depth, breadth and structural virality of every tree of a forest, in one pass each way.

The kernels work on positions: `parent[i]` is the row of i's parent, -1 at a root; rows of one cascade stand together.
One pass is only right when parents stand before their children, so that is checked first, and repaired if needed.
Wiener sums are kept in two integers, since a chain of about four million nodes no longer fits into 64 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit

__all__ = ["Shapes", "shapes", "sound"]


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
    """Rows put in an order that the kernel may trust  -> (parent, order, looped)

    order  : rows in the new order, or None when the given order already was right
    looped : rows that stood on a cycle; the first of each cycle was tied to its cascade's root (the first row)
    """
    parent = np.ascontiguousarray(parent, np.int64)
    if _is_ordered(parent):
        return parent, None, np.zeros(0, np.int64)
    parent = parent.copy()
    level, looped = _levels(parent, np.ascontiguousarray(offsets, np.int64))
    cascade = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    order = np.lexsort((level, cascade))
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    moved = parent[order]
    return np.where(moved < 0, -1, place[np.maximum(moved, 0)]), order, np.flatnonzero(looped)


@njit(cache=True)
def _is_ordered(parent):
    for i in range(parent.size):  # noqa: SIM110 (compiled)
        if parent[i] >= i:
            return False
    return True


@njit(cache=True)
def _levels(parent, offsets):
    """Depth of every node by following parents upward once; a path that meets itself is cut at its first row."""
    n = parent.size
    level, looped = np.full(n, -1, np.int64), np.zeros(n, np.bool_)
    path = np.empty(n, np.int64)
    walking = np.zeros(n, np.bool_)
    for c in range(offsets.size - 1):
        for i in range(offsets[c], offsets[c + 1]):
            depth, at = 0, i
            while at >= 0 and level[at] < 0 and not walking[at]:
                walking[at] = True
                path[depth] = at
                depth += 1
                at = parent[at]
            if at >= 0 and level[at] < 0:  # came back to the path: a cycle
                first, k = at, parent[at]
                looped[at] = True
                while k != at:
                    looped[k] = True
                    first = min(first, k)
                    k = parent[k]
                parent[first] = offsets[c]
                for k in range(depth):
                    walking[path[k]] = False
                depth, at = 0, i
                while at >= 0 and level[at] < 0:
                    walking[at] = True
                    path[depth] = at
                    depth += 1
                    at = parent[at]
            base = level[at] if at >= 0 else -1
            for k in range(depth - 1, -1, -1):
                base += 1
                level[path[k]] = base
                walking[path[k]] = False
    return level, looped


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
