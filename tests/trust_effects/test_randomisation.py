"""Chance replayed: exact by listing, fast by words and by the hypergeometric law, the same either way."""

import numpy as np
import pytest
from scipy import stats

from commonbeat.design import Design
from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust.randomisation import max_t, randomisation_test
from commonbeat.trust.redraws import treated_sums


def test_all_495_assignments(frame, record):
    d, expected = frame("lattice12.csv"), record("randomisation", "ri_exact_495")
    one = randomisation_test(d["y"], d["z"], statistic="difference")
    assert one.exact and one.draws == 495
    assert [one.effect, one.p_value] == pytest.approx([expected["obs"], expected["p_two"]], rel=1e-8)
    greater = randomisation_test(d["y"], d["z"], statistic="difference", alternative="greater")
    assert greater.p_value == pytest.approx(expected["p_greater"], rel=1e-8)
    t = randomisation_test(d["y"], d["z"])
    assert [t.observed, t.p_value] == pytest.approx([expected["obs_t"], expected["p_two_t"]], rel=1e-8)
    low, high = expected["ci95_constant_effect"]  # on a grid of 0.001
    assert one.low == pytest.approx(low, abs=0.00101) and one.high == pytest.approx(high, abs=0.00101)


def test_step_down_over_four_outcomes(frame, record):
    """The 499 saved permutations of the Welch |t|, four outcomes, adjusted for looking at all."""
    d, expected = frame("alo_star_men.csv"), record("randomisation", "wy_maxT_stepdown")
    d = d.filter(d["GPA_year2"].is_not_null())
    y1, y2 = d["GPA_year1"].to_numpy(), d["GPA_year2"].to_numpy()
    outcomes = [y1, y2, y2 - y1, (y1 >= 2).astype(float)]
    welch = lambda z: [abs(stats.ttest_ind(y[z == 1], y[z == 0], equal_var=False).statistic) for y in outcomes]  # noqa: E731
    seen = welch(d["ssp"].to_numpy())
    assert seen == pytest.approx(list(expected["t_abs"].values()), rel=1e-8)
    redraws = np.array([welch(z) for z in frame("alo_perms499.csv").to_numpy()])
    raw = (1 + (redraws >= np.array(seen) - 1e-9).sum(0)) / 500
    assert raw == pytest.approx(expected["p_raw"], rel=1e-8)
    assert max_t(seen, redraws) == pytest.approx(expected["p_adj"], rel=1e-8)


def slow_p(y, z, every, size):
    """Two-sided p of the size-weighted mean difference over listed assignments; rows of `size` are blocks' indicators."""

    def gap(a):
        return sum(b.mean() * (y[b & (a == 1)].mean() - y[b & (a == 0)].mean()) for b in size)

    return np.mean([abs(gap(a)) >= abs(gap(z)) - 1e-9 for a in every])


def test_blocks_and_clusters_are_replayed():
    rng = np.random.default_rng(1)
    block = np.repeat([0, 1], [9, 8])
    z = np.r_[rng.permutation([1] * 3 + [0] * 6), rng.permutation([1] * 4 + [0] * 4)]
    y = rng.normal(size=17) + 2 * block + z
    one = randomisation_test(y, z, block=block, statistic="difference", interval=False)
    every = Design.observed(z, block=block).enumerate()
    assert one.draws == len(every) == 84 * 70
    assert one.p_value == pytest.approx(slow_p(y, z, every, [block == 0, block == 1]))
    cluster = np.repeat(np.arange(8), [2, 3, 4, 2, 3, 5, 2, 2])
    z = np.isin(cluster, [0, 3, 5]).astype(int)
    y = rng.normal(size=23) + z
    one = randomisation_test(y, z, cluster=cluster, statistic="difference", interval=False)
    assert one.draws == 56 and one.p_value == pytest.approx(slow_p(y, z, one.design.enumerate(), [np.ones(23, bool)]))


@pytest.mark.parametrize("m", [4, 2, 3])
def test_every_subset_is_drawn_equally_often(m):
    """m of 8 by words of one, two and three digits; powers of two make the sum name the subset."""
    sums = treated_sums(2.0 ** np.arange(8)[None], m, 70_000, seed=3)[:, 0]
    subsets, times = np.unique(sums, return_counts=True)
    assert len(subsets) == {4: 70, 2: 28, 3: 56}[m]
    assert all(int(s).bit_count() == m for s in subsets)
    assert stats.chisquare(times).pvalue > 1e-4


