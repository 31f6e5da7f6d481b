"""Both draws of a two-stage study replayed: what chance alone does, and which effects it does not rule out."""

import numpy as np
import polars as pl
import pytest
from studies.rows import plan
from studies.test_designs import SATURATION, saturated

from commonbeat import city
from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.studies import assign, run
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


def two_stage_plan(**changes):
    return plan(**(SATURATION | {"shares": [0.25, 0.75]} | changes))


def list_of(groups=10, each=8):
    return pl.DataFrame(
        [(f"g{g}c{c}", f"g{g}", f"g{g}c{c}") for g in range(groups) for c in range(each)],
        schema=["unit", "block", "cluster"],
        orient="row",
    )


def test_both_stages_are_drawn_from_the_seed():
    drawn = assign(two_stage_plan(), list_of(), seed="ab" * 32).frame
    share = pl.when(pl.col("arm") == "visit").then("probability").otherwise(1 - pl.col("probability"))
    each = (
        drawn.with_columns(share=share)
        .group_by("block")
        .agg(pl.col("share").unique(), (pl.col("arm") == "visit").sum().alias("got"))
    )
    assert (
        sorted((round(s[0], 9), n) for s, n in each.select("share", "got").iter_rows())
        == [(0.25, 2)] * 5 + [(0.75, 6)] * 5
    )
    again = assign(two_stage_plan(), list_of().reverse(), seed="ab" * 32).frame
    assert again.equals(drawn)
    assert not assign(two_stage_plan(), list_of(), seed="cd" * 32).frame.equals(drawn)


@pytest.mark.parametrize(
    ("changes", "rows", "says"),
    [
        ({"shares": [0.75, 0.25]}, None, "the smallest first"),
        ({"shares": [0.5]}, None, "at least two shares"),
        ({"shares": [0.0, 1.0]}, None, "between 0 and 1"),
        ({}, list_of(groups=3), "3 groups are too few to draw 2 shares"),
    ],
)
def test_shares_that_cannot_be_drawn_are_said(changes, rows, says):
    with pytest.raises(BadInput) as caught:
        assign(two_stage_plan(**changes), rows if rows is not None else list_of(), seed="ab" * 32)
    assert says in str(caught.value)
    with pytest.raises(BadInput, match="name them in the plan"):
        assign(plan(**SATURATION), list_of(), seed="ab" * 32)


def test_the_citys_own_two_stage_programme_is_told_with_its_truth():
    built = city.build(seed=7, residents=6_000, world="two_stages")
    truth = built.truth.one("ripple.two_stage", "total effect", ring="participant", wave=21)
    asked = two_stage_plan(
        plan_id="rounds", arms=["rounds", "none"], primary={"ring": "participant", "wave": 21, "treated": "rounds", "control": "none"},
        outcome={"name": "trust", "items": ["respect", "fairness", "voice"], "questionnaire": "pulse-1"},
    )  # fmt: skip
    found = run(asked, built.tables)
    assert found.primary.effect.low < truth.value < found.primary.effect.high
    indirect = built.truth.one("ripple.two_stage", "indirect effect", ring="neighbour", wave=21)
    assert (
        truth.value > indirect.value > 0 == indirect.naive
    )  # the naive comparison leaves out what reached the others
    same = city.build(seed=7, residents=6_000)
    visits = pl.col("plan_id") == "visits"
    assert (
        built.tables["respondents"].filter(visits).equals(same.tables["respondents"].filter(visits))
    )  # its own stream of chance
