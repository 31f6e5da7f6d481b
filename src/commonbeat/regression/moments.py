"""Sums of products by cell in plain numpy: rows are laid in small blocks, many blocks multiplied in one call."""

from __future__ import annotations

import numpy as np

__all__ = ["Moments"]

BLOCK = 64  # rows multiplied together; a cell's last block is filled up with zeros
STACK = 8192  # rows in one stack of blocks: small enough to stay in the processor's cache


class Moments:
    """Room to work in, kept from batch to batch: fresh memory would cost more than the products.

    q : columns      powers : 1, or 3 for sums with w^0, w, w^2
    """

    def __init__(self, q: int, powers: int = 1):
        self.powers = powers
        self.taken = np.empty((STACK, q))
        self.rows = np.empty((q + 1, STACK))
        self.weighted = np.empty((q + 1, STACK if powers > 1 else 0))
        self.products = np.empty((STACK // 4, q + 1, q + 1))

    def __call__(self, columns, shift, cell, cells, weights=None) -> np.ndarray:
        """Sums of w^k z z' by cell, z being a row less the shift with a one behind: (powers, cells, q + 1, q + 1).

        columns : q arrays (n,), or one table (n, q)      shift : (q,)
        cell    : (n,) codes 0..cells-1, each of them met
        The last row and column hold the sums of w^k x, the corner that of w^k.
        """
        height, source, begin, end = _laid_out(cell, cells)
        out = np.zeros((self.powers, cells, len(shift) + 1, len(shift) + 1))
        for first in range(0, end[-1], STACK // height):
            last = min(first + STACK // height, end[-1])
            at = source[first * height : last * height]
            here = slice(np.searchsorted(end, first, "right"), np.searchsorted(begin, last, "left"))
            starts = np.maximum(begin[here] - first, 0)
            rows = self._filled(columns, shift, at, len(cell))
            for k in range(self.powers):
                out[k, here] += self._multiplied(rows, at, height, starts, k, weights)
        return out

    def _filled(self, columns, shift, at, n):
        """(q + 1, places) the rows `at`, shifted, a one below; empty places (one past the end) hold zeros."""
        rows = self.rows[:, : len(at)]
        if isinstance(columns, np.ndarray):
            taken = np.take(columns, at, axis=0, mode="clip", out=self.taken[: len(at)])
            np.subtract(taken.T, shift[:, None], out=rows[:-1])
        else:
            for j, column in enumerate(columns):
                np.subtract(np.take(column, at, mode="clip"), shift[j], out=rows[j])
        rows[-1] = 1
        rows[:, at == n] = 0
        return rows

    def _multiplied(self, rows, at, height, starts, k, weights):
        right = rows
        if k:
            right = self.weighted[:, : len(at)]
            np.multiply(rows if k == 1 else right, np.take(weights, at, mode="clip"), out=right)
        left, right = (part.reshape(len(rows), -1, height) for part in (rows, right))
        found = np.matmul(left.transpose(1, 0, 2), right.transpose(1, 2, 0), out=self.products[: left.shape[1]])
        return np.add.reduceat(found, starts, axis=0)


def _laid_out(cell, cells):
    """(rows in a block, (blocks x rows,) the row in each place, first block of each cell, one past its last)."""
    size = np.bincount(cell, minlength=cells)
    height = 1 << int(np.clip(np.log2(size.mean()) - 0.5, 2, np.log2(BLOCK)))
    held = -(-size // height)
    end = np.cumsum(held)
    begin, start = end - held, np.cumsum(size) - size
    order = np.argsort(cell.astype(np.uint16) if cells <= 65536 else cell, kind="stable")  # 16 bits sort by radix
    source = np.full(end[-1] * height, len(cell))
    source[np.arange(len(cell)) + np.repeat(begin * height - start, size)] = order
    return height, source, begin, end
