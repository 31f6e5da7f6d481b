"""Rates a reader can work out by hand, and the intervals and verdicts in towns of which the truth is known."""

import os
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as law

from commonbeat import city, encounters, tables
from commonbeat.encounters import counting
from commonbeat.encounters.meeting import met_in_cells
from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson, garwood, wilson

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"
START = datetime(2025, 1, 1, 12, tzinfo=UTC)
YEAR = (date(2025, 1, 1), date(2025, 12, 31))


def record(*rows):
    """(area, kind, how many) spread over a year."""
    out = []
    for area, kind, n in rows:
        out += [{"area_id": area, "kind": kind, "at": START + timedelta(days=365 * i / n)} for i in range(n)]
    frame = pl.DataFrame(out).with_row_index("i").with_columns(
        pl.format("c{}", "i").alias("contact_id"), pl.lit("call").alias("activity"), pl.lit(False).alias("simulated"),
        pl.when(pl.col("kind") == "positive").then(pl.lit("yes")).alias("free_to_leave_officer"),
    )  # fmt: skip
    return tables.check("contacts", frame.drop("i"))


def population(**residents):
    return tables.check("population", [{"area_id": a, "residents": n} for a, n in residents.items()])


def cell(found, area, group=None):
    (one,) = [c for c in found.cells if (c.area, c.group) == (area, group)]
    return one


def test_both_rates_stand_side_by_side():
    found = encounters.rates(record(("north", "enforcement", 46), ("north", "positive", 11), ("south", "enforcement", 5)),
                             population(north=1_000, south=2_000), window=YEAR)  # fmt: skip
    north = cell(found, "north")
    years = 365 / 365.25
    assert north.enforcement.rate == pytest.approx(46 / years)  # per 1,000 residents and year
    assert north.positive.rate == pytest.approx(11 / years)
    assert (north.enforcement.low, north.enforcement.high) == pytest.approx(
        (33.679 / years, 61.358 / years), abs=1e-2
    )
    assert north.ratio[0] == pytest.approx(11 / 46)
    assert cell(found, "south").positive.rate == 0
    assert found.to_dict()["cells"][0]["appendix"]["positive_to_enforcement"]["value"] == pytest.approx(11 / 46)
    assert "residents_are_not_everyone_present" in found.cautions


def test_people_present_are_a_second_denominator_beside_the_residents():
    """1,000 residents, 4,000 people there by day and 2,000 by night: 3,000 on average."""
    contacts = record(("centre", "enforcement", 60), ("yard", "enforcement", 7))
    there = pl.DataFrame({"area_id": ["centre", "centre"], "hour": [12, 0], "people": [4_000, 2_000]})
    enforcement, positive = encounters.by_people_present(contacts, there, window=YEAR)
    years = 365 / 365.25
    assert (enforcement.area, enforcement.kind, enforcement.people) == ("centre", "enforcement", 3_000)
    assert enforcement.rate == pytest.approx(60 / 3 / years)
    assert (enforcement.low, enforcement.high) == pytest.approx(tuple(float(x) for x in garwood(60, 3 * years)))
    assert (positive.count, positive.low) == (0, 0)
    beside = encounters.rates(contacts, population(centre=1_000), window=YEAR)
    assert cell(beside, "centre").enforcement.rate == pytest.approx(60 / years)  # the residents stay the main answer


@pytest.mark.parametrize(("there", "says"), [
    ({"area": ["a"], "people": [1]}, "need the columns"), ({"area_id": ["a"], "people": [-1]}, "0 or more"),
    ({"area_id": ["a"], "people": ["many"]}, "0 or more"), ({"area_id": ["a", "a"], "people": [1, 2]}, "stand twice"),
])  # fmt: skip
def test_people_present_that_cannot_be_read_are_told(there, says):
    with pytest.raises(BadInput, match=says):
        encounters.by_people_present(record(("a", "enforcement", 9)), pl.DataFrame(there), window=YEAR)
    with pytest.raises(TooFew):
        encounters.by_people_present(
            record(("a", "enforcement", 9)), pl.DataFrame({"area_id": ["a"], "people": [0]}), window=YEAR
        )


