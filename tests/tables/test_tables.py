"""What comes in at the face is a checked table, or a letter for every wrong cell."""

from datetime import UTC, date, datetime

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from commonbeat import codebook, tables
from commonbeat.errors import BadInput

CONTACT = {
    "contact_id": "c1",
    "at": "2026-03-01T14:30:00-06:00",
    "area_id": "north",
    "kind": "positive",
    "activity": "dance",
    "free_to_leave_officer": "yes",
    "people": "5.0",
    "children": 4,
    "would_rather_not": "no",
    "simulated": "true",
}


def problems(name, rows, **where):
    with pytest.raises(BadInput) as caught:
        tables.check(name, rows, **where)
    return caught.value.problems


def test_words_become_what_the_codebook_says():
    row = tables.check("contacts", [CONTACT]).row(0, named=True)
    assert row["at"] == datetime(2026, 3, 1, 20, 30, tzinfo=UTC)  # 14:30 + 6 hours
    assert (row["people"], row["children"], row["would_rather_not"], row["simulated"]) == (5, 4, False, True)
    assert row["place"] is None  # was not given and may be missing
    assert list(row) == list(codebook.TABLES["contacts"].columns())


def test_a_misspelt_word_is_told_with_file_line_value_and_what_to_use():
    rows = [CONTACT, CONTACT | {"contact_id": "c2", "free_to_leave_officer": "mabye"}]
    (problem,) = problems("contacts", rows, file="contacts.csv", first_line=213)
    assert str(problem) == 'contacts.csv line 214: free_to_leave_officer is "mabye"; use yes, no or unknown'
    assert (problem.column, problem.value, problem.line) == ("free_to_leave_officer", "mabye", 214)


def test_every_wrong_cell_is_told_not_only_the_first():
    rows = [
        CONTACT | {"kind": "nice", "children": -1, "latitude": 99.0},
        CONTACT | {"contact_id": "c 2", "children": 9},
        CONTACT | {"contact_id": "c3", "at": "2026-02-31T10:00:00Z"},
    ]
    found = {(p.line, p.column) for p in problems("contacts", rows)}
    assert found == {(2, "kind"), (2, "children"), (2, "latitude"), (3, "contact_id"), (3, None), (4, "at")}


@pytest.mark.parametrize("at", ["2017-01-01 06:00:42", datetime(2017, 1, 1, 6), date(2017, 1, 1)])
def test_a_time_without_its_zone_is_refused_and_never_guessed(at):
    (problem,) = problems("contacts", [CONTACT | {"at": at}])
    assert "no time zone" in problem.message


def test_a_positive_contact_must_say_if_people_were_free_to_leave():
    (problem,) = problems("contacts", [CONTACT | {"free_to_leave_officer": None}])
    assert "free to leave" in problem.message
    assert len(tables.check("contacts", [CONTACT | {"kind": "enforcement", "free_to_leave_officer": None}])) == 1


def test_an_id_that_stands_twice_is_told_in_both_rows():
    found = problems("contacts", [CONTACT, CONTACT])
    assert [(p.line, p.column) for p in found] == [(2, "contact_id"), (3, "contact_id")]


def test_a_column_nobody_knows_and_one_that_is_missing_are_told():
    rows = [{k: v for k, v in CONTACT.items() if k != "kind"} | {"officer_name": "x"}]
    assert {(p.line, p.column) for p in problems("contacts", rows)} == {(1, "officer_name"), (1, "kind")}


def test_an_empty_cell_that_must_not_be_empty_is_told_once():
    (problem,) = problems("contacts", [CONTACT | {"kind": "  "}])
    assert problem.message == "kind is empty; it needs positive, service or enforcement"


def test_every_frame_that_speaks_arrow_gives_the_same_table():
    rows = [{"area_id": "a", "race": "white", "age_band": "0-9", "sex": "female", "residents": 7}]
    wanted = tables.check("population", pl.DataFrame(rows))
    for frame in (pd.DataFrame(rows), pa.Table.from_pylist(rows), pl.LazyFrame(rows), duckdb.sql("select 'a' area_id, "
                  "'white' race, '0-9' age_band, 'female' sex, 7 residents")):  # fmt: skip
        assert tables.check("population", frame).equals(wanted)


def test_nan_of_pandas_is_missing_not_a_number():
    frame = pd.DataFrame({"area_id": ["a", "b"], "race": ["x", None], "residents": [1.0, float("nan")]})
    (problem,) = problems("population", frame)
    assert (problem.line, problem.column, problem.value) == (3, "residents", None)


def test_a_thing_that_is_no_frame_and_a_table_that_is_none():
    with pytest.raises(BadInput, match="int is not a table"):
        tables.check("contacts", 3)
    with pytest.raises(BadInput, match='Did you mean "contacts"'):
        tables.check("contact", [])


def test_an_empty_table_is_a_table():
    for name in codebook.TABLES:
        assert tables.check(name, tables.empty(name)).is_empty()


def test_a_very_wrong_file_is_counted_and_not_listed_for_ever():
    frame = pl.DataFrame({"area_id": ["a"] * 20_000, "residents": [-1] * 20_000})
    with pytest.raises(BadInput, match="19,999 more") as caught:
        tables.check("population", frame)
    assert len(caught.value.problems) == tables.LISTED
