"""Rollouts: every ATT(g, t) against R, Chicago's published numbers, two-way fixed effects beside."""

import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import regress, staggered_effect

COLUMNS = {"unit": "unit", "time": "t", "first_treated": "g", "outcome": "y"}


@pytest.mark.parametrize("control", ["never", "notyet"])
def test_every_cell_equals_r(frame, record, control):
    d, table = frame("staggered.csv"), record("did", "cs_att_gt")["table"]
    plain = staggered_effect(d, **COLUMNS, control=control, se="influence")
    clustered = staggered_effect(d, **COLUMNS, control=control, se="influence", cluster="cluster")
    at = [i for i, c in enumerate(table["control"]) if c == control]
    assert len(at) == len(plain.cells) == 14
    for i in at:
        cell = (table["g"][i], table["t"][i])
        assert [plain.cells[cell].value, plain.cells[cell].std_error] == pytest.approx(
            [table["att"][i], table["se"][i]], rel=1e-8
        )
        assert clustered.cells[cell].std_error == pytest.approx(table["se_cluster"][i], rel=1e-8)


def test_sun_abraham_is_the_never_treated_dynamic_path(frame, record):
    """After the start the interaction-weighted estimate is the same average of the same cells."""
    table = record("did", "sun_abraham")["table"]
    got = staggered_effect(frame("staggered.csv"), **COLUMNS, control="never").dynamic
    for e, value in zip(table["e"], table["est"]):
        if e >= 0:
            assert got[e].value == pytest.approx(value, rel=1e-8)


def test_chicago(real):
    d = pl.read_parquet(real("pj_chicago/pj_officer_level_balanced.parquet"))
    columns = {"unit": "uid", "time": "period", "first_treated": "first_trained", "outcome": "complaints"}
    efficient = staggered_effect(d, **columns, method="roth-santanna")
    assert [efficient.simple.value, efficient.simple.std_error] == pytest.approx(
        [-0.001126981, 0.002119248], abs=5e-10
    )
    classic = staggered_effect(d, **columns)
    assert [classic.simple.value, classic.simple.std_error] == pytest.approx([-0.005176818, 0.003930919], abs=5e-10)
    assert any("two-way fixed effects would say" in c for c in classic.cautions)


def rollout(rng, effect, n=300, periods=8, trend=0.0):
    """Cohorts start at 3, 5, never; effect(periods since start)."""
    first = rng.permutation(np.repeat([3, 5, 0], n // 3))
    u, t = np.repeat(np.arange(n), periods), np.tile(np.arange(1, periods + 1), n)
    g = first[u]
    on = (g > 0) & (t >= g)
    y = rng.normal(size=n)[u] + 0.3 * t + rng.normal(size=n * periods) + trend * t * (g == 3)
    return pl.DataFrame({"unit": u, "t": t, "g": g, "y": y + np.where(on, effect(t - g), 0.0)})


def test_growing_effects_fool_two_way_fixed_effects():
    """The effect grows by one a period: the truth is over 2.5, two-way fixed effects say far less."""
    rng, ours, theirs = np.random.default_rng(0), [], []
    for _ in range(20):
        d = rollout(rng, lambda e: 1.0 + e)
        got = staggered_effect(d, **COLUMNS)
        ours.append(got.simple.value)
        theirs.append(got.two_way[0])
    truth = (sum(range(1, 7)) + sum(range(1, 5))) / 10
    assert abs(np.mean(ours) - truth) < 0.08 and np.mean(theirs) < truth - 0.3
    post = ((d["g"] > 0) & (d["t"] >= d["g"])).cast(float)
    assert got.two_way[0] == pytest.approx(
        regress(d["y"], post, fixed_effects=[d["unit"], d["t"]]).estimate[0], rel=1e-8
    )


@pytest.mark.parametrize(
    ("method", "se"),
    [("callaway-santanna", "neyman"), ("callaway-santanna", "influence"), ("roth-santanna", "neyman")],
)
def test_intervals_cover(method, se):
    rng, hit = np.random.default_rng(1), 0
    for _ in range(150):
        one = staggered_effect(rollout(rng, lambda e: 1.0, n=120), **COLUMNS, method=method, se=se).simple
        hit += one.low <= 1 <= one.high
    low, high = clopper_pearson(hit, 150, level=0.999)
    assert high >= 0.94 and low <= 0.98  # the design's error is conservative where effects differ


def test_the_efficient_estimate_is_more_precise_under_a_drawn_timing():
    rng = np.random.default_rng(2)
    d = rollout(rng, lambda e: 1.0)
    a, b = (staggered_effect(d, **COLUMNS, method=m).simple.std_error for m in ("roth-santanna", "callaway-santanna"))
    assert a < b


def test_a_difference_before_the_start_is_said():
    bent = staggered_effect(rollout(np.random.default_rng(3), lambda e: 0.0, trend=0.8), **COLUMNS)
    assert bent.pretrend[2] < 0.01 and any("already differed" in c for c in bent.cautions)
    straight = [
        staggered_effect(rollout(np.random.default_rng(s), lambda e: 1.0), **COLUMNS).pretrend[2] for s in range(60)
    ]
    assert clopper_pearson(sum(p < 0.05 for p in straight), 60, level=0.999)[0] <= 0.05


def test_aggregates_are_weighted_means_of_cells():
    got = staggered_effect(rollout(np.random.default_rng(4), lambda e: 1.0 + e), **COLUMNS)
    post = [e.value for (g, t), e in got.cells.items() if t >= g]
    assert got.simple.value == pytest.approx(np.mean(post))  # cohorts of one size
    assert got.dynamic[1].value == pytest.approx(np.mean([got.cells[(3, 4)].value, got.cells[(5, 6)].value]))
    assert got.calendar[3].value == pytest.approx(got.cells[(3, 3)].value)
    assert set(got.group) == {3, 5} and got.tidy().height == 1 + len(got.dynamic) + len(got.group) + len(got.calendar)
    assert got.to_dict()["simple"]["value"] == got.simple.value


def test_never_treated_may_be_left_empty_be_nought_or_endless():
    """R's `did` writes 0, `staggered` writes Inf, tables leave the place empty."""
    d = rollout(np.random.default_rng(6), lambda e: 1.0, n=30).with_columns(pl.col("g").cast(pl.Float64))
    last = pl.col("g") == pl.col("g").max()
    seen = [
        staggered_effect(
            d.with_columns(g=pl.when(last).then(never).otherwise("g")), **COLUMNS, control="never"
        ).simple.value
        for never in (None, 0.0, float("inf"))
    ]
    assert seen[0] == seen[1] == seen[2]


def test_rollouts_refuse():
    d = rollout(np.random.default_rng(5), lambda e: 0.0, n=30)
    with pytest.raises(BadInput, match="two rows"):
        staggered_effect(pl.concat([d, d[:1]]), **COLUMNS)
    with pytest.raises(BadInput, match="has no row"):
        staggered_effect(d[1:], **COLUMNS)
    with pytest.raises(BadInput, match="changes within"):
        staggered_effect(
            d.with_columns(g=pl.when((pl.col("unit") == 0) & (pl.col("t") == 2)).then(7).otherwise(pl.col("g"))),
            **COLUMNS,
        )
    with pytest.raises(BadInput, match="no column 'when'"):
        staggered_effect(d, **(COLUMNS | {"time": "when"}))
    with pytest.raises(TooFew, match="nothing can be compared"):
        staggered_effect(d.with_columns(g=pl.lit(4)), **COLUMNS)
    with pytest.raises(BadInput, match="se='neyman'"):
        staggered_effect(d, **COLUMNS, method="roth-santanna", se="influence")
