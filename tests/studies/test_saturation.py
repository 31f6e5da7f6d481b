"""Both draws of a two-stage study replayed: what chance alone does, and which effects it does not rule out."""

import numpy as np
import polars as pl
import pytest
from studies.rows import plan
from studies.test_designs import SATURATION, saturated

from commonbeat.errors import TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.studies import run
from commonbeat.studies.saturation import _kept, _ranks, _units, replayed

HOW = {"block": "block", "cluster": "cluster", "level": 0.95}


def rows(seed, *, groups=12, units=5, people=4, direct=0.0, leak=0.0, lost=0.0):
    rng = np.random.default_rng(seed)
    share = rng.permutation([0.2, 0.8] * (groups // 2))
    out = []
    for g in range(groups):
        base, treated = rng.normal(50, 8), rng.permutation(units) < round(units * share[g])
        for c in range(units):
            street = rng.normal(0, 4)
            for _ in range(people):
                y = base + street + rng.normal(0, 10) + direct * treated[c] + leak * (share[g] == 0.8)
                out.append(
                    (
                        f"g{g:02d}",
                        f"g{g:02d}c{c}",
                        int(treated[c]),
                        float(share[g]),
                        y if rng.random() >= lost else None,
                    )
                )
    return pl.DataFrame(out, schema=["block", "cluster", "treated", "share", "score"], orient="row")


@pytest.mark.parametrize("ring", ["participant", "neighbour"])
def test_where_nothing_happened_it_is_called_an_effect_in_one_of_twenty(ring):
    p = [
        float(replayed(rows(s), ring=ring, draws=99, seed=s, **HOW).method.split("p = ")[1].split(",")[0])
        for s in range(120)
    ]
    low, high = clopper_pearson(sum(v <= 0.05 for v in p), len(p), level=0.999)
    assert low <= 0.05 <= high
    assert 0.2 < np.median(p) < 0.8


@pytest.mark.parametrize(("ring", "truth"), [("participant", 18.0), ("neighbour", 8.0)])
def test_its_interval_holds_a_true_effect(ring, truth):
    held = 0
    for s in range(20):
        e = replayed(rows(s, direct=10.0, leak=8.0, lost=0.1), ring=ring, draws=400, seed=s, **HOW)
        held += e.low <= truth <= e.high
    assert clopper_pearson(held, 20, level=0.999)[1] >= 0.95


def test_a_large_effect_is_seen():
    e = replayed(rows(1, leak=30.0), ring="neighbour", draws=999, seed=1, **HOW)
    assert "p = 0.00" in e.method
    assert e.low > 0


def test_units_that_are_kept_have_the_compared_state_under_either_share():
    units = _units(rows(2), "block", "cluster")
    kept, _ = _kept(units, False, np.random.default_rng(0))
    assert not units.treated[kept].any()
    assert (
        np.bincount(units.group[kept]).tolist() == [1] * 12
    )  # four of five are treated at the high share: one is left
    kept, _ = _kept(units, True, np.random.default_rng(0))
    assert (units.treated[kept] == units.high[units.group[kept]]).all()
    assert np.bincount(units.group[kept]).tolist() == [4] * 12


def test_ranks_count_within_groups():
    group = np.array([0, 1, 0, 1, 0])
    assert _ranks(group, np.array([[0.3, 0.9, 0.1, 0.2, 0.2]])).tolist() == [[2, 1, 0, 0, 1]]


def test_too_few_groups_are_refused():
    with pytest.raises(TooFew, match="needs four of each"):
        replayed(rows(1, groups=6), ring="neighbour", draws=99, seed=0, **HOW)


def test_a_plan_may_name_the_replay_among_its_methods():
    found = run(plan(**SATURATION, robustness=["randomisation_test"], draws=300), saturated(3))
    beside = found.robustness[0]
    assert "redraws of both stages" in beside.effect.method
    assert beside.effect.low < found.primary.effect.value < beside.effect.high
