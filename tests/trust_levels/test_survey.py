"""Levels from samples as they were drawn."""

import numpy as np
import pytest
from scipy import stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import estimate_level


def test_a_mean_of_people_drawn_one_by_one():
    found = estimate_level([2.0, 4.0, 6.0, 8.0])
    assert found.value == (2 + 4 + 6 + 8) / 4
    assert found.std_error == pytest.approx(np.sqrt((9 + 1 + 1 + 9) / 3 / 4))
    assert found.df == 4 - 1
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 3) * found.std_error)


def test_weights_say_whom_an_answer_stands_for():
    assert estimate_level([0.0, 10.0], weights=[3, 1]).value == (3 * 0 + 1 * 10) / 4
    assert estimate_level([0.0, 10.0], weights=[3, 1], kind="total").value == 10


def test_a_census_has_no_sampling_error():
    found = estimate_level([1.0, 2.0, 3.0], fpc=[3, 3, 3])
    assert (found.value, found.std_error) == (2.0, 0.0)


def test_a_share_and_its_exact_interval_where_nobody_said_yes():
    found = estimate_level([0] * 10, kind="share")
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(clopper_pearson(0, 10)[1])


def test_a_group_keeps_the_whole_design():
    """A group is not a smaller sample: clusters without any of its people still count in the variance."""
    found = estimate_level([1.0, 3.0, 5.0, 9.0], by=["a", "a", "b", "a"], cluster=[1, 2, 3, 4])["a"]
    mean = (1 + 3 + 9) / 3
    influence = np.array([1 - mean, 3 - mean, 0, 9 - mean]) / 3
    assert found.std_error == pytest.approx(np.sqrt(4 / 3 * np.sum((influence - influence.mean()) ** 2)))
    assert found.df == 3 - 1


def test_differences_between_groups_carry_what_they_share():
    rng = np.random.default_rng(1)
    school = np.repeat(np.arange(20), 6)
    y = rng.normal(0, 1, 120) + rng.normal(0, 2, 20)[school]
    found = estimate_level(y, by=np.tile(["a", "b"], 60), cluster=school)
    assert found.tidy()["group"].to_list() == ["a", "b"]
    difference = found.contrast({"a": 1, "b": -1})
    assert difference.value == pytest.approx(found["a"].value - found["b"].value)
    assert difference.std_error < 0.5 * np.hypot(found["a"].std_error, found["b"].std_error)  # the same schools
    with pytest.raises(BadInput, match='no group "c"'):
        found.contrast({"c": 1})


def test_missing_answers_are_said_and_left_out():
    found = estimate_level([1.0, None, 3.0, 2.0])
    assert (found.value, found.n, found.asked) == (2.0, 3, 4)
    assert "1 of 4 gave no answer" in found.cautions[0]


@pytest.mark.parametrize("sample", ["panel", "open_link"])
def test_people_nobody_drew_never_get_a_margin_of_error(sample):
    found = estimate_level(np.arange(500.0), sample=sample, by=np.tile(["a", "b"], 250))
    for _, level in found:
        assert level.value is not None
        assert (level.low, level.high, level.std_error) == (None, None, None)
        assert "nobody drew them" in level.cautions[0]
    with pytest.raises(BadInput, match="no honest interval"):
        found.contrast({"a": 1, "b": -1})


def test_too_few_to_tell_and_all_the_same():
    assert "too few to tell" in estimate_level([5.0]).cautions[0]
    one_cluster = estimate_level([5.0, 6.0, 7.0], cluster=["a", "a", "a"])
    assert (one_cluster.value, one_cluster.low) == (6.0, None)
    assert "too few clusters" in one_cluster.cautions[0]
    assert "too few to tell" in estimate_level([1.0, 2.0, 3.0], fewest=5).cautions[0]
    alike = estimate_level([4.0, 4.0, 4.0])
    assert (alike.value, alike.low) == (4.0, None)
    assert "answered the same" in alike.cautions[0]


