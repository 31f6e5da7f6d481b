"""The quick bootstrap of a half-life against the slow way: one fit and one curve for every redraw."""

import numpy as np
import pytest

from commonbeat.design import codes_of
from commonbeat.trust.decay import fit_curve
from commonbeat.trust.persistence import _by_wave
from commonbeat.trust.redrawn_waves import _rates, _sums, redraw_half_life

TIMES = np.array([0.0, 3.0, 10.0, 21.0, 45.0, 90.0])


def people(seed, n=200):
    rng = np.random.default_rng(seed)
    arm = np.repeat(rng.integers(0, 2, n), 6)
    y = 60 + np.repeat(rng.normal(0, 5, n), 6) + 12 * arm * 0.5 ** (np.tile(TIMES, n) / 30) + rng.normal(0, 5, 6 * n)
    kept = rng.random(6 * n) < 0.85
    r = {
        "y": y,
        "group_person": np.repeat(np.arange(n), 6),
        "block": np.repeat(np.arange(n) % 4, 6),
        "weights": np.repeat(rng.uniform(1, 3, n), 6),
    }
    w = codes_of(np.tile(TIMES, n), "wave")[1]
    return {k: v[kept] for k, v in r.items()}, arm[kept].astype(float), w[kept]


def test_cross_products_give_the_effects_that_a_fit_gives():
    r, z, w = people(1)
    _, slow, _ = _by_wave(r, z, TIMES, w, 0.95, "")
    cross, right, k = _sums(r, z, TIMES, w)
    quick = (np.linalg.pinv(cross.sum(0), hermitian=True) @ right.sum(0))[:k]
    assert quick == pytest.approx([e.value for e in slow], rel=1e-8)


def test_a_grid_of_rates_finds_what_the_curve_finds():
    rng = np.random.default_rng(2)
    v = np.diag(rng.uniform(0.5, 2, 6)) + 0.3
    effects = 10 * 0.5 ** (TIMES / 25) + rng.multivariate_normal(np.zeros(6), v, 12)
    quick = _rates(effects, TIMES, np.linalg.cholesky(np.linalg.inv(v)).T)
    slow = [fit_curve(TIMES, e, v).parameters["rate"].value for e in effects]
    assert quick == pytest.approx(slow, rel=2e-3)


def test_redraws_of_people_agree_with_the_slow_way():
    r, z, w = people(3)
    _, _, v = _by_wave(r, z, TIMES, w, 0.95, "")
    low, high = redraw_half_life(r, z, TIMES, w, v, draws=2_000, seed=1, level=0.95)
    members = [np.flatnonzero(r["group_person"] == p) for p in range(200)]
    rng, half = np.random.default_rng(4), []
    for _ in range(150):
        pick = rng.integers(0, 200, 200)
        at = np.concatenate([members[p] for p in pick])
        fresh = np.repeat(np.arange(200), [len(members[p]) for p in pick])
        part = {k: r[k][at] for k in ("y", "block", "weights")} | {"cluster": fresh}
        _, effects, _ = _by_wave(part, z[at], TIMES, w[at], 0.95, "")
        half.append(np.log(2) / fit_curve(TIMES, [e.value for e in effects], v).parameters["rate"].value)
    slow = np.quantile(half, [0.025, 0.975])
    assert (low, high) == pytest.approx(slow, rel=0.15)  # 150 redraws place a tail to about a tenth


def test_growth_has_no_half_life_and_the_same_seed_gives_the_same():
    r, z, w = people(5)
    r["y"] = r["y"] + 0.3 * z * TIMES[w]
    _, _, v = _by_wave(r, z, TIMES, w, 0.95, "")
    one, two = (redraw_half_life(r, z, TIMES, w, v, draws=300, seed=9, level=0.95) for _ in range(2))
    assert one == two
    assert one[1] == float("inf")
