"""Daily series of views (YouTube Studio exports, trackers): counts per day, or totals so far from which days are taken."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput, Problem, TooFew
from commonbeat.ripple.sources.door import SpreadRead
from commonbeat.tables import empty

FORMAT = "daily"
_DAY = ("date", "day", "published_day", "timestamp", "time")
_STORY = ("video_id", "videoid", "video", "story_id", "id", "content", "title")
_COUNTS = {"views": ("views", "view_count", "viewcount"), "likes": ("likes", "like_count", "likecount"),
           "comments": ("comments", "comment_count", "commentcount", "comments added")}  # fmt: skip


def fits(header: list[str]) -> bool:
    low = [h.strip().lower() for h in header]
    return any(d in low for d in _DAY) and any(v in low for v in _COUNTS["views"])


def read(path: Path, **_) -> SpreadRead:
    """story_id, day, views, likes, comments. A series that never falls over more than a week is read as a running total."""
    frame = pl.read_csv(path, infer_schema_length=0)
    by = {c.strip().lower(): c for c in frame.columns}
    day, story = _named(by, _DAY), _named(by, _STORY)
    columns = {n: _named(by, names) for n, names in _COUNTS.items() if _named(by, names)}
    table = frame.select(
        story_id=pl.col(story) if story else pl.lit(path.stem),
        day=pl.col(day).str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False),
        **{n: pl.col(c).str.replace_all(r"[,\s]", "").cast(pl.Int64, strict=False) for n, c in columns.items()},
    )
    _refuse(frame, table, day, columns, path.name)
    table = table.sort("story_id", "day")
    said = []
    totals = table.group_by("story_id", maintain_order=True).agg(
        (pl.col("views").diff().drop_nulls() >= 0).all() & (pl.len() > 7)
    )
    running = totals.filter(pl.col("views"))["story_id"].to_list()
    if running:
        said.append(
            f"{len(running)} series only ever grow; they are read as running totals, and each day is the difference."
        )
        change = [
            pl.when(pl.col("story_id").is_in(running))
            .then(pl.col(n).diff().over("story_id"))
            .otherwise(pl.col(n))
            .alias(n)
            for n in columns
        ]
        table = table.with_columns(change).filter(pl.col("views").is_not_null())
        lost = [n for n in columns if (table[n] < 0).any()]
        table = table.with_columns(pl.when(pl.col(n) < 0).then(None).otherwise(pl.col(n)).alias(n) for n in lost)
        said += [f"{n} fell on some days (the platform took some back); those days are left empty." for n in lost]
    if not len(table):
        raise TooFew(f"{path.name} holds fewer than two days.")
    return SpreadRead(empty("spread"), table, FORMAT, tuple(said))


def _refuse(frame, table, day, columns, file):
    problems = []
    for name, source in (("day", day), *columns.items()):
        wrong = table[name].is_null() & (frame[source].is_not_null() & (frame[source] != ""))
        if name != "day":
            wrong |= (table[name] < 0).fill_null(False)
        ask = "a date like 2026-03-01" if name == "day" else "a whole number, 0 or more"
        problems += [
            Problem(f'{source} is "{frame[source][int(i)]}"; use {ask}', file, int(i) + 2, source)
            for i in wrong.arg_true()[:100]
        ]
    if problems:
        raise BadInput(problems=problems)


def _named(by, names):
    return next((by[n] for n in names if n in by), None)
