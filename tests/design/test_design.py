"""Chance replayed as it was used."""

from math import comb

import numpy as np
import pytest

from commonbeat.design import Design
from commonbeat.errors import BadInput

BLOCK = np.array(list("aaaabbb"))
ARM = np.array([1, 0, 0, 0, 1, 1, 0])


def test_an_observed_design_keeps_the_numbers_of_every_block():
    design = Design.observed(ARM, block=BLOCK)
    draws = design.draw(np.random.default_rng(1), 500)
    assert (draws[:, :4].sum(1) == 1).all() and (draws[:, 4:].sum(1) == 2).all()
    assert design.size() == 4 * 3
    assert design.probability()[:, 1].tolist() == [1 / 4] * 4 + [2 / 3] * 3


def test_the_same_seed_gives_the_same_draws():
    design = Design.complete([5, 5])
    one, two = (design.draw(np.random.default_rng(7), 20) for _ in range(2))
    assert (one == two).all() and len(np.unique(one, axis=0)) > 10


def test_every_assignment_is_listed_once_and_drawn_equally_often():
    design = Design.observed(ARM, block=BLOCK)
    every = design.enumerate()
    assert every.shape == (12, 7) and len(np.unique(every, axis=0)) == 12
    draws = design.draw(np.random.default_rng(2), 12_000)
    _, times = np.unique(draws, axis=0, return_counts=True)
    assert len(times) == 12 and abs(times - 1000).max() < 5 * np.sqrt(1000)


def test_three_arms_are_listed_by_the_multinomial():
    every = Design.complete([2, 1, 2]).enumerate()
    assert len(every) == comb(5, 1) * comb(4, 2)
    assert all(np.bincount(row, minlength=3).tolist() == [2, 1, 2] for row in every)


def test_a_cluster_stays_together():
    cluster = np.repeat([10, 20, 30, 40], [3, 1, 2, 4])
    design = Design.observed(np.repeat([0, 1, 1, 0], [3, 1, 2, 4]), cluster=cluster)
    draws = design.draw(np.random.default_rng(3), 50)
    for c in (10, 20, 30, 40):
        assert (np.ptp(draws[:, cluster == c], axis=1) == 0).all()
    assert design.size() == comb(4, 2) and design.enumerate().shape == (6, 10)


def test_matched_pairs_treat_one_of_two():
    design = Design.pairs([1, 1, 2, 2, 3, 3])
    assert (design.draw(np.random.default_rng(4), 30).reshape(30, 3, 2).sum(2) == 1).all()
    assert design.size() == 2**3


def test_saturation_deals_shares_to_groups_then_people():
    group = np.repeat(np.arange(6), 10)
    design = Design.saturated(group, {0: 2, 0.3: 2, 0.8: 2})
    shares = design.draw(np.random.default_rng(5), 40).reshape(40, 6, 10).sum(2)
    assert (np.sort(shares, axis=1) == [0, 0, 3, 3, 8, 8]).all()
    assert np.allclose(design.probability()[:, 1], (0 + 3 + 8) / 30)


def test_bernoulli_draws_follow_the_chances():
    design = Design.bernoulli(200, [0.5, 0.3, 0.2])
    share = [(design.draw(np.random.default_rng(6), 500) == k).mean() for k in range(3)]
    assert np.allclose(share, [0.5, 0.3, 0.2], atol=0.01)


def test_equal_designs_have_one_fingerprint():
    assert Design.observed(ARM, block=BLOCK) == Design.observed(ARM[::1], block=BLOCK)
    assert Design.observed(ARM, block=BLOCK) != Design.observed(ARM)
    assert "2 blocks" in Design.observed(ARM, block=BLOCK).sentence()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Design.observed([0, 1, 1], cluster=[1, 1, 2]), "differs inside cluster"),
        (lambda: Design.observed([0, 1], block=["a", "b"], cluster=[1, 1]), "one block"),
        (lambda: Design.complete([[1, 1]], block=[0, 0, 0]), "add up to 2"),
        (lambda: Design.bernoulli(5, [0.5, 0.6]), "add up to 1"),
        (lambda: Design.pairs([1, 1, 2]), "a pair has two"),
        (lambda: Design.saturated([1, 2], {0.5: 1}), "there are 2"),
        (lambda: Design.observed([0.0, np.nan]), "missing in row 1"),
        (lambda: Design.complete([50, 50]).enumerate(), "draw a sample"),
    ],
)
def test_what_cannot_be_a_design_is_said(make, said):
    with pytest.raises(BadInput, match=said):
        make()
