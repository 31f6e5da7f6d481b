"""The one way in: a plan and a book (or a panel), whichever kind of study it is."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.ledger import Book
from commonbeat.studies.findings import Findings
from commonbeat.studies.plan import Plan
from commonbeat.studies.running import run_asking
from commonbeat.studies.scales import spans_of
from commonbeat.studies.seals import seals_of
from commonbeat.studies.stepped import run_stepped

__all__ = ["run"]


def run(plan: Plan, book: Book | Mapping[str, pl.DataFrame] | pl.DataFrame, *, seed: int = 0) -> Findings:
    """What does the plan's question come to, on this book?

    book : a Book (its audit chain says when the plan was sealed), tables by name, or for a stepped rollout the panel
    seed : of everything random in the analysis; stands in the findings
    Raises BadInput when the book cannot answer the plan's question, and says what it lacks.
    """
    seals = seals_of(book.chain, plan.plan_id) if isinstance(book, Book) else []
    snapshot = book.snapshot if isinstance(book, Book) else ""
    if plan.design == "stepped":
        if not isinstance(book, pl.DataFrame):
            raise BadInput(
                "a stepped rollout is run on its panel: one row per unit and time, as a frame or a Parquet file"
            )
        return run_stepped(plan, book, seals=seals, seed=seed)
    if isinstance(book, pl.DataFrame):
        raise BadInput(
            f'a plan of design "{plan.design}" is run on a book with respondents and answers, not on one table'
        )
    tables = {name: _table(book, name) for name in ("respondents", "answers")}
    simulated = bool(tables["respondents"]["simulated"].any())
    return run_asking(plan, tables, spans_of(plan), seals=seals, snapshot=snapshot, simulated=simulated, seed=seed)


def _table(book, name):
    if name not in book:
        raise BadInput(f"this book has no table {name}; a study that asks people needs respondents and answers")
    return book.table(name) if isinstance(book, Book) else book[name]
