"""Does the whole path (town, survey with non-response, run, verdict) keep its promises over many towns?

The long run (`make truth`) asks 500 towns; here a few stand in, with bands as wide as so few allow.
"""

import os

import numpy as np
import polars as pl
import pytest

from commonbeat import city
from commonbeat.stats import clopper_pearson
from commonbeat.studies.plan import Plan
from commonbeat.studies.answering import run

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"
TOWNS = 250 if LONG else 24
RESIDENTS = 6_000
RINGS = ("participant", "onlooker", "neighbour")


def the_plan() -> Plan:
    import commonbeat.studies as package

    plan = Plan.read(f"{package.__path__[0]}/plans/visits.toml")
    return Plan.from_dict(plan.to_dict() | {"robustness": [], "groups": []})


def true_effect(town, ring: str, wave: int) -> float:
    """The intention-to-treat effect among all who were asked in this ring: what the draw alone would have done."""
    people = town.tables["respondents"].filter((pl.col("plan_id") == "visits") & (pl.col("ring") == ring))
    hidden = town.truth.rows["respondents"].filter(pl.col("wave") == wave)
    both = people.join(hidden, on="respondent")
    return float(np.average(both["y1"] - both["y0"], weights=both["weight"]))


def ask(world, towns=TOWNS, first=0):
    plan = the_plan()
    for seed in range(first, first + towns):
        town = city.build(seed=seed, residents=RESIDENTS, world=world)
        yield town, run(plan, town.tables, seed=seed)


def outside(hits, n, low, high):
    """Does the 99.9 % interval of an observed rate exclude the band?"""
    a, b = clopper_pearson(hits, n, level=0.999)
    return bool(b < low or a > high)


def test_intervals_cover_and_nothing_is_found_where_nothing_is():
    covered = alarms = told = any_ring = 0
    for town, found in ask("null"):
        e = found.primary.effect
        told += e.known
        covered += e.known and e.low <= true_effect(town, "participant", 21) <= e.high
        alarms += found.primary.verdict in ("moved", "moved_less_than_matters", "wrong_way")
        any_ring += any(
            f.verdict in ("moved", "moved_less_than_matters", "wrong_way") for f in found.rings if f.ring in RINGS
        )
    assert told == TOWNS
    assert not outside(covered, told, 0.93, 1.0), (covered, told)
    assert not outside(alarms, told, 0.0, 0.05), (alarms, told)
    assert not outside(any_ring, told, 0.0, 0.05), (any_ring, told)


def test_a_true_effect_is_covered_and_named_in_the_right_ring():
    covered = cells = named = wrong = 0
    for town, found in ask("only_participants", first=1_000):
        for f in found.rings:
            if f.ring in RINGS and f.effect.known:
                cells += 1
                covered += f.effect.low <= true_effect(town, f.ring, f.wave) <= f.effect.high
        verdicts = {f.ring: f.verdict for f in found.rings if f.wave == 3}
        named += verdicts["participant"].startswith("moved")
        wrong += any(
            f.verdict.startswith("moved") or f.verdict == "wrong_way"
            for f in found.rings
            if f.ring in ("onlooker", "neighbour")
        )
    assert not outside(covered, cells, 0.95, 1.0), (covered, cells)  # simultaneous: more than 95 % each
    assert not outside(wrong, TOWNS, 0.0, 0.05), (wrong, TOWNS)
    assert named >= 0.5 * TOWNS


def test_a_backfire_is_called_one():
    verdicts = [found.primary.verdict for _, found in ask("backfire", towns=max(8, TOWNS // 3), first=2_000)]
    assert not any(
        v.startswith("moved") and v != "moved the wrong way"
        for v in verdicts
        if v in ("moved", "moved_less_than_matters")
    )
    assert verdicts.count("wrong_way") >= 0.3 * len(verdicts)


def test_the_naive_analyst_is_wrong_where_we_are_not():
    """Those who opened the door against those who did not, among the visited: what departments usually print."""
    naive, ours, truth = [], [], []
    for town, found in ask("null", towns=max(10, TOWNS // 3), first=3_000):
        people = town.tables["respondents"].filter(
            (pl.col("plan_id") == "visits") & (pl.col("arm") == "visit") & (pl.col("ring") == "participant")
        )
        hidden = town.truth.rows["respondents"].filter(pl.col("wave") == 21).join(people, on="respondent")
        opened = hidden.filter(pl.col("reached"))["y1"].mean()
        shut = hidden.filter(~pl.col("reached"))["y1"].mean()
        naive.append(opened - shut)
        ours.append(found.primary.effect.value)
        truth.append(true_effect(town, "participant", 21))
    assert np.allclose(truth, 0)
    assert np.mean(naive) > 1.0  # points of trust that were there before anybody knocked
    assert abs(np.mean(ours)) < 1.0


@pytest.mark.truth
def test_where_distrust_makes_people_leave_it_is_said():
    """No interval can be right there; the bounds have to hold the truth."""
    held = n = 0
    for town, found in ask("distrust_attrition", first=4_000):
        if found.attrition.bounds:
            n += 1
            held += found.attrition.bounds.low <= true_effect(town, "participant", 21) <= found.attrition.bounds.high
    assert n == 0 or not outside(held, n, 0.93, 1.0), (held, n)
