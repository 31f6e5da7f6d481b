"""The matrices by cluster against the slow, obvious algebra with n x n matrices."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat.regression import gram, ols, wild_bootstrap


def world(seed, n=60, clusters=8, levels=0, weighted=False, nested=False):
    rng = np.random.default_rng(seed)
    cluster = np.sort(np.r_[np.arange(clusters), rng.integers(0, clusters, n - clusters)])
    x = rng.normal(size=(n, 2)) + rng.normal(size=(clusters, 2))[cluster]
    y = 3 + x[:, 0] + rng.normal(size=clusters)[cluster] + rng.normal(size=n)
    fe = None
    if levels:
        fe = cluster % levels if nested else np.r_[np.arange(levels), rng.integers(0, levels, n - levels)]
    return y, x, cluster, fe, rng.uniform(0.5, 3, n) if weighted else None


def power(matrix, p):
    values, vectors = np.linalg.eigh(matrix)
    keep = values > 1e-9
    return (vectors[:, keep] * values[keep] ** p) @ vectors[:, keep].T


def slow(y, x, cluster, fe, w, kind):
    """(estimate, variance, df) by the definition: every n x n matrix written out."""
    n = len(y)
    one = np.ones((n, 1)) if fe is None else (fe[:, None] == np.unique(fe)).astype(float)
    design = np.column_stack([one, x])
    w = np.diag(np.ones(n) if w is None else w)
    bread = np.linalg.inv(design.T @ w @ design)
    hat = design @ bread @ design.T @ w
    left = np.eye(n) - hat
    e = left @ y
    g = np.unique(cluster)
    rows = [cluster == c for c in g]
    meat, p = 0, []
    for r in rows:
        if kind == "CR2":
            a = power(left[r] @ left[r].T, -0.5)
        elif kind == "CRV3":
            a = np.linalg.pinv(np.eye(r.sum()) - hat[np.ix_(r, r)], rcond=1e-10)
        else:
            a = np.eye(r.sum())
        score = design[r].T @ w[np.ix_(r, r)] @ a @ e[r]
        meat = meat + np.outer(score, score)
        p.append(left[r].T @ a.T @ w[np.ix_(r, r)] @ design[r] @ bread)
    p = np.array(p)
    df = []
    for j in range(design.shape[1]):
        s = p[:, :, j] @ p[:, :, j].T
        df.append(np.trace(s) ** 2 / (s**2).sum())
    k, m = len(one[0]), len(g)
    factor = {"CR1": m / (m - 1) * (n - 1) / (n - design.shape[1]), "CRV3": (m - 1) / m}.get(kind, 1)
    return (bread @ design.T @ w @ y)[k:], factor * (bread @ meat @ bread)[k:, k:], np.array(df)[k:]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000), st.sampled_from(["CR0", "CR1", "CR2", "CRV3"]), st.sampled_from([0, 3]), st.booleans(), st.booleans()
)  # fmt: skip
def test_every_cluster_error_equals_its_definition(seed, kind, levels, weighted, nested):
    y, x, cluster, fe, w = world(seed, levels=levels, weighted=weighted, nested=nested)
    value, variance, df = slow(y, x, cluster, fe, w, kind)
    fit = ols(y, x, ["a", "b"], clusters=[cluster], fixed_effects=[] if fe is None else [fe], weights=w, se=kind)
    fit = fit.only(["a", "b"])
    assert np.allclose(fit.estimate, value, rtol=1e-9, atol=1e-11)
    assert np.allclose(fit.vcov, variance, rtol=1e-7, atol=1e-11)
    if kind == "CR2":
        assert np.allclose(fit.df, df, rtol=1e-7)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.booleans(), st.sampled_from([0, 3]), st.booleans())
def test_clusters_smaller_than_the_columns_equal_the_definition(seed, weighted, levels, nested):
    """One to a few rows per cluster and one large cluster: both sides of CR2 in one fit."""
    rng = np.random.default_rng(seed)
    n, p, cluster = 70, 7, np.r_[np.arange(22), rng.integers(0, 22, 28), np.full(20, 22)]
    x = rng.normal(size=(n, p))
    y = x[:, 0] + rng.normal(size=23)[cluster] + rng.normal(size=n)
    w = rng.uniform(0.5, 3, n) if weighted else None
    fe = (cluster % levels if nested else rng.integers(0, levels, n)) if levels else None
    names = list("abcdefg")
    _, variance, df = slow(y, x, cluster, fe, w, "CR2")
    fit = ols(y, x, names, clusters=[cluster], fixed_effects=[] if fe is None else [fe], weights=w).only(names)
    assert np.allclose(fit.vcov, variance, rtol=1e-7, atol=1e-11) and np.allclose(fit.df, df, rtol=1e-7)
    alone = ols(y, x, names, clusters=[cluster], fixed_effects=[] if fe is None else [fe], weights=w, show=["c"])
    assert alone.terms == ("c",) and np.isclose(alone.std_error[0], fit.std_error[2], rtol=1e-9)
    assert np.isclose(alone.df[0], fit.df[2], rtol=1e-9)


@pytest.mark.parametrize("weighted", [False, True])
def test_levels_inside_clusters_equal_their_dummies(weighted):
    """Panels: a level per person, several persons per cluster; the pseudo-inverse takes over where I - H is singular."""
    rng = np.random.default_rng(5)
    person = np.repeat(np.arange(30), 4)
    cluster = person // 5
    x = rng.normal(size=(120, 2))
    y = x[:, 0] + rng.normal(size=30)[person] * 5 + rng.normal(size=120)
    w = rng.uniform(1, 2, 120) if weighted else None
    value, variance, df = slow(y, x, cluster, person, w, "CR2")
    fit = ols(y, x, ["a", "b"], clusters=[cluster], fixed_effects=[person], weights=w, se="CR2")
    assert np.allclose(fit.estimate, value, rtol=1e-10)
    assert np.allclose(fit.vcov, variance, rtol=1e-8, atol=1e-12) and np.allclose(fit.df, df, rtol=1e-8)


def test_the_compiled_sums_equal_numpys():
    from commonbeat.regression import gram as _  # noqa: F401
    from commonbeat.regression.gram import _sums_compiled, _sums_numpy

    rng = np.random.default_rng(1)
    table, cluster = rng.normal(size=(500, 4)), rng.integers(0, 9, 500)
    cluster[:9] = np.arange(9)
    for w in (None, rng.uniform(1, 2, 500)):
        for a, b in zip(_sums_numpy(table, table.mean(0), cluster, cluster, 9, 9, w),
                        _sums_compiled(table, table.mean(0), cluster, cluster, 9, 9, w)):  # fmt: skip
            assert np.allclose(a, b, rtol=1e-12, atol=1e-12)


def slow_wild(y, x, cluster, fe, j, null):
    """t of every sign vector by running every regression."""
    one = np.ones((len(y), 1)) if fe is None else (fe[:, None] == np.unique(fe)).astype(float)
    design = np.column_stack([x, one])
    keep = [c for c in range(design.shape[1]) if c != j]
    b = np.linalg.lstsq(design[:, keep], y - null * design[:, j], rcond=None)[0]
    fitted = design[:, keep] @ b + null * design[:, j]
    bread = np.linalg.inv(design.T @ design)
    labels, out = np.unique(cluster), []
    for k in range(2 ** len(labels)):
        sign = np.array([1 - 2 * (k >> i & 1) for i in range(len(labels))])
        star = fitted + sign[np.searchsorted(labels, cluster)] * (y - fitted)
        beta = bread @ design.T @ star
        e = star - design @ beta
        scores = np.array([design[cluster == c].T @ e[cluster == c] for c in labels]) @ bread
        out.append((beta[j] - null) / np.sqrt((scores[:, j] ** 2).sum()))
    return np.array(out)


@pytest.mark.parametrize("levels", [0, 2])
def test_the_wild_bootstrap_equals_running_every_regression(levels):
    y, x, cluster, fe, _ = world(3, n=40, clusters=6, levels=levels)
    one = gram(np.column_stack([y, x]), ["y", "a", "b"], cluster=cluster, fixed_effects=fe)
    for null in (0.0, 0.7):
        found = wild_bootstrap(one, "y", ["a", "b"], "a", null=null, interval=False)
        assert np.allclose(np.sort(found.draws), np.sort(slow_wild(y, x, cluster, fe, 0, null)), rtol=1e-7, atol=1e-8)
        assert found.exact


def test_the_wild_interval_holds_what_is_not_rejected():
    y, x, cluster, _, _ = world(4, n=80, clusters=9)
    one = gram(np.column_stack([y, x]), ["y", "a", "b"], cluster=cluster)
    found = wild_bootstrap(one, "y", ["a", "b"], "a")
    p = lambda null: wild_bootstrap(one, "y", ["a", "b"], "a", null=null, interval=False).p_value  # noqa: E731
    width = found.high - found.low
    assert p(found.low - 0.01 * width) <= 0.05 < p(found.low + 0.01 * width)
    assert p(found.high + 0.01 * width) <= 0.05 < p(found.high - 0.01 * width)


def test_offsets_do_not_eat_the_digits():
    y, x, cluster, _, _ = world(8, n=2000, clusters=20)
    near = ols(y, x, ["a", "b"], clusters=[cluster], se="CR1")
    far = ols(y + 1e8, x + 1e8, ["a", "b"], clusters=[cluster], se="CR1")
    # the shifted numbers themselves keep 1e-8 of the original: that is all the difference there may be
    assert np.allclose(near.std_error[1:], far.std_error[1:], rtol=1e-7)
    raw = np.column_stack([np.ones(2000), x + 1e8])
    with pytest.raises(np.linalg.LinAlgError):  # what happens without a pilot mean inside the sums
        np.linalg.cholesky(raw.T @ raw)


def test_two_way_clusters_add_and_subtract():
    y, x, a, _, _ = world(9, n=200, clusters=12)
    b = np.random.default_rng(1).integers(0, 10, 200)
    both = ols(y, x, ["a", "b"], clusters=[a, b], se="CR1")
    parts = [ols(y, x, ["a", "b"], clusters=[c], se="CR1").vcov for c in (a, b, a * 100 + b)]
    assert np.allclose(both.vcov, parts[0] + parts[1] - parts[2], rtol=1e-9, atol=1e-12)
    assert (both.df == 9).all()
