"""Raking over cells: people who share every category share one factor, so a million people cost as much as their cells."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np

from commonbeat.trust.calibration import solve
from commonbeat.trust.cells import Cells, cells_of

__all__ = ["fit_cells", "sweep"]

SWEEPS = 300  #: before Newton's steps take over


@dataclass(frozen=True, slots=True)
class Fitted:
    """Weights of the rows, their cells, steps taken, the worst relative gap and the (margin, category) where it is."""

    weights: np.ndarray
    cells: Cells
    steps: int
    worst: float
    where: tuple[str, str]


def fit_cells(margins, base, *, close) -> Fitted:
    """Which weights meet all margins?  margins as read, base (rows,) -> Fitted."""
    cells = cells_of(margins)
    held = _hold(cells.of, base, len(cells.code))
    factor = np.ones(len(cells.code))
    steps, worst = sweep(cells.code, held, cells.totals, factor, SWEEPS, close)
    if worst > close * 10:
        factor, more = _newton(cells, held, factor)
        steps += more
    gap = _gaps(cells, held * factor)
    at = int(np.argmax(gap))
    return Fitted(_spread(cells.of, base, factor), cells, int(steps), float(gap[at]), _name(margins, at))


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


@numba.njit(cache=True)
def _hold(of, base, cells):
    held = np.zeros(cells)
    for i in range(len(of)):
        held[of[i]] += base[i]
    return held


@numba.njit(cache=True)
def _spread(of, base, factor):
    out = np.empty(len(of))
    for i in range(len(of)):
        out[i] = base[i] * factor[of[i]]
    return out


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