@pytest.mark.parametrize("lonely", ["certainty", "adjust", "average"])
def test_a_stratum_with_one_cluster_follows_a_stated_rule(lonely):
    y, strata = np.array([1.0, 3.0, 9.0]), ["a", "a", "b"]
    with pytest.raises(TooFew, match="one cluster only"):
        estimate_level(y, strata=strata)
    found = estimate_level(y, strata=strata, lonely_psu=lonely, kind="total")
    own = 2 / 1 * ((1 - 2) ** 2 + (3 - 2) ** 2)
    assert found.std_error**2 == pytest.approx({"certainty": own, "adjust": own + 9**2, "average": own * 2}[lonely])


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ({"weights": [1, -1, 1]}, "line 2: `weights`: -1"),
        ({"weights": [0, 0, 0]}, "all 0"),
        ({"weights": [1, np.nan, 1]}, "row 2: missing"),
        ({"weights": [1, 1]}, "2 values where 3"),
        ({"kind": "median"}, "it may be mean, total"),
        ({"kind": "share"}, "line 1: `y`: 7 is not from 0 to 1"),
        ({"kind": "ratio"}, "denominator"),
        ({"strata": ["a", None, "b"]}, "row 2: missing"),
        ({"fpc": [2, 2, 2]}, "holds 2 units, but 3"),
        ({"fpc": [10, 20, 10]}, "changes inside a stratum"),
        ({"lonely_psu": "drop"}, "it may be fail"),
        ({"replicates": np.ones((3, 1))}, "at least two draws"),
    ],
)
def test_what_does_not_fit_is_said(named, said):
    with pytest.raises(BadInput, match=said):
        estimate_level([7.0, 8.0, 9.0], **named)


def test_a_word_where_a_number_belongs_is_named_with_its_row():
    with pytest.raises(BadInput, match='line 2: `y`: "often" is not a number'):
        estimate_level([1, "often", 3])
    with pytest.raises(BadInput, match="empty"):
        estimate_level([])


def test_cluster_names_that_repeat_across_strata_are_said():
    found = estimate_level([1.0, 2, 3, 5], strata=["a", "a", "b", "b"], cluster=[1, 2, 1, 2])
    assert found.df == 4 - 2
    assert "repeat across strata" in found.cautions[0]


def covered(draws, seed):
    """How often does the interval hold the truth, over samples of a town of unequal clusters with unequal weights?"""
    rng = np.random.default_rng(seed)
    size = rng.lognormal(3, 0.6, 400).astype(int) + 4
    which = np.repeat(np.arange(400), size)
    town = 55 + rng.normal(0, 8, 400)[which] + rng.normal(0, 15, size.sum())
    hit = wrong = 0
    for _ in range(draws):
        kept = np.sort(rng.choice(400, 40, replace=False))
        people = np.flatnonzero(np.isin(which, kept))
        chance = rng.uniform(0.15, 1, len(people))
        drawn = rng.random(len(people)) < chance
        here = people[drawn]
        found = estimate_level(
            town[here], weights=10 / chance[drawn], cluster=which[here], fpc=np.full(len(here), 400)
        )
        naive = estimate_level(town[here])
        hit += found.low <= town.mean() <= found.high
        wrong += naive.low <= town.mean() <= naive.high
    return hit, wrong


def in_band(hits, draws, low, high):
    """The 99.9 % interval of what was seen meets the band."""
    seen = clopper_pearson(hits, draws, level=0.999)
    return seen[0] <= high and seen[1] >= low


def test_intervals_hold_the_truth_and_the_naive_ones_do_not():
    hit, wrong = covered(300, 5)
    assert in_band(hit, 300, 0.94, 0.96)
    assert wrong / 300 < 0.75  # clusters and weights forgotten: the same data, an interval wrong far too often


@pytest.mark.truth
def test_intervals_hold_the_truth_long():
    assert in_band(covered(10_000, 6)[0], 10_000, 0.93, 0.96)
