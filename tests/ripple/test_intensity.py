"""Does sharing feed itself? Known processes recovered, one cascade left undecided, a town's stories pooled."""

import numpy as np
import pytest

from commonbeat import points, ripple, stats
from commonbeat.errors import BadInput, TooFew


def town(rng, stories=40, mean=0.6, spread=0.13, half_life=600.0, until=6 * 3600.0):
    shape = (mean / spread) ** 2
    ratios = np.minimum(rng.gamma(shape, mean / shape, stories), 1.2)
    return [points.simulate(rng, branching_ratio=r, half_life=half_life, window=(0, until)).times for r in ratios]


def test_a_story_that_feeds_itself_is_told_from_one_that_does_not():
    rng = np.random.default_rng(4)
    fed = points.simulate(
        rng, branching_ratio=0.6, half_life=900, window=(0, 4 * 86_400), background_rate=1 / 900
    ).times
    plain = np.sort(rng.uniform(0, 4 * 86_400, fed.size))
    assert ripple.intensity(fed, kernels=("exponential",)).fit.verdict == "identified"
    assert ripple.intensity(plain, kernels=("exponential",)).fit.branching_ratio.low == 0.0


def test_the_better_kernel_is_taken_and_named():
    rng = np.random.default_rng(5)
    t = points.simulate(
        rng, branching_ratio=0.7, half_life=100, tail=0.5, window=(0, 2 * 86_400), background_rate=1 / 400
    ).times
    found = ripple.intensity(t)
    assert found.fit.kernel == "power_law" and found.tried[0][0] == "power_law" and found.fit_says == "fits"


def test_one_real_cascade_does_not_say_its_ratio(real):
    rows = np.genfromtxt(real("ripple/evently_auspol/auspol.csv"), delimiter=",", skip_header=1, usecols=(0, 1))
    found = ripple.intensity(rows[rows[:, 0] == 1788, 1], background="none", kernels=("exponential",))
    assert found.fit.verdict == "not_identified" and found.fit.branching_ratio.high >= 1


def test_few_events_are_too_few_and_marks_need_audiences():
    with pytest.raises(TooFew):
        ripple.intensity([0.0, 5.0, 9.0])
    with pytest.raises(BadInput, match="audience of every event"):
        ripple.intensity(np.arange(30.0), marks=True)


def test_a_town_pools_what_one_story_cannot_say():
    rng = np.random.default_rng(2)
    stories = town(rng)
    found = ripple.pooled(stories, until=6 * 3600)
    assert found.verdict == "identified" and found.ratio.low <= 0.6 <= found.ratio.high
    small = min(range(40), key=lambda k: stories[k].size)
    own = (stories[small].size - 1) / stories[small].size
    assert abs(found.stories[small].value - found.ratio.value) < abs(own - found.ratio.value)  # it leans on the town


def test_dropping_the_stories_that_never_spread_pushes_the_ratio_up():
    stories = town(np.random.default_rng(3), stories=80)
    every, chosen = (
        ripple.pooled(s, until=6 * 3600, profile=False) for s in (stories, [s for s in stories if s.size >= 4])
    )
    assert chosen.ratio.value > every.ratio.value + 0.1


def covered(runs, seed):
    rng, ratio, life = np.random.default_rng(seed), 0, 0
    for _ in range(runs):
        found = ripple.pooled(town(rng, stories=60, spread=0.1), until=6 * 3600)
        ratio += found.ratio.low <= 0.6 <= (found.ratio.high or np.inf)
        life += found.half_life.low <= 600 <= found.half_life.high
    return ratio, life


def test_pooled_intervals_hold_the_truth():
    for hits in covered(20, 1):
        low, high = stats.clopper_pearson(hits, 20, level=0.999)
        assert low <= 0.96 and high >= 0.94


@pytest.mark.truth
def test_pooled_intervals_hold_the_truth_in_the_long_run():
    for hits in covered(10_000, 2):
        low, high = stats.clopper_pearson(hits, 10_000, level=0.999)
        assert low <= 0.96 and high >= 0.94


def test_four_stories_are_too_few_to_pool():
    with pytest.raises(TooFew, match="needs 5"):
        ripple.pooled([np.array([0.0, 1.0])] * 4, until=10)


def test_a_story_without_its_first_event_is_refused():
    with pytest.raises(BadInput, match="number 2"):
        ripple.pooled([np.array([0.0, 1.0])] * 2 + [np.zeros(0)] + [np.array([0.0, 2.0])] * 3, until=10)


