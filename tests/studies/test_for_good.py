"""What cannot be undone: a seal that came late, an answer that was given, people who were erased."""

import datetime as dt
import json

import polars as pl
import pytest
from studies.rows import START, plan, tables
from studies.test_cli_study import told, toml
from studies.test_run import LATER, PEOPLE, SEALED, book

from commonbeat.errors import BadInput, BookError
from commonbeat.ledger import Book
from commonbeat.studies import outcome_known, run, seal
from commonbeat.studies.erasures import erased_since
from commonbeat.studies.registry import record_answer, registry


def test_a_late_seal_stays_late_when_the_early_answers_are_erased(tmp_path):
    where = book(tmp_path / "b", sealed=None)
    assert outcome_known(plan(), where)
    seal(plan(), where.chain, who="desk", at=START + dt.timedelta(days=30), after_data=outcome_known(plan(), where))
    where.erase("answers", pl.col("wave") == 21, why="asked to", by="records officer", at=LATER)
    again = [(a, b, 3) for a, b, _ in PEOPLE]  # the same questions, asked again after the seal
    fresh = Book.open(where.path).write(tables(again, start=START + dt.timedelta(days=60)), importer="test", at=LATER)
    found = run(plan(), fresh, now=LATER)
    assert not found.sealed_before_data
    assert "not sealed beforehand" in found.cautions[0]
    assert registry(where.path, now=LATER)[0]["sealed_before_data"] is False


def test_an_answer_that_said_so_once_says_so_for_ever(tmp_path):
    where = book(tmp_path / "b", at=LATER)
    record_answer(run(plan(), where, now=LATER), where.chain, who="desk", at=LATER)
    later = LATER + dt.timedelta(days=200)
    fresh = where.write(
        tables(PEOPLE, start=LATER + dt.timedelta(days=20)), importer="test", at=later
    )  # every date was "corrected"
    assert not run(plan(), fresh, now=later).sealed_before_data


def test_a_plan_sealed_in_time_stays_so(tmp_path):
    where = book(tmp_path / "b")
    assert not outcome_known(plan(), Book.create(tmp_path / "empty", at=SEALED))
    record_answer(run(plan(), where, now=LATER), where.chain, who="desk", at=LATER)
    assert run(plan(), where, now=LATER).sealed_before_data
    assert registry(where.path, now=LATER)[0]["sealed_before_data"] is True


def test_sealing_on_a_book_with_answers_says_so_at_once(tmp_path):
    where, asked = book(tmp_path / "b", sealed=None), toml(tmp_path / "p.toml")
    assert "for good" in told("seal", asked, where.path)
    assert json.loads(told("run", asked, where.path, "--json"))["sealed_before_data"] is False


def test_an_amendment_shows_what_changed_wherever_it_is_listed(tmp_path):
    where = book(tmp_path / "b")
    seal(plan(smallest_effect=20.0), where.chain, who="desk", at=LATER)
    row = registry(where.path, now=LATER)[0]
    assert row["amended"] == 1
    assert row["amendments"][0]["changed"] == ["smallest_effect: 3.0 -> 20.0"]
    assert {"plan", "sealed", "verdict"} <= set(row)
    assert "smallest_effect: 3.0 -> 20.0" in told("list", where.path)


# -- erasure ----------------------------------------------------------------------------------------------------------


def test_n_fell_by_k_through_erasure_and_the_old_files_are_gone(tmp_path):
    where = book(tmp_path / "b")
    first = run(plan(), where, now=LATER)
    record_answer(first, where.chain, who="desk", at=LATER)
    done = where.erase("respondents", ["r0000", "r0001", "r0007"], why="asked to", by="records officer", at=LATER)
    assert done.files > 0
    now = Book.open(where.path)
    found = run(plan(), now, now=LATER)
    assert (first.primary.effect.n, found.primary.effect.n) == (30, 27)
    assert "n fell by 3 through erasure: 30 answers" in found.cautions[-1]
    assert found.to_dict()["erasure"]["people"] == 3
    with pytest.raises(BookError, match="erased"):
        run(plan(), Book.open(where.path, snapshot=first.snapshot), now=LATER)
    assert now.chain.verify().whole


def test_rows_that_came_in_meanwhile_are_not_called_erasure(tmp_path):
    where = book(tmp_path / "b")
    record_answer(run(plan(), where, now=LATER), where.chain, who="desk", at=LATER)
    where.erase("respondents", ["r0000"], why="asked to", by="records officer", at=LATER)
    fresh = Book.open(where.path).write(tables(PEOPLE[1:] * 2), importer="test", at=LATER)
    said = run(plan(), fresh, now=LATER).erasure
    assert not said.only
    assert said.sentence.startswith("n went from 30")
    assert "1 person was erased" in said.sentence


def test_without_an_earlier_answer_it_says_what_nobody_can_know(tmp_path):
    where = book(tmp_path / "b")
    where.erase("respondents", ["r0000", "r0001"], why="asked to", by="records officer", at=LATER)
    assert "cannot be known" in run(plan(), Book.open(where.path), now=LATER).cautions[-1]
    assert erased_since([], plan().hash, 30) is None
    assert run(plan(), book(tmp_path / "c"), now=LATER).erasure is None


# -- what was not named beforehand ------------------------------------------------------------------------------------


def test_what_nobody_named_is_marked_and_kept_apart():
    rows = [
        {"arm": a, "before": 3, "after": 3 + (a == "visit"), "sex": s}
        for s in ("female", "male")
        for a in ("visit", "none")
        for _ in range(8)
    ]
    found = run(plan(groups=["race"]), tables(rows), explore=["sex", "randomisation_test"])
    assert [f.value for f in found.exploratory] == ["sex female", "sex male", ""]
    assert all(not f.planned and "Not named beforehand" in f.sentence for f in found.exploratory)
    assert not found.groups
    assert all("Not named" not in f.sentence for f in found.rings)
    for name, says in (("race", "was named in the plan"), ("shoe size", "neither a group")):
        with pytest.raises(BadInput, match=says):
            run(plan(groups=["race"]), tables(rows), explore=[name])
