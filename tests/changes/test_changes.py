"""Changepoints: every segmentation tried by hand, another library, the alarm rate of noise, and what is refused."""

import csv
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import changes, stats
from commonbeat.errors import BadInput, TooFew


def cost_by_hand(y, w, cost):
    if cost == "l2":
        return sum(w * (y - (y * w).sum() / w.sum()) ** 2) if w.sum() else 0.0
    return y.sum() - y.sum() * np.log(y.sum() / w.sum()) if y.sum() else 0.0


def every_segmentation(y, w, cost, penalty):
    best = np.inf
    for k in range(len(y)):
        for breaks in itertools.combinations(range(1, len(y)), k):
            edges = [0, *breaks, len(y)]
            total = sum(cost_by_hand(y[a:b], w[a:b], cost) for a, b in itertools.pairwise(edges)) + penalty * k
            best = min(best, total)
    return best


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=9),
    st.sampled_from(changes.COSTS),
    st.floats(0.1, 8.0),
    st.integers(0, 1000),
)
def test_the_cheapest_of_all_segmentations(y, cost, penalty, seed):
    y = np.array(y, float)
    w = np.random.default_rng(seed).uniform(0.5, 2.0, y.size)
    found = changes.segment(y, penalty=penalty, cost=cost, weights=w)
    assert found.objective == pytest.approx(every_segmentation(y, w, cost, penalty), abs=1e-9)


def test_a_step_is_found_where_it_is():
    y = [1.0, 1.1, 0.9, 1.0, 5.0, 5.1, 4.9, 5.0]
    found = changes.segment(y, penalty=1.0)
    assert found.breaks == (4,)
    assert found.levels == pytest.approx(((1.0 + 1.1 + 0.9 + 1.0) / 4, (5.0 + 5.1 + 4.9 + 5.0) / 4))


def test_a_large_level_costs_no_digits():
    y = np.array([0.0, 0.1, 0.0, 3.0, 3.1, 3.0])
    assert changes.segment(y + 1e9, penalty=1.0).objective == pytest.approx(
        changes.segment(y, penalty=1.0).objective, rel=1e-5
    )


def test_noise_is_kept_whole_at_its_own_breaking_point_and_not_below():
    rng = np.random.default_rng(2)
    for cost, y in (("l2", rng.normal(size=40)), ("poisson", rng.poisson(2.0, 40).astype(float))):
        price = changes._breaking_point(y, np.ones(40), cost)
        assert changes.segment(y, penalty=price * 1.0001, cost=cost).breaks == ()
        assert changes.segment(y, penalty=price * 0.9999, cost=cost).breaks != ()


def test_the_same_as_ruptures_with_every_position_allowed(real):
    ruptures = pytest.importorskip("ruptures")
    with open(real("ripple_reference/rt_incidence_hourly.csv")) as file:
        y = np.array([float(row["incidence"]) for row in csv.DictReader(file)])
    exact = ruptures.Pelt(model="l2", jump=1, min_size=1).fit(y).predict(pen=200)
    assert [*changes.segment(y, penalty=200).breaks, y.size] == exact
    assert ruptures.Pelt(model="l2").fit(y).predict(pen=200) != exact  # its defaults miss the optimum


def test_recorded_optima(real):
    with open(real("ripple_reference/rt_incidence_hourly.csv")) as file:
        y = np.array([float(row["incidence"]) for row in csv.DictReader(file)])
    records = json.loads(real("ripple_reference/changepoints_dp.json").read_text())
    assert len(records) == 6
    for name, record in records.items():
        cost, penalty = name.split("_pen=")
        found = changes.segment(y, penalty=float(penalty), cost=cost)
        assert [*found.breaks, y.size] == record["breaks"]
        assert found.objective == pytest.approx(
            record["objective"], rel=1e-8
        )  # the penalty is printed with six decimals


def alarms(draw, runs, **options):
    rng = np.random.default_rng(7)
    return sum(bool(changes.changepoints(draw(rng), rng=rng, draws=99, **options).breaks) for _ in range(runs))


NULLS = {
    "shuffled values": (lambda rng: rng.standard_t(4, 30), {}),
    "known errors": (lambda rng: rng.normal(50, 2, 12), {"std_error": np.full(12, 2.0)}),
    "counts": (
        lambda rng: rng.poisson(np.tile([1.0, 3.0], 15)),
        {"cost": "poisson", "weights": np.tile([1.0, 3.0], 15)},
    ),
}


@pytest.mark.parametrize("name", NULLS)
def test_noise_raises_no_more_alarms_than_promised(name):
    draw, options = NULLS[name]
    low, _ = stats.clopper_pearson(alarms(draw, 400, **options), 400, level=0.999)
    assert low <= 0.05


@pytest.mark.truth
@pytest.mark.parametrize("name", NULLS)
def test_noise_raises_as_many_alarms_as_promised_in_the_long_run(name):
    draw, options = NULLS[name]
    low, high = stats.clopper_pearson(alarms(draw, 10_000, **options), 10_000, level=0.999)
    assert low <= 0.05 and high >= 0.03


def test_a_real_change_is_seen():
    rng = np.random.default_rng(3)
    y = np.concatenate([rng.poisson(3, 40), rng.poisson(9, 40)])
    found = changes.changepoints(y, cost="poisson", rng=rng)
    assert found.p_value == 1 / 1000
    assert len(found.breaks) == 1 and abs(found.breaks[0] - 40) <= 2


def test_a_flat_series_has_no_change():
    found = changes.changepoints(np.zeros(10), cost="poisson", rng=np.random.default_rng(1))
    assert found.breaks == () and found.levels == (0.0,) and found.p_value == 1.0


@pytest.mark.parametrize(
    ("y", "options", "says"),
    [
        ([1.0, np.nan, 2.0, 3.0], {}, "weight 0"),
        ([1.5, 2, 3, 4], {"cost": "poisson"}, "whole numbers"),
        ([1, 2, 3, 4], {"cost": "l1"}, "l2, poisson"),
        ([1, 2, 3, 4], {"std_error": [1, 1, 0, 1]}, "above 0"),
    ],
)
def test_refusals_say_what_to_do(y, options, says):
    with pytest.raises(BadInput, match=says):
        changes.changepoints(y, rng=np.random.default_rng(1), **options)


def test_three_points_are_too_few():
    with pytest.raises(TooFew, match="at least 4"):
        changes.changepoints([1, 2, 3], rng=np.random.default_rng(1))