def test_a_place_without_residents_has_a_count_and_no_rate():
    found = encounters.rates(record(("north", "enforcement", 40), ("yard", "enforcement", 12), (None, "positive", 3)),
                             population(north=1_000), window=YEAR)  # fmt: skip
    assert (cell(found, "yard").enforcement.count, cell(found, "yard").enforcement.rate) == (12, None)
    assert cell(found, "yard").verdict == "no_denominator"
    assert cell(found, None).positive.count == 3  # outside every area: kept and said
    assert found.without_residents == ("yard",)
    assert "contacts_outside_every_area" in found.cautions


def test_an_area_where_nobody_was_met_is_a_row_too():
    found = encounters.rates(record(("north", "enforcement", 40)), population(north=1_000, quiet=500), window=YEAR)
    assert cell(found, "quiet").enforcement.count == 0
    assert cell(found, "quiet").enforcement.high == pytest.approx(3.689 / 0.5 / (365 / 365.25), abs=0.01)


def test_a_contact_with_many_of_one_group_counts_once_for_it():
    contacts = record(("north", "positive", 2), ("north", "enforcement", 40))
    people = tables.check("people", [
        {"contact_id": "c0", "race": "black", "age_band": a, "sex": s, "people": 15, "how_known": "not_asked"}
        for a in ("0-9", "10-17") for s in ("female", "male")
    ] + [{"contact_id": "c1", "race": "white", "age_band": "unknown", "sex": "unknown", "people": 1, "how_known": "not_asked"}])  # fmt: skip
    groups = tables.check(
        "population", [{"area_id": "north", "race": r, "residents": n} for r, n in (("black", 300), ("white", 700))]
    )
    found = encounters.equity(contacts, groups, people=people, by="race", window=YEAR)
    assert cell(found, "north", "black").positive.count == 1
    assert cell(found, "north", "white").positive.count == 1
    assert cell(found, "north", "unknown").enforcement.count == 40  # nobody was asked: its own row


def test_residents_split_twice_are_not_added_twice():
    rows = [{"area_id": "a", "race": "black", "residents": 30}, {"area_id": "a", "race": "white", "residents": 70},
            {"area_id": "a", "sex": "female", "residents": 52}]  # fmt: skip
    table = tables.check("population", rows)
    assert counting.residents_of(table)["residents"].to_list() == [100]
    assert counting.residents_of(table, "race")["residents"].sort().to_list() == [30, 70]
    whole = tables.check("population", [*rows, {"area_id": "a", "residents": 104}])
    assert counting.residents_of(whole)["residents"].to_list() == [104]


def test_an_empty_or_short_record_is_too_few_to_tell():
    with pytest.raises(TooFew, match="no contacts"):
        encounters.rates(tables.empty("contacts"), population(a=1))
    with pytest.raises(TooFew, match="at least 28"):
        encounters.rates(record(("a", "positive", 1)), population(a=1))
    with pytest.raises(BadInput, match="race, age_band, sex"):
        encounters.equity(record(("a", "positive", 9)), population(a=1), by="income", window=YEAR)


def test_ratios_say_too_few_where_nobody_was_met():
    with pytest.raises(TooFew):
        encounters.rate_ratio(0, 100, 5, 100)
    with pytest.raises(BadInput):
        encounters.rate_ratio(1, 0, 5, 100)
    with pytest.raises(TooFew):
        encounters.within_areas([1], [10], [0], [10])
    with pytest.raises(TooFew):
        encounters.share_ratio(0, 10, 1, 10)
    assert np.isnan(encounters.positive_to_enforcement(0, 0)[0])


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]), st.integers(0, 2)), min_size=1, max_size=30
    )
)
@settings(max_examples=25, deadline=None)
def test_counting_is_what_a_slow_loop_counts(rows):
    contacts = pl.DataFrame({
        "contact_id": [f"c{i}" for i in range(len(rows))], "area_id": [a for a, _, _ in rows],
        "kind": [counting.KINDS[k] for _, _, k in rows], "at": [START + timedelta(days=i) for i in range(len(rows))],
    })  # fmt: skip
    people = pl.DataFrame({"contact_id": contacts["contact_id"], "race": [g for _, g, _ in rows]})
    fast = counting.counted(contacts, counting.Window(*YEAR), "UTC", people=people, by="race")
    slow = {}
    for a, g, k in rows:
        slow[a, counting.KINDS[k], g] = slow.get((a, counting.KINDS[k], g), 0) + 1
    assert {tuple(r[:3]): r[3] for r in fast.select("area_id", "kind", "group", "count").iter_rows()} == slow


