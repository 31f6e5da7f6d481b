"""Whom does each answer stand for? Weights that make a sample look like its population, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.trust.calibration import solve
from commonbeat.trust.cells import Cells, cells_of
from commonbeat.trust.columns import numbers
from commonbeat.trust.ipf import fit_cells
from commonbeat.trust.margins import read_margins, table

__all__ = ["Weights", "calibrate", "kish", "poststratify", "rake", "trim"]

CLOSE = 1e-12  #: a margin is met when its relative error is below this
SWEEPS = 10  #: alternating projections of the linearised raking variance, the number R's survey takes


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights, how they were made, and what they cost. numpy reads the object as its `weights`.

    weights, base : (rows,) after and before
    steps         : sweeps or Newton steps taken
    worst_margin  : largest relative distance left between a margin and its total
    design_effect : variance of a mean relative to equal weights, by the weights alone (Kish 1965)
    effective_n   : as many equally weighted people tell as much
    trimmed       : share of the weights' sum that was moved by trimming; the bias that follows is stated in `cautions`
    """

    weights: np.ndarray
    base: np.ndarray
    method: str
    steps: int = 0
    worst_margin: float = 0.0
    design_effect: float = 1.0
    effective_n: float = 0.0
    trimmed: float = 0.0
    cautions: tuple[str, ...] = ()
    kind: str = "none"
    cells: Cells | None = field(default=None, repr=False)
    auxiliary: np.ndarray | None = field(default=None, repr=False)
    met: np.ndarray | None = field(
        default=None, repr=False
    )  #: the weights at which the totals were met, before trimming

    def __array__(self, dtype=None, copy=None):
        return np.array(self.weights, dtype=dtype) if copy else np.asarray(self.weights, dtype=dtype)

    def __len__(self):
        return len(self.weights)

    @property
    def calibrated(self) -> bool:
        """Do these weights meet known totals, so that the variance must be taken of residuals?"""
        return self.kind != "none"

    def residuals(self, z) -> np.ndarray:
        """What is left of weighted influences once the known totals have explained what they can  (rows, k) -> (rows, k)."""
        met = self.weights if self.met is None else self.met
        w = np.where(met != 0, met, 1.0)[:, None]
        if self.kind == "regression":
            root = np.sqrt(self.base)[:, None]
            q = _basis(self.auxiliary * root)
            inside = z * root / w
            left = inside - q @ (q.T @ inside)
            return np.divide(left * w, root, out=np.zeros_like(left), where=root > 0)
        left = z / w
        if self.kind == "poststratify":
            return (left - _means(left, self.cells, 0, self.base)) * w
        for _ in range(SWEEPS):
            for margin in range(self.cells.code.shape[1]):
                left = left - _means(left, self.cells, margin)
        return left * w

    def to_dict(self) -> dict:
        """All but the row-by-row weights, which belong to people and stay where the rows are."""
        names = ("method", "steps", "worst_margin", "design_effect", "effective_n", "trimmed", "cautions")
        return plain({"n": len(self.weights), **{name: getattr(self, name) for name in names}})


def kish(weights) -> tuple[float, float]:
    """What do unequal weights cost?  -> (design effect n * sum w^2 / (sum w)^2, effective n), zeros left out (Kish 1965)."""
    w = numbers(weights, "weights", low=0)
    people, total = int(np.count_nonzero(w)), float(w.sum())
    if not total > 0:
        raise BadInput("`weights` are all 0: nobody counts.")
    effective = total**2 / float(w @ w)
    return people / effective, effective


def rake(frame, margins, *, weights=None) -> Weights:
    """Which weights meet several known margins at once, and stay as near as they can to where they began?

    frame   : people in rows (any dataframe, or a dict of columns)
    margins : {column: {category: total}}
    weights : (rows,) to begin from; 1 unless told
    Raises BadInput naming the margin that cannot be met.
    Method: iterative proportional fitting (Deming & Stephan 1940) over cells instead of people, finished by Newton steps on
    the same solution when the margins nearly determine one another and sweeps would take thousands.
    """
    read = read_margins(frame, margins)
    base = _base(weights, len(read[0].codes))
    found = fit_cells(read, base, close=CLOSE)
    if found.worst > 1e-7:
        margin, category = found.where
        raise BadInput(
            f"The margins cannot meet: after {found.steps:,} steps `{margin}` = {category} is still {found.worst:.1%} away from "
            "its total. Some combination of categories has nobody in the sample; join categories or leave one margin out."
        )
    words = f"raked to {', '.join(m.column for m in read)}"
    return _made(found.weights, base, words, "rake", found.steps, found.worst, found.cells)


