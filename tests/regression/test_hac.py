"""Rows in time order whose noise lingers: Newey and West's error, against statsmodels, its definition and the truth."""

import numpy as np
import pytest

from commonbeat.errors import BadInput
from commonbeat.regression import ols
from commonbeat.stats import clopper_pearson


def test_the_error_equals_statsmodels():
    """statsmodels 0.15: OLS(...).fit(cov_type="HAC", cov_kwds={"maxlags": 3, "use_correction": False})."""
    t = np.arange(40.0)
    x = np.sin(t / 3) + 0.1 * t
    y = 2 + 0.5 * x + np.cos(t / 2) + 0.3 * np.sin(1.7 * t)
    got = ols(y, x, ["x"], se="HAC", lags=3)
    assert got.std_error == pytest.approx([0.38802259453579324, 0.16524450798544382], rel=1e-10)
    assert got.method == "least squares, HAC (Bartlett kernel, 3 lags)"


@pytest.mark.parametrize("weighted", [False, True])
def test_the_error_equals_its_definition(weighted):
    rng = np.random.default_rng(1)
    n, lags = 60, 4
    x = np.column_stack([np.ones(n), rng.normal(size=(n, 2)).cumsum(0)])
    y, w = x @ [1, 2, -1] + rng.normal(size=n), rng.uniform(1, 2, n) if weighted else np.ones(n)
    bread = np.linalg.inv((x * w[:, None]).T @ x)
    score = x * (w * (y - x @ (bread @ x.T @ (w * y))))[:, None]
    meat = sum(max(0, 1 - abs(i - j) / (lags + 1)) * np.outer(score[i], score[j]) for i in range(n) for j in range(n))
    got = ols(y, x[:, 1:], ["a", "b"], se="HAC", lags=lags, weights=w if weighted else None)
    assert np.allclose(got.vcov, bread @ meat @ bread, rtol=1e-9)


def test_lingering_noise_breaks_the_plain_error_and_not_this_one():
    rng, n, draws = np.random.default_rng(2), 600, 200
    hit = {"HC2": 0, "HAC": 0}
    for _ in range(draws):
        noise, x = np.zeros((2, n))
        for series in (noise, x):
            for t in range(1, n):
                series[t] = 0.6 * series[t - 1] + rng.normal()
        for se in hit:
            one = ols(noise, x, ["x"], se=se, lags=14 if se == "HAC" else None)
            hit[se] += one.low[1] <= 0 <= one.high[1]
    assert clopper_pearson(hit["HAC"], draws, level=0.999)[1] >= 0.93
    assert clopper_pearson(hit["HC2"], draws, level=0.999)[1] < 0.93


def test_lags_follow_the_rule_of_thumb_and_clusters_do_not_go_with_it():
    y = np.random.default_rng(3).normal(size=200)
    assert "(Bartlett kernel, 4 lags)" in ols(y, y[::-1], ["x"], se="HAC").method  # floor(4 (n / 100)^(2/9))
    with pytest.raises(BadInput, match="does not go with clusters"):
        ols(y, y[::-1], ["x"], se="HAC", clusters=[np.arange(200) // 10])
