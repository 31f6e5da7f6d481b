"""Answers weighted for who answered: right when the reason was measured, wrong when it was not, and then bounds hold."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import bounds, difference_in_means, effect_weighted_for_answering


def town(rng, n=800, measured=True, effect=5.0):
    """Visits bring answers from those who trusted little before; prior trust is written down, or it is not."""
    prior = rng.normal(size=n)
    z = rng.permutation(np.repeat([0, 1], n // 2))
    y = 50 + 10 * prior + effect * z + rng.normal(0, 5, n)
    answers = rng.random(n) < 1 / (1 + np.exp(-(1 + 1.2 * prior * (1 - z))))
    return np.where(answers, y, np.nan), z, prior if measured else rng.normal(size=n)


def test_two_kinds_of_people_by_hand():
    """Half of one kind answers in the control arm, all in the other: each of those who did counts twice."""
    kind, z = np.tile([0, 1], 20), np.repeat([0, 1], 20)
    y = 10.0 * kind + 3 * z
    y[(z == 0) & (kind == 1) & (np.arange(40) % 4 == 1)] = np.nan
    naive = np.nanmean(y[z == 1]) - np.nanmean(y[z == 0])
    got = effect_weighted_for_answering(y, z, kind, draws=100)
    assert naive == pytest.approx(8 - 10 / 3) and got.value == pytest.approx(3, abs=1e-3)


def test_it_covers_when_the_reason_was_measured_and_the_plain_difference_does_not():
    rng, n, hit, plain = np.random.default_rng(1), 50, 0, 0
    for k in range(n):
        y, z, x = town(rng)
        got, naive = effect_weighted_for_answering(y, z, x, draws=100, seed=k), difference_in_means(y, z)
        hit += got.low <= 5 <= got.high
        plain += naive.low <= 5 <= naive.high
    low, high = clopper_pearson(hit, n, level=0.999)
    assert high >= 0.95 and low <= 0.97
    assert clopper_pearson(plain, n, level=0.999)[1] < 0.95


def test_it_misses_when_the_reason_was_not_measured_and_bounds_do_not():
    rng, n, hit, kept = np.random.default_rng(2), 40, 0, 0
    for k in range(n):
        y, z, x = town(rng, measured=False)
        got = effect_weighted_for_answering(y, z, x, draws=100, seed=k)
        wide = bounds(y, z, kind="manski", low=-20, high=120)
        hit += got.low <= 5 <= got.high
        kept += wide.low <= 5 <= wide.high
    assert clopper_pearson(hit, n, level=0.999)[1] < 0.95 and kept == n


def test_clusters_are_redrawn_whole_and_the_assumption_is_said():
    rng = np.random.default_rng(3)
    g = np.repeat(np.arange(40), 20)
    z = rng.permutation(np.repeat([0, 1], 20))[g]
    y = 50 + 5 * rng.normal(size=40)[g] + 5 * rng.normal(size=800)
    y[rng.random(800) < 0.2] = np.nan
    people = effect_weighted_for_answering(y, z, rng.normal(size=800))
    whole = effect_weighted_for_answering(y, z, rng.normal(size=800), cluster=g)
    assert whole.std_error > 2 * people.std_error and whole.df == 38
    assert "nothing to do with the answer" in whole.cautions[0] and "refitted in each of 500" in whole.method


def test_what_cannot_be_weighted_is_said():
    z, x = np.repeat([0, 1], 20), np.arange(40.0)
    with pytest.raises(BadInput, match="everybody answered"):
        effect_weighted_for_answering(x, z, x)
    few = np.where(np.arange(40) % 10 == 0, 1.0, np.nan)
    with pytest.raises(TooFew, match="fewer covariates"):
        effect_weighted_for_answering(few, z, x)
    with pytest.raises(BadInput, match="at least 100"):
        effect_weighted_for_answering(x, z, x, draws=10)
