"""What was recorded, and may it be believed?"""

from __future__ import annotations

import polars as pl

from commonbeat.privacy import shown_count
from commonbeat.report.blocks import Cautions, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.words import figure
from commonbeat.stats import wilson

__all__ = ["recorded"]

_KIND = {"positive": "positive, nothing enforced", "service": "service", "enforcement": "enforcement"}


def recorded(book) -> Page:
    """Counts by kind and activity, and how far officers' and residents' word on being free to leave agree."""
    contacts = book.table("contacts")
    total = contacts.height
    span = f"{contacts['at'].min():%B %Y} to {contacts['at'].max():%B %Y}"
    kinds = contacts.group_by("kind").len().sort("len", descending=True)
    said = ", ".join(f"{n:,} {_KIND[k]}" for k, n in kinds.iter_rows())
    agree = _free_to_leave(contacts)
    blocks = [
        Words(
            f"{total:,} encounters were recorded from {span}: {said}. Every kind stands in the same table, so that nobody can show one without the other.",
            lead=True,
        ),
        Tabled("contacts-by-activity", _activities(contacts)),
        Heading("Was everybody free to leave?"),
        *agree[0],
        Heading("How soon it was written down"),
        *_delay(contacts),
        Cautions(
            (
                "A count of good deeds is not a measure of good policing: it grows with the wish to be counted. It is shown here so that it can be "
                "questioned, never as a target, and never by officer.",
            )
        ),
    ]
    return Page(
        "recorded.html",
        "What was recorded",
        "What was recorded",
        tuple(blocks),
        ("What was recorded?", f"{total:,} encounters: {said}."),
        agree[1],
    )


def _activities(contacts: pl.DataFrame) -> Table:
    counts = contacts.group_by("kind", "activity").len().sort("kind", "len", descending=[False, True])
    rows = tuple((_KIND[k], a, _shown(n)) for k, a, n in counts.iter_rows())
    return Table(
        "Encounters by kind and activity", ("kind", "what was done", "encounters"), rows, "Counts under 5 are hidden."
    )


def _shown(n) -> str:
    return f"{n:,}" if shown_count(n) is not None else "fewer than 5"


def _free_to_leave(contacts):
    positive = contacts.filter(pl.col("kind") == "positive")
    both = positive.filter(pl.col("free_to_leave_resident").is_not_null())
    if positive.height == 0:
        return [Words("No positive contact was recorded.")], (
            "whether people were free to leave: no positive contact was recorded",
        )
    if both.height < 20:
        few = f"The officer's word is there for all {positive.height:,} positive contacts; a resident's own word for only {both.height}, which is too few to compare."
        return [Words(few)], (
            f"whether residents agree that they were free to leave: only {both.height} gave their own word",
        )
    same = both.filter(
        pl.col("free_to_leave_officer").cast(pl.String) == pl.col("free_to_leave_resident").cast(pl.String)
    ).height
    low, high = wilson(same, both.height)
    sentence = (
        f"Where a resident gave their own word ({both.height:,} of {positive.height:,} positive contacts), it agreed with the officer's in "
        f"{figure(100 * same / both.height, 0)} of a hundred ({figure(100 * float(low), 0)} to {figure(100 * float(high), 0)})."
    )
    caution = "Those who used their code chose to; the others may have felt otherwise."
    return [Said(sentence), Words(caution)], ()


def _delay(contacts):
    known = contacts.filter(pl.col("recorded_at").is_not_null())
    if known.height == 0:
        return [Words("The record does not say when its entries were written.")]
    hours = (known["recorded_at"] - known["at"]).dt.total_seconds() / 3600
    late = int((hours > 72).sum())
    return [
        Words(
            f"Half of the entries were written within {figure(float(hours.median()), 1)} hours; {late:,} of {known.height:,} more than three days later."
        )
    ]