def test_people_in_any_order_are_counted_alike():
    """In the order of their contacts nothing has to be joined; shuffled it has. Both count each group once per contact."""
    rng = np.random.default_rng(4)
    contacts = record(("north", "positive", 60), ("south", "enforcement", 60), (None, "service", 20))
    times = rng.integers(1, 4, len(contacts))
    people = pl.DataFrame(
        {"contact_id": contacts["contact_id"].to_numpy().repeat(times), "race": rng.choice(["x", "y"], times.sum())}
    )
    window = counting.Window(*YEAR)
    tables_ = [
        counting.counted(contacts, window, "UTC", people=p, by="race").sort(pl.all())
        for p in (people, people.sample(fraction=1, shuffle=True, seed=1), people.head(-1))
    ]
    assert tables_[0].equals(tables_[1])
    slow = len({(c, g) for c, g in people.iter_rows()})
    assert tables_[0]["count"].sum() == slow
    assert tables_[2]["count"].sum() in (slow, slow - 1)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 300), st.integers(0, 400), st.integers(1, 6), st.integers(1, 9))
def test_millions_joined_by_parts_are_counted_as_one_by_one(seed, contacts, people, groups, cells):
    """The road for millions out of order beside sets of (contact, group), with people of contacts that are not there."""
    rng = np.random.default_rng(seed)
    ids = np.unique(rng.integers(0, 2**64, contacts + 5, dtype=np.uint64))
    cell, which, group = (
        rng.integers(0, cells + 1, contacts),
        rng.integers(0, contacts + 5, people),
        rng.integers(0, groups, people),
    )
    slow = np.zeros((groups, cells + 1), int)
    for i in range(contacts):
        for g in set(group[which == i]) or {groups - 1}:
            slow[g, cell[i]] += 1
    fast = met_in_cells(
        ids[:contacts], cell, cells, ids[which], group, groups, groups - 1, part=rng.choice([4, 64, 8_192])
    )
    assert (fast == slow[:, :cells]).all()


def test_intervals_of_clustered_contacts_are_widened_until_they_hold_the_truth():
    """Contacts come in bursts of three on average (an operation, a festival): exact intervals for counts are then too short."""
    rng, exact, wide, n = np.random.default_rng(1), 0, 0, 0
    population = pl.DataFrame(
        {"area_id": [f"a{i}" for i in range(60)], "race": None, "age_band": None, "sex": None, "residents": 1_000}
    )
    for _ in range(12):
        bursts = rng.poisson(22, 60)
        size = 1 + rng.poisson(2, bursts.sum())
        day = np.repeat(rng.integers(0, 364, bursts.sum()), size)
        found = encounters.rates(pl.DataFrame({
            "at": pl.Series([START + timedelta(days=int(d)) for d in day]), "kind": "enforcement",
            "area_id": np.repeat(np.repeat(population["area_id"].to_numpy(), bursts), size),
        }), population, window=YEAR)  # fmt: skip
        truth = 22 * 3 / (365 / 365.25)
        for cell in found.cells:
            exact += cell.enforcement.low <= truth <= cell.enforcement.high
            wide += cell.enforcement.widened[0] <= truth <= cell.enforcement.widened[1]
            n += 1
    assert clopper_pearson(exact, n, level=0.999)[1] < 0.80
    low, high = clopper_pearson(wide, n, level=0.999)
    assert low <= 0.97 and high >= 0.95, wide / n


def test_contacts_one_by_one_need_no_widening():
    day = np.random.default_rng(3).integers(0, 365, 4_000)
    found = encounters.rates(pl.DataFrame({"at": pl.Series([START + timedelta(days=int(d)) for d in day]), "kind": "positive",
                                           "area_id": [f"a{i % 5}" for i in range(4_000)]}),
                             pl.DataFrame({"area_id": [f"a{i}" for i in range(5)], "race": None, "age_band": None, "sex": None, "residents": 1_000}),
                             window=YEAR)  # fmt: skip
    one = found.cells[0].positive
    low, high = one.widened or (one.low, one.high)
    assert (high - low) / (one.high - one.low) < 1.2


# --- coverage ---------------------------------------------------------------------------------------------------------


def test_exact_intervals_never_cover_less_than_they_promise():
    """By summation over all counts, at mean counts from 1 to 60."""
    k = np.arange(0, 400)
    low, high = garwood(k)
    for mean in np.arange(1.0, 60.0, 0.37):
        covered = law.poisson.pmf(k, mean)[(low <= mean) & (mean <= high)].sum()
        assert covered >= 0.95 - 1e-9


