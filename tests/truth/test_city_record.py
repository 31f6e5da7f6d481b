"""The city's own truths about the record: rates, what inspires what, padding, how stories spread, who agrees."""

import numpy as np
import polars as pl
import pytest
from truth.city_parts import streets

from commonbeat import city
from commonbeat.city.dialogue import COMMON, PATTERNS, STATEMENTS
from commonbeat.city.spread import cascades
from commonbeat.stats import clopper_pearson, garwood, wilson


@pytest.mark.parametrize("draws", [12, pytest.param(450, marks=[pytest.mark.truth, pytest.mark.timeout(3600)])])
def test_exact_intervals_hold_the_true_enforcement_rate_of_every_area(draws):
    inside = total = 0
    for seed in range(draws):
        street, rates, who = streets(seed)
        ids = [f"a{i + 1:02d}" for i in range(24)]
        seen = dict(street.contacts.filter(pl.col("kind") == "enforcement").group_by("area_id").len().iter_rows())
        years = who.counts.sum(1) * 730 / 365.25
        low, high = garwood([seen.get(a, 0) for a in ids], years)
        true = (rates.enforcement * who.counts).sum(1) / who.counts.sum(1)
        inside += ((low <= true) & (true <= high)).sum()
        total += len(ids)
    assert clopper_pearson(inside, total, level=0.999)[1] >= 0.95


def test_one_encounter_inspires_as_many_as_the_world_says():
    caused = total = 0
    for seed in range(10):
        street, *_ = streets(seed, practice=0.4)
        own = street.hidden.filter(street.contacts["kind"] == "positive")
        caused += own["caused_by"].is_not_null().sum()
        total += len(own)
    low, high = clopper_pearson(caused, total, level=0.999)
    assert low - 0.03 <= 0.4 <= high + 0.03  # causes before the first day are not in the record: a little less


def test_where_practice_does_not_spread_nothing_is_caused_and_encounters_still_follow_one_another():
    street, *_ = streets(1, practice=0.0)
    assert street.hidden["caused_by"].null_count() == len(street.hidden)
    truth = city.build(seed=1, residents=20_000, world="null").truth
    fact = truth.one("encounters.spread_of_practice", "branching ratio")
    assert fact.value == 0
    assert fact.naive > 0.1


def test_padding_stands_at_month_ends_and_says_nothing():
    street, *_ = streets(2, "overrecording")
    padded = street.contacts.filter(street.hidden["padded"])
    honest = street.contacts.filter(~street.hidden["padded"] & (street.contacts["kind"] == "positive"))
    assert len(padded) == round(0.2 * len(honest))
    left = padded["at"].dt.month_end().dt.date() - padded["at"].dt.date()
    assert left.dt.total_days().max() <= 2
    assert padded["happened"].n_unique() <= 4 < 50 < honest["happened"].n_unique()
    assert padded["made_positive"].null_count() == len(padded)


@pytest.mark.parametrize(("branching", "hours"), [(0.3, 2.0), (0.7, 6.0), (0.9, 1.0)])
def test_a_share_causes_as_many_as_the_world_says_after_the_wait_it_says(branching, hours):
    """Parents from the first quarter of the window have had time for nearly all their children."""
    rng = np.random.default_rng(5)
    _, time, parent = cascades(rng, np.full(300, 10), branching, hours, 400 * hours)
    early = time < 100 * hours
    children = np.bincount(parent[parent >= 0], minlength=len(time))[early]
    assert children.mean() == pytest.approx(branching, abs=4 * np.sqrt(branching / len(children)))
    wait = (time - time[parent])[(parent >= 0) & early[parent]]
    below = (wait < hours).sum()
    low, high = wilson(below, len(wait), level=0.999)
    assert low <= 0.5 <= high


def test_a_finished_cascade_says_nothing_about_its_branching():
    """(n - 1) / n is near 1 whatever the truth: the naive number for a branching ratio of 0.3."""
    town = city.build(seed=3, residents=20_000, world=city.WORLDS["default"].but("calm", branching=0.3))
    fact = town.truth.one("ripple.intensity", "branching ratio")
    assert fact.value == 0.3
    assert fact.naive > 0.99


def test_voters_agree_as_their_opinion_group_does():
    town = city.build(seed=4, residents=50_000)
    votes = town.tables["votes"].join(town.truth.rows["voters"], on="person").filter(pl.col("value") != 0)
    seen = votes.group_by("statement_id", "opinion_group").agg(k=(pl.col("value") == 1).sum(), n=pl.len())
    outside = 0
    for statement, group, k, n in seen.iter_rows():
        number = int(statement[1:]) - 1
        if number < len(STATEMENTS):
            low, high = wilson(k, n, level=0.999)
            outside += not low - 0.02 <= PATTERNS[STATEMENTS[number][0]][group] <= high + 0.02
    assert outside == 0


def test_a_majority_of_all_is_not_common_ground():
    fact = city.build(seed=4, residents=5_000).truth.one("dialogue.common_ground")
    assert fact.value == len(COMMON) == 7
    assert fact.naive > fact.value
    assert set(fact.by["statements"]) < set(fact.by["naive statements"])


def test_leaks_reach_only_homes_beside_a_visited_patch():
    town = city.build(seed=6, residents=20_000, world="leaky")
    ties = town.tables["ties"].filter(pl.col("plan_id") == "visits")
    arm = dict(town.tables["assignments"].filter(pl.col("plan_id") == "visits").select("unit", "arm").iter_rows())
    beside = {row[0] for row in ties.select("source", "target").iter_rows() if arm[row[1]] == "visit"}
    assert {p for p, a in arm.items() if a == "none"} - beside or len(beside) == len(arm)
    for ring in ("participant", "onlooker", "neighbour"):
        fact = town.truth.one("ripple.spillover", "effect of the visits", ring=ring, wave=3)
        leak = town.truth.one("ripple.spillover", "leak into other patches", ring=ring, wave=3)
        assert leak.value > 0.5
        assert fact.naive == pytest.approx(fact.value - leak.value)
