"""Trust over time: the same people, different people, and noise."""

import datetime as dt

import numpy as np
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.stats import clopper_pearson
from commonbeat.trust import estimate_level, read_pas, track


def test_the_same_people_are_compared_with_themselves():
    y, wave, person = [10.0, 20, 30, 12, 22, 35], [0, 0, 0, 1, 1, 1], list("abcabc")
    (step,) = track(y, wave, person=person).steps
    rises = [12 - 10, 22 - 20, 35 - 30]
    assert step.same_people.value == pytest.approx(np.mean(rises))
    assert step.same_people.std_error == pytest.approx(np.std(rises, ddof=1) / np.sqrt(3))
    assert step.all_answers.value == pytest.approx(np.mean([12, 22, 35]) - np.mean([10, 20, 30]))
    assert step.stayed == 1


def test_a_panel_sees_what_different_people_hide():
    rng = np.random.default_rng(1)
    base = rng.normal(50, 15, 200)
    y = np.r_[base, base + 2 + rng.normal(0, 4, 200)]
    wave = np.repeat(["2024-Q1", "2024-Q2"], 200)
    panel = track(y, wave, person=np.tile(np.arange(200), 2))
    apart = track(y, wave)
    assert panel.kind == "panel"
    assert apart.kind == "cross_sections"
    assert panel.steps[0].same_people.low > 0
    assert apart.steps[0].all_answers.low < 0
    assert apart.steps[0].same_people is None
    assert panel.steps[0].all_answers.std_error < 0.5 * apart.steps[0].all_answers.std_error


def test_who_left_is_said():
    y = np.arange(30.0) % 7
    found = track(np.r_[y, y[:15] + 1], np.repeat([0, 90], [30, 15]), person=np.r_[np.arange(30), np.arange(15)])
    assert found.steps[0].stayed == 0.5
    assert found.steps[0].same_people.value == pytest.approx(1)
    assert any("50% of the people answered again" in c for c in found.cautions)


def test_dates_stand_in_order_and_waves_are_numbers():
    days = np.array([dt.date(2024, 12, 1)] * 3 + [dt.date(2024, 2, 1)] * 3)
    assert track(np.arange(6.0), days.astype("datetime64[D]")).waves == ("2024-02-01", "2024-12-01")
    assert track(np.arange(6.0), [90, 90, 90, 3, 3, 3]).waves == ("3", "90")


def test_a_change_is_found_and_noise_is_not():
    rng = np.random.default_rng(2)
    wave = np.repeat(np.arange(8), 150)
    quiet = rng.normal(55, 15, 1_200)
    moved = track(quiet + 6 * (wave >= 5), wave, rng=3)
    assert moved.changes.breaks == (5,)
    alarms = sum(
        bool(track(rng.normal(55, 15, 400), np.repeat(np.arange(8), 50), rng=k).changes.breaks) for k in range(40)
    )
    assert clopper_pearson(alarms, 40, level=0.999)[0] <= 0.05


def test_no_draw_no_interval_over_time_either():
    found = track(np.arange(40.0), np.repeat(np.arange(4), 10), sample="open_link", rng=1)
    assert found.changes is None
    assert all(x.low is None for x in found.levels)
    assert found.steps[0].all_answers.low is None
    assert found.steps[0].all_answers.value == pytest.approx(10)


def test_what_cannot_be_followed_is_said():
    with pytest.raises(BadInput, match=r"line 1: this person has 2 answers in wave 0"):
        track([1.0, 2, 3], [0, 0, 1], person=["a", "a", "a"])
    with pytest.raises(TooFew, match="one wave"):
        track([1.0, 2], [0, 0])
    with pytest.raises(BadInput, match="mixes numbers and words"):
        track([1.0, 2], np.array([0, "later"], dtype=object))


@pytest.mark.real
def test_london_s_published_levels_are_read(real):
    """32 boroughs, 37 quarters, 8 measures; decimal commas, day first, one borough spelled in two ways, no n anywhere."""
    found = read_pas(real("london_pas/PAS_Dashboard_Borough.csv"))
    assert len(found.table) == 9_312
    assert found.table["area"].n_unique() == 32
    assert found.renamed == {"Richmond Upon Thames": "Richmond upon Thames"}
    assert (found.table["date"].min(), found.table["date"].max()) == (dt.date(2014, 12, 31), dt.date(2023, 12, 31))
    assert len(found.series("Trust MPS", "Richmond upon Thames")) == 32
    assert len(found.series("Listen to concerns", "Camden")) == 37
    latest = found.levels("Understand issues")["Wandsworth"]
    assert (latest.value, latest.n, latest.low) == (56, None, None)
    assert "without n" in latest.cautions[0]
    assert found.to_dict()["areas"] == 32


def test_a_published_table_that_cannot_be_read_is_named_line_by_line(tmp_path):
    path = tmp_path / "pas.csv"
    head = "Date,Survey,Borough,Measure,Proportion,MPS\n"
    path.write_text(head + '2023-01-31,PAS,A,Trust,"0,5",\n31/1/2023,PAS,B,Trust,lots,\n31/1/2023,PAS,B,Trust,1.4,\n')
    with pytest.raises(BadInput) as caught:
        read_pas(path)
    assert [p.line for p in caught.value.problems] == [2, 3, 4]
    assert "day/month/year" in str(caught.value.problems[0])
    path.write_text(head + '31/1/2023,PAS,B,Trust,"0,5",\n31/1/2023,PAS,B,Trust,51%,\n')
    with pytest.raises(BadInput, match="published 2 times"):
        read_pas(path)
    path.write_text("Day,Borough\n1,2\n")
    with pytest.raises(BadInput, match="no column `Date`"):
        read_pas(path)


def test_levels_by_wave_equal_levels_of_each_wave():
    rng = np.random.default_rng(3)
    y, wave = rng.normal(0, 1, 60), np.repeat([0, 1, 2], 20)
    found = track(y, wave)
    assert found.levels[1].value == pytest.approx(estimate_level(y[wave == 1]).value)
    assert found.tidy().height == 3
