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
from commonbeat.studies.plan import Plan
from commonbeat.studies.running import run_asking
from commonbeat.studies.scales import spans_of
from commonbeat.studies.seals import its_own_town, not_beforehand, seals_of, times_that_cannot_be, trusted_times
from commonbeat.studies.stepped import run_stepped

__all__ = ["outcome_known", "run"]


def run(plan: Plan, book: Book | Mapping[str, pl.DataFrame] | pl.DataFrame, *, seed: int = 0, now: dt.datetime | None = None,
        explore: Sequence[str] = (), by: str | None = None) -> Findings:  # fmt: skip
    """What does the plan's question come to, on this book?

    book : a Book (its audit chain says when the plan was sealed), tables by name, or for a stepped rollout the panel
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
        if not isinstance(book, pl.DataFrame):
            raise BadInput(
                "a stepped rollout is run on its panel: one row per unit and time, as a frame or a Parquet file"
            )
        if by:
            raise BadInput("a stepped rollout follows areas, not people: it has no curve by group")
        return run_stepped(plan, book, **about)
    if isinstance(book, pl.DataFrame):
        raise BadInput(
            f'a plan of design "{plan.design}" is run on a book with respondents and answers, not on one table'
        )
    wanted = ("respondents", "answers", *(("assignments",) if plan.design == "saturation" else ()))
    tables = {name: _table(book, name) for name in wanted}
    simulated = bool(tables["respondents"]["simulated"].any())
    found = run_asking(
        plan, tables, spans_of(plan), sealed_at=trusted_times(entries), clocks=times_that_cannot_be(entries), simulated=simulated, now=now,
        spoiled=not_beforehand(entries, plan.hash), explore=explore, by=by, **about,
    )  # fmt: skip
    gone = erased_since(entries, plan.hash, found.primary.effect.n)
    return found if gone is None else replace(found, erasure=gone, cautions=(*found.cautions, gone.sentence))


def outcome_known(plan: Plan, book: Book) -> bool:
    """Does this book hold an answer already that could show the plan's effect? Asked when a plan is sealed."""
    if plan.design == "stepped" or "answers" not in book or "respondents" not in book:
        return False
    try:
        scored = reading.answered(plan, book.table("answers"), spans_of(plan))
    except BadInput:
        return False  # nobody was asked yet
    first, undated = reading.first_outcome(plan, scored, book.table("respondents"))
    return first is not None or undated > 0


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
