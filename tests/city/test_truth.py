"""What the city says is true, checked by hand-sized arithmetic."""

import itertools
import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonbeat import city
from commonbeat.city import effects
from commonbeat.city.telling_record import two_way
from commonbeat.city.telling_voices import shape
from commonbeat.errors import BadInput


@pytest.fixture(scope="module")
def town():
    return city.build(seed=7, residents=6_000)


def test_an_effect_halves_in_a_half_life():
    w = city.WORLDS["default"].but(half_life=30.0)
    assert effects.kept(w, [0, 30, 60, 90]) == pytest.approx([1, 1 / 2, 1 / 4, 1 / 8])


def test_a_plateau_a_power_and_no_decay():
    assert effects.kept(city.WORLDS["plateau"], [0, 20, 1e6]) == pytest.approx([1, 0.5 + 0.5 / 2, 0.5])
    assert effects.kept(city.WORLDS["power"], [0, 30]) == pytest.approx([1, (1 + 30 / 10) ** -0.5])
    assert effects.kept(city.WORLDS["lasting"], [0, 5000]) == pytest.approx([1, 1])


def test_an_effect_depends_on_group_prior_trust_and_recent_enforcement():
    """Participant 8 points; black x 1.2; prior below 40 x 1.3, from 60 x 0.7; recently stopped - 1.5."""
    w = city.WORLDS["default"]
    race = np.array([city.population.RACES.index(r) for r in ("white", "black", "black", "asian")])
    got = effects.at_once(w, "participant", race, np.array([50, 30, 70, 39.9]), np.array([False, False, False, True]))
    assert got == pytest.approx([8 * 0.9, 8 * 1.2 * 1.3, 8 * 1.2 * 0.7, 8 * 1.3 - 1.5])


def test_zero_stays_zero_for_everybody():
    w = city.WORLDS["null"]
    assert (effects.at_once(w, "viewer", np.arange(5), np.full(5, 20.0), np.ones(5, bool)) == 0).all()


def test_trust_stays_on_its_scale():
    assert effects.moved(np.array([98.0, 2.0, 50.0]), np.array([8.0, -8.0, 8.0])).tolist() == [99.0, 1.0, 58.0]


def test_truth_goes_through_json_and_carries_no_rows(town):
    told = json.loads(json.dumps(town.truth.to_dict(), allow_nan=False))
    assert told["simulated"] is True
    assert told["world"]["name"] == "default"
    assert len(told["facts"]) == len(town.truth.facts) > 100
    assert "rows" not in told


def test_one_fact_is_asked_for_by_what_it_is_about(town):
    fact = town.truth.one("trust.difference_in_means", ring="participant", wave=21, plan="visits")
    rows = town.truth.rows["respondents"].join(town.tables["respondents"], on="respondent")
    ours = rows.filter((pl.col("plan_id") == "visits") & (pl.col("ring") == "participant") & (pl.col("wave") == 21))
    assert fact.value == pytest.approx((ours["y1"] - ours["y0"]).mean())
    with pytest.raises(BadInput, match="facts match"):
        town.truth.one("trust.difference_in_means", ring="participant")


def test_half_of_the_patches_of_each_area_are_visited(town):
    drawn = (
        town.tables["assignments"]
        .filter(pl.col("plan_id") == "visits")
        .group_by("block")
        .agg((pl.col("arm") == "visit").sum(), pl.len().alias("n"))
    )
    assert (drawn["arm"] == 3).all()
    assert (drawn["n"] == 6).all()


def test_the_truth_stays_out_of_the_tables(town):
    secret = {"y0", "y1", "padded", "caused_by", "true_parent", "opinion_group", "reached", "takes"}
    assert not secret & {column for frame in town.tables.values() for column in frame.columns}


@pytest.mark.parametrize(
    ("name", "holds"),
    [
        ("null", lambda t: all(f.value == 0 for f in t.find(quantity="effect of the visits") + t.find(quantity="effect of the page"))),
        ("backfire", lambda t: all(f.value < 0 for f in t.find("trust.difference_in_means", "effect of the visits"))),
        ("plateau", lambda t: t.one(quantity="half-life").value is None and t.one(quantity="half-life").naive > 0 and t.one(quantity="share that stays").value == 0.5),
        ("leaky", lambda t: t.one("ripple.spillover", "leak into other patches", ring="neighbour", wave=3).value > 0.3),
        ("distrust_attrition", lambda t: any(abs(f.naive - f.value) > 0.2 for f in t.find("trust.bounds", nonresponse="by_trust"))),
        ("everyone_answers", lambda t: t.rows["respondents"]["answered"].all()),
        ("overrecording", lambda t: 0.1 < t.one("encounters.integrity").value < 0.2),
        ("only_viewers", lambda t: t.one(quantity="effect of the page", arm="story", wave=3).value > 1 and all(f.value == 0 for f in t.find("trust.difference_in_means", "effect of the visits"))),
        ("only_low_trust", lambda t: t.one("trust.by_group", ring="onlooker", level="high earlier trust").value == 0 < t.one("trust.by_group", ring="onlooker", level="low earlier trust").value),
        ("only_participants", lambda t: t.one("trust.difference_in_means", ring="participant", wave=3, plan="visits").value > 1 and t.one("trust.difference_in_means", ring="onlooker", wave=3, plan="visits").value == 0),
    ],
)  # fmt: skip
def test_a_world_is_what_its_name_says(name, holds):
    assert holds(city.build(seed=5, residents=6_000, world=name).truth)


def test_two_way_fixed_effects_on_six_cells():
    """Two towns, three months; the first is trained from month 2 with effect 1 then 3. Its mean is 2; residualising gives
    (2/3 * ... ) by hand: d = [[-1/3, 1/6, 1/6], [1/3, -1/6, -1/6]], d.y / d.d = (1/6 + 3/6) / (1/3) = 2."""
    assert two_way(np.array([[0.0, 1.0, 3.0], [0.0, 0.0, 0.0]]), np.array([[0, 1, 1], [0, 0, 0]])) == pytest.approx(
        2.0
    )


def test_growing_effects_and_late_starters_mislead_two_way_fixed_effects(town):
    fact = town.truth.one("trust.staggered_effect")
    assert fact.value < fact.naive < 0


def test_a_star_and_a_chain():
    """Four shares of the story itself: depth 1, distances 4 x 1 and 6 x 2 over 10 pairs. A chain of three: 1,1,1,2,2,3 over 6."""
    assert shape(np.array([-1, -1, -1, -1])) == (4, 1, (4 * 1 + 6 * 2) / 10)
    assert shape(np.array([-1, 0, 1])) == (3, 3, (3 * 1 + 2 * 2 + 1 * 3) / 6)
    assert shape(np.array([], int)) == (0, 0, None)


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=12))
def test_virality_is_the_mean_distance_between_all_pairs(where):
    parent = np.array([int(u * (k + 1)) - 1 for k, u in enumerate(where)])
    n = len(parent) + 1
    far = np.full((n, n), 99.0)
    np.fill_diagonal(far, 0)
    for child, up in enumerate(parent):
        far[child + 1, up + 1] = far[up + 1, child + 1] = 1
    for k in range(n):
        far = np.minimum(far, far[:, [k]] + far[[k], :])
    events, depth, virality = shape(parent)
    assert (events, depth) == (n - 1, far[0].max())
    assert virality == pytest.approx(np.mean([far[a, b] for a, b in itertools.combinations(range(n), 2)]))
