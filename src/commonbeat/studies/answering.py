"""The one way in: a plan and a book (or a panel), whichever kind of study it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.ledger import Book
from commonbeat.studies import answers as reading
from commonbeat.studies.erasures import erased_since
from commonbeat.studies.findings import Findings
from commonbeat.studies.own_table import read_people
from commonbeat.studies.plan import Plan
from commonbeat.studies.running import run_asking
from commonbeat.studies.scales import spans_of
from commonbeat.studies.seals import its_own_town, not_beforehand, seals_of, times_that_cannot_be, trusted_times
from commonbeat.studies.stepped import run_stepped

__all__ = ["outcome_known", "run"]


def run(plan: Plan, book: Book | Mapping[str, pl.DataFrame] | pl.DataFrame, *, rows: pl.DataFrame | None = None, seed: int = 0,
        now: dt.datetime | None = None, explore: Sequence[str] = (), by: str | None = None) -> Findings:  # fmt: skip
    """What does the plan's question come to, on this book?

    book : a Book (its audit chain says when the plan was sealed), tables by name, or the table that [people] or [panel] describe
    rows : that table, when a book is given too
    seed : of everything random in the analysis; stands in the findings
    explore : groups and estimators the plan does not name; they come out marked and apart
    by   : a group (race, age_band, ...) of which the whole curve is wanted too, value by value
    now  : the present; waves that have not come yet are refused or named
    Raises BadInput when the book cannot answer the plan's question, and says what it lacks; Broken when the audit chain is not whole.
    """
    entries = _chain(plan, book) if isinstance(book, Book) else []
    about = {
        "seals": seals_of(entries, plan.plan_id),
        "snapshot": book.snapshot if isinstance(book, Book) else "",
        "seed": seed,
    }
    if plan.design == "stepped":
        if by:
            raise BadInput("a stepped rollout follows areas, not people: it has no curve by group")
        return run_stepped(
            plan, _own(plan, book, rows, "a stepped rollout is run on its panel: one row per unit and time"), **about
        )
    notes: tuple[str, ...] = ()
    if plan.people:
        tables, notes = read_people(
            plan, _own(plan, book, rows, "a plan with [people] is run on its table of people")
        )
    elif isinstance(book, pl.DataFrame):
        raise BadInput(
            f'a plan of design "{plan.design}" is run on a book with respondents and answers, or says in [people] which column of a table is what'
        )
    else:
        wanted = ("respondents", "answers", *(("assignments",) if plan.design == "saturation" else ()))
        tables = {name: _table(book, name) for name in wanted}
    simulated = bool(tables["respondents"]["simulated"].any())
    found = run_asking(
        plan, tables, {} if plan.people else spans_of(plan), sealed_at=trusted_times(entries), clocks=(*times_that_cannot_be(entries), *notes), simulated=simulated, now=now,
        spoiled=not_beforehand(entries, plan.hash), explore=explore, by=by, **about,
    )  # fmt: skip
    gone = erased_since(entries, plan.hash, found.primary.effect.n)
    return found if gone is None else replace(found, erasure=gone, cautions=(*found.cautions, gone.sentence))


def _own(plan, book, rows, what) -> pl.DataFrame:
    """The plan's own table, given alone or beside a book."""
    found = rows if rows is not None else book if isinstance(book, pl.DataFrame) else None
    if found is None:
        part = "people" if plan.people else "panel"
        raise BadInput(f'{what}. Name the file beside the plan, [{part}] file = "{part}.csv", or give it with --rows')
    return found


def outcome_known(plan: Plan, book: Book, rows: pl.DataFrame | None = None) -> bool:
    """Does this book hold an answer already that could show the plan's effect? Asked when a plan is sealed.

    rows : the table of a plan with [people] or [panel], where there is one already
    """
    if plan.design == "stepped" or plan.people:
        return rows is not None and _outcome_in(plan, rows)
    if plan.design == "stepped" or "answers" not in book or "respondents" not in book:
        return False
    try:
        scored = reading.answered(plan, book.table("answers"), spans_of(plan))
    except BadInput:
        return False  # nobody was asked yet
    first, undated = reading.first_outcome(plan, scored, book.table("respondents"))
    return first is not None or undated > 0


def _outcome_in(plan, rows) -> bool:
    """A list of people may stand there before anybody answered: what counts is a value of the outcome after the start."""
    if plan.design == "stepped":
        return plan.panel.outcome in rows.columns and rows[plan.panel.outcome].null_count() < rows.height
    if plan.people.wave:
        return plan.people.outcome in rows.columns and rows[plan.people.outcome].null_count() < rows.height
    later = [c for wave, columns in plan.people.outcome if wave > 0 or len(plan.waves) == 1 for c in columns]
    return any(c in rows.columns and rows[c].null_count() < rows.height for c in later)


def _chain(plan, book) -> list:
    """Every entry of the book's chain, once it is known to be whole and this town's own."""
    book.chain.verify().or_raise()
    entries = list(book.chain)
    its_own_town(plan, entries)
    return entries


def _table(book, name):
    if name not in book:
        raise BadInput(f"this book has no table {name}; a study that asks people needs respondents and answers")
    return book.table(name) if isinstance(book, Book) else book[name]
