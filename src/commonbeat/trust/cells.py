"""People as cells: who shares every category with whom. One pass over the people, compiled, however many there are."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

__all__ = ["Cells", "cells_of", "fold", "look_up"]


@dataclass(frozen=True, slots=True)
class Cells:
    """The cells that somebody is in.

    of     : (rows,) the cell of each person
    code   : (cells, margins) category of the cell in each margin, margins laid end to end
    totals : (all categories,) what each should sum to
    """

    of: np.ndarray
    code: np.ndarray
    totals: np.ndarray


def cells_of(margins) -> Cells:
    """Which cell is everybody in?  margins as read."""
    sizes = [len(m.categories) for m in margins]
    size = int(np.prod([float(s) for s in sizes]))
    index = np.zeros(len(margins[0].codes), np.int32 if size < 2**31 else np.int64)
    for margin, k in zip(margins, sizes, strict=True):
        fold(index, margin.codes, k)
    if size <= max(4 * len(index), 1 << 16):  # a lookup as long as the table of cells is cheaper than a sort
        used, of = _place(index, size)
    else:
        used, of = np.unique(index, return_inverse=True)
    code = np.empty((len(used), len(margins)), np.int32)
    rest, start = used, sum(sizes)
    for j in range(len(margins) - 1, -1, -1):
        start -= sizes[j]
        rest, here = np.divmod(rest, sizes[j])
        code[:, j] = here + start
    return Cells(of.astype(np.int32, copy=False), code, np.concatenate([m.totals for m in margins]))


@numba.njit(cache=True)
def look_up(values, low, lookup, categories):
    """-> (rows,) lookup[values - low], and counts of -1, 0, 1, ... in that order."""
    codes, met = np.empty(len(values), np.int32), np.zeros(categories + 1, np.int64)
    for i in range(len(values)):
        codes[i] = lookup[values[i] - low]
        met[codes[i] + 1] += 1
    return codes, met


@numba.njit(cache=True)
def fold(index, codes, size):
    """One more margin into the number of everybody's cell, in place."""
    for i in range(len(index)):
        index[i] = index[i] * size + codes[i]


@numba.njit(cache=True)
def _place(index, size):
    lookup = np.full(size, -1, np.int32)
    for i in range(len(index)):
        lookup[index[i]] = 0
    used = np.flatnonzero(lookup == 0)
    for k in range(len(used)):
        lookup[used[k]] = k
    of = np.empty(len(index), np.int32)
    for i in range(len(index)):
        of[i] = lookup[index[i]]
    return used, of
