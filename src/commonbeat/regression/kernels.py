"""Compiled sums, loaded only for tables large enough to repay the compiler."""

from __future__ import annotations

import numba
import numpy as np

__all__ = ["cell_sums"]


@numba.njit(cache=True, fastmath=False)
def cell_sums(table, shift, cell, cluster, cells, clusters, w):
    """Sums of w, w x by cell and of w x x' by cluster in one pass; a `w` of length one means unweighted."""
    n, q = table.shape
    total, first, second = np.zeros(cells), np.zeros((cells, q)), np.zeros((clusters, q, q))
    x = np.empty(q)
    for i in range(n):
        weight = w[i] if w.size > 1 else 1.0
        g, c = cluster[i], cell[i]
        total[c] += weight
        for j in range(q):
            x[j] = table[i, j] - shift[j]
            first[c, j] += weight * x[j]
        for j in range(q):
            wx = weight * x[j]
            for k in range(j + 1):
                second[g, j, k] += wx * x[k]
    for g in range(clusters):
        for j in range(q):
            for k in range(j):
                second[g, k, j] = second[g, j, k]
    return total, first, second