def test_score_intervals_of_the_ratio_cover_what_they_promise_on_average():
    """By summation over both counts; averaged over mean counts 5 to 50 in each kind."""
    k = np.arange(0, 140)
    covered = []
    for a in (5, 8, 12, 20, 33, 50):
        for b in (5, 8, 12, 20, 33, 50):
            weight = np.outer(law.poisson.pmf(k, a), law.poisson.pmf(k, b))
            total = k[:, None] + k[None, :]
            low, high = wilson(k[:, None] + 0.0 * total, total)
            true = a / (a + b)
            covered.append(
                np.where(total > 0, weight * ((low <= true) & (true <= high)), 0).sum() / weight[total > 0].sum()
            )
    assert 0.93 <= np.mean(covered) <= 0.97


def _pooled_coverage(towns, areas, seed):
    rng = np.random.default_rng(seed)
    hit = n = 0
    for _ in range(towns):
        mean, spread = rng.uniform(5, 50), rng.choice([0.0, 0.2, 0.5, 1.0])
        exposure = rng.uniform(0.4, 1.6, areas)
        rate = mean * (rng.gamma(1 / spread**2, spread**2, areas) if spread else np.ones(areas))
        _, low, high = encounters.pooled(rng.poisson(rate * exposure), exposure)
        hit += ((low <= rate) & (rate <= high)).sum()
        n += areas
    return hit, n


@pytest.mark.parametrize("areas", [12, 60])
def test_pooled_intervals_cover_93_to_97_percent(areas):
    """Areas of one town share its hyperparameters, so towns are drawn anew; the band is judged on the observed rate's interval."""
    hit, n = _pooled_coverage(1_000 if LONG else 120, areas, seed=areas)
    low, high = clopper_pearson(hit, n, level=0.999)
    assert low <= 0.97 and high >= 0.93, hit / n


def test_pooling_brings_small_areas_nearer_to_the_truth_than_their_own_counts():
    rng = np.random.default_rng(5)
    rate = 20 * rng.gamma(6, 1 / 6, 200)
    exposure = rng.uniform(0.02, 2, 200)
    count = rng.poisson(rate * exposure)
    mean, _, _ = encounters.pooled(count, exposure)
    small = exposure < 0.4
    naive, ours = np.abs(count / exposure - rate)[small].mean(), np.abs(mean - rate)[small].mean()
    assert ours < 0.6 * naive  # the naive rate of a small area shouts


def test_pooling_needs_something_to_borrow_from():
    assert np.isnan(encounters.pooled([3, 4], [1, 1])[0]).all()
    assert np.isnan(encounters.pooled([0, 0, 0], [1, 1, 1])[0]).all()
    assert np.isnan(encounters.pooled([3, 4, 5, 6], [1, 0, 1, 1])[0]).tolist() == [False, True, False, False]


def _town(rng, areas=60, above=12, times=1.6):
    residents = rng.integers(400, 6_000, areas)
    rate = np.full(areas, 0.03)
    rate[:above] *= times
    return residents, rng.poisson(rate * residents), np.arange(areas) < above


def test_verdicts_keep_their_false_discoveries_under_five_percent():
    """Share of areas wrongly called above the town, averaged over towns with 12 of 60 areas truly above."""
    from commonbeat.encounters.rates import _p_above
    from commonbeat.stats import benjamini_hochberg

    rng, shares, found = np.random.default_rng(3), [], []
    for _ in range(4_000 if LONG else 400):
        residents, count, above = _town(rng)
        said = benjamini_hochberg(_p_above(count, residents, 1.0)) <= 0.05
        shares.append((said & ~above).sum() / max(said.sum(), 1))
        found.append((said & above).mean() / above.mean())
    error = np.std(shares) / len(shares) ** 0.5
    assert np.mean(shares) - 3.3 * error <= 0.05
    assert np.mean(found) > 0.6  # and it does find them


def test_a_town_without_differences_gets_no_verdict_and_one_with_a_hot_spot_does():
    rng = np.random.default_rng(11)
    areas = [f"a{i:02}" for i in range(20)]
    even = [(a, "enforcement", int(n)) for a, n in zip(areas, rng.poisson(60, 20))]
    pop = population(**dict.fromkeys(areas, 2_000))
    assert {c.verdict for c in encounters.rates(record(*even), pop, window=YEAR).cells} == {"not_clearly_above"}
    hot = encounters.rates(record(*even[:-1], ("a19", "enforcement", 140)), pop, window=YEAR)
    assert [c.area for c in hot.cells if c.verdict == "above_town"] == ["a19"]


