"""Least squares over rows in memory: every error the Gram gives, and those that need the rows (HC0-HC3, HAC, two-way)."""

from __future__ import annotations

import numpy as np

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.regression import fitting
from commonbeat.regression.fitting import HIDDEN
from commonbeat.regression.gram import gram
from commonbeat.regression.members import Members
from commonbeat.regression.sandwich import CLUSTERED, cluster_variance

__all__ = ["ROBUST", "ols"]

ROBUST = ("HC0", "HC1", "HC2", "HC3")


def ols(y, x, names, *, instruments=None, instrument_names=None, fixed_effects=(), clusters=(), weights=None,
        se=None, lags=None, level=0.95, show=None) -> fitting.Fit:  # fmt: skip
    """How does y change with each column of x, and how sure is that?

    y : (n,)   x : (n, p) without intercept (one is added unless fixed effects are absorbed)   names : p names
    instruments   : (n, r) all instruments, exogenous columns of x repeated, with their names
    fixed_effects : list of (n,) labels; the factor with most levels is absorbed, the others become dummies
    clusters      : list of one or two (n,) labels; two are combined as Cameron, Gelbach & Miller (2011)
    se            : None = CR2 with clusters, HC2 without; "classical", "HC0".."HC3", "HAC" (rows in time order, Bartlett
                    kernel, `lags`), "CR0", "CR1", "CR2", "CR3", "CRV3"
    show          : names of the terms wanted, default all: with many covariates the df of one term are quick
    Raises BadInput for values that are not finite, TooFew when nothing is left to judge the noise by.
    """
    se = se or ("CR2" if len(clusters) == 1 else "CR1" if clusters else "HC2")
    _check(se, clusters)
    table, columns, xs, zs = _table(y, x, names, instruments, instrument_names)
    absorbed, table, columns, hidden = _absorb(fixed_effects, table, columns)
    xs, zs = xs + hidden, (None if zs is None else zs + hidden)
    make = lambda label: gram(table, columns, cluster=label, fixed_effects=absorbed, weights=weights)  # noqa: E731
    if len(clusters) == 2:
        out = _two_way(make, clusters, xs, zs, se, level)
    elif clusters:
        cells = make(clusters[0])
        rows = lambda one: _members(cells, table, columns, one, absorbed, weights, clusters[0])  # noqa: E731
        out = fitting.fit(cells, columns[0], xs, instruments=zs, se=se, level=level, show=show, rows=rows)
    elif se == "classical":
        out = fitting.fit(make(None), columns[0], xs, instruments=zs, se=se, level=level)
    else:
        out = _by_rows(make(None), table, columns, absorbed, weights, xs, zs, se, lags, level)
    return out.only([fitting.INTERCEPT, *names] if show is None else show)


def _check(se, clusters):
    allowed = CLUSTERED if clusters else (*ROBUST, "HAC", "classical")
    if len(clusters) == 2:
        allowed = ("CR0", "CR1")
    if len(clusters) > 2:
        raise BadInput("errors are clustered in one or two ways; name the two that matter")
    if se not in allowed:
        kind = "with clusters" if clusters else "without clusters"
        raise BadInput(f"se={se!r} does not go {kind}: choose one of {', '.join(allowed)}")


def _table(y, x, names, z, z_names):
    y, x = np.asarray(y, float), np.asarray(x, float)
    x = x[:, None] if x.ndim == 1 else x
    parts, columns = [y[:, None], x], ["\0y", *names]
    zs = None
    if z is not None:
        z = np.asarray(z, float)
        z = z[:, None] if z.ndim == 1 else z
        zs = list(z_names)
        new = [i for i, name in enumerate(zs) if name not in names]
        parts.append(z[:, new])
        columns += [zs[i] for i in new]
    table = np.concatenate(parts, axis=1)
    if not np.isfinite(table).all():
        row, column = np.argwhere(~np.isfinite(table))[0]
        name = "the outcome" if column == 0 else repr(columns[column])
        raise BadInput(f"{name} in row {row} is {table[row, column]}: drop the row or fill it in")
    return table, columns, list(names), zs


def _absorb(factors, table, columns):
    """The largest factor to absorb; dummies of the others appended to the table."""
    if not len(factors):
        return None, table, columns, []
    coded = sorted((codes_of(f, "fixed effect")[1] for f in factors), key=lambda c: -c.max())
    hidden, parts = [], [table]
    for i, code in enumerate(coded[1:]):
        if code.max() > 2000:
            raise BadInput(
                f"two fixed effects with {coded[0].max() + 1} and {code.max() + 1} levels: one of them must have at most 2,000"
            )
        parts.append((code[:, None] == np.arange(1, code.max() + 1)).astype(float))
        hidden += [f"{HIDDEN}{i}.{k}" for k in range(1, code.max() + 1)]
    return coded[0], np.concatenate(parts, axis=1), columns + hidden, hidden


