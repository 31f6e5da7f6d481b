"""Intervals that hold all at once: by the worst case, or by how the estimates go together."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from studies.rows import plan, tables

from commonbeat.errors import BadInput
from commonbeat.stats import clopper_pearson
from commonbeat.studies import run
from commonbeat.studies.joint import level_of_each

JOINT = plan(multiplicity="max_t")


def cells(rng, k=4, n=120, shared=0.9):
    """k outcomes of the same people, alike to a degree; nothing happens to anybody."""
    arm, own = rng.permutation(np.arange(n) % 2), rng.normal(0, 1, n)
    for _ in range(k):
        score = 50 + 10 * (np.sqrt(shared) * own + np.sqrt(1 - shared) * rng.normal(0, 1, n))
        yield pl.DataFrame({"respondent": np.arange(n).astype(str), "treated": arm, "score": score})


def test_unrelated_estimates_need_what_sidak_says():
    apart = [
        c.with_columns(respondent=pl.col("respondent") + str(k))
        for k, c in enumerate(cells(np.random.default_rng(1), n=4_000))
    ]
    assert level_of_each(JOINT, apart) == pytest.approx(0.95**0.25, abs=0.001)


def test_the_same_estimate_four_times_needs_no_more_than_one():
    one = next(cells(np.random.default_rng(2)))
    assert level_of_each(JOINT, [one] * 4) == pytest.approx(0.95, abs=0.003)


def test_two_estimates_that_go_together_by_the_bivariate_normal():
    pair = list(cells(np.random.default_rng(3), k=2, n=20_000, shared=0.7))
    level = level_of_each(JOINT, pair)
    c = stats.norm.ppf((1 + level) / 2)
    both = stats.multivariate_normal([0, 0], [[1, 0.7], [0.7, 1]])
    inside = both.cdf([c, c]) - 2 * both.cdf([c, -c]) + both.cdf([-c, -c])
    assert inside == pytest.approx(0.95, abs=0.004)


def test_all_hold_at_once_as_often_as_promised():
    held, rng = 0, np.random.default_rng(4)
    for _ in range(200):
        made = list(cells(rng))
        crit = stats.norm.ppf((1 + level_of_each(JOINT, made)) / 2)
        t = []
        for c in made:
            a, b = (c.filter(pl.col("treated") == k)["score"] for k in (0, 1))
            t.append(abs(b.mean() - a.mean()) / np.sqrt(a.var() / len(a) + b.var() / len(b)))
        held += max(t) <= crit
    low, high = clopper_pearson(held, 200, level=0.999)
    assert low <= 0.95 <= high


def test_a_plan_may_choose_it_and_its_intervals_are_never_wider():
    rng = np.random.default_rng(5)
    rows = tables([("visit" if i % 2 else "none", 3, int(rng.integers(1, 6))) for i in range(80)])
    more = {"waves": [0, 21], "rings": {r: {"how": "randomised"} for r in ("participant", "onlooker")}}
    wide, close = (run(plan(multiplicity=m, **more), rows).rings[0].effect for m in ("sidak", "max_t"))
    assert close.value == wide.value
    assert close.low >= wide.low
    with pytest.raises(BadInput, match="normal estimates"):
        plan(multiplicity="max_t", design="story_experiment", estimator="anytime")
