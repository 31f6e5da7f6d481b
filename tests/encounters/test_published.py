"""Numbers other people computed: with R on the same stops, and from their papers' formulas."""

import json

import numpy as np
import polars as pl
import pytest

from commonbeat import encounters, ledger, stats

CLOSE = {"rel": 1e-8}


@pytest.fixture(scope="module")
def records(real):
    return {r["id"]: r["result"] for r in json.loads(real("trust_reference/expected/equity.json").read_text())}


@pytest.fixture(scope="module")
def minneapolis(real, tmp_path_factory):
    path = tmp_path_factory.mktemp("mpls") / "book"
    ledger.Book.create(path)
    for table, file in (("population", "demographics.csv"), ("contacts", "stops.csv")):
        ledger.bring_in(path, table, real(f"mpls_stops/{file}"), importer="clerk", map="minneapolis")
    book = ledger.Book.open(path)
    found = encounters.equity(
        book.table("contacts"),
        book.table("population"),
        people=book.table("people"),
        by="race",
        zone="America/Chicago",
    )
    return book, found


@pytest.mark.real
def test_the_whole_way_from_the_file_to_the_totals_of_r(minneapolis, records):
    _, found = minneapolis
    town = {c.group: c.enforcement for c in found.town_groups}
    assert [town[g].count for g in ("black", "white")] == records["totals"]["stops"]
    assert [town[g].residents for g in ("black", "white")] == records["totals"]["pop"]
    assert found.without_residents == ("camden-industrial", "humboldt-industrial-area", "near-north")
    assert not found.simulated


@pytest.mark.real
def test_the_crude_ratio_of_stop_rates_is_that_of_r(minneapolis, records):
    _, found = minneapolis
    (black,) = [v for v in found.versus if (v.group, v.kind) == ("black", "enforcement")]
    assert (black.crude.value, black.crude.low, black.crude.high) == pytest.approx(
        tuple(records["rateratio_wald"]["measure"]["values"][1]), **CLOSE
    )
    assert f"{black.crude.value:.2f} ({black.crude.low:.2f}-{black.crude.high:.2f})" == "4.42 (4.32-4.53)"


@pytest.mark.real
def test_within_neighbourhoods_the_ratio_is_smaller_and_that_of_r(minneapolis, records):
    _, found = minneapolis
    (black,) = [v for v in found.versus if (v.group, v.kind) == ("black", "enforcement")]
    want = records["mh_rate_ratio"]
    assert (black.within.value, black.within.low, black.within.high) == pytest.approx(
        (want["rr"], *want["ci"]), **CLOSE
    )
    assert f"{black.within.value:.2f} ({black.within.low:.2f}-{black.within.high:.2f})" == "3.53 (3.44-3.63)"


@pytest.mark.real
def test_the_share_searched_against_the_others_is_that_of_r(records):
    n, k = records["totals"]["search_known"], records["totals"]["searched"]
    ratio = encounters.share_ratio(k[0], n[0], k[1], n[1])
    assert (ratio.value, ratio.low, ratio.high) == pytest.approx(
        tuple(records["riskratio_wald_search"]["measure"]["values"][1]), **CLOSE
    )
    exact = encounters.rate_ratio(k[0], n[0], k[1], n[1], method="exact")
    want = records["poisson_test_ratio"]
    assert (exact.value, exact.low, exact.high) == pytest.approx((want["estimate"], *want["ci"]), **CLOSE)


@pytest.mark.real
def test_the_mid_p_ratio_is_that_of_epitools_as_closely_as_its_own_root_search(records):
    n, k = records["totals"]["search_known"], records["totals"]["searched"]
    ours = encounters.rate_ratio(k[0], n[0], k[1], n[1], method="midp")
    want = records["rateratio_midp_search"]["measure"]["values"][1]
    assert (ours.value, ours.low, ours.high) == pytest.approx(tuple(want), rel=1e-4)
    exact = encounters.rate_ratio(k[0], n[0], k[1], n[1], method="exact")
    assert exact.low < ours.low < ours.high < exact.high


@pytest.mark.real
def test_the_crude_ratio_and_its_error_are_those_of_a_poisson_regression_with_offset(minneapolis, records):
    _, found = minneapolis
    (black,) = [v for v in found.versus if (v.group, v.kind) == ("black", "enforcement")]
    fit = records["glm_poisson"]
    assert np.log(black.crude.value) == pytest.approx(-fit["coef"]["raceWhite"], **CLOSE)
    half = np.log(black.crude.high / black.crude.low) / 2 / 1.959963984540054
    assert half**2 == pytest.approx(fit["vcov"]["values"][1][1], rel=5e-5)  # R's weights are one iteration old


@pytest.mark.real
def test_intervals_of_shares_and_rates_are_those_of_r(records):
    for row in records["interval_grid"]:
        x, n = row["x"], row["n"]
        assert stats.wilson(x, n) == pytest.approx(row["wilson"], abs=1e-12, **CLOSE)
        assert stats.clopper_pearson(x, n) == pytest.approx(row["clopper_pearson"], abs=1e-12, **CLOSE)
        assert stats.garwood(x, n) == pytest.approx(row["poisson_exact"], abs=1e-12, **CLOSE)
        if 0 < x < n:
            assert stats.beta_interval(x, n, prior=(0.5, 0.5)) == pytest.approx(row["jeffreys"], **CLOSE)


@pytest.mark.real
def test_minneapolis_stops_scatter_more_than_chance_and_unknown_is_its_own_row(minneapolis):
    _, found = minneapolis
    assert found.dispersion > 2
    assert "counts_scatter_more_than_chance" in found.cautions
    unknown = [c for c in found.cells if c.group == "unknown"]
    assert sum(c.enforcement.count for c in unknown) == 17_440  # 9,219 written as unknown and 8,221 left empty
    assert all(c.enforcement.rate is None for c in unknown)


@pytest.mark.real
def test_every_contact_is_in_exactly_one_cell(minneapolis):
    book, found = minneapolis
    assert sum(c.enforcement.count for c in found.cells) == book.rows("contacts")


def test_the_gamma_poisson_posterior_is_the_textbook_one_when_the_areas_agree():
    """With equal exposures and very different rates there is nothing to borrow: the pooled rate is near the raw one."""
    count = np.array([10, 1000, 5000, 40, 250])
    mean, low, high = encounters.pooled(count, np.ones(5))
    assert mean == pytest.approx(count, rel=0.05)
    assert np.all((low < count) & (count < high))


def test_greenland_and_robins_by_hand():
    """Two strata: RR = (a1 n01/t1 + a2 n02/t2) / (b1 n11/t1 + b2 n12/t2)."""
    found = encounters.within_areas([8, 20], [100, 400], [6, 5], [300, 200])
    top, bottom = 8 * 300 / 400 + 20 * 200 / 600, 6 * 100 / 400 + 5 * 400 / 600
    assert found.value == pytest.approx(top / bottom)
    spread = (14 * 100 * 300 / 400**2 + 25 * 400 * 200 / 600**2) / (top * bottom)
    assert found.high / found.value == pytest.approx(np.exp(1.959963984540054 * spread**0.5))


def test_one_area_is_the_crude_ratio():
    within = encounters.within_areas([8], [100], [6], [300])
    crude = encounters.rate_ratio(8, 100, 6, 300)
    assert within.value == pytest.approx(crude.value)
    assert pl.Series([within.low]).item() < within.value < within.high
