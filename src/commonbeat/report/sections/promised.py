"""What was promised, and how does it stand?"""

from __future__ import annotations

import datetime as dt

import polars as pl

from commonbeat.report.blocks import Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.encounters_words import STATUS, promise_words
from commonbeat.report.promises import COUNTED, standing

__all__ = ["promised"]

FILE, TITLE, QUESTION = "promises.html", "What was promised", "Is what was promised kept?"


def promised(book) -> Page:
    """Every promise with its status as of the record's last day, and what the status rests on."""
    if "commitments" not in book or not book.rows("commitments"):
        said = "Nothing was promised in this book."
        return Page(FILE, "Promises", TITLE, (Words(said),), (QUESTION, said))
    names = ("commitments", "contacts", "population", *COUNTED)
    tables = {n: book.table(n) for n in names if n in book and book.rows(n)}
    contacts = tables.get("contacts")
    today = contacts["at"].max().date() if contacts is not None else dt.date.today()
    found, cannot = standing(tables, today=today)
    rows = tuple(
        (c.promise, c.by, str(c.until), STATUS[c.status], promise_words(c.to_dict()), c.evidence or "—")
        for c in found
    )
    counts = pl.Series([STATUS[c.status] for c in found]).value_counts(sort=True).iter_rows()
    answer = f"Of {len(found)} promises: {', '.join(f'{n} {word}' for word, n in counts)}, as of {today}."
    blocks = (
        Words("Measured where data exist, otherwise read from a dated public document; never from somebody's own word. A number of friendly contacts cannot be promised here: it would be a quota.", lead=True),
        Said(answer),
        Tabled("promises", Table("Every promise", ("promise", "by", "until", "today", "why", "evidence named"), rows, "")),
    )  # fmt: skip
    return Page(
        FILE, "Promises", TITLE, blocks, (QUESTION, answer), tuple(f"a promise: {why}" for why in cannot.values())
    )
