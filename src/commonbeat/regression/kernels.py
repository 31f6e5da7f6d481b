"""Compiled sums, loaded only for tables large enough to repay the compiler."""

from __future__ import annotations

import numba
import numpy as np

__all__ = ["CompiledMoments", "cell_sums"]

STRIP = 4096  # rows turned from columns at a time, so that they stay in the processor's cache


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


class CompiledMoments:
    """The same as `moments.Moments`, in two thirds of its processor time and with the compiler's memory."""

    def __init__(self, q: int, powers: int = 1):
        self.powers = powers
        self.rows = np.ones((STRIP, q + 1))

    def __call__(self, columns, shift, cell, cells, weights=None) -> np.ndarray:
        out = np.zeros((self.powers, cells, len(shift) + 1, len(shift) + 1))
        for start in range(0, len(cell), STRIP):
            strip = slice(start, min(start + STRIP, len(cell)))
            rows = self.rows[: strip.stop - start]
            for j, column in enumerate(columns):
                np.subtract(column[strip], shift[j], out=rows[:, j])
            weight = np.ones(0) if weights is None else weights[strip].astype(float)
            _add_products(rows, cell[strip], weight, out)
        lower = np.tril(np.ones(out.shape[2:], bool))
        return np.where(lower, out, out.swapaxes(2, 3))


@numba.njit(cache=True, nogil=True)
def _add_products(rows, cell, w, out):
    """Lower triangles of w^k z z' added to each row's cell."""
    n, p = rows.shape
    for i in range(n):
        c = cell[i]
        for j in range(p):
            left = rows[i, j]
            for k in range(j + 1):
                out[0, c, j, k] += left * rows[i, k]
        for power in range(1, out.shape[0]):
            weight = w[i] if power == 1 else w[i] * w[i]
            for j in range(p):
                left = weight * rows[i, j]
                for k in range(j + 1):
                    out[power, c, j, k] += left * rows[i, k]
