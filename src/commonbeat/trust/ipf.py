"""Raking over cells: people who share every category share one factor, so a million people cost as much as their cells."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from commonbeat.trust.calibration import solve

__all__ = ["Cells", "cells_of", "fit_cells", "sweep"]

SWEEPS = 300  #: before Newton's steps take over


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


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of the rows, steps taken, the worst relative gap and the (margin, category) where it is."""

    weights: np.ndarray
    steps: int
    worst: float
    where: tuple[str, str]


def fit_cells(margins, base, *, close) -> Fitted:
    """Which weights meet all margins?  margins as read, base (rows,) -> Fitted."""
    cells = cells_of(margins)
    held = np.bincount(cells.of, base, len(cells.code))
    factor = np.ones(len(cells.code))
    steps, worst = sweep(cells.code, held, cells.totals, factor, SWEEPS, close)
    if worst > close * 10:
        factor, more = _newton(cells, held, factor)
        steps += more
    gap = _gaps(cells, held * factor)
    at = int(np.argmax(gap))
    return Fitted(base * factor[cells.of], int(steps), float(gap[at]), _name(margins, at))


def cells_of(margins) -> Cells:
    """Which cell is everybody in?"""
    index = np.zeros(len(margins[0].codes), np.int64)
    for margin in margins:
        index *= len(margin.categories)
        index += margin.codes
    size = int(np.prod([len(m.categories) for m in margins]))
    if size <= max(4 * len(index), 1 << 16):  # a lookup as long as the table of cells is cheaper than a sort
        met = np.zeros(size, bool)
        met[index] = True
        used = np.flatnonzero(met)
        lookup = np.zeros(size, np.int32)
        lookup[used] = np.arange(len(used), dtype=np.int32)
        of = lookup[index]
    else:
        used, of = np.unique(index, return_inverse=True)
    code = np.empty((len(used), len(margins)), np.int32)
    rest, start = used, sum(len(m.categories) for m in margins)
    for j in range(len(margins) - 1, -1, -1):
        start -= len(margins[j].categories)
        rest, here = np.divmod(rest, len(margins[j].categories))
        code[:, j] = here + start
    return Cells(of.astype(np.int32, copy=False), code, np.concatenate([m.totals for m in margins]))


@numba.njit(cache=True, nogil=True)
def sweep(code, held, totals, factor, most, close):
    """Multiplies `factor` margin by margin until every margin is met; -> (sweeps, worst relative gap before the last one)."""
    cells, margins = code.shape
    sums = np.zeros(len(totals))
    for step in range(most):
        worst = 0.0
        for j in range(margins):
            sums[:] = 0.0
            for c in range(cells):
                sums[code[c, j]] += held[c] * factor[c]
            for k in range(len(totals)):
                if sums[k] > 0.0:
                    gap = abs(totals[k] / sums[k] - 1.0)
                    sums[k] = totals[k] / sums[k]
                    if gap > worst:
                        worst = gap
            for c in range(cells):
                factor[c] *= sums[code[c, j]]
        if worst < close:
            return step + 1, worst
    return most, worst


def _newton(cells, held, start):
    """The same solution by its dual: factor = exp(x @ lambda), so slow sweeps need not be waited for."""
    x = np.zeros((len(cells.code), len(cells.totals)))
    x[np.arange(len(x))[:, None], cells.code] = 1.0
    ratio, steps, _ = solve(x, cells.totals, held * start, how="raking", most=100)
    after, before = _gaps(cells, held * start * ratio), _gaps(cells, held * start)
    return (start * ratio, steps) if after.max() < before.max() else (start, steps)


def _gaps(cells, weight):
    sums = np.zeros(len(cells.totals))
    for j in range(cells.code.shape[1]):
        sums += np.bincount(cells.code[:, j], weight, len(sums))
    return np.divide(np.abs(sums - cells.totals), cells.totals, out=np.zeros_like(sums), where=cells.totals > 0)


def _name(margins, at):
    for margin in margins:
        if at < len(margin.categories):
            return margin.column, margin.categories[at]
        at -= len(margin.categories)
    raise IndexError(at)
