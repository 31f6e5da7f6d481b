"""`commonbeat ripple SPREAD [--story ID] [--json] [--html OUT]`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Analyst, Json, Quiet, show

__all__ = ["command"]


def command(
    spread: Annotated[Path, typer.Argument(help="A book, or a file: codebook CSV or Parquet, 4CAT or Zeeschuimer CSV, GDELT mentions, Mastodon or Bluesky JSON, a web server's log, daily views.")],
    story: Annotated[str | None, typer.Option("--story", help="Which story; without it all of them, or the only one.")] = None,
    at: Annotated[float | None, typer.Option("--at", help="Forecast as of this many hours after the story's first event.")] = None,
    format: Annotated[str | None, typer.Option("--format", help="Which reader to use, where the file leaves doubt.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that needs no network.")] = None,
    json: Json = False,
    analyst: Analyst = False,
    quiet: Quiet = False,
):  # fmt: skip
    """How far did a story travel, does sharing feed itself, and how large will it become?"""
    from commonbeat.report.ripple_page import ripple_page, ripple_words
    from commonbeat.ripple.story import one_story, town

    read, simulated, snapshot = _read(spread, format)
    table = read.table if read.counts is None else read.counts
    names = table["story_id"].unique().sort().to_list()
    only = story or (names[0] if len(names) == 1 else None)
    result = one_story(read, only, at=None if at is None else at * 3600) if only else town(read)
    data = result.to_dict(public=not analyst) | {"format": read.format, "simulated": simulated}
    if html is not None:
        from commonbeat.report.page import write_page

        write_page(html, ripple_page(data, simulated=simulated, snapshot=snapshot))
    show(
        data,
        json=json,
        quiet=quiet,
        words=lambda console: [console.print(line, markup=False, highlight=False) for line in ripple_words(data)],
    )


def _read(spread: Path, format):
    """(SpreadRead, is it a simulated town?, snapshot) from a book or a file."""
    from commonbeat.errors import TooFew
    from commonbeat.ripple.sources import read_spread
    from commonbeat.ripple.sources.door import SpreadRead

    if not spread.is_dir():
        return read_spread(spread, format=format), False, None
    from commonbeat.ledger import Book

    book = Book.open(spread)
    if "spread" not in book or not book.rows("spread"):
        raise TooFew(f"The book {spread} holds no spread events yet: nobody has recorded how a story travelled.")
    return SpreadRead(book.table("spread"), None, "book", ()), book.simulated, book.snapshot