def test_scatter_beyond_chance_makes_verdicts_slower():
    from commonbeat.encounters.rates import _p_above

    once, twice = (_p_above([30, 20, 25], [1_000, 1_000, 1_000], phi)[0] for phi in (1.0, 3.0))
    assert once < twice
    assert once == pytest.approx(law.binom.sf(29, 75, 1 / 3))  # exact, given the sum


# --- the city's truth -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def town():
    return city.build(7, 60_000)


def facts(town, method):
    return [f for f in town.truth.facts if f.method == method]


def test_the_citys_enforcement_rate_is_found(town):
    t = town.tables
    found = encounters.rates(t["contacts"], t["population"])
    (truth,) = [f for f in facts(town, "encounters.rates") if f.quantity == "enforcement"]
    assert found.town.enforcement.low <= truth.value <= found.town.enforcement.high
    assert found.simulated


def test_within_areas_the_citys_inequality_is_found_and_the_crude_ratio_is_another(town):
    t = town.tables
    found = encounters.equity(t["contacts"], t["population"], people=t["people"], by="race", against="white")
    hits = []
    for fact in facts(town, "encounters.equity"):
        (v,) = [v for v in found.versus if (v.group, v.kind) == (fact.by["group"], fact.by["kind"])]
        hits.append(v.within.low <= fact.value <= v.within.high)
        naive_error, error = abs(fact.naive - fact.value), abs(v.within.value - fact.value)
        assert error < max(naive_error, 0.25 * fact.value)
    assert len(hits) >= 4 and sum(hits) >= len(hits) - 1


def test_the_citys_reach_is_found(town):
    t = town.tables
    (truth,) = facts(town, "encounters.reach")
    found = encounters.reach(t["contacts"], t["population"], unplanned=True, hardest=truth.by["of residents"] - 0.01)
    assert found.share.low <= truth.value <= found.share.high
    assert found.index.high < 0  # positive contact avoids the most enforced places in this town


def test_reach_by_hand():
    """Half the residents see all the enforcement and a quarter of the positive contact: index = 2 * area - 1 = -0.25."""
    contacts = record(("hot", "enforcement", 400), ("warm", "enforcement", 40), ("calm", "enforcement", 4), ("hot", "positive", 25),
                      ("warm", "positive", 25), ("calm", "positive", 50))  # fmt: skip
    found = encounters.reach(contacts, population(hot=500, warm=250, calm=250), hardest=0.5, window=YEAR)
    assert found.areas == ("hot",)
    assert found.share.value == 25 / 100
    assert found.curve == ((0.0, 0.0), (0.5, 0.25), (0.75, 0.5), (1.0, 1.0))
    area = 0.5 * 0.25 / 2 + 0.25 * (0.25 + 0.5) / 2 + 0.25 * (0.5 + 1) / 2
    assert found.index.value == pytest.approx(2 * area - 1)
    assert found.index.low < found.index.value < found.index.high


def test_reach_with_too_little_or_nonsense_says_so():
    few = record(("a", "positive", 3), ("a", "enforcement", 50))
    with pytest.raises(TooFew, match="3 positive contacts in 3 areas"):
        encounters.reach(few, population(a=5, b=5, c=5), window=YEAR)
    with pytest.raises(BadInput, match="between 0 and 1"):
        encounters.reach(few, population(a=5), hardest=2, window=YEAR)


def test_the_index_covers_the_truth_about_as_often_as_it_says():
    """60 areas, positive contact that leans against enforcement; truth from the expected counts."""
    from commonbeat.encounters.reaching import _area_under, _index

    rng = np.random.default_rng(2)
    residents = rng.integers(500, 3_000, 60).astype(float)
    heat = rng.gamma(4, 1 / 4, 60)
    enforced, positive = residents * 0.06 * heat, residents * 0.02 / heat**0.5
    truth = _area_under(positive, enforced, residents)
    tries = 300 if LONG else 100
    hit = 0
    for _ in range(tries):
        e = _index(rng.poisson(positive), rng.poisson(enforced), residents, 0.95, 300, rng)
        hit += e.low <= truth <= e.high
    low, high = clopper_pearson(hit, tries, level=0.999)
    assert low <= 0.98 and high >= 0.92, hit / tries
