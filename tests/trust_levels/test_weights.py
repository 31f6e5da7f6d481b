"""Weights that meet what is known of the population, and what they cost."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat.errors import BadInput
from commonbeat.trust import calibrate, estimate_level, kish, poststratify, rake, trim

SAMPLE = {"sex": ["f", "f", "f", "m"], "age": ["young", "old", "old", "young"]}


def test_poststratification_is_a_division():
    found = poststratify(SAMPLE, {"sex": {"f": 60, "m": 40}})
    assert list(found.weights) == [60 / 3, 60 / 3, 60 / 3, 40 / 1]
    assert found.design_effect == pytest.approx(4 * (3 * 20**2 + 40**2) / 100**2)
    assert found.effective_n == pytest.approx(4 / found.design_effect)


def test_cells_of_two_columns():
    people = {"sex": ["f", "f", "m", "m"], "age": ["young", "old", "young", "old"]}
    cells = {("f", "young"): 10, ("f", "old"): 20, ("m", "young"): 30, ("m", "old"): 40}
    assert list(poststratify(people, {("sex", "age"): cells}).weights) == [10, 20, 30, 40]


def test_raking_meets_every_margin():
    found = rake(SAMPLE, {"sex": {"f": 60, "m": 40}, "age": {"young": 50, "old": 50}})
    w = np.asarray(found)
    assert w == pytest.approx([50 - 40, 50 / 2, 50 / 2, 40])  # the only man stands for all men, and he is young
    assert found.to_dict()["worst_margin"] < 1e-9


def slow_rake(people, margins, weights):
    """The obvious twin: person by person, margin by margin, until nothing moves."""
    w = np.array(weights, float)
    for _ in range(20_000):
        before = w.copy()
        for column, totals in margins.items():
            for category, total in totals.items():
                here = people[column] == category
                w[here] *= total / w[here].sum()
        if np.abs(w - before).max() < 1e-13 * w.max():
            break
    return w


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(30, 120), kind=st.integers(0, 3))
def test_raking_equals_its_slow_twin(seed, n, kind):
    rng = np.random.default_rng(seed)
    sizes = {"a": 2, "b": 3, "c": 4}
    people = {k: rng.permutation(np.r_[np.arange(s), rng.integers(0, s, n - s)]) for k, s in sizes.items()}
    truth, base = rng.uniform(5, 20, n), rng.uniform(0.5, 2, n)
    margins = {k: {j: float(truth[people[k] == j].sum()) for j in range(s)} for k, s in sizes.items()}
    named = {k: {f"k{j}": t for j, t in m.items()} for k, m in margins.items()}
    words = pl.DataFrame({k: [f"k{v}" for v in column] for k, column in people.items()})
    frame, totals = [
        (pl.DataFrame(people), margins),
        (words, named),
        (words.with_columns(pl.all().cast(pl.Categorical)), named),
        (words.with_columns(pl.col(k).cast(pl.Enum([*named[k]])) for k in named), named),
    ][kind]
    assert np.asarray(rake(frame, totals, weights=base)) == pytest.approx(slow_rake(people, margins, base), rel=1e-7)


def test_margins_that_nearly_determine_one_another_need_few_steps():
    rng = np.random.default_rng(3)
    a = rng.integers(0, 2, 4_000)
    b = np.where(rng.random(4_000) < 0.002, 1 - a, a)
    found = rake({"a": a, "b": b}, {"a": {0: 2_000, 1: 2_000}, "b": {0: 1_997, 1: 2_003}})
    assert found.worst_margin < 1e-10
    assert found.steps < 450


@pytest.mark.parametrize(
    ("margins", "said"),
    [
        ({"sex": {"f": 60, "m": 40}, "age": {"young": 50, "old": 40}}, "`sex` sums to 100 people and `age` to 90"),
        ({"sex": {"f": 60, "m": 40, "x": 5}}, "`sex` = x stands for 5 people in the population and 0"),
        ({"sex": {"f": 100, "m": 0}}, "`sex` = m stands for 0 people in the population and 1"),
        ({"sex": {"f": 100}}, 'row 4: "m" has no total'),
        ({"city": {"f": 100}}, "no column `city`; the sample has sex, age"),
        ({"sex": {"f": -5, "m": 105}}, "0 or more people"),
        ({}, "No margins"),
    ],
)
def test_margins_that_cannot_meet_are_named(margins, said):
    with pytest.raises(BadInput, match=said):
        rake(SAMPLE, margins)


def test_margins_that_collide_only_together_are_named():
    people = {"a": ["x", "x", "y", "y"], "b": ["p", "p", "q", "q"]}  # whoever is x is p
    with pytest.raises(BadInput, match=r"still .* away from its total"):
        rake(people, {"a": {"x": 50, "y": 50}, "b": {"p": 60, "q": 40}})


def test_somebody_without_a_category_is_said():
    with pytest.raises(BadInput, match="missing for 1 people"):
        rake({"sex": ["f", None, "m"]}, {"sex": {"f": 1, "m": 1}})


def test_calibration_meets_a_sum_and_says_what_it_cannot():
    people = {"one": [1, 1, 1, 1], "income": [10.0, 20, 30, 40]}
    for how, bounds in (("linear", None), ("raking", None), ("logit", (0.5, 2))):
        w = np.asarray(calibrate(people, {"one": 4, "income": 104}, how=how, bounds=bounds))
        assert [w.sum(), w @ people["income"]] == pytest.approx([4, 104])
    with pytest.raises(BadInput, match=r"is still .* away"):
        calibrate(people, {"one": 4, "income": 150}, bounds=(0.9, 1.1))
    with pytest.raises(BadInput, match="needs `bounds`"):
        calibrate(people, {"one": 4}, how="logit")


def test_trimming_keeps_the_sum_and_states_the_bias():
    found = trim([1.0, 1.0, 1.0, 9.0], high=4)
    assert list(found.weights) == pytest.approx([1 + 5 / 3] * 3 + [4])
    assert found.trimmed == pytest.approx(5 / 12)
    assert "can bias" in found.cautions[0]
    with pytest.raises(BadInput, match="cannot all lie"):
        trim([1.0, 9.0], high=2)


def test_kish_by_hand():
    assert kish([1, 1, 2]) == pytest.approx((3 * (1 + 1 + 4) / 4**2, 4**2 / (1 + 1 + 4)))


def test_raking_takes_out_the_bias_that_the_margins_explain():
    """The town's truth: young people answer half as often and trust less. Raking mends it; the plain mean does not."""
    rng = np.random.default_rng(11)
    young = rng.random(20_000) < 0.5
    trust = np.where(young, 40, 60) + rng.normal(0, 10, 20_000)
    answers = rng.random(20_000) < np.where(young, 0.05, 0.10)
    people = pl.DataFrame({"age": np.where(young, "young", "old")[answers]})
    made = rake(people, {"age": {"young": int(young.sum()), "old": int((~young).sum())}})
    right, plain = estimate_level(trust[answers], weights=made), estimate_level(trust[answers])
    assert right.low < trust.mean() < right.high
    assert not plain.low < trust.mean() < plain.high
    assert right.std_error < plain.std_error  # what age explains is known, not sampled
