"""What the square says of its numbers: nothing more than they hold, in words that follow from them."""

import numpy as np
import pytest
from django.utils import translation

from commonbeat.web.read import charts, making, words


@pytest.fixture(autouse=True)
def in_english(opened):
    with translation.override("en"):
        yield


def series(levels, *, error=1.0, n=400):
    return [{"label": f"2026-0{k + 1}-01", "value": v, "std_error": error, "n": n} for k, v in enumerate(levels)]


def test_a_fall_is_told_with_its_interval_and_without_a_cause():
    moved = making.trust_moved(series([57, 56, 57, 56, 51, 50]))
    assert (moved["kind"], moved["since"], moved["until"]) == ("moved", "2026-04-01", "2026-05-01")
    assert moved["value"] == -5
    assert moved["high"] - moved["low"] == pytest.approx(2 * 1.96 * np.sqrt(2))  # two rounds, an error of 1 each
    said = words.moved_sentence(moved)
    assert said.startswith("It fell by 5.0 points between Apr 2026 and May 2026 (95 % interval -7.8 to -2.2)")
    assert said.endswith("Why is another question.")


def test_what_chance_makes_is_not_told_as_a_change():
    rng, alarms = np.random.default_rng(5), 0
    for _ in range(200):
        alarms += making.trust_moved(series(rng.normal(56, 1, 8)))["kind"] == "moved"
    assert alarms <= 22  # 5 % promised: more than 22 of 200 in one of 1,000 runs
    assert "chance between rounds would not make" in words.moved_sentence(
        making.trust_moved(series([56, 56, 57, 56]))
    )


def test_few_rounds_tell_nothing_and_one_not_even_that():
    assert (
        words.moved_sentence(making.trust_moved(series([56, 40])))
        == "Asked too few times to tell a change from chance."
    )
    assert words.moved_sentence(making.trust_moved(series([56]))) == ""


def point(ring, days, value, low, high, verdict):
    return {
        "ring": ring,
        "days": days,
        "value": value,
        "low": low,
        "high": high,
        "verdict": verdict,
        "design": "randomised",
    }


ROWS = [
    point("participant", 3, 3.6, 1.1, 6.1, "moved"),
    point("participant", 21, 2.0, -0.6, 4.5, "too_few"),
    point("neighbour", 3, 0.1, -1.0, 1.2, "no_sign"),
    point("viewer", 3, None, None, None, "too_few"),
]


def test_the_picture_in_words_names_ring_and_day():
    assert words.ripple_sentence(ROWS) == (
        "Trust rose among: those who were met (day 3). No sign of movement among: those who live nearby. "
        "We cannot tell for: those who saw it online."
    )
    assert words.ripple_sentence([]) == "Too few to tell."


def test_what_cannot_be_told_is_an_empty_band_and_not_left_out():
    drawn = charts.ripple_curve(ROWS, words.ring_names())
    assert drawn.count('class="untold"') == 1
    assert "Those who saw it online, 3: cannot be told" in drawn
    assert charts.ripple_curve(ROWS[3:], words.ring_names()) == ""


def test_the_answer_of_a_study_stands_with_its_numbers():
    answer = {
        "ring": "participant",
        "wave": 21,
        "verdict": "no_sign",
        "value": -0.9,
        "low": -2.6,
        "high": 0.7,
        "smallest": 3.0,
    }
    assert words.answer_sentence(answer) == (
        "Those who were met, after 21 days: No sign that trust moved: more than +0.7 or less than -2.6 points is ruled out."
    )
    assert words.answer_sentence({}) == ""
    assert making.answer({}) == {}
