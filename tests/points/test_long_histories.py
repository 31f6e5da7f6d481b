"""Long histories: the pass with second slopes against the plain one, Newton against climbing, and where it steps aside."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import points
from commonbeat.points import climbing, likelihood, long


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.booleans())
def test_one_pass_says_what_the_plain_kernel_says(seed, free):
    rng = np.random.default_rng(seed)
    t = np.sort(np.round(rng.uniform(0, 40, rng.integers(2, 60)), 1))  # with ties
    background = "constant" if free else "none"
    data = points.prepare(t, (0.0, 45.0), None, None, "exponential", background)
    x = points.vector(data, background=0.7, ratio=0.6, half_life=1.3)
    ll, gradient, curvature = long.second_order(data, x)
    plain, slope = points.value(data, x)
    assert ll == pytest.approx(plain, rel=1e-10, abs=1e-9)
    assert gradient == pytest.approx(slope, rel=1e-9, abs=1e-9)
    steps = 1e-5 * np.eye(x.size)
    rise = [(points.value(data, x - e)[1] - points.value(data, x + e)[1]) / 2e-5 for e in steps]
    assert curvature == pytest.approx(np.array(rise), rel=1e-5, abs=1e-5)


def history(rng, n, ratio=0.6):
    t = points.simulate(
        rng, branching_ratio=ratio, half_life=1.0, window=(0, 1.1 * n * (1 - ratio)), background_rate=1.0
    ).times[:n]
    return t, (0.0, float(t[-1]))


def test_newton_comes_where_climbing_comes(monkeypatch):
    t, window = history(np.random.default_rng(1), 210_000)
    data = points.prepare(t, window, None, None, "exponential", "constant")
    assert long.is_long(data)
    best, top = climbing.maximise(data, 2)
    monkeypatch.setattr(long, "LONG", 10**9)
    slow, reached = climbing.climb(data, best + 0.05, climbing.bounds_of(data))
    assert best == pytest.approx(slow, abs=2e-4) and top >= reached - 1e-3


def test_the_curvature_gives_the_interval_the_profile_gives(monkeypatch):
    t, window = history(np.random.default_rng(2), 60_000)
    profile = points.fit(t, window=window, starts=1)
    monkeypatch.setattr(long, "LONG", 1_000)
    monkeypatch.setattr(climbing, "PROFILE_UP_TO", 1_000)
    curved = points.fit(t, window=window, starts=1)
    for name in ("background_rate", "branching_ratio", "half_life"):
        a, b = getattr(profile, name), getattr(curved, name)
        assert [b.value, b.low, b.high] == pytest.approx([a.value, a.low, a.high], rel=3e-3)


def test_noise_has_no_parabola_and_the_profile_says_so(monkeypatch):
    monkeypatch.setattr(long, "LONG", 1_000)
    monkeypatch.setattr(climbing, "PROFILE_UP_TO", 1_000)
    t = np.sort(np.random.default_rng(3).uniform(0, 3000, 3000))
    found = points.fit(t, window=(0, 3000), starts=2)
    assert found.verdict == "no_excitation_seen" and found.branching_ratio.low == 0.0


@settings(max_examples=40, deadline=None)
@given(st.floats(0.05, 5.0), st.floats(-3.0, 5.0))
def test_the_exponentials_left_out_carry_less_than_a_millionth(tail, log_half):
    """The sum over the exponentials in use, against the power law itself, from no delay to the longest."""
    t = np.sort(np.random.default_rng(4).uniform(0, 1000, 400))
    data = points.prepare(t, (0.0, 1000.0), None, None, "power_law", "constant")
    c = 10**log_half * 0.05 / (2 ** (1 / tail) - 1)
    c = max(c, points.shortest_gap(data.times, data.ends) / 4)
    nodes = likelihood.needed(data, tail, c)
    assert nodes.size % 2 == 0 and nodes.size <= data.nodes.size
    delay = np.r_[0.0, np.geomspace(1e-3, 1000.0, 200)]
    exact = tail * c**tail * (delay + c) ** -(1 + tail)
    found = np.exp(-np.outer(delay, nodes)) @ likelihood.coefficients_of(nodes, tail, c)[0]
    inside = delay + c <= 2000.0
    assert found[inside] == pytest.approx(exact[inside], rel=1e-6)