def test_a_rare_arm_is_drawn_by_shuffling_each_person_equally_often():
    sums = treated_sums(2.0 ** np.arange(40)[None], 1, 40_000, seed=4)[:, 0]
    people, times = np.unique(sums, return_counts=True)
    assert len(people) == 40 and stats.chisquare(times).pvalue > 1e-4


def test_every_way_of_drawing_gives_one_law():
    """Words, the hypergeometric law and plain draws of the design: quantiles agree to Monte Carlo error."""
    rng = np.random.default_rng(2)
    y = rng.integers(1, 6, 600).astype(float)
    z = rng.permutation(np.repeat([0, 1], 300))
    likert = randomisation_test(y, z, interval=False, seed=1)
    words = randomisation_test(y + 1e-7 * rng.normal(size=600), z, interval=False, seed=2)
    plain = randomisation_test(
        y, z, design=Design.complete([300, 300]), accept=lambda a: True, interval=False, seed=3
    )
    for other in (words, plain):
        assert stats.ks_2samp(likert.redraws, other.redraws).pvalue > 1e-4
        assert abs(likert.p_value - other.p_value) < 0.03


def test_the_interval_holds_what_is_not_rejected():
    rng = np.random.default_rng(4)
    z = rng.permutation(np.repeat([0, 1], 100))
    y = rng.normal(size=200) + 0.5 * z
    one = randomisation_test(y, z, draws=2000)
    width = one.high - one.low
    p = lambda e: randomisation_test(y - e * z, z, draws=2000, interval=False).p_value  # noqa: E731
    assert p(one.low - 0.02 * width) <= 0.05 < p(one.low + 0.02 * width)
    assert p(one.high + 0.02 * width) <= 0.05 < p(one.high - 0.02 * width)
    t = stats.ttest_ind(y[z == 1], y[z == 0], equal_var=False).confidence_interval()
    assert one.low == pytest.approx(t.low, abs=0.05 * width) and one.high == pytest.approx(t.high, abs=0.05 * width)


def test_an_average_effect_of_zero_with_unequal_noise_needs_the_studentised_statistic():
    """The small arm is noisier: the plain difference rejects a true zero far too often, the studentised one does not."""
    rng, wrong = np.random.default_rng(5), {"difference": 0, "studentised": 0}
    for k in range(300):
        z = rng.permutation(np.repeat([0, 1], [160, 40]))
        y = rng.normal(size=200) * np.where(z == 1, 3, 1)
        for s in wrong:
            wrong[s] += randomisation_test(y, z, statistic=s, draws=199, interval=False, seed=k).p_value <= 0.05
    low = {s: clopper_pearson(k, 300, level=0.999)[0] for s, k in wrong.items()}
    assert low["difference"] > 0.05 >= low["studentised"]


def test_a_balance_rule_is_replayed():
    x = np.r_[np.arange(10.0)]
    z = np.array([1, 0, 1, 0, 1, 0, 1, 0, 1, 0])
    balanced = lambda a: abs(x[a == 1].mean() - x[a == 0].mean()) <= 1.01  # noqa: E731
    free = randomisation_test(x, z, draws=500, interval=False, statistic="difference")
    kept = randomisation_test(x, z, draws=300, accept=balanced, interval=False, statistic="difference")
    assert np.abs(free.redraws).max() == 5 and np.abs(kept.redraws).max() <= 1.01


def test_what_cannot_be_replayed_is_said():
    y = np.arange(6.0)
    with pytest.raises(TooFew, match="nobody to compare"):
        randomisation_test(y, [1] * 6)
    with pytest.raises(TooFew, match="one treated or one control"):
        randomisation_test(y, [1, 0, 0, 0, 0, 0])
    with pytest.raises(TooFew, match="only have come out one way"):
        randomisation_test(y, [1, 1, 1, 0, 0, 0], block=[1, 1, 1, 2, 2, 2])
    with pytest.raises(BadInput, match="not both"):
        randomisation_test(y, [0, 1] * 3, block=[1] * 6, design=Design.complete([3, 3]))
    few = randomisation_test(y, [0, 1] * 3, interval=False)
    assert any("p cannot fall below 0.05" in c for c in few.cautions)
    assert few.method.startswith("randomisation test, studentised, all assignments")
