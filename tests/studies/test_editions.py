"""Two editions of the same study must not give one person away to somebody who subtracts."""

import datetime as dt
import json
from dataclasses import asdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from studies.rows import plan, tables
from studies.test_cli_study import told, toml
from studies.test_run import LATER, PEOPLE, book

from commonbeat.errors import Broken
from commonbeat.ledger import Book
from commonbeat.studies import published, run
from commonbeat.studies.editions import RELEASED, Cell, _raw, _revived, cells_of, subtractable
from commonbeat.studies.findings import Findings
from commonbeat.studies.release import released

MANY = [(arm, 3, 2 + (k % 3)) for k in range(60) for arm in ("visit", "none")]


def edition(where, asked=None, **how):
    """What is published of the book as it stands."""
    now = Book.open(where.path)
    return published(run(asked or plan(), now, now=LATER, **how), now, who="desk", at=LATER)


def erase(where, names):
    Book.open(where.path).erase("respondents", names, why="asked to", by="records officer", at=LATER)


def totals(found: dict) -> dict:
    """What an attacker has: n and the mean difference of every published comparison."""
    return {(f["ring"], f["wave"]): (f["n"], f["value"]) for f in [found["primary"], *found["rings"]]}


def test_without_editions_one_erased_persons_answer_can_be_had_by_subtraction(tmp_path):
    """Why this is needed: the attacker knows that one treated person left, and solves two equations."""
    where = book(tmp_path / "b", rows=MANY)
    before = run(plan(), where, now=LATER).primary.effect
    erase(where, ["r0004"])  # in the arm "visit"
    after = run(plan(), Book.open(where.path), now=LATER).primary.effect
    control = 100 * sum((2 + k % 3 - 1) / 4 for k in range(60)) / 60  # anything else the report says of the other arm
    theirs = 60 * (before.value + control) - 59 * (after.value + control)
    span = 100 / (5 - 1)  # one step of the scale in points
    assert theirs / span + 1 == pytest.approx(2 + 2 % 3)  # the very answer they gave


def test_one_erasure_changes_no_published_number_and_the_rows_are_gone(tmp_path):
    where = book(tmp_path / "b", rows=MANY)
    first, new = edition(where)
    assert new
    erase(where, ["r0004"])
    again, new = edition(where)
    assert not new
    assert totals(again.to_dict()) == totals(first.to_dict())  # nothing to subtract
    assert "r0004" not in Book.open(where.path).table("respondents")["respondent"]
    said = " ".join(again.cautions)
    assert "n fell by fewer than 5 through erasure" in said
    assert "these are the numbers of the edition of" in said
    assert again.to_dict()["erasure"]["people"] is None


def test_the_next_edition_comes_when_enough_left_every_cell_that_changes(tmp_path):
    where = book(tmp_path / "b", rows=MANY)
    first, _ = edition(where)
    erase(where, [f"r{k:04d}" for k in (0, 2, 4, 6)])  # four of the arm "visit"
    assert not edition(where)[1]
    erase(where, ["r0008"])  # now it is five
    later, new = edition(where)
    assert new
    assert (first.primary.effect.n, later.primary.effect.n) == (120, 115)
    erase(where, ["r0001", *(f"r{k:04d}" for k in (10, 12, 14, 16))])  # five, but one of them alone in the arm "none"
    assert not edition(where)[1]


def test_a_few_who_join_are_held_back_too_except_on_a_page_that_is_read_daily():
    one, two = Cell(100, 3.0, 5), Cell(102, 3.1, 5)
    assert subtractable({"primary": asdict(one)}, {"primary": two}) == ["primary"]
    assert subtractable({"primary": asdict(one)}, {"primary": two}, growing=True) == []
    assert subtractable({"primary": asdict(two)}, {"primary": one}, growing=True) == [
        "primary"
    ]  # leaving is not joining


def test_one_who_left_for_one_who_came_is_seen_by_the_number_that_moved():
    assert subtractable({"primary": asdict(Cell(100, 3.0, 5))}, {"primary": Cell(100, 3.2, 5)}) == ["primary"]
    assert subtractable({"primary": asdict(Cell(100, 3.0, 5))}, {"primary": Cell(100, 3.0, 5)}) == []
    other_method = subtractable({"primary": asdict(Cell(100, 3.0, 5))}, {"primary": Cell(100, 3.2, 5)}, same=False)
    assert other_method == []  # an amended plan moves numbers without anybody leaving


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(5, 400), st.integers(-30, 30)), min_size=1, max_size=6))
def test_what_follows_an_edition_never_tells_of_fewer_than_the_floor(cells):
    """The slow twin: for every published cell count the people by which the two editions differ."""
    before = {str(k): asdict(Cell(n, None, 5)) for k, (n, _) in enumerate(cells)}
    now = {str(k): Cell(n + d, None, 5) for k, (n, d) in enumerate(cells)}
    held = subtractable(before, now)
    assert bool(held) == any(abs(d) in (1, 2, 3, 4) for _, d in cells)


def test_the_command_line_and_the_report_give_the_edition_and_the_analyst_sees_today(tmp_path):
    where, asked = book(tmp_path / "b", rows=MANY), toml(tmp_path / "p.toml")
    first = json.loads(told("run", asked, where.path, "--json"))
    erase(where, ["r0004"])
    again = json.loads(told("run", asked, where.path, "--json"))
    assert totals(again) == totals(first)
    assert json.loads(told("run", asked, where.path, "--json", "--analyst"))["primary"]["n"] == 119
    assert Book.open(where.path).chain.verify().whole


def test_an_edition_that_was_changed_or_lost_is_named(tmp_path):
    where = book(tmp_path / "b", rows=MANY)
    edition(where)
    file = where.path / "editions" / "p.json"
    whole = file.read_text()
    for wrong, says in ((whole.replace("120", "121", 1), "not what the audit chain says"), (None, "missing")):
        file.write_text(wrong) if wrong else file.unlink()
        with pytest.raises(Broken, match=says):
            edition(where)
    file.with_name(".p.json.new").write_text(whole)  # killed between the chain's entry and the swap
    assert edition(where)[1]


def test_the_same_answer_again_is_no_new_edition(tmp_path):
    where = book(tmp_path / "b", rows=MANY)
    edition(where)
    edition(where)
    assert sum(e.what == RELEASED for e in Book.open(where.path).chain) == 1


def test_an_edition_comes_back_as_it_was(tmp_path):
    rows = [
        {"arm": a, "before": 3, "after": 3 + k % 2, "met": k % 2, "race": "black"}
        for k in range(40)
        for a in ("visit", "none")
    ]
    asked = plan(contact="met_officers", groups=["race"], robustness=["randomisation_test"])
    found = released(run(asked, tables(rows), now=LATER + dt.timedelta(days=1)))
    assert _revived(Findings, json.loads(json.dumps(_raw(found)))).to_dict() == found.to_dict()
    assert len(cells_of(found)) > 8
    assert PEOPLE
