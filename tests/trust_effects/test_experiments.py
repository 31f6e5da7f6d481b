"""Differences between arms: arithmetic by hand, traps, refusals, coverage on made worlds."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import adjusted_effect, difference_in_means, randomisation_test, regress


def within(hits, n, low, high):
    """The 99.9 % exact interval of the observed rate meets the band."""
    a, b = clopper_pearson(hits, n, level=0.999)
    return a <= high and b >= low


def test_the_difference_is_what_the_hand_says():
    one = difference_in_means([1.0, 2, 3, 10, 12, 14], [0, 0, 0, 1, 1, 1])
    assert one.value == 12 - 2 and one.std_error**2 == pytest.approx(1 / 3 + 4 / 3)


def test_blocks_count_by_their_size():
    y = [1.0, 2, 5, 6, 0, 0, 0, 3, 3, 3, 3, 9]
    arm = [0, 0, 1, 1] + [0, 0, 0, 0, 1, 1, 1, 1]
    one = difference_in_means(y, arm, block=list("aaaa") + list("bbbbbbbb"))
    assert one.value == pytest.approx(4 / 12 * 4 + 8 / 12 * ((3 + 3 + 3 + 9) / 4 - 3 / 4))


def test_blocks_with_unequal_shares_fool_the_plain_comparison_and_fixed_effects():
    """Effect 0 in the small block, 4 in the large one, shares treated 1/2 and 1/10: plain is biased, FE weighs p(1-p)."""
    rng = np.random.default_rng(0)
    block = np.repeat([0, 1], [400, 1600])
    got = {"plain": [], "fe": [], "blocked": [], "lin": []}
    for _ in range(60):
        z = np.r_[rng.permutation(np.repeat([0, 1], [200, 200])), rng.permutation(np.repeat([0, 1], [1440, 160]))]
        y = 5.0 * block + 4 * z * block + rng.normal(size=2000)
        got["plain"].append(difference_in_means(y, z).value)
        got["fe"].append(regress(y, z, fixed_effects=block).estimate[0])
        got["blocked"].append(difference_in_means(y, z, block=block).value)
        got["lin"].append(adjusted_effect(y, z, rng.normal(size=2000), block=block).value)
    truth = 0.8 * 4
    mean = {k: np.mean(v) for k, v in got.items()}
    assert abs(mean["blocked"] - truth) < 0.05 and abs(mean["lin"] - truth) < 0.05
    assert abs(mean["plain"] - truth) > 0.5  # the naive answers, beside
    assert mean["fe"] == pytest.approx(1600 * 0.09 * 4 / (400 * 0.25 + 1600 * 0.09), abs=0.05)


def test_who_did_not_answer_is_said_first():
    y = np.r_[np.full(3, np.nan), np.arange(17.0)]
    one = difference_in_means(y, np.repeat([1, 0], 10))
    assert one.cautions[0].startswith(
        "no answer from 30.0 % of those assigned and 0.0 % of control; more than 5 points"
    )
    assert one.n == 17


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: difference_in_means([1.0, 2], [1, 1]), TooFew, "nobody to compare"),
        (lambda: difference_in_means([1.0, 2, 3], [0, 1, 1], treated=7), TooFew, "nobody is in arm 7"),
        (lambda: difference_in_means([1.0, 2, 3], [0, 1, 1]), TooFew, "each arm needs two"),
        (
            lambda: difference_in_means(np.arange(8.0), [0, 1] * 4, cluster=[1] * 4 + [2] * 4),
            BadInput,
            "holds both arms",
        ),
        (
            lambda: difference_in_means(np.arange(7.0), [0, 1, 0, 1, 0, 0, 1], block=[1, 1, 2, 2, 3, 3, 3]),
            TooFew,
            "block 1 has 1",
        ),
        (lambda: difference_in_means(["a", 1, 2, 3], [0, 0, 1, 1]), BadInput, "row 0 is 'a'"),
        (
            lambda: difference_in_means([1.0, 2, 3, 4], [0, 0, 1, 1], weights=[1, 1, -1, 1]),
            BadInput,
            "weight -1 in row 2",
        ),
        (lambda: difference_in_means([1.0, 2, 3], [0, 0, 1, 1]), BadInput, "rows"),
        (lambda: regress("y - x", {}), BadInput, "write it as"),
    ],
)
def test_what_cannot_be_compared_is_said(call, kind, said):
    with pytest.raises(kind, match=said):
        call()


def test_all_answers_equal_is_a_sentence_and_not_nan():
    one = difference_in_means([3.0] * 8, [0, 1] * 4)
    assert one.value == 0 and one.std_error == 0 and one.to_dict()["low"] == 0


def clusters(rng, g, treated, effect=0.0, icc=0.1, spread=0.8, weighted=False):
    size = np.maximum(2, np.round(40 * np.exp(spread * rng.normal(size=g) - spread**2 / 2))).astype(int)
    cluster = np.repeat(np.arange(g), size)
    z = np.zeros(g)
    z[rng.permutation(g)[:treated]] = 1
    y = (
        rng.normal(size=g)[cluster] * np.sqrt(icc)
        + rng.normal(size=len(cluster)) * np.sqrt(1 - icc)
        + effect * z[cluster]
    )
    w = np.exp(rng.normal(size=len(cluster)) * np.sqrt(np.log(2))) if weighted else None  # coefficient of variation 1
    return y, z[cluster].astype(int), cluster, w


def coverage(draws, seed=0, **world):
    rng, hit = np.random.default_rng(seed), 0
    for _ in range(draws):
        y, z, c, w = clusters(rng, **world)
        one = difference_in_means(y, z, cluster=c, weights=w)
        hit += one.low <= 0 <= one.high
    return hit


@pytest.mark.parametrize(
    ("world", "low", "high"),
    [
        ({"g": 20, "treated": 10, "spread": 0.0}, 0.94, 0.965),
        ({"g": 10, "treated": 2}, 0.93, 1.0),
        ({"g": 20, "treated": 10, "weighted": True}, 0.93, 1.0),
    ],
)
def test_intervals_cover(world, low, high):
    assert within(coverage(300, **world), 300, low, high)


@pytest.mark.truth
@pytest.mark.parametrize(
    ("world", "low", "high"),
    [
        ({"g": 20, "treated": 10, "spread": 0.0}, 0.94, 0.965),
        ({"g": 40, "treated": 20, "spread": 0.3}, 0.94, 0.96),
        ({"g": 10, "treated": 2}, 0.93, 1.0),
        ({"g": 10, "treated": 5}, 0.93, 1.0),
        ({"g": 20, "treated": 10, "weighted": True}, 0.93, 1.0),
        ({"g": 50, "treated": 5, "spread": 1.0}, 0.93, 1.0),
    ],
)
def test_intervals_cover_long(world, low, high):
    assert within(coverage(10_000, **world), 10_000, low, high)


def test_few_treated_clusters_break_cr1_and_not_the_default():
    """50 clusters, 5 treated: CR1 with t(G-1) promises 95 % and gives about 80 %."""
    rng, hit = np.random.default_rng(1), {"CR1": 0, None: 0}
    for _ in range(300):
        y, z, c, _ = clusters(rng, 50, 5, spread=1.0)
        for se in hit:
            one = regress(y, z, cluster=c, se=se)
            hit[se] += one.low[1] <= 0 <= one.high[1]
    assert within(hit["CR1"], 300, 0.75, 0.86) and within(hit[None], 300, 0.93, 0.99)


def test_few_treated_clusters_are_said():
    y, z, c, _ = clusters(np.random.default_rng(2), 10, 2)
    one = difference_in_means(y, z, cluster=c)
    assert "only 2 clusters in the smaller arm" in one.cautions[-1]
    assert 0 < randomisation_test(y, z, cluster=c, interval=False).p_value <= 1


def test_watchers_are_not_comparable_with_non_watchers():
    """Trusting people watch more. Watching does nothing; the comparison says it does, the randomised offer does not."""
    rng = np.random.default_rng(3)
    trust = rng.normal(size=4000)
    offer = rng.permutation(np.repeat([0, 1], 2000))
    watched = ((trust + rng.normal(size=4000) > 0) & (offer == 1)).astype(int)
    y = trust + rng.normal(size=4000)
    naive, honest = difference_in_means(y, watched), difference_in_means(y, offer)
    assert naive.low > 0.5 and honest.low <= 0 <= honest.high
