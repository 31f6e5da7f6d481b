"""Areas with few answers."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import small_areas, smooth_variances

#: average spending on fresh milk in 43 areas of the United States, 1989: direct estimate, its standard deviation, major area
#: (Arora & Lahiri 1997, Statistica Sinica 7; major areas of You & Chapman 2006)
MILK = [
    (1.099, 0.163, 1), (1.075, 0.08, 1), (1.105, 0.083, 1), (0.628, 0.109, 1), (0.753, 0.119, 1), (0.981, 0.141, 1),
    (1.257, 0.202, 1), (1.095, 0.127, 2), (1.405, 0.168, 2), (1.356, 0.178, 2), (0.615, 0.1, 2), (1.46, 0.201, 2),
    (1.338, 0.148, 2), (0.854, 0.143, 2), (1.176, 0.149, 3), (1.111, 0.145, 3), (1.257, 0.135, 3), (1.43, 0.172, 3),
    (1.278, 0.137, 3), (1.292, 0.163, 3), (1.002, 0.125, 3), (1.183, 0.247, 3), (1.044, 0.14, 3), (1.267, 0.171, 3),
    (1.193, 0.106, 3), (0.791, 0.121, 4), (0.795, 0.121, 4), (0.759, 0.259, 4), (0.796, 0.106, 4), (0.565, 0.089, 4),
    (0.886, 0.225, 4), (0.952, 0.205, 4), (0.807, 0.119, 4), (0.582, 0.067, 4), (0.684, 0.106, 4), (0.787, 0.126, 4),
    (0.44, 0.092, 4), (0.759, 0.132, 4), (0.77, 0.1, 4), (0.8, 0.113, 4), (0.756, 0.083, 4), (0.865, 0.121, 4),
    (0.64, 0.129, 4),
]  # fmt: skip


def test_the_published_milk_example():
    """Coefficients and variance as the manual of R's sae prints them (Molina & Marhuenda 2015)."""
    direct, sd, major = np.array(MILK).T
    found = small_areas(direct, sd**2, covariates=np.column_stack([major == k for k in (2, 3, 4)]))
    assert found.between == pytest.approx(0.01855022, rel=2e-5)
    assert found.coefficients == pytest.approx([0.9681890, 0.1327801, 0.2269462, -0.2413011], rel=2e-6)
    assert found.coefficients_error == pytest.approx([0.06936208, 0.10300072, 0.09232981, 0.08161707], rel=1e-5)


def test_an_area_borrows_by_how_little_it_knows():
    direct, variance = np.array([40.0, 50, 60, 55, 45, 52]), np.array([1.0, 1, 1, 100, 1, 1])
    found = small_areas(direct, variance, names=list("abcdef"), n=[90, 90, 90, 2, 90, 90])
    own = found.between / (found.between + variance)
    assert found.own_share == pytest.approx(own)
    assert found["d"].value == pytest.approx(own[3] * 55 + (1 - own[3]) * found.coefficients[0])
    assert "borrowed from the other areas" in found["d"].cautions[0]
    assert found.tidy()["area"].to_list() == list("abcdef")
    assert found.to_dict()["areas"][3]["n"] == 2


def test_an_area_where_nobody_answered_rests_on_the_others():
    x = np.arange(8.0)
    direct = 10 + 2 * x + np.array([0.1, -0.2, 0.1, 0, np.nan, 0.2, -0.1, -0.1])
    found = small_areas(direct, np.full(8, 0.05), covariates=x)
    assert found.own_share[4] == 0
    assert found.estimates[4].value == pytest.approx(18, abs=0.3)
    assert "100% of this estimate is borrowed" in found.estimates[4].cautions[0]


def many_towns(draws, seed):
    """Intervals that hold the truth, and squared error beside that of the areas' own answers."""
    rng = np.random.default_rng(seed)
    hits = areas = own_error = error = 0
    for _ in range(draws):
        n = rng.integers(5, 40, 30)
        truth, variance = 55 + rng.normal(0, 5, 30), 225.0 / n
        direct = rng.normal(truth, np.sqrt(variance))
        found = small_areas(direct, variance)
        hits += sum(e.low <= t <= e.high for e, t in zip(found.estimates, truth, strict=True))
        areas += 30
        own_error += np.sum((direct - truth) ** 2)
        error += sum((e.value - t) ** 2 for e, t in zip(found.estimates, truth, strict=True))
    return hits, areas, error / own_error


def test_borrowing_is_nearer_the_truth_and_its_intervals_hold():
    hits, areas, ratio = many_towns(60, 1)
    assert ratio < 0.8
    low, high = clopper_pearson(hits, areas, level=0.999)
    assert low <= 0.97
    assert high >= 0.93


@pytest.mark.truth
def test_small_area_intervals_long():
    hits, areas, _ = many_towns(1_000, 2)
    low, high = clopper_pearson(hits, areas, level=0.999)
    assert low <= 0.97
    assert high >= 0.93


def test_variances_are_pooled_because_a_dozen_answers_cannot_tell_their_own():
    found = smooth_variances([4.0, 16.0, np.nan], [3, 9, 0])
    assert found[:2] == pytest.approx([(4 * 2 + 16 * 8) / 10 / 3, (4 * 2 + 16 * 8) / 10 / 9])
    assert np.isnan(found[2])


def test_what_cannot_be_borrowed_is_said():
    with pytest.raises(TooFew, match="3 areas have answers"):
        small_areas([1.0, 2, 3], [1, 1, 1])
    with pytest.raises(BadInput, match="row 2: an area's own estimate needs a variance above 0"):
        small_areas([1.0, 2, 3, 4, 5, 6], [1, 0, 1, 1, 1, 1])
    with pytest.raises(BadInput, match="same thing twice"):
        small_areas(np.arange(6.0), np.ones(6), covariates=np.ones(6))
    with pytest.raises(BadInput, match="known of every area"):
        small_areas(np.arange(6.0), np.ones(6), covariates=[1, 2, np.nan, 3, 4, 5])
