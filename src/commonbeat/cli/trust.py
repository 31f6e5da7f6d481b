"""`commonbeat trust BOOK`: how are people treated, in their own words, and does that change?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Analyst, Json, Quiet, show
from commonbeat.errors import BadInput
from commonbeat.ledger import Book
from commonbeat.report.trust_page import write_trust_page
from commonbeat.report.trust_release import HIDDEN, public, public_dict, public_group
from commonbeat.report.words import figure
from commonbeat.trust import read_pas
from commonbeat.trust.town import BY, town_trust

__all__ = ["command"]


def command(
    book: Annotated[Path, typer.Argument(help="A book, or a published table of trust levels (CSV).")],
    by: Annotated[str | None, typer.Option("--by", help=f"Break down by {', '.join(BY)}.")] = None,
    raked: Annotated[
        str, typer.Option("--rake", help="Rake to the population's race, age_band, sex, area_id (commas between).")
    ] = "",
    html: Annotated[Path | None, typer.Option("--html", help="Write a page there too.")] = None,
    analyst: Analyst = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """How are people treated, in their own words, and does that change?"""
    if book.is_file():
        _published(book, by, html, json, quiet)
        return
    opened = Book.open(book)
    for needed in ("respondents", "answers"):
        if not opened.rows(needed):
            raise BadInput(
                f"{book} has no {needed}: nobody was asked. `commonbeat import {needed} FILE --into {book}` brings them in."
            )
    columns = [c.strip() for c in raked.split(",") if c.strip()]
    population = opened.table("population") if columns and opened.rows("population") else None
    found = town_trust(
        opened.table("respondents"), opened.table("answers"), population=population, by=by, raked=columns
    )
    if html is not None:
        write_trust_page(html, found, simulated=opened.simulated, snapshot=opened.snapshot, analyst=analyst)
    said = {
        "book": str(book),
        "snapshot": opened.snapshot,
        "label": opened.label,
        **public_dict(found, analyst=analyst),
    }
    show(said, json=json, quiet=quiet, words=lambda console: _say(console, found, opened, analyst))


def _published(path, by, html, json, quiet) -> None:
    if by is not None:
        raise BadInput(
            "A published table of areas cannot be broken down by people: they are not in it. Leave out --by."
        )
    if html is not None:
        raise BadInput(
            "A page is made from a book. Import the answers into one, or use --json for a published table."
        )
    found = read_pas(path)

    def words(console):
        console.print(
            f"{found.source}: {found.table['area'].n_unique()} areas, {found.table['date'].n_unique()} dates\n",
            highlight=False,
        )
        for measure in found.measures():
            levels = sorted(found.levels(measure).items(), key=lambda pair: pair[1].value)
            (low, least), (high, most) = levels[0], levels[-1]
            console.print(
                f"{measure}: from {figure(least.value, 0)} % ({low}) to {figure(most.value, 0)} % ({high})",
                highlight=False,
            )
        for caution in found.cautions:
            console.print(f"! {caution}", highlight=False)

    show(found, json=json, quiet=quiet, words=words)


def _say(console, found, opened, analyst) -> None:
    def line(text="", style=None):
        console.print(text, style=style, highlight=False, markup=False)

    if opened.label:
        line(
            f"{opened.label.capitalize()}{': nothing here happened' if opened.label == 'simulated' else ''}.", "bold"
        )
    for s in found.sections:
        line()
        line(f"{s.plan or 'no named study'}, {s.side}s, {s.questionnaire} ({s.sample})", "bold")
        line(f"  score      {_number(s.score if analyst else public(s.score))}")
        for name, e in s.measures:
            line(f"  {name:<16} {_number(e if analyst else public(e))}")
        if s.by is not None:
            line(f"  by {found.by}")
            for name, e in list(s.by) if analyst else public_group(list(s.by)):
                line(f"    {name:<16} {_number(e)}")
            if s.comparable is not None and not s.comparable.means_compare:
                line(f"    ! {s.comparable.cautions[-1]}")
        if s.track is not None:
            for x in s.track.steps[-1:]:
                line(
                    f"  {x.since} to {x.until}: change {_number(x.all_answers if analyst else public(x.all_answers))}"
                )
                if x.same_people is not None:
                    line(f"    of the same people {_number(x.same_people if analyst else public(x.same_people))}")
        for caution in (*s.cautions, *s.score.cautions):
            line(f"  ! {caution}")


def _number(e) -> str:
    if e.value is None:
        return "hidden" if HIDDEN in e.cautions else (e.cautions[0] if e.cautions else "cannot tell")
    if e.low is None or e.high is None:
        return f"{figure(e.value)} (no margin of error; n {e.n:,})"
    return f"{figure(e.value)} ({figure(e.low)} to {figure(e.high)}; n {e.n:,})"
