"""HC0-HC3 for a table that stays where it is: a second scan that sums e^2 / (1 - h) x x'."""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.regression import fitting
from commonbeat.regression.batches import codes_among, complete, numbers
from commonbeat.regression.feeds import batches_of
from commonbeat.regression.gram import Gram

__all__ = ["robust_scan"]

POWER = {"HC0": 0, "HC1": 0, "HC2": 1, "HC3": 2}


def robust_scan(source, gram: Gram, y, x, *, weights=None, se="HC2", level=0.95) -> fitting.Fit:
    """How sure are we when there are no clusters, and the rows are in a file or a cluster of machines?

    source, weights : the same as given to `gram`; the rows are read once more, with the fixed effect `gram` absorbed
    Raises BadInput when the rows are not those of the first scan, and for an Ibis table with an absorbed factor.
    """
    if se not in POWER:
        raise BadInput(f"se={se!r} does not need a second scan: choose HC0, HC1, HC2 or HC3")
    one = fitting.solve(gram, y, x)
    scan = _by_ibis if type(source).__module__.split(".")[0] == "ibis" else _by_batches
    meat = scan(source, gram, one, weights, POWER[se])
    df = gram.n - one.rank
    meat = meat * (gram.n / df if se == "HC1" else 1)
    variance = one.blocks.bread @ meat @ one.blocks.bread
    return fitting.finish(one, variance, np.float64(df), se, level, gram.n, 0, fitting.method(gram, se, None))


def _by_batches(source, gram, one, weights, power):
    names = [name for name in one.columns if name != fitting.INTERCEPT]
    shift, mean, share = gram.shift[gram.index(names)], *_levels(gram, names)
    wanted = dict.fromkeys(c for c in (*gram.names, gram.absorbed, weights) if c)
    meat, met = np.zeros((one.project.shape[1],) * 2), 0
    for batch in map(complete, batches_of(source, tuple(wanted))[0]):
        rows = np.stack([numbers(batch.column(name), name) - c for name, c in zip(names, shift)], axis=1)
        w = np.ones(len(rows)) if weights is None else numbers(batch.column(weights), weights).astype(float)
        if gram.absorbed:
            at = codes_among(batch.column(gram.absorbed), gram.level_labels)
            rows, own = rows - mean[at], w * share[at]
        else:
            rows, own = np.column_stack([np.ones(len(rows)), rows]), 0.0
        x, e = rows @ one.project, rows @ one.error
        left = 1 - own - w * ((x @ one.blocks.bread) * x).sum(1)
        left = np.where(left < fitting.ALONE, np.inf, left) if power else np.ones(len(left))
        meat, met = meat + (x * ((w * e) ** 2 / left**power)[:, None]).T @ x, met + len(rows)
    if met != gram.n:
        raise BadInput(
            f"the second scan met {met} complete rows and the first {gram.n}: give both the same table and columns"
        )
    return meat


def _levels(gram, names):
    """(levels, q) weighted mean of each level of the absorbed factor, and (levels,) one over its weight."""
    if not gram.absorbed:
        return None, None
    k = 1 if gram.weighted else 0
    weight = np.bincount(gram.level, gram.total[k])
    first = gram.first[k][:, gram.index(names)]
    return np.stack([np.bincount(gram.level, column) for column in first.T], axis=1) / weight[:, None], 1 / weight


def _by_ibis(source, gram, one, weights, power):
    from commonbeat.relations import meat

    if gram.absorbed:
        raise BadInput(
            "the second scan of an Ibis table does not take absorbed fixed effects: use clusters, or a Parquet file"
        )
    return meat(
        source, columns=one.columns[1:], shift=gram.shift[gram.index(one.columns[1:])], project=one.project,
        error=one.error, bread=one.blocks.bread, weights=weights, power=power, every=gram.names,
    )  # fmt: skip
