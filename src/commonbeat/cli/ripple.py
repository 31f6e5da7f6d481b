"""`commonbeat ripple SPREAD [--story ID] [--json] [--html OUT]`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Analyst, Json, Quiet, show
from commonbeat.errors import BadInput

__all__ = ["command"]


def command(
    spread: Annotated[Path, typer.Argument(help="A book, or a file: codebook CSV or Parquet, 4CAT or Zeeschuimer CSV, GDELT mentions, Mastodon or Bluesky JSON, a web server's log, daily views, or a published table of cascades.")],
    story: Annotated[str | None, typer.Option("--story", help="Which story; without it all of them, or the only one.")] = None,
    at: Annotated[float | None, typer.Option("--at", help="Forecast as of this many hours after the story's first event.")] = None,
    format: Annotated[str | None, typer.Option("--format", help="Which reader to use, where the file leaves doubt.")] = None,
    statements: Annotated[str | None, typer.Option("--statements", help="Ids of statements about this story, like t24,t25: how a book's conversation voted on them.")] = None,
    coverage: Annotated[Path | None, typer.Option("--coverage", help="What else was told about the police: a CSV with first and second (two people's codes) or tone, and at.")] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page that needs no network.")] = None,
    json: Json = False,
    analyst: Analyst = False,
    quiet: Quiet = False,
):  # fmt: skip
    """How far did a story travel, does sharing feed itself, and how large will it become?"""
    from commonbeat.report.ripple_page import ripple_page, ripple_words
    from commonbeat.ripple.story import one_story, town

    read, simulated, snapshot, book, salt = _read(spread, format)
    table = read.table if read.counts is None else read.counts
    names = table["story_id"].unique().sort().to_list()
    only = _named(story, names, salt) or (names[0] if len(names) == 1 else None)
    if (statements or coverage) and not only:
        raise BadInput("--statements and --coverage are about one story: name it with --story ID.")
    more = {"votes": _votes(book, statements), "coverage": _items(coverage)}
    result = one_story(read, only, at=None if at is None else at * 3600, **more) if only else town(read)
    data = result.to_dict(public=not analyst) | {"format": read.format, "simulated": simulated}
    if html is not None:
        from commonbeat.report.page import write_page

        write_page(html, ripple_page(data, simulated=simulated, snapshot=snapshot))
    show(
        data,
        json=json,
        quiet=quiet,
        words=lambda console: [
            console.print(line, markup=False, highlight=False) for line in [*ripple_words(data), *data["warnings"]]
        ],
    )


def _read(spread: Path, format):
    """(SpreadRead, is it a simulated town?, snapshot, the book or None, salt or None) from a book or a file.

    A file is its own salt: the same file always gives the same names of stories, so that one can be asked for by the name
    that was shown before, and nobody without the file can go back from a name to a post.
    """
    import hashlib

    from commonbeat.errors import TooFew
    from commonbeat.ripple.sources import read_spread
    from commonbeat.ripple.sources.door import SpreadRead

    if not spread.is_dir():
        salt = None
        if spread.is_file():
            with spread.open("rb") as file:
                salt = hashlib.file_digest(file, "sha256").digest()
        return read_spread(spread, format=format, salt=salt), False, None, None, salt
    from commonbeat.ledger import Book

    book = Book.open(spread)
    if "spread" not in book or not book.rows("spread"):
        raise TooFew(f"The book {spread} holds no spread events yet: nobody has recorded how a story travelled.")
    return SpreadRead.of_book(book), book.simulated, book.snapshot, book, None


def _named(story, names, salt):
    """The story as it was shown, or by the name its source gives it (a thread's id, a post's address)."""
    if story is None or story in names or salt is None:
        return story
    from commonbeat.ripple.sources.door import Pseudonyms

    hidden = Pseudonyms(salt).token("story", story)
    return hidden if hidden in names else story


def _votes(book, statements):
    """Votes of the book's conversation on these statements, with their words."""
    import polars as pl

    if not statements:
        return None
    if book is None or not book.rows("votes"):
        raise BadInput("--statements needs a book with votes: there are none here.")
    wanted = [s.strip() for s in statements.split(",") if s.strip()]
    said = book.table("statements").select("statement_id", "text")
    unknown = sorted(set(wanted) - set(said["statement_id"]))
    if unknown:
        raise BadInput(
            f'There is no statement "{unknown[0]}" in this book; there are {", ".join(said["statement_id"].sort()[:5])} ...'
        )
    return book.table("votes").filter(pl.col("statement_id").is_in(wanted)).join(said, on="statement_id", how="left")


def _items(coverage):
    """Coded items of coverage; times, where given, become UTC."""
    import polars as pl

    if coverage is None:
        return None
    if not coverage.is_file():
        raise BadInput(f"There is no file {coverage}.")
    table = pl.read_csv(coverage, infer_schema_length=0).with_columns(
        pl.col(pl.String).str.strip_chars().replace("", None)
    )
    if "tone" in table.columns:
        table = table.with_columns(pl.col("tone").cast(pl.Float64, strict=False))
    if "at" in table.columns:
        from commonbeat.ripple.sources.door import moment

        lines = enumerate(table["at"], 2)
        at = [None if v is None else moment(v, file=str(coverage), line=k) for k, v in lines]
        table = table.with_columns(at=pl.Series(at, dtype=pl.Datetime("us", "UTC")))
    return table
