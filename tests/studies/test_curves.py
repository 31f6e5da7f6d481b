"""The whole curve within each value of a group, on request."""

import polars as pl
import pytest

from commonbeat import city, studies
from commonbeat.errors import BadInput
from commonbeat.report.sections.study import study as page
from commonbeat.studies.plan import Plan


@pytest.fixture(scope="module")
def town():
    return city.build(seed=7, residents=6_000).tables


@pytest.fixture(scope="module")
def plan():
    from pathlib import Path

    return Plan.read(Path(studies.__file__).parent / "plans" / "visits.toml")


@pytest.fixture(scope="module")
def found(plan, town):
    return studies.run(plan, town, by="race")


def test_each_curve_is_the_study_of_those_people_alone(found, plan, town):
    people = town["respondents"].filter((pl.col("race") == "white") | (pl.col("ring") == "officer"))
    alone = studies.run(plan, {**town, "respondents": people})
    told = {(f.ring, f.wave): f.effect for f in found.curves if f.value == "race white"}
    assert len(told) == 12  # four rings, three waves
    for f in alone.rings:
        if f.ring != "officer":
            assert told[f.ring, f.wave].value == pytest.approx(f.effect.value, abs=1e-9)
            assert told[f.ring, f.wave].n == f.effect.n


def test_intervals_of_all_pictures_hold_at_once_and_officers_are_not_divided(found):
    assert "officer" not in {f.ring for f in found.curves}
    levels = {f.effect.level for f in found.curves if f.effect.value is not None}
    assert len(levels) == 1 and levels.pop() > found.rings[0].effect.level > 0.95
    mine = {f.value: f.effect for f in found.curves if (f.ring, f.wave) == ("participant", 21)}
    for f in found.groups:
        if f.group == "race" and f.effect.value is not None:
            assert mine[f.value].value == pytest.approx(f.effect.value)


def test_no_small_cell_leaves_and_none_can_be_had_by_subtraction(found):
    out = studies.released(found)
    for point in {(f.ring, f.wave) for f in found.curves}:
        before = [f for f in found.curves if (f.ring, f.wave) == point]
        after = [f for f in out.curves if (f.ring, f.wave) == point]
        small = [f.effect.n is not None and f.effect.n < 5 for f in before]
        hidden = [f.effect.n is None for f in after]
        assert all(h for s, h in zip(small, hidden) if s)
        assert sum(hidden) != 1 or not any(small)


def test_a_picture_for_each_value_and_a_caution_where_nobody_had_named_the_group(found, plan, town):
    blocks = page(studies.released(found)).blocks
    titles = [b.chart.title for b in blocks if hasattr(b, "chart")]
    assert sum(t.startswith("Effect on trust: race ") for t in titles) == len({f.value for f in found.curves})
    said = " ".join(b.text for b in blocks if hasattr(b, "text"))
    assert "This group was not named in the plan" not in said
    unnamed = studies.run(plan, town, by="age_band")
    assert "This group was not named in the plan" in " ".join(
        b.text for b in page(unnamed).blocks if hasattr(b, "text")
    )


def test_what_is_no_group_is_refused_with_the_groups(plan, town):
    with pytest.raises(BadInput, match='"shoe size" is not a group; the groups are'):
        studies.run(plan, town, by="shoe size")


def test_nothing_is_computed_unless_it_is_asked_for(plan, town):
    assert studies.run(plan, town).to_dict()["curves"] == []