def _two_way(make, clusters, xs, zs, se, level):
    a, b = (codes_of(c, "cluster")[1] for c in clusters)
    total, sizes, one = 0.0, [], None
    for label, sign in ((a, 1), (b, 1), (a * (b.max() + 1) + b, -1)):
        cells = make(label)
        one = fitting.solve(cells, "\0y", xs, instruments=zs)
        variance, _ = cluster_variance(one.blocks, se, one.turn.T, n=cells.n, rank=one.rank)
        total, sizes = total + sign * variance, [*sizes, cells.clusters]
    values, vectors = np.linalg.eigh(total)
    mended = values.min() < 0
    if mended:  # the difference of variances need not be a variance
        total = (vectors * np.maximum(values, 0)) @ vectors.T
    smaller = min(sizes[:2])
    if smaller < 2:
        raise TooFew("one of the two clusterings has a single cluster: cluster by the other alone")
    line = f"least squares, {se} two-way clusters ({sizes[0]} x {sizes[1]}), t({smaller - 1})"
    cautions = ("the two-way variance was not positive and has been mended",) if mended else ()
    return fitting.finish(one, total, smaller - 1, se, level, cells.n, smaller, line, cautions)


def _by_rows(cells, table, columns, absorbed, weights, xs, zs, se, lags, level):
    one = fitting.solve(cells, "\0y", xs, instruments=zs)
    w = np.ones(len(table)) if weights is None else np.asarray(weights, float)
    rows, lever = _residual_rows(cells, table, columns, one, absorbed, w)
    x, e = rows @ one.project, rows @ one.error
    lever = lever + w * ((x @ one.blocks.bread) * x).sum(1)
    score = x * (w * e)[:, None]
    df = len(table) - one.rank
    line = fitting.method(cells, se, zs)
    cautions = ()
    if se == "HAC":
        meat, lags = _hac(score, lags)
        line += f" (Bartlett kernel, {lags} lags)"
    else:
        rest = 1 - lever
        alone = int((rest < fitting.ALONE).sum())
        if alone and se in ("HC2", "HC3"):
            cautions = (
                f"{alone} rows are fitted exactly by a coefficient of their own and add nothing to the error",
            )
        rest = np.where(rest < fitting.ALONE, np.inf, rest)
        divide = {"HC2": rest, "HC3": rest**2}.get(se, np.ones(len(rest)))
        meat = (score / divide[:, None]).T @ score * (len(table) / df if se == "HC1" else 1)
    variance = one.blocks.bread @ meat @ one.blocks.bread
    return fitting.finish(one, variance, df, se, level, len(table), 0, line, cautions)


def _members(cells, table, columns, one, absorbed, weights, cluster):
    """The rows by cluster, when some cluster has fewer rows than there are columns; else None."""
    label = codes_of(cluster, "cluster")[1]
    if np.bincount(label).min() >= one.project.shape[1]:
        return None
    w = np.ones(len(table)) if weights is None else np.asarray(weights, float)
    rows, _ = _residual_rows(cells, table, columns, one, absorbed, w)
    return Members(rows @ one.project, rows @ one.error, w, label, absorbed)


def _residual_rows(cells, table, columns, one, absorbed, w):
    """Rows in the columns of `one`, shifted, the absorbed factor taken out; and the leverage that factor has."""
    at = [columns.index(name) for name in one.columns if name != fitting.INTERCEPT]
    rows = table[:, at] - cells.shift[at]
    if absorbed is None:
        return np.column_stack([np.ones(len(rows)), rows]), np.zeros(len(rows))
    weight = np.bincount(absorbed, w)
    mean = np.stack([np.bincount(absorbed, w * column) for column in rows.T], axis=1) / weight[:, None]
    return rows - mean[absorbed], w / weight[absorbed]


def _hac(score, lags):
    n = len(score)
    lags = int(np.floor(4 * (n / 100) ** (2 / 9))) if lags is None else int(lags)  # Newey & West (1994) rule of thumb
    meat = score.T @ score
    for k in range(1, min(lags, n - 1) + 1):
        cross = score[k:].T @ score[:-k]
        meat = meat + (1 - k / (lags + 1)) * (cross + cross.T)
    return meat, lags