def poststratify(frame, totals, *, weights=None) -> Weights:
    """Which weights make every cell of one known table right?

    totals : {column: {category: total}} for one column, or {(column, column): {(category, category): total}} for cells
    Method: Holt & Smith 1979. An empty cell with people in the population is refused: join cells first.
    """
    if len(totals) != 1:
        raise BadInput("`poststratify` takes one table of totals; several margins are for `rake`.")
    (column, cells), people = next(iter(totals.items())), table(frame)
    if isinstance(column, tuple):
        joined = people.select(_together(people, column)).to_series()
        people, cells = {"cell": joined}, {" / ".join(str(c) for c in k): v for k, v in cells.items()}
        column = "cell"
    (margin,) = read_margins(people, {column: cells})
    base = _base(weights, len(margin.codes))
    held = np.bincount(margin.codes, base, len(margin.categories))
    if (held <= 0).any():
        empty = margin.categories[int(np.argmin(held))]
        raise BadInput(f"`{column}` = {empty} has people in the sample, but their weights are all 0.")
    w = base * (margin.totals / held)[margin.codes]
    return _made(w, base, f"poststratified by {column}", "poststratify", 1, 0.0, cells_of((margin,)))


def calibrate(frame, totals, *, weights=None, how="linear", bounds=None) -> Weights:
    """Which weights meet known totals of numbers and categories alike?

    totals : {column: total} for a number, {column: {category: total}} for categories; or an array of totals beside a
             (rows, columns) array in place of the frame
    how    : "linear" (the regression estimator), "raking" (never negative) or "logit" (needs `bounds`)
    bounds : (low, high) of new weight over old; with "linear" the ratio is cut there and the rest solved again
    Method: Deville & Sarndal 1992, Newton steps. Raises BadInput naming the total that cannot be met within the bounds.
    """
    x, want, names = _auxiliary(frame, totals)
    base = _base(weights, len(x))
    ratio, steps, gap = solve(x, want, base, how=how, bounds=bounds)
    scale = np.maximum(np.abs(want), 1e-300)
    worst = int(np.argmax(np.abs(gap) / scale))
    if not abs(gap[worst]) / scale[worst] < 1e-8:
        raise BadInput(
            f"The totals cannot be met: `{names[worst]}` is still {abs(gap[worst]) / scale[worst]:.2%} away from {want[worst]:,.6g} "
            f"after {steps} steps{' within bounds ' + str(tuple(bounds)) if bounds else ''}. Widen the bounds or drop that total."
        )
    cautions = ("Some weights are negative; raking or logit keeps them above 0.",) if (ratio < 0).any() else ()
    words = f"calibrated ({how}{', bounded' if bounds else ''}) to {', '.join(names)}"
    worst_gap = float(abs(gap[worst]) / scale[worst])
    return _made(base * ratio, base, words, "regression", steps, worst_gap, auxiliary=x, cautions=cautions)


