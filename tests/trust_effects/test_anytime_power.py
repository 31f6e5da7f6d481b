"""Looking every day without lying; planning with the analysis that will be used."""

import numpy as np
import pytest
from scipy import special

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import (
    anytime,
    difference_in_means,
    people_needed,
    power,
    power_of_means,
    power_of_regression,
    power_of_shares,
    share_sequence,
)
from commonbeat.trust.anytime import mixture_ends


def year(rng, n=3650, share=None):
    """A year of ten answers a day under no effect, looked at every evening."""
    y = rng.normal(size=n) if share is None else (rng.random(n) < share).astype(float)
    return y, rng.integers(0, 2, n), np.arange(10, n + 1, 10)


def naive_alarm(y, z, looks):
    looks = looks[10:]
    n1, n0 = np.cumsum(z)[looks - 1], np.cumsum(1 - z)[looks - 1]
    gap = np.cumsum(z * y)[looks - 1] / n1 - np.cumsum((1 - z) * y)[looks - 1] / n0
    return bool((np.abs(gap) > 1.96 * np.sqrt(1 / n1 + 1 / n0)).any())


def alarms(draws, seed=0):
    rng, out = np.random.default_rng(seed), np.zeros(3, int)
    for _ in range(draws):
        y, z, looks = year(rng)
        out[0] += anytime(y, z, looks=looks).first is not None
        out[1] += naive_alarm(y, z, looks)
        y, z, looks = year(rng, share=0.3)
        out[2] += anytime(y, z, kind="share", looks=looks).first is not None
    return out


def test_a_year_of_daily_looks_alarms_in_five_percent_and_the_naive_test_in_far_more():
    mean, naive, share = alarms(200)
    assert clopper_pearson(mean, 200, level=0.999)[0] <= 0.05 and clopper_pearson(share, 200, level=0.999)[0] <= 0.05
    assert naive > 50


@pytest.mark.truth
def test_a_year_of_daily_looks_long():
    mean, naive, share = alarms(10_000, seed=1)
    assert (
        clopper_pearson(mean, 10_000, level=0.999)[0] <= 0.05
        and clopper_pearson(share, 10_000, level=0.999)[0] <= 0.05
    )
    assert naive > 2500


def test_a_real_effect_is_found_and_the_last_look_is_an_estimate():
    rng = np.random.default_rng(2)
    y, z, looks = year(rng)
    got = anytime(y + 0.4 * z, z, looks=looks)
    assert got.first is not None and got.first < 3000
    assert got.now.low < 0.4 < got.now.high and got.now.n == 3650
    fixed = difference_in_means(y + 0.4 * z, z)
    assert 1 < (got.now.high - got.now.low) / (fixed.high - fixed.low) < 2  # the price of looking daily


def test_the_mixture_bound_is_exact():
    """Exhaustive: all paths of 12 answers; the chance of ever leaving the interval is at most 5 %."""
    paths = (np.arange(4096)[:, None] >> np.arange(12)) & 1
    low, high = mixture_ends(paths.cumsum(1), np.arange(1, 13) * np.ones((4096, 1)), 0.95, (0.5, 0.5))
    one = share_sequence(paths[1234])
    assert np.array_equal(one[0], low[1234]) and np.array_equal(one[1], high[1234])
    for p in (0.1, 0.5, 0.77):
        out = ((low > p) | (high < p)).any(1)
        chance = (p ** paths.sum(1)) * (1 - p) ** (12 - paths.sum(1))
        assert out @ chance <= 0.05


def test_the_ends_solve_their_equation():
    y = np.r_[np.ones(30), np.zeros(70)]
    low, high = share_sequence(y, looks=[100])
    for p in (low[0], high[0]):
        ratio = special.betaln(30.5, 70.5) - special.betaln(0.5, 0.5) - 30 * np.log(p) - 70 * np.log1p(-p)
        assert ratio == pytest.approx(np.log(20), rel=1e-9)


