"""Scores, flags, reliability and invariance: examples, truth by simulation, refusals."""

import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import flag_careless, invariance, reliability, score, with_and_without


def test_percent_of_the_scale_with_a_reversed_question():
    found = score(pl.DataFrame({"fair": [1, 4], "rude": [4, 1]}), scale=(1, 4), reverse=["rude"])
    assert list(found.values) == [((1 - 1) / 3 + (4 - 4) / 3) / 2 * 100, ((4 - 1) / 3 + (4 - 1) / 3) / 2 * 100]


def test_questions_on_different_scales_meet_on_0_to_100():
    found = score(pl.DataFrame({"a": [5], "b": [4]}), scale={"a": (0, 10), "b": (1, 4)})
    assert list(found.values) == [(5 / 10 + 3 / 3) / 2 * 100]


def test_missing_answers_follow_the_stated_rule():
    items = pl.DataFrame({"a": [1, 1, None], "b": [3, None, None], "c": [2, None, 2]})
    found = score(items, how="mean", at_least=0.5)
    assert found.values[0] == (1 + 3 + 2) / 3
    assert np.isnan(found.values[1:]).all()
    assert (found.scored, found.left_out) == (1, 2)
    assert "at least 50%" in found.method
    assert score(items, how="mean", at_least=0.3).values[1] == 1


def test_sum_of_z_scores_against_a_reference_group():
    items = pl.DataFrame({"a": [0.0, 2.0, 4.0], "b": [1.0, 3.0, 8.0]})
    found = score(items, how="z", reference=[True, True, False])
    sd = np.std([0, 2], ddof=1)
    assert found.values[2] == pytest.approx((4 - 1) / sd + (8 - 2) / sd)


def test_the_first_component_follows_what_the_questions_share():
    rng = np.random.default_rng(1)
    trust = rng.normal(0, 1, 2_000)
    items = trust[:, None] * [1, 1, 0.9, -1] + rng.normal(0, 0.6, (2_000, 4))
    found = score(items, how="component", reverse=[3])
    assert np.corrcoef(found.values, trust)[0, 1] > 0.95
    assert found.explained == pytest.approx(np.linalg.eigvalsh(np.corrcoef(items, rowvar=False))[-1] / 4)


def test_an_answer_outside_its_scale_is_named_with_its_row():
    with pytest.raises(BadInput, match=r"line 2: `b`: the answer 7 lies outside its scale 1 to 4") as caught:
        score(pl.DataFrame({"a": [1, 2], "b": [3, 7]}), scale=(1, 4))
    assert (caught.value.problems[0].line, caught.value.problems[0].value) == (2, 7)
    with pytest.raises(BadInput, match="needs its `scale`"):
        score(pl.DataFrame({"a": [1, 2]}), how="mean", reverse=["a"])
    with pytest.raises(TooFew, match="Nobody answered"):
        score(pl.DataFrame({"a": [None, None], "b": [None, None]}), how="mean")
    with pytest.raises(BadInput, match="answered alike"):
        score(pl.DataFrame({"a": [1, 1], "b": [1, 2]}), how="z")


def test_straight_lines_and_hurry_are_marked_and_nobody_is_dropped():
    items = np.array([[4, 4, 4, 4], [1, 4, 2, 3], [3, 3, 3, 3], [2, 2, 2, np.nan]])
    found = flag_careless(items, seconds=[60, 5, 60, 70], reverse=[3], middle=3)
    assert list(found.straight) == [True, False, True, False]  # three answers are too few to judge
    assert list(found.contradictory) == [True, False, False, False]  # the middle may be meant both ways
    assert list(found.hurried) == [False, True, False, False]
    both = with_and_without([10.0, 20.0, 30.0, 40.0], found)
    assert (both.everybody.value, both.without_flagged.value, both.flagged) == (25, 35, 2)
    plain = flag_careless(items)
    assert not plain.contradictory.any()
    assert "worded the other way round" in plain.cautions[0]
    assert plain.to_dict()["straight"] == 2


def test_alpha_by_hand_and_its_refusals():
    items = np.array([[1.0, 2], [2, 3], [3, 5], [4, 4]])
    v = np.cov(items, rowvar=False)
    assert reliability(items).alpha.value == pytest.approx(2 * (1 - np.trace(v) / v.sum()))
    with pytest.raises(TooFew, match="at least two"):
        reliability(items[:, :1])
    with pytest.raises(TooFew, match="1 people answered all"):
        reliability([[1, 2], [None, 3], [3, None]])
    with pytest.raises(BadInput, match=r"same answer \(2\) to `1`"):
        reliability([[1, 2], [2, 2], [3, 2]])
    with pytest.raises(BadInput, match="not among the questions"):
        reliability(items, reverse=["x"])


def test_a_question_that_points_the_other_way_is_said():
    rng = np.random.default_rng(2)
    trust = rng.normal(0, 1, 500)
    items = pl.DataFrame({k: s * trust + rng.normal(0, 1, 500) for k, s in {"a": 1, "b": 1, "c": 1, "d": -1}.items()})
    assert any("`d` goes against the others" in c for c in reliability(items).cautions)
    mended = reliability(items, reverse=["d"])
    assert not mended.cautions
    assert mended.omega == pytest.approx(mended.alpha.value, abs=0.02)  # equal loadings: omega is alpha
    assert mended.to_dict()["one_factor"]["df"] == 2
    assert mended.tidy()["item"].to_list() == ["a", "b", "c", "d"]


def two_groups(rng, n, shift=0.0, loading=1.0):
    """Five questions on one factor; for b the third is easier by `shift` and follows trust by `loading`."""
    trust = np.r_[rng.normal(0, 1, n), rng.normal(0.4, 1, n)]
    slope = np.ones((2 * n, 5))
    slope[n:, 2] = loading
    items = 3 + trust[:, None] * slope + rng.normal(0, 0.8, (2 * n, 5))
    items[n:, 2] += shift
    return items, np.repeat(["a", "b"], n)


def test_a_fair_questionnaire_passes_and_a_loaded_question_does_not():
    rng = np.random.default_rng(3)
    fair = invariance(*two_groups(rng, 400))
    assert fair.holds == "scalar"
    assert fair.factor_means[1, 0] == pytest.approx(0.4, abs=0.2)
    loaded = invariance(*two_groups(rng, 400, shift=1.0))
    assert loaded.holds == "metric"
    assert not loaded.means_compare
    assert "must not be compared" in loaded.cautions[-1]
    assert invariance(*two_groups(rng, 400, loading=0.2)).holds == "configural"


def test_the_step_to_equal_intercepts_raises_few_false_alarms():
    rng = np.random.default_rng(4)
    p = np.array([invariance(*two_groups(rng, 150)).steps[2].p_value for _ in range(30)])
    assert clopper_pearson(np.sum(p < 0.05), 30, level=0.999)[0] <= 0.05
    assert np.mean(p) > 0.3


def test_groups_too_small_to_compare_are_named():
    items, group = two_groups(np.random.default_rng(5), 60)
    group[:40] = "c"
    with pytest.raises(TooFew, match="`a` has 20 people"):
        invariance(items, group)
    with pytest.raises(TooFew, match="nobody to be compared with"):
        invariance(items, np.repeat("a", 120))
    with pytest.raises(BadInput, match="not among"):
        invariance(items, np.repeat(["a", "b"], 60), factors={"f": ["0", "9"]})
