"""Does the whole path (town, survey with non-response, run, verdict) keep its promises over many towns?

The long run (`make truth`) asks 500 towns; here a few stand in, with bands as wide as so few allow.
"""

import os

import numpy as np
import pytest
from studies.towns import surveyed, the_plan, true_effect

from commonbeat.stats import clopper_pearson
from commonbeat.studies.answering import run

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"
TOWNS = 250 if LONG else 5
RINGS = ("participant", "onlooker", "neighbour")


def ask(world, towns=TOWNS, first=0, **changes):
    plan = the_plan(**{"waves": [0, 3, 21]} | changes)
    for seed in range(first, first + towns):
        tables, hidden = surveyed(seed, world)
        yield tables, hidden, run(plan, tables, seed=seed)


def outside(hits, n, low, high):
    """Does the 99.9 % interval of an observed rate exclude the band?"""
    a, b = clopper_pearson(hits, n, level=0.999)
    return bool(b < low or a > high)


def moved(finding):
    return finding.verdict in ("moved", "moved_less_than_matters", "wrong_way")


def test_intervals_cover_and_nothing_is_found_where_nothing_is():
    covered = alarms = any_ring = 0
    for tables, hidden, found in ask("null"):
        e = found.primary.effect
        covered += e.low <= true_effect(tables, hidden, "participant", 21) <= e.high
        alarms += moved(found.primary)
        any_ring += any(moved(f) for f in found.rings if f.ring in RINGS)
    assert not outside(covered, TOWNS, 0.93, 1.0), (covered, TOWNS)
    assert not outside(alarms, TOWNS, 0.0, 0.05), (alarms, TOWNS)
    assert not outside(any_ring, TOWNS, 0.0, 0.05), (any_ring, TOWNS)


def test_a_true_effect_is_covered_and_named_in_the_right_ring():
    covered = cells = named = wrong = 0
    for tables, hidden, found in ask("only_participants", first=1_000):
        for f in found.rings:
            if f.ring in RINGS and f.effect.known:
                cells += 1
                covered += f.effect.low <= true_effect(tables, hidden, f.ring, f.wave) <= f.effect.high
        named += found.primary.verdict.startswith("moved")
        wrong += any(moved(f) for f in found.rings if f.ring in ("onlooker", "neighbour"))
    assert not outside(covered, cells, 0.95, 1.0), (covered, cells)  # simultaneous: more than 95 % each
    assert not outside(wrong, TOWNS, 0.0, 0.05), (wrong, TOWNS)
    assert not outside(named, TOWNS, 0.8, 1.0), (named, TOWNS)


def test_a_backfire_is_called_one():
    towns = max(3, TOWNS // 3)
    verdicts = [found.primary.verdict for *_, found in ask("backfire", towns=towns, first=2_000)]
    assert not {"moved", "moved_less_than_matters"} & set(verdicts)
    assert not outside(verdicts.count("wrong_way"), towns, 0.3, 1.0), verdicts


def test_the_naive_analyst_is_wrong_where_we_are_not():
    """Where nothing happens: those who were met against those who were not, which departments usually print."""
    naive, ours = [], []
    for tables, hidden, found in ask("null", towns=max(4, TOWNS // 3), first=3_000, contact="met_officers"):
        assert true_effect(tables, hidden, "participant", 21) == 0
        naive.append(found.naive[0].effect)
        ours.append(found.primary.effect)
    assert np.mean([e.value for e in naive]) > 1.0  # points of trust that were there before anybody knocked
    assert abs(np.mean([e.value for e in ours])) < 1.0
    assert sum(e.low > 0 for e in naive) > sum(e.low > 0 for e in ours)


@pytest.mark.truth
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("world", ["only_viewers", "leaky", "only_low_trust"])
def test_no_ring_is_named_that_did_not_move(world):
    """Only viewers: no ring of the block. Leaky: comparison areas are touched, so effects shrink and never turn."""
    towns = 60 if LONG else 3
    wrong = low = high = 0
    for *_, found in ask(world, towns=towns, first=5_000, groups=["prior_trust"]):
        near = [f for f in found.rings if f.ring in RINGS]
        wrong += (
            any(moved(f) for f in near) if world == "only_viewers" else any(f.verdict == "wrong_way" for f in near)
        )
        by = {g.value: g for g in found.groups}
        low += moved(by["low earlier trust"])
        high += moved(by["high earlier trust"])
    assert not outside(wrong, towns, 0.0, 0.05), (wrong, towns)
    if world == "only_low_trust":
        assert not outside(high, towns, 0.0, 0.05), (high, towns)
        assert low >= high


@pytest.mark.truth
@pytest.mark.timeout(7200)
def test_where_distrust_makes_people_leave_it_is_said():
    """No interval can be right there; the bounds have to hold the truth."""
    held = n = 0
    for tables, hidden, found in ask("distrust_attrition", first=4_000):
        if found.attrition.bounds:
            n += 1
            held += (
                found.attrition.bounds.low
                <= true_effect(tables, hidden, "participant", 21)
                <= found.attrition.bounds.high
            )
    assert n
    assert not outside(held, n, 0.93, 1.0), (held, n)


def test_a_page_that_is_read_every_day_raises_few_false_alarms():
    """Years in which nothing happens: a story and a neutral page, 3 people a day, looked at every evening."""
    from commonbeat import trust

    years = 3_000 if LONG else 150
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(years):
        y = 25 * rng.binomial(4, 0.55, 1_095)
        found = trust.anytime(y.astype(float), rng.integers(0, 2, len(y)), looks=np.arange(3, 1_096, 3))
        alarms += found.first is not None
    assert not outside(alarms, years, 0.0, 0.05), (alarms, years)