def test_too_early_to_say_and_wrong_answers():
    y, z = np.arange(60.0), np.tile([0, 1], 30)
    early = anytime(y, z)
    assert early.now.low is None and early.to_dict()["low"][0] is None
    with pytest.raises(BadInput, match="not 0 or 1"):
        anytime(y, z, kind="share")
    with pytest.raises(BadInput, match="looks must increase"):
        anytime(y, z, looks=[30, 20])
    with pytest.raises(TooFew, match="nobody to compare"):
        anytime(y, np.ones(60))


# -- power ----------------------------------------------------------------------------------------------------------------


def test_closed_forms_equal_r(record):
    got = [
        power_of_means(0.2, n=200), power_of_means(0.2, power=0.8), power_of_shares(0.5, 0.6, n=300),
        power_of_shares(0.5, 0.6, power=0.9), power_of_shares(0.6, 0.5, n=300, method="arcsine"),
        power_of_means(0.3, n=100, n_control=300, strict=True), power_of_regression(0.05, terms=3, spare=196),
    ]  # fmt: skip
    assert got == pytest.approx(record("power", "power_closed_form")["values"], rel=1e-8)


def trial(n, effect):
    def draw(rng):
        z = np.repeat([0, 1], n)
        return rng.normal(size=2 * n) + effect * z, z

    return draw


def test_simulation_agrees_with_the_closed_form():
    got = power(trial(100, 0.4), lambda d: difference_in_means(*d), effect=0.4, draws=600)
    assert got.power.low <= power_of_means(0.4, n=100) <= got.power.high
    assert got.covers.high >= 0.94 and got.wrong_sign == 0


def test_an_underpowered_trial_exaggerates():
    got = power(trial(20, 0.2), lambda d: difference_in_means(*d), effect=0.2, draws=600)
    assert got.power.value < 0.2 and got.exaggeration > 2.5 and got.wrong_sign > 0


def test_an_analysis_that_forgets_the_clusters_is_named():
    def draw(rng):
        z = np.repeat(rng.permutation(np.repeat([0, 1], 6)), 30)
        return np.repeat(rng.normal(size=12), 30) + rng.normal(size=360), z

    got = power(draw, lambda d: difference_in_means(*d), effect=0.0, draws=200)
    assert any("choose another analysis" in c for c in got.cautions)


def test_a_plan_multiplies_what_it_says():
    plan = people_needed(3, sd=20, waves=2, before=1, correlation=0.5, cluster_size=20, icc=0.05, attrition=0.2)
    alone = power_of_means(3, sd=20, power=0.8)
    repeated = (1 + 0.5) / 2 - 0.5**2
    assert plan.people == int(np.ceil(alone * repeated * (1 + 19 * 0.05) / 0.8))
    assert plan.factors["repeated"] == pytest.approx(repeated)


def test_the_plan_for_repeated_answers_holds_in_simulation():
    """Two answers before, two after, correlation 0.6: the planned n gives about the promised power."""
    from commonbeat.trust import adjusted_effect

    n = people_needed(0.25, sd=1, waves=2, before=2, correlation=0.6).people

    def draw(rng):
        z = np.repeat([0, 1], n)
        answers = np.sqrt(0.6) * rng.normal(size=(2 * n, 1)) + np.sqrt(0.4) * rng.normal(size=(2 * n, 4))
        return answers[:, 2:].mean(1) + 0.25 * z, z, answers[:, :2].mean(1)

    got = power(draw, lambda d: adjusted_effect(*d), effect=0.25, draws=500)
    assert (
        clopper_pearson(got.power.value * 500, 500, level=0.999)[0]
        < 0.8
        < clopper_pearson(got.power.value * 500, 500, level=0.999)[1]
    )


def test_power_refuses():
    with pytest.raises(BadInput, match="either n or power"):
        power_of_means(0.2)
    with pytest.raises(BadInput, match="strictly between"):
        power_of_shares(0, 0.5, n=10)
    with pytest.raises(BadInput, match="no n gives that"):
        power_of_means(0.0, power=0.8)
    with pytest.raises(TooFew, match="plan a larger one"):
        power(lambda rng: ([1.0, 2.0], [0, 1]), lambda d: difference_in_means(*d), effect=0, draws=20)
    with pytest.raises(BadInput, match="are shares"):
        people_needed(3, sd=20, attrition=1.5)
