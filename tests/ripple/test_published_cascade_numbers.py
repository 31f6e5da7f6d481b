"""Numbers others published or computed with other programs: SEISMIC, evently, EpiEstim."""

import csv
import json

import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.ripple import marked, reproduction, seismic, serial_weights


def test_the_memory_kernel(real):
    for row in csv.DictReader(real("ripple_reference/seismic_memory_kernel.csv").open()):
        assert seismic.density(float(row["t"])) == pytest.approx(float(row["pdf"]), rel=1e-8)
        assert seismic.survival(float(row["t"])) == pytest.approx(float(row["ccdf"]), rel=1e-8)


def test_the_integral_under_the_triangle(real):
    for row in csv.DictReader(real("ripple_reference/seismic_integral_kernel_check.csv").open()):
        assert seismic.integral(float(row["share_time"]), 3600.0, 1800.0) == pytest.approx(
            float(row["quadrature"]), rel=1e-8
        )


def test_seismic_on_its_own_example(real):
    tweet = pl.read_csv(real("ripple/seismic_tweet/tweet.csv")).sample(fraction=1, shuffle=True, seed=1)
    rows = pl.read_csv(
        real("ripple_reference/seismic_tweet_60s_nstar100.csv"), schema_overrides={"prediction": pl.Float64}
    )
    # its "95 %" interval is one of 90 %
    found = seismic.infectiousness(
        tweet["relative_time_second"], tweet["number_of_followers"], rows["p_time"], level=0.9
    )
    ours = {
        "infectiousness": found.value,
        "p_low": found.low,
        "p_up": found.high,
        "numerator": found.waiting,
        "prediction": found.predicted,
    }
    assert (found.seen == rows["current_rt"].to_numpy()).all()
    for name, values in ours.items():
        theirs = rows[name].to_numpy()[1:]
        assert (np.isinf(values[1:]) == np.isinf(theirs)).all()
        finite = np.isfinite(theirs)
        assert values[1:][finite] == pytest.approx(theirs[finite], rel=1e-8)


def test_many_stories_at_once_are_each_alone():
    rng = np.random.default_rng(1)
    stories = [np.r_[0.0, np.sort(rng.exponential(2000, rng.integers(0, 40)))] for _ in range(30)]
    audience = [rng.integers(0, 5000, s.size).astype(float) for s in stories]
    offsets = np.r_[0, np.cumsum([s.size for s in stories])]
    together = seismic.many(np.concatenate(stories), np.concatenate(audience), offsets, 3600.0)
    alone = [seismic.infectiousness(t, a, 3600.0).predicted[0] for t, a in zip(stories, audience)]
    assert together.predicted == pytest.approx(alone)


def test_a_negative_audience_is_refused():
    with pytest.raises(BadInput, match="audience >= 0"):
        seismic.infectiousness([0, 1], [5, -1], [60])


def test_fixed_parameter_likelihoods_on_real_cascades(real):
    posts = pl.read_csv(real("ripple/evently_auspol/auspol.csv"))
    rows = list(csv.DictReader(real("ripple_reference/hawkes_fixed_nll_auspol.csv").open()))
    assert len(rows) == 60
    for row in rows:
        one = posts.filter(pl.col("cascade") == int(row["cascade"]))
        par = {k: float(row[f"p_{k}"]) for k in ("K", "theta", "c", "beta", "N") if row[f"p_{k}"]}
        ties = "separate" if row["strict"] == "True" else "ordered"
        found = marked.negative_log_likelihood(
            one["time"], marks=one["magnitude"], kernel=row["kind"], until=float(row["T"]), ties=ties, **par
        )
        assert found == pytest.approx(float(row["nll"]), rel=1e-8)


def test_published_totals_and_branching_factors(real):
    records = json.loads(real("ripple_reference/evently_published_values.json").read_text())
    for kernel in ("EXP", "mEXP", "PL", "mPL"):
        r = records[kernel]
        total = 2 * marked.expected_total(range(6), marks=[1] * 6, kernel=kernel, until=10, **r["par"])
        assert total == pytest.approx(r["independent_total"], rel=1e-8)
        assert marked.branching_factor(kernel=kernel, **r["par"]) == pytest.approx(r["nstar"], rel=1e-8)


def test_a_supercritical_cascade_has_no_total():
    assert marked.expected_total([0, 1], kernel="EXP", K=1.0, theta=1.0, until=5) is None
    assert marked.branching_factor(kernel="mEXP", K=0.5, beta=1.1) is None  # heavier marks than their law can average


def test_kernels_need_their_parameters():
    with pytest.raises(BadInput, match="needs N"):
        marked.negative_log_likelihood([0, 1], kernel="EXPN", K=1, theta=1, until=2)
    with pytest.raises(BadInput, match="needs marks"):
        marked.negative_log_likelihood([0, 1], kernel="mEXP", K=1, theta=1, until=2)


def test_cori_matches_epiestim(real):
    counts = [int(r["incidence"]) for r in csv.DictReader(real("ripple_reference/rt_incidence_hourly.csv").open())]
    serial = [float(r["w"]) for r in csv.DictReader(real("ripple_reference/rt_serial_interval.csv").open())]
    rows = list(csv.DictReader(real("ripple_reference/rt_epiestim.csv").open()))
    found = reproduction(counts, serial, floor=0)
    assert len(found.ratios) == len(rows) == 312
    for mine, row in zip(found.ratios, rows):
        theirs = [float(row[k]) for k in ("mean", "sd", "q025", "q975")]
        assert [mine.value, mine.std_error, mine.low, mine.high] == pytest.approx(theirs, rel=1e-8)


def test_cori_is_blank_where_it_would_print_its_prior():
    found = reproduction([30, 20, 10] + [0] * 40, serial_weights(2.0), window=10)
    assert found.ratios[-1].value is None and "fewer than" in found.ratios[-1].cautions[0]
    assert reproduction([30, 20, 10] + [0] * 40, serial_weights(2.0), window=10, floor=0).ratios[-1].value > 4


def test_cori_refuses_short_series():
    with pytest.raises(TooFew, match="at least 25"):
        reproduction([1] * 24, serial_weights(2.0))


def test_serial_weights_are_shares():
    w = serial_weights(3.0)
    assert w[0] == 0 and w.sum() == pytest.approx(1)
    assert w[:4].sum() == pytest.approx(0.5, abs=0.001)  # half of all offspring within one half-life
