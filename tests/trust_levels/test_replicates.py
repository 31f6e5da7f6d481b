"""Replicate weights, made here and read from elsewhere."""

import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.trust import estimate_level, rake, raked_level, replicate_weights


def test_leaving_one_out_gives_the_textbook_error_of_a_mean():
    y = np.array([2.0, 4.0, 6.0, 8.0])
    found = estimate_level(y, replicates=replicate_weights(4, kind="jk1"))
    assert found.std_error == pytest.approx(np.sqrt(np.var(y, ddof=1) / 4))
    assert found.df == 4 - 1


def test_strata_are_left_out_one_cluster_at_a_time():
    y, strata = np.array([1.0, 3.0, 10.0, 14.0]), ["a", "a", "b", "b"]
    jackknife = estimate_level(y, replicates=replicate_weights(kind="jkn", strata=strata), kind="total")
    assert jackknife.std_error == pytest.approx(estimate_level(y, strata=strata, kind="total").std_error)


def test_the_bootstrap_agrees_with_linearisation():
    rng = np.random.default_rng(2)
    school = np.repeat(np.arange(60), 5)
    y, w = rng.normal(0, 1, 300) + rng.normal(0, 1, 60)[school], rng.uniform(1, 3, 300)
    made = replicate_weights(weights=w, cluster=school, draws=2_000, rng=3)
    linear = estimate_level(y, weights=w, cluster=school)
    assert estimate_level(y, replicates=made).std_error == pytest.approx(linear.std_error, rel=0.08)
    assert made.weights.mean(axis=1) == pytest.approx(w, rel=0.2)


def test_a_bare_array_is_read_as_bootstrap_weights():
    rng = np.random.default_rng(4)
    y = rng.normal(0, 1, 200)
    each = rng.multinomial(199, np.full(200, 1 / 200), size=800).T * 200 / 199
    assert estimate_level(y, replicates=each).std_error == pytest.approx(np.std(y, ddof=1) / np.sqrt(200), rel=0.1)


def raked_town(n, seed=5):
    rng = np.random.default_rng(seed)
    people = pl.DataFrame({"sex": rng.integers(0, 2, n), "age": rng.integers(0, 4, n), "area": rng.integers(0, 6, n)})
    margins = {c: {k: 1.0 + k for k in range(people[c].n_unique())} for c in people.columns}
    margins = {c: {k: 9_000 * v / sum(m.values()) for k, v in m.items()} for c, m in margins.items()}
    y = rng.normal(0, 1, n) + people["age"].to_numpy() + 2 * people["sex"].to_numpy()
    return people, margins, y, rng.uniform(0.5, 2, n)


def test_counted_draws_equal_stored_ones():
    people, margins, y, w = raked_town(1_500)
    quick = raked_level(y, people, margins, weights=w, draws=400, rng=6)
    draws = replicate_weights(weights=w, draws=300, rng=7)
    slow = estimate_level(y, replicates=draws.reweighted(lambda x: rake(people, margins, weights=x)))
    assert quick.value == pytest.approx(slow.value, rel=1e-9)
    assert quick.std_error == pytest.approx(slow.std_error, rel=0.2)
    linear = estimate_level(y, weights=rake(people, margins, weights=w))
    assert quick.std_error == pytest.approx(linear.std_error, rel=0.2)
    once = estimate_level(y, weights=np.asarray(rake(people, margins, weights=w)))
    assert once.std_error > 1.2 * quick.std_error  # weights taken as given hide what raking removes


def test_one_seed_one_answer_and_gaps_and_totals():
    people, margins, y, w = raked_town(800)
    once, again = (raked_level(y, people, margins, weights=w, draws=40, rng=1).std_error for _ in range(2))
    assert once == again
    y = np.where(np.arange(800) % 10 == 0, np.nan, y)
    mean = raked_level(y, people, margins, weights=w, draws=60, rng=1)
    full = np.asarray(rake(people, margins, weights=w))
    assert (mean.n, mean.asked) == (720, 800)
    assert mean.value == pytest.approx(np.nansum(full * y) / full[~np.isnan(y)].sum())
    total = raked_level(y, people, margins, weights=w, kind="total", draws=60, rng=1)
    assert total.value == pytest.approx(np.nansum(full * y))


def test_what_cannot_be_replicated_is_said():
    with pytest.raises(TooFew, match="leaving it out leaves nothing"):
        replicate_weights(kind="jkn", strata=["a", "a", "b"])
    with pytest.raises(BadInput, match='use "jkn"'):
        replicate_weights(kind="jk1", strata=["a", "a", "b", "b"])
    with pytest.raises(BadInput, match="How many people"):
        replicate_weights()
    people, margins, y, w = raked_town(100)
    with pytest.raises(BadInput, match="before raking"):
        replicate_weights(weights=rake(people, margins, weights=w))
    with pytest.raises(BadInput, match="at least 20"):
        raked_level(y, people, margins, draws=5)
