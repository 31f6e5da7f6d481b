"""How deep and how viral could a tree be, when some of its links are not known?  Three readings of the same events."""

from __future__ import annotations

import numpy as np
from numba import njit

from commonbeat.ripple import trees

__all__ = ["bounds", "virality"]


def virality(shape):
    """Mean distance of two different nodes of the one tree (Goel et al. 2016), None for a tree of one node."""
    if shape is None or shape.size[0] < 2:
        return None
    n = int(shape.size[0])
    return 2 * shape.wiener(0) / (n * (n - 1))


def bounds(tree, shape):
    """(smallest, largest) depth, breadth and virality over the links as recorded, only the declared ones kept, and as deep
    as time allows."""
    if shape is None:
        return (0, 0), (0, 0), (None, None)
    readings = [shape]
    if (tree.how[tree.parent >= 0] != 0).any():
        star, _ = trees.sound(np.where((tree.how != 0) & (tree.parent >= 0), 0, tree.parent), tree.offsets)
        readings.append(trees.shapes(star, tree.offsets))
    if (tree.how[tree.parent >= 0] == 2).any():
        deepest, _ = trees.sound(_deepest(tree.table["when"].fill_null(np.nan).to_numpy(), tree), tree.offsets)
        readings.append(trees.shapes(deepest, tree.offsets))
    known = [virality(r) for r in readings]
    spans = [
        (min(int(getattr(r, n)[0]) for r in readings), max(int(getattr(r, n)[0]) for r in readings))
        for n in ("depth", "max_breadth")
    ]
    return spans[0], spans[1], (None, None) if known[0] is None else (min(known), max(known))


def _deepest(when, tree):
    """Every unknown parent becomes the deepest event before it. An event cannot come before the event it is declared to
    come from, whatever its stamp says; so no circle can arise."""
    earliest = _not_before_parents(when, tree.parent, tree.how)
    return _chained(np.lexsort((np.arange(when.size), earliest)), tree.parent, tree.how)


@njit(cache=True)
def _not_before_parents(when, parent, how):
    """Times that respect the known links; an event without time stands where its parent stands, or at the start."""
    out = when.copy()
    for i in range(out.size):
        least = out[parent[i]] if parent[i] >= 0 and how[i] != 2 else -np.inf
        if not out[i] >= least:
            out[i] = least
    return out


@njit(cache=True)
def _chained(order, given, how):
    parent, depth = given.copy(), np.zeros(given.size, np.int64)
    deep = -1
    for i in order:
        if parent[i] >= 0:
            if how[i] == 2 and deep >= 0:
                parent[i] = deep
            depth[i] = depth[parent[i]] + 1
        if deep < 0 or depth[i] > depth[deep]:
            deep = i
    return parent