def trim(weights, *, low=None, high=None, strict=True) -> Weights:
    """What do the weights become when none may be below `low` or above `high`?

    The sum is kept: what is cut is shared out over the weights that are not at a limit; `strict` repeats that until all fit.
    Trimming trades a little bias for less variance; the share of weight moved is stated, and margins no longer hold exactly.
    """
    made = weights if isinstance(weights, Weights) else None
    w = numbers(np.asarray(made) if made else weights, "weights", low=None if made else 0)
    low, high = -np.inf if low is None else float(low), np.inf if high is None else float(high)
    mean = w.sum() / max(len(w), 1)
    if not low <= mean <= high:
        raise BadInput(f"Weights of mean {mean:.4g} cannot all lie from {low:g} to {high:g} and keep their sum.")
    cut, steps = w.copy(), 0
    while steps < 1_000:
        outside = (cut < low) | (cut > high)
        if not outside.any() or (steps and not strict):
            break
        clipped = np.clip(cut, low, high)
        free = (clipped > low) & (clipped < high)
        if not free.any():
            break
        clipped[free] += (cut.sum() - clipped.sum()) / free.sum()
        cut, steps = clipped, steps + 1
    moved = float(np.abs(cut - w).sum() / 2 / w.sum())
    effect, effective = kish(np.maximum(cut, 0))
    before = kish(np.maximum(w, 0))[0]
    limits = f"{low:g} to {high:g}"
    caution = (
        f"Trimming to {limits} moved {moved:.1%} of the weight (design effect {before:.2f} to {effect:.2f}); "
        "known totals are no longer met exactly, which can bias what depends on them."
    )
    return Weights(
        cut, made.base if made else w, f"{made.method + ', ' if made else ''}trimmed to {limits}", steps,
        design_effect=effect, effective_n=effective, trimmed=moved, cautions=(caution,) if moved else (),
        kind=made.kind if made else "none", cells=made.cells if made else None,
        auxiliary=made.auxiliary if made else None, met=(made.weights if made.met is None else made.met) if made else None,
    )  # fmt: skip


def _made(w, base, words, kind, steps, worst, cells=None, auxiliary=None, cautions=()):
    effect, effective = kish(np.maximum(w, 0))
    return Weights(w, base, words, steps, worst, effect, effective, 0.0, cautions, kind, cells, auxiliary)


def _base(weights, rows):
    if weights is None:
        return np.ones(rows)
    base = numbers(np.asarray(weights) if isinstance(weights, Weights) else weights, "weights", rows=rows, low=0)
    if np.isnan(base).any():
        raise BadInput(
            f"`weights`, row {int(np.argmax(np.isnan(base))) + 1}: missing. Give 0 to a person who shall not count."
        )
    if not base.sum() > 0:
        raise BadInput("`weights` are all 0: nobody counts.")
    return base


def _auxiliary(frame, totals):
    if not hasattr(totals, "items"):
        x, want = np.asarray(frame, float), np.asarray(totals, float)
        if x.ndim != 2 or want.shape != (x.shape[1],):
            raise BadInput(
                f"`totals` has {want.size} values and the array {x.shape[-1]} columns: one total per column."
            )
        return x, want, [f"column {j}" for j in range(len(want))]
    people, parts, want, names = table(frame), [], [], []
    for column, total in totals.items():
        if hasattr(total, "items"):
            (margin,) = read_margins(people, {column: total})
            parts += [(margin.codes == k).astype(float) for k in range(len(margin.categories))]
            want, names = [*want, *margin.totals], [*names, *(f"{column} = {c}" for c in margin.categories)]
            continue
        if column not in people.columns:
            raise BadInput(f"There is no column `{column}`; the sample has {', '.join(people.columns)}.")
        value = numbers(people[column], column)
        if np.isnan(value).any():
            raise BadInput(
                f"`{column}`, row {int(np.argmax(np.isnan(value))) + 1}: missing. A known total needs every value."
            )
        parts, want, names = [*parts, value], [*want, float(total)], [*names, column]
    return np.column_stack(parts), np.array(want), names


def _together(people, columns):
    return pl.concat_str([pl.col(c).cast(pl.String) for c in columns], separator=" / ")


def _means(values, cells, margin, weight=None):
    """Every person's category mean in one margin."""
    code = cells.code[:, margin][cells.of]
    size = len(cells.totals)
    under = np.bincount(code, weight, size)[:, None]
    v = values if weight is None else values * weight[:, None]
    sums = np.column_stack([np.bincount(code, v[:, j], size) for j in range(v.shape[1])])
    return np.divide(sums, under, out=np.zeros_like(sums), where=under > 0)[code]


def _basis(x):
    """Columns that span the same space, at right angles; a known total that others imply adds none."""
    u, s, _ = np.linalg.svd(x / np.maximum(np.linalg.norm(x, axis=0), 1e-300), full_matrices=False)
    return u[:, s > s[0] * 1e-10]
