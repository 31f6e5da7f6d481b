"""Bands that hold at once, and how far an answer stands when trends bend."""

import numpy as np
import pytest
from trust_effects.test_staggered import COLUMNS, rollout

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson, largest_t
from commonbeat.trust import staggered_effect, trend_sensitivity
from commonbeat.trust.parallel_trends import _ends, _reach


def test_the_largest_of_independent_and_of_equal_ts():
    assert largest_t(np.eye(3)) == pytest.approx(2.3877, abs=0.03)  # Sidak: Phi^-1((1 + .95^(1/3)) / 2)
    assert largest_t(np.ones((3, 3))) == pytest.approx(1.95996, abs=0.03)
    assert largest_t(np.eye(1), df=4) == pytest.approx(2.7764, abs=0.05)


def test_bands_hold_all_at_once_and_single_intervals_do_not():
    rng, band, single = np.random.default_rng(1), 0, 0
    for _ in range(120):
        got = staggered_effect(rollout(rng, lambda e: 1.0, n=90), **COLUMNS)
        truth = np.array([float(e >= 0) for e in got.dynamic])
        t = got.tidy().filter(kind="dynamic")
        ends = t.select("band_low", "band_high", "conf_low", "conf_high").to_numpy().T
        band += bool(((ends[0] <= truth) & (truth <= ends[1])).all())
        single += bool(((ends[2] <= truth) & (truth <= ends[3])).all())
    assert clopper_pearson(band, 120, level=0.999)[1] >= 0.95 and clopper_pearson(band, 120, level=0.999)[0] <= 0.97
    assert clopper_pearson(single, 120, level=0.999)[1] < 0.95


def test_the_ends_by_hand_when_one_change_before_is_known():
    """One change d before the start: a bend of M allows M |d| per period; noise comes from both estimates."""
    d = rollout(np.random.default_rng(2), lambda e: 3.0)
    d = d.filter((d["g"] != 5) & (d["t"] <= 3))
    found = staggered_effect(d, **COLUMNS)
    (early, first), v = found.dynamic.values(), found.covariance["dynamic"]
    assert list(found.dynamic) == [-1, 0]
    got = trend_sensitivity(found, bends=[0, 2])
    assert (got.low[0], got.high[0]) == pytest.approx((first.low, first.high))
    ends = []
    for sign in (-1, 1):
        line = np.array([-2.0 * sign, 1.0])
        ends.append(line @ [early.value, first.value] - 1.959963984540054 * np.sqrt(line @ v @ line))
    assert got.low[1] == pytest.approx(min(ends)) and "only one change" in got.cautions[0]


def test_without_noise_the_ends_are_those_of_the_published_restriction():
    """diff-diff 3.13.0: changes of .3 and .2 before, effects 1.0 and 1.5 after, a bend of 1.5: 0.575 to 1.925."""
    weight = np.array([0.0, 0.0, 0.5, 0.5])
    ends = _ends(
        np.array([-0.3, -0.2, 1.0, 1.5]), np.zeros((4, 4)), weight, _reach([-2, -1, 0, 1], weight), [0, 1], 1.5, 1.96
    )
    assert ends == pytest.approx((0.575, 1.925))


def test_intervals_cover_when_trends_bend_as_far_as_allowed():
    """Before the start one cohort drifts by 0.4 a period, after it by 0.8: parallel trends miss, a bend of 2 covers."""
    rng, plain, honest = np.random.default_rng(3), 0, 0
    for _ in range(60):
        d = rollout(rng, lambda e: 1.0, n=600)
        d = d.filter((d["g"] != 5) & (d["t"] <= 5))
        t, g = d["t"].to_numpy(), d["g"].to_numpy()
        drift = np.where(g == 3, 0.4 * t + 0.4 * np.maximum(t - 2, 0), 0.0)
        found = staggered_effect(d.with_columns(y=d["y"] + drift), **COLUMNS)
        got = trend_sensitivity(found, bends=[0, 2])
        plain += got.low[0] <= 1 <= got.high[0]
        honest += got.low[1] <= 1 <= got.high[1]
    assert plain == 0 and clopper_pearson(honest, 60, level=0.999)[1] >= 0.95


def test_the_breakdown_is_where_the_interval_meets_zero():
    found = staggered_effect(rollout(np.random.default_rng(4), lambda e: 3.0), **COLUMNS)
    got = trend_sensitivity(found, at=1)
    assert got.breakdown > 0
    near = trend_sensitivity(found, at=1, bends=[got.breakdown * 0.999, got.breakdown * 1.001])
    assert near.low[0] > 0 > near.low[1]
    assert (np.diff(got.low) < 0).all() and (np.diff(got.high) > 0).all() and got.tidy().height == 5
    nothing = trend_sensitivity(staggered_effect(rollout(np.random.default_rng(5), lambda e: 0.0), **COLUMNS))
    assert nothing.breakdown == 0 and nothing.to_dict()["breakdown"] == 0


def test_what_cannot_be_asked():
    d = rollout(np.random.default_rng(6), lambda e: 1.0)
    with pytest.raises(BadInput, match="no trend to doubt"):
        trend_sensitivity(staggered_effect(d, **COLUMNS, method="roth-santanna"))
    found = staggered_effect(d, **COLUMNS)
    with pytest.raises(BadInput, match="periods after the start"):
        trend_sensitivity(found, at=40)
    with pytest.raises(BadInput, match="0 or more"):
        trend_sensitivity(found, bends=[-1])
    with pytest.raises(TooFew, match="no two periods before"):
        trend_sensitivity(staggered_effect(d.filter((d["g"] != 5) & (d["t"] >= 2)), **COLUMNS))