def daily(rng, ratio=0.6, days=300, r=0.5, background=20.0):
    y, state = [40], 40.0
    for _ in range(days):
        y.append(int(rng.negative_binomial(20, 20 / (20 + background + ratio * state))))
        state = r * state + (1 - r) * y[-1]
    return np.array(y)


def test_daily_counts_recover_their_ratio():
    rng, hits = np.random.default_rng(6), 0
    for _ in range(20):
        found = ripple.daily_intensity(daily(rng))
        hits += found.ratio.low <= 0.6 <= (found.ratio.high or np.inf)
    low, high = stats.clopper_pearson(hits, 20, level=0.999)
    assert low <= 0.96 and high >= 0.94


def test_daily_counts_without_memory():
    found = ripple.daily_intensity(np.random.default_rng(7).poisson(30, 200))
    assert found.verdict == "no_excitation_seen" and found.ratio.low < 0.01


def test_daily_refusals():
    with pytest.raises(TooFew, match="21"):
        ripple.daily_intensity([5] * 20)
    with pytest.raises(BadInput, match="whole numbers"):
        ripple.daily_intensity([1.5] * 30)


def test_the_bootstrap_agrees_with_the_profile():
    rng = np.random.default_rng(8)
    t = points.simulate(rng, branching_ratio=0.5, half_life=1.0, window=(0, 600), background_rate=1.0).times
    found = points.fit(t, window=(0, 600))
    boot = points.bootstrap(found, rng=rng, draws=100)
    assert boot.low == pytest.approx(found.branching_ratio.low, abs=0.08)
    assert boot.high == pytest.approx(found.branching_ratio.high, abs=0.12)


def own_backgrounds(rng, stories=18):
    """As in the simulated city: every story has its own stream of people who come by themselves."""
    rates = rng.lognormal(-2.5, 1.0, stories) / 3600
    return [
        points.simulate(rng, branching_ratio=0.7, half_life=6 * 3600, window=(0, 7 * 86_400), background_rate=b).times
        for b in rates
    ]


def covered_with_background(runs, seed):
    rng, ratio, life = np.random.default_rng(seed), 0, 0
    for _ in range(runs):
        found = ripple.pooled(own_backgrounds(rng), until=7 * 86_400, background="own")
        ratio += found.ratio.low <= 0.7 <= (found.ratio.high or np.inf)
        life += (found.half_life.low or 0) <= 6 * 3600 <= (found.half_life.high or np.inf)
    return ratio, life


def test_own_backgrounds_do_not_hide_the_ratio():
    for hits in covered_with_background(8, 3):
        low, high = stats.clopper_pearson(hits, 8, level=0.999)
        assert low <= 0.96 and high >= 0.94


@pytest.mark.truth
def test_own_backgrounds_do_not_hide_the_ratio_in_the_long_run():
    for hits in covered_with_background(10_000, 4):
        low, high = stats.clopper_pearson(hits, 10_000, level=0.999)
        assert low <= 0.96 and high >= 0.94


def test_taking_all_backgrounds_as_alike_gives_the_wrong_ratio():
    rng = np.random.default_rng(5)
    wrong = [
        points.fit(
            [s for s in own_backgrounds(rng) if s.size], window=(0, 7 * 86_400), profile=False, starts=1
        ).branching_ratio.value
        for _ in range(8)
    ]
    assert np.mean(wrong) > 0.8  # 0.7 is true


def test_the_integral_over_backgrounds_is_the_integral():
    """One story, the integral over log rates done by brute force on a fine grid."""
    from commonbeat.ripple.pooling_kernels import marginal

    t, end, ratio, rate, centre, spread = np.array([0.4, 1.0, 1.2, 3.5]), 5.0, 0.5, 1.3, -0.4, 0.8
    u = np.linspace(centre - 10 * spread, centre + 10 * spread, 20_001)
    inside = -np.exp(u) * end - 0.5 * ((u - centre) / spread) ** 2 - np.log(spread * np.sqrt(2 * np.pi))
    for i, now in enumerate(t):
        inside += np.log(np.exp(u) + ratio * rate * np.exp(-rate * (now - t[:i])).sum())
    exact = np.log(np.trapezoid(np.exp(inside), u)) - ratio * (1 - np.exp(-rate * (end - t))).sum()
    nodes, weights = np.polynomial.hermite.hermgauss(15)
    assert marginal(
        t, np.array([0, 4]), np.array([end]), ratio, rate, centre, spread, nodes, weights, 0
    ) == pytest.approx(exact, abs=1e-6)


def test_a_background_needs_its_kernel():
    with pytest.raises(BadInput, match="exponential kernel"):
        ripple.pooled([np.arange(5.0)] * 6, until=10, background="own", kernel="power_law")
