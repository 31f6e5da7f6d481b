"""HC0-HC3 for a table that stays where it is: a second scan that sums e^2 / (1 - h) x x'."""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.regression import fitting
from commonbeat.regression.gram import Gram

__all__ = ["robust_scan"]


def robust_scan(source, gram: Gram, y, x, *, weights=None, se="HC2", level=0.95, engine=None) -> fitting.Fit:
    """How sure are we when there are no clusters, and the rows are in a file or a cluster of machines?

    source, weights, engine : the same as given to `gram`; the rows are read once more
    Raises BadInput when the gram absorbs a fixed effect (its leverage needs a join; use `ols` or clusters).
    """
    from commonbeat.relations import meat as second_scan

    if gram.absorbed:
        raise BadInput("the second scan does not take absorbed fixed effects: use clusters, or `ols` in memory")
    if se not in ("HC0", "HC1", "HC2", "HC3"):
        raise BadInput(f"se={se!r} does not need a second scan: choose HC0, HC1, HC2 or HC3")
    one = fitting.solve(gram, y, x)
    meat = second_scan(
        source, columns=one.columns[1:], shift=gram.shift[gram.index(one.columns[1:])], project=one.project,
        error=one.error, bread=one.blocks.bread, weights=weights, power={"HC2": 1, "HC3": 2}.get(se, 0), engine=engine,
        every=gram.names,
    )  # fmt: skip
    df = gram.n - one.rank
    meat = meat * (gram.n / df if se == "HC1" else 1)
    variance = one.blocks.bread @ meat @ one.blocks.bread
    return fitting.finish(one, variance, np.float64(df), se, level, gram.n, 0, fitting.method(gram, se, None))
