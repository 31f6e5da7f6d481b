"""For whom, for how long, how often again."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, Refused, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import by_group, cadence, decay, fit_curve, persistence

# -- groups ---------------------------------------------------------------------------------------------------------------


def town(rng, effects, n=150):
    group = np.repeat(np.arange(len(effects)), n)
    z = rng.integers(0, 2, len(group))
    return rng.normal(size=len(group)) + group + np.asarray(effects)[group] * z, z, group


def test_each_group_is_its_own_difference_and_the_omnibus_equals_r(frame, record):
    d, expected = frame("cace_synth.csv"), record("multiplicity", "het_wald")
    got = by_group(d["trust"], d["assigned"], d["block"])
    assert got.same == pytest.approx((expected["F"], expected["df"], expected["p"]), rel=1e-8)
    one = d.filter(d["block"] == 3)
    by_hand = one.filter(one["assigned"] == 1)["trust"].mean() - one.filter(one["assigned"] == 0)["trust"].mean()
    assert got.effects[got.groups.index(3)].value == pytest.approx(by_hand, rel=1e-9)
    assert 2.6 < got.critical < 3.0  # ten nearly independent groups: Sidak's 2.80


def test_all_intervals_cover_at_once():
    rng, together, alone = np.random.default_rng(0), 0, 0
    for k in range(120):
        got = by_group(*town(rng, [0.2] * 6, n=60), seed=k)
        together += all(e.low <= 0.2 <= e.high for e in got.effects)
        alone += all(abs(e.value - 0.2) <= 1.97 * e.std_error for e in got.effects)
    assert clopper_pearson(together, 120, level=0.999)[1] >= 0.95
    assert (
        clopper_pearson(alone, 120, level=0.999)[1] < 0.95
    )  # the naive answer: six separate 95 % intervals all cover in about 74 %


def test_stepping_down_is_sidak_where_groups_are_independent():
    """Two groups that share nobody: the surer one must beat both, 1 - (1 - p)^2; the other then stands alone."""
    got = by_group(*town(np.random.default_rng(3), [0.25, 0.2], n=400))
    order = np.argsort(got.p_value)
    first, second = got.p_value[order]
    assert 0.0005 < first < second < 0.1  # else the example shows nothing
    assert got.p_step_down[order] == pytest.approx(
        [1 - (1 - first) ** 2, max(second, 1 - (1 - first) ** 2)], abs=0.004
    )


def test_one_wrong_group_among_six_is_rare_stepping_down_and_common_otherwise():
    rng, stepped, alone = np.random.default_rng(5), 0, 0
    for k in range(120):
        got = by_group(*town(rng, [0.0] * 6, n=60), seed=k)
        stepped += bool((got.p_step_down <= 0.05).any())
        alone += bool((got.p_value <= 0.05).any())
    assert clopper_pearson(stepped, 120, level=0.999)[0] <= 0.05 < clopper_pearson(alone, 120, level=0.999)[0]


def test_a_backfire_is_told_like_a_gain():
    got = by_group(*town(np.random.default_rng(1), [0.8, -0.8, 0.0]))
    assert got.verdict == ("gain", "backfire", "cannot tell")
    assert "backfire in group 1" in got.cautions and got.same[2] < 0.001
    assert got.tidy()["verdict"].to_list() == list(got.verdict)


def test_significant_here_and_not_there_is_no_difference():
    """One effect, two groups of unequal size: verdicts differ, the interaction test does not see a difference."""
    rng = np.random.default_rng(4)
    group = np.repeat([0, 1], [1500, 60])
    z = rng.integers(0, 2, 1560)
    got = by_group(rng.normal(size=1560) + 0.3 * z, z, group)
    assert got.verdict == ("gain", "cannot tell") and got.same[2] > 0.05


def test_a_group_without_both_arms_is_too_few():
    y, z, g = town(np.random.default_rng(2), [0, 0, 0], n=20)
    z[g == 2] = 1
    got = by_group(y, z, g)
    assert got.verdict[2] == "too few" and got.effects[2].value is None and np.isnan(got.p_adjusted[2])
    assert got.to_dict()["p_adjusted"][2] is None
    with pytest.raises(TooFew, match="1 of 3 groups"):
        z[g == 1] = 0
        by_group(y, z, g)


# -- persistence ----------------------------------------------------------------------------------------------------------


def waves(rng, curve, times=(0, 1, 2, 4, 8), n=600):
    person, z = np.arange(n), rng.permutation(np.repeat([0, 1], n // 2))
    own = rng.normal(size=n)
    y = np.concatenate([own + 0.7 * rng.normal(size=n) + z * curve(t) for t in times])
    return {"y": y, "arm": np.tile(z, len(times)), "wave": np.repeat(times, n), "person": np.tile(person, len(times))}


def fading(t):
    return 1.5 * np.exp(-0.25 * t)


def test_half_life_records(frame, record):
    expected = record("did", "half_life_gls_g4")
    got = fit_curve(range(5), expected["est"], expected["cov"]["values"])
    found = [
        got.parameters["size"].value,
        got.parameters["rate"].value,
        got.misfit,
        got.half_life.value,
        got.half_life.std_error,
    ]
    assert found == pytest.approx([expected[k] for k in ("A", "k", "chi2", "half_life", "half_life_se")], rel=1e-5)
    assert np.allclose(got.vcov, expected["vcov"]["values"], rtol=1e-4)
    d = frame("indometh.csv")
    for family, name in (("exponential", "half_life_nls"), ("plateau", "half_life_nls_floor")):
        expected = record("panel_models", name)
        got = fit_curve(d["time"], d["conc"], family=family)
        assert got.half_life.value == pytest.approx(expected["half_life"], rel=1e-5)
        assert got.half_life.std_error == pytest.approx(expected["half_life_se"], rel=1e-5)


def test_the_half_life_of_a_fading_effect_is_covered():
    rng, hit, told = np.random.default_rng(0), 0, 0
    for _ in range(150):
        d = waves(rng, fading)
        curve = persistence(**d).curves["exponential"]
        told += curve.half_life is not None
        hit += curve.half_life.low <= np.log(2) / 0.25 <= (curve.half_life.high or np.inf)
    assert told == 150 and clopper_pearson(hit, 150, level=0.999)[1] >= 0.95


def test_fewer_than_five_waves_cannot_tell():
    got = persistence(**waves(np.random.default_rng(1), fading, times=(0, 3, 21)))
    assert got.chosen is None and got.half_life.value is None and got.verdict == "cannot tell"
    assert "3 waves cannot choose" in got.half_life.cautions[0]
    assert set(got.curves) == {"constant", "exponential", "plateau", "power"}  # all are shown
    assert got.decays[2] < 0.001  # that it changes is still told


def test_a_plateau_is_not_given_a_half_life():
    got = persistence(
        **waves(np.random.default_rng(2), lambda t: 0.6 + np.exp(-1.2 * t), times=(0, 1, 2, 4, 8, 16), n=4000)
    )
    assert got.verdict == "plateau" and got.half_life.value is None
    assert got.curves["exponential"].half_life.value > 0  # the naive answer, beside: a number that means nothing


def test_no_first_effect_no_half_life():
    got = persistence(**waves(np.random.default_rng(3), lambda t: 0.0))
    assert got.half_life.value is None and "first effect is not clearly different" in got.half_life.cautions[0]


def test_a_lasting_effect_is_not_said_to_fade():
    rng, said = np.random.default_rng(4), []
    for _ in range(60):
        said.append(persistence(**waves(rng, lambda t: 1.0)).verdict)
    assert said.count("fades") + said.count("plateau") <= 12 and "no decay seen" in said


def test_waves_share_their_people():
    """Errors of the change between waves shrink when the same people answer; without `person` they do not."""
    d = waves(np.random.default_rng(5), fading)
    known = persistence(**d).covariance
    unknown = persistence(d["y"], d["arm"], d["wave"]).covariance
    change = lambda v: v[0, 0] + v[4, 4] - 2 * v[0, 4]  # noqa: E731
    assert change(known) < 0.7 * change(unknown)


def test_those_who_stay_are_shown_beside():
    d = waves(np.random.default_rng(6), fading)
    d["y"] = d["y"].copy()
    d["y"][-100:] = np.nan
    got = persistence(**d)
    assert got.balanced is not None and "83 % of the people" in " ".join(got.cautions)
    assert got.balanced[0].n == 500 and got.effects[0].n == 600


def test_the_bootstrap_agrees_with_the_profile():
    got = persistence(**waves(np.random.default_rng(7), fading, n=800), bootstrap=60)
    curve = got.curves["exponential"].half_life
    assert got.bootstrap[0] == pytest.approx(curve.low, rel=0.2) and got.bootstrap[1] == pytest.approx(
        curve.high, rel=0.3
    )


def test_cadence_is_the_time_to_the_share_held():
    t, v = np.array([0, 1, 2, 4, 8, 16.0]), np.eye(6) * 1e-4
    got = decay(t, 2 * np.exp(-0.3 * t), v)
    assert got.chosen == "exponential"
    one = cadence(got, keep=0.5)
    assert one.value == pytest.approx(np.log(2) / 0.3, rel=1e-4) and one.low < one.value < one.high
    assert cadence(got, keep=0.8).value == pytest.approx(-np.log(0.8) / 0.3, rel=1e-4)


def test_cadence_refuses():
    t, v = np.array([0, 1, 2, 4, 8.0]), np.eye(5) * 1e-4
    got = decay(t, np.exp(-0.3 * t), v)
    with pytest.raises(Refused, match="quota"):
        cadence(got, per="officer")
    with pytest.raises(Refused, match="drawn by chance"):
        cadence(decay(t, np.exp(-0.3 * t), v, randomised=False))
    with pytest.raises(BadInput, match="between 0 and 1"):
        cadence(got, keep=1.5)
    flat = cadence(decay(t, np.ones(5), v))
    assert flat.value is None and "no decay seen" in flat.cautions[0]


def test_persistence_refuses():
    d = waves(np.random.default_rng(8), fading, n=20)
    with pytest.raises(TooFew, match="one wave"):
        persistence(d["y"][:20], d["arm"][:20], d["wave"][:20])
    with pytest.raises(BadInput, match="twice"):
        persistence(d["y"], d["arm"], np.repeat([0, 0, 2, 4, 8], 20), person=d["person"])
    with pytest.raises(BadInput, match="out of order"):
        decay([0, 2, 1], [1, 1, 1], np.eye(3))
    with pytest.raises(TooFew, match="one arm only"):
        persistence(np.arange(8.0), [0, 1, 0, 1, 1, 1, 1, 1], [0] * 4 + [1] * 4)
    with pytest.raises(TooFew, match="2 waves cannot tell the 3"):
        fit_curve([0, 1], [1, 2], np.eye(2), family="plateau")
