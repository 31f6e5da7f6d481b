"""Which stories were told, and how far did they go?"""

from __future__ import annotations

from dataclasses import replace

import polars as pl

from commonbeat.privacy import shown_count
from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table, line_with_band
from commonbeat.report.ripple_page import FORECASTS, coverage_words, ripple_words
from commonbeat.report.words import figure
from commonbeat.ripple import SpreadRead
from commonbeat.ripple.story import one_story, town

__all__ = ["stories"]

FILE, SHORT, QUESTION = "stories.html", "Stories and their ripple", "How far did stories go?"


def stories(book) -> Page:
    """Every story's spread in a table, the farthest one in a picture and in words, taken-down ones counted."""
    if not book.rows("spread"):
        said = "Nobody recorded how a story travelled."
        return Page(FILE, SHORT, SHORT, (Said(said),), (QUESTION, said), (said,))
    spread = book.table("spread")
    read = SpreadRead.of_book(book)
    titles, gone = _told(book)
    shown = spread.filter(~pl.col("story_id").is_in(gone))
    whole = town(replace(read, table=shown)).to_dict(public=True)
    first = whole["stories"][0]
    name = titles.get(first["story_id"], first["story_id"])
    answer = f"{len(whole['stories'])} stories, {sum(s['events'] for s in whole['stories']):,} shares, replies, mentions and views. The farthest, “{name}”, has {first['events']:,} of them."
    one = one_story(read, first["story_id"]).to_dict(public=True)
    blocks = [
        Words("Counts, our own links and coarse places. Who watched is not known here, and is not asked.", lead=True),
        Said(answer),
        Words(" ".join(line for line in ripple_words(whole)[1:2])),
        Tabled("stories", _table(whole["stories"], titles)),
        Heading(f"The farthest: {name}"),
        Drawn(_over_time(spread.filter(pl.col("story_id") == first["story_id"]), name)),
        *(Words(line) for line in ripple_words(one | {"coverage": None})),
        Cautions(
            (
                "Reach is a sum of audiences, in which many are counted more than once: it is an upper bound.",
                *map(str, one["warnings"]),
            )
        ),
        Heading("Is the happy story seen in context?"),
        *(Words(line) for line in coverage_words(one["coverage"])),
    ]
    if gone:
        blocks.append(Words(f"{len(gone)} stories were taken down since; their counts are not shown."))
    return Page(FILE, SHORT, "Stories and how far they went", tuple(blocks), (QUESTION, answer), _cannot(whole, one))


def _told(book):
    if not book.rows("stories"):
        return {}, []
    table = book.table("stories")
    gone = table.filter(pl.col("state").cast(pl.String) == "withdrawn")["story_id"].to_list()
    return dict(table.filter(~pl.col("story_id").is_in(gone)).select("story_id", "title").iter_rows()), gone


def _table(rows, titles) -> Table:
    told = tuple(
        (
            titles.get(s["story_id"], s["story_id"]),
            f"{s['events']:,}" if shown_count(s["events"]) else "fewer than 5",
            "—" if s["reach"] is None else f"{s['reach']:,}",
            s["depth"],
            "—" if s["structural_virality"] is None else figure(s["structural_virality"], 2),
        )
        for s in rows
    )
    note = "Steps: from the story to its farthest event. Virality: how far two events lie apart on average. Events whose parent is unknown are read as coming from the story itself; the bounds this leaves are said for the farthest story below."
    return Table(
        "Stories, the farthest first", ("story", "events", "audiences, summed", "steps", "virality"), told, note
    )


def _over_time(events: pl.DataFrame, name: str):
    """Events so far, hour by hour of the first days: what a newsroom asks first."""
    hours = ((events["at"] - events["at"].min()).dt.total_seconds() / 3600).sort()
    last = float(hours.quantile(0.97) or 1.0)
    step = max(last / 40, 1.0)
    grid = [round(k * step, 2) for k in range(int(last / step) + 2)]
    total = [int((hours <= g).sum()) for g in grid]
    rows = [{"x": g, "value": t, "low": t, "high": t} for g, t in zip(grid, total, strict=True)]
    table = Table(
        f"Events of “{name}” so far",
        ("hours since the first", "events"),
        tuple((figure(g, 0), f"{t:,}") for g, t in zip(grid, total, strict=True)),
    )
    half = float(hours.median())
    said = f"Half of {len(hours):,} events had happened after {figure(half)} hours, 97 of a hundred after {figure(last)} hours."
    return line_with_band(
        rows,
        name="story-over-time",
        title="Events so far",
        axis="events",
        x_axis="hours since the first",
        table=table,
        alternative=said,
    )


def _cannot(whole, one) -> tuple[str, ...]:
    out = []
    if whole["town"] and whole["town"]["verdict"] != "identified":
        out.append("Whether one share brings another in this town: the interval of the branching ratio reaches 1.")
    if one["forecast"] and one["forecast"]["verdict"] != "forecast":
        out.append(f"How large the farthest story will become. {FORECASTS[one['forecast']['verdict']]}")
    return tuple(out)
