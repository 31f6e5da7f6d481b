"""The simulated town's visits: what each method says beside the truth and beside the wrong answer."""

import numpy as np
import polars as pl
import pytest
from scipy import special

from commonbeat import city
from commonbeat.trust import (
    adjusted_effect,
    by_group,
    complier_effect,
    difference_in_means,
    persistence,
    randomisation_test,
)

WAVE = 3
ITEMS = ["respect", "fairness", "voice", "safety", "cooperation"]  # 1 to 5


@pytest.fixture(scope="module")
def town():
    return city.build(seed=7, residents=20_000, years=1)


def asked(town, waves):
    """One row per person and wave: score 0-100 of five pulse questions, arm, block, cluster, whether officers were met."""
    people = town.tables["respondents"].filter((pl.col("plan_id") == "visits") & (pl.col("ring") == "participant"))
    answers = town.tables["answers"].filter(pl.col("wave").is_in(waves))
    pulse = answers.filter((pl.col("questionnaire") == "pulse-1") & pl.col("item").is_in(ITEMS))
    scored = pulse.group_by("respondent", "wave").agg(score=(pl.col("value").mean() - 1) * 25)
    met = answers.filter(pl.col("item") == "met_officers").group_by("respondent").agg(met=pl.col("value").max())
    rows = people.join(scored, on="respondent", how="left").join(met, on="respondent", how="left")
    return rows.with_columns(z=(pl.col("arm") == "visit").cast(int))


def test_being_visited_moves_trust_and_comparing_the_met_with_the_others_overstates_it(town):
    d = asked(town, [WAVE])
    truth = town.truth.one("trust.difference_in_means", "effect of the visits", ring="participant", wave=WAVE).value
    plain = difference_in_means(d["score"], d["z"], block=d["block"], cluster=None, unit="points")
    clustered = difference_in_means(d["score"], d["z"], cluster=d["cluster"])
    lin = adjusted_effect(d["score"], d["z"], d.select("prior_trust"), block=d["block"], cluster=d["cluster"])
    for one in (plain, clustered, lin):
        assert one.low <= truth <= one.high
    assert lin.std_error < 0.8 * clustered.std_error  # what is known beforehand buys precision
    test = randomisation_test(
        d["score"], d["z"], block=d["block"], cluster=d["cluster"], statistic="difference", draws=500
    )
    normal = 2 * special.stdtr(clustered.df, -abs(clustered.value / clustered.std_error))
    assert abs(test.p_value - normal) < 0.03


def test_those_who_met_the_officers(town):
    d = asked(town, [WAVE]).filter(pl.col("met").is_not_null())
    truth = town.truth.one("trust.complier_effect", ring="participant", wave=WAVE)
    got = complier_effect(
        d["score"], d["z"], d["met"], covariates=d.select("prior_trust"), cluster=d["cluster"], exclusion="by draw"
    )
    assert got.effect.low <= truth.value <= got.effect.high
    naive = difference_in_means(d["score"], d["met"].cast(int))
    assert naive.value > got.assigned.value and truth.naive > truth.value


def test_four_waves_show_the_fading_and_do_not_name_a_half_life(town):
    d = asked(town, [3, 21, 90]).drop_nulls("score")
    got = persistence(d["score"], d["z"], d["wave"], person=None, cluster=d["cluster"])
    assert len(got.effects) == 3 and got.half_life.value is None and got.verdict == "cannot tell"
    assert np.isfinite([e.value for e in got.effects]).all()


def test_groups_are_told_together(town):
    d = asked(town, [WAVE])
    got = by_group(d["score"], d["z"], d["recent_enforcement"], cluster=d["cluster"])
    assert got.groups == (False, True) and got.critical > 1.96 and 0 <= got.same[2] <= 1
