"""What is asked: wording, scales, licence, both sides, both languages; and the spreadsheet of field tools."""

import re
from pathlib import Path

import openpyxl
import pytest

import commonbeat.questionnaires as here
from commonbeat.errors import BadInput
from commonbeat.questionnaires import available, from_xlsform, load, read, to_xlsform


def test_the_questionnaires_that_come_with_the_program():
    assert available() == ("ess5-police", "pulse")
    assert load("pulse") == load("pulse-1")
    with pytest.raises(BadInput, match='no questionnaire "mood"'):
        load("mood")


def test_the_european_social_survey_s_items_stand_in_their_own_folder_under_their_own_licence():
    folder = Path(here.__file__).parent / "ess_round5"
    asked = load("ess5-police")
    assert asked.licence == "CC BY-SA 4.0"
    assert "CC BY-SA 4.0" in (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    assert asked.ends == {
        "plcpvcr": (0, 10),
        "plccbrg": (0, 10),
        "plcarcr": (0, 10),
        "plcrspc": (1, 4),
        "plcfrdc": (1, 4),
    }
    assert asked["plcrspc"].scale.says(1, "en") == "Not at all often"
    assert asked["plcrspc"].wording["resident"]["en"].endswith("treat people in [country] with respect?")
    assert "not the wording fielded in Spain" in asked.attribution


def test_the_pulse_asks_both_sides_in_both_languages_and_says_it_is_not_validated():
    pulse = load("pulse")
    assert pulse.validated == "not yet validated"
    wanted = {"respect", "fairness", "voice", "safety", "cooperation", "belonging", "understanding"}
    assert wanted | {"stereotype_officers", "stereotype_residents"} == {i.measures for i in pulse.items}
    for item in pulse.items:
        assert item.asked_of == ("resident", "officer")
        for side in item.asked_of:
            assert set(item.wording[side]) == {"en", "es"}
    assert pulse.reverse == ("about_officers", "about_residents")
    words = " ".join(w for i in pulse.items for side in i.wording.values() for w in side.values()).lower()
    assert not re.search(
        r"friendl|amab|simp[aá]tic|nice", words
    )  # asked about respect and fairness, not friendliness


def test_answers_are_checked_against_their_scale():
    pulse = load("pulse")
    pulse.check(["respect", "voice"], [5, None])
    with pytest.raises(BadInput) as caught:
        pulse.check(["respect", "mood", "voice", "safety"], [6, 3, 2.5, 1], file="answers.csv", first_line=2)
    assert [p.line for p in caught.value.problems] == [2, 3, 4]
    assert (
        str(caught.value.problems[0])
        == "answers.csv line 2: the answer 6 to respect is not a whole number from 1 to 5."
    )


@pytest.mark.parametrize("name", ["pulse", "ess5-police"])
def test_there_and_back_through_the_spreadsheet(name, tmp_path):
    asked, path = load(name), tmp_path / "form.xlsx"
    to_xlsform(asked, path)
    back = from_xlsform(path)
    assert (back.key, back.languages, back.reverse, back.ends) == (
        asked.key,
        asked.languages,
        asked.reverse,
        asked.ends,
    )
    assert (back.licence, back.validated) == (asked.licence, asked.validated)
    for item in asked.items:
        assert back[item.id].wording["resident"] == item.wording["resident"]
        assert back[item.id].measures == item.measures
    survey = openpyxl.load_workbook(path)["survey"]
    assert [c.value for c in survey[1]][:4] == ["type", "name", "label::English (en)", "label::Español (es)"]


def sheet(path, survey, choices):
    book = openpyxl.Workbook()
    book.active.title = "survey"
    for row in survey:
        book.active.append(row)
    more = book.create_sheet("choices")
    for row in choices:
        more.append(row)
    book.save(path)


SURVEY = [
    ["type", "name", "label"],
    ["note", "hello", "Welcome"],
    ["select_one often", "q1", "How often are people heard?"],
]
CHOICES = [["list_name", "name", "label"], ["often", 1, "Never"], ["often", 2, "Sometimes"], ["often", 3, "Always"]]


def test_a_form_somebody_else_made_is_read(tmp_path):
    path = tmp_path / "town.xlsx"
    sheet(path, [[*SURVEY[0], "parameters"], *SURVEY[1:], ["range", "q2", "Safe?", "start=0 end=10 step=1"]], CHOICES)
    found = from_xlsform(path)
    assert found.key == "town-1"
    assert found.ends == {"q1": (1, 3), "q2": (0, 10)}
    assert found["q1"].scale.says(3, "en") == "Always"


@pytest.mark.parametrize(
    ("survey", "choices", "said"),
    [
        (["text", "q9", "Tell us"], None, 'line 4: question q9 is of type "text"'),
        (["geopoint", "q9", "Where?"], None, 'type "geopoint"'),
        (["select_one yesno", "q9", "Well?"], [["yesno", "yes", "Yes"], ["yesno", "no", "No"]], "have no order"),
        (["select_one gap", "q9", "Well?"], [["gap", 1, "a"], ["gap", 3, "b"]], "do not follow one another"),
        (["select_one none", "q9", "Well?"], None, 'no list "none"'),
    ],
)
def test_a_question_that_cannot_be_scored_is_named_with_its_row(tmp_path, survey, choices, said):
    path = tmp_path / "form.xlsx"
    sheet(path, [*SURVEY, survey], [*CHOICES, *(choices or [])])
    with pytest.raises(BadInput, match=re.escape(said)):
        from_xlsform(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("low = 1\nhigh = 5", "low = 5\nhigh = 1"), "low first"),
        (('scale = "agree"', 'scale = "mood"'), 'has scale "mood"'),
        (
            ('resident.es = "La policía de mi zona trata a la gente con respeto."\n', ""),
            "respect has no wording for resident in `es`",
        ),
        (('id = "fairness"', 'id = "respect"'), 'two questions are called "respect"'),
        (('licence = "Apache-2.0"', 'licence = ""'), "`licence` is missing"),
        (("low = 1", "low ="), "is not TOML"),
    ],
)
def test_a_questionnaire_with_a_gap_says_which(tmp_path, change, said):
    text = (Path(here.__file__).parent / "pulse.toml").read_text(encoding="utf-8")
    assert change[0] in text
    path = tmp_path / "mine.toml"
    path.write_text(text.replace(*change, 1), encoding="utf-8")
    with pytest.raises(BadInput, match=re.escape(said)):
        read(path)
