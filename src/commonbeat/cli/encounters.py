"""`commonbeat encounters BOOK`: who is met, where and how, and is the record honest?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Analyst, Json, Quiet, show

__all__ = ["command"]


def command(
    book: Annotated[Path, typer.Argument(help="The book.")],
    by: Annotated[str | None, typer.Option("--by", help="Split by race, age_band or sex.")] = None,
    zone: Annotated[str, typer.Option("--zone", help="The town's own time zone, for its days and hours.")] = "UTC",
    announced: Annotated[
        str | None,
        typer.Option("--announced", help="Day a target was announced (YYYY-MM-DD): did the record double after it?"),
    ] = None,
    present: Annotated[
        Path | None,
        typer.Option(
            "--present",
            help="A file of people present (area_id, people, perhaps hour), shown beside the residents. `commonbeat import "
            "present` keeps it in the book instead, with a receipt.",
        ),
    ] = None,
    html: Annotated[Path | None, typer.Option("--html", help="Write a page to this file.")] = None,
    analyst: Analyst = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Who is met, where and how? Positive and enforcement contact side by side, whether positive contact reaches the places with
    the most enforcement, questions about the record, whether good practice spreads, and how promises stand.

    Counts under 5 are hidden; --analyst shows them. Nothing here can rank officers.
    """
    from commonbeat import ledger
    from commonbeat.report.encounters_page import write_encounters_page

    opened = ledger.Book.open(book)
    kept = opened.table("present") if opened.rows("present") else None
    there = kept if present is None else _present(present)
    answer = _answer(opened, by, zone, _day(announced), analyst, there)
    areas = opened.table("areas") if "areas" in opened else None
    names = dict(areas.select("area_id", "name").iter_rows()) if areas is not None else {}
    if html is not None:
        public = answer if not analyst else _answer(opened, by, zone, _day(announced), False, there)
        write_encounters_page(html, public, names, areas=areas)
    show(answer, json=json, quiet=quiet, words=lambda console: _words(console, answer, names, html))


def _answer(book, by, zone, announced, analyst, present) -> dict:
    from commonbeat import encounters
    from commonbeat.errors import BookError, TooFew
    from commonbeat.report.encounters_release import released, released_present

    if not {"contacts", "population"} <= set(book.tables):
        raise BookError(
            f"{book.path.name} needs contacts and population; import both first (`commonbeat import --help`)."
        )
    contacts, population = book.scan("contacts"), book.table("population")
    people = book.scan("people") if by and "people" in book else None
    found = encounters.equity(contacts, population, people=people, by=by, zone=zone)
    stories = book.table("stories") if "stories" in book else None
    cannot: dict[str, str] = {}

    def ask(name, question):
        try:
            return question()
        except TooFew as few:
            cannot[name] = str(few)
            return None

    parts = {
        "reach": ask("reach", lambda: encounters.reach(contacts, population, zone=zone)),
        "integrity": ask("integrity", lambda: encounters.integrity(contacts, announced=announced, zone=zone)),
        "practice": ask("practice", lambda: encounters.spread_of_practice(contacts, stories=stories, zone=zone)),
        "commitments": _promises(book, contacts, population, zone, found.window.last, cannot),
    }
    first = {"snapshot": book.snapshot, "simulated": book.simulated, "label": book.label}
    said = {k: _plain(v) for k, v in parts.items()}
    if present is not None:
        said["present"] = released_present(
            encounters.by_people_present(contacts, present, zone=zone), analyst=analyst
        )
    return first | released(found, analyst=analyst) | said | {"cannot_tell": cannot} | {"simulated": book.simulated}


def _present(file: Path):
    """People present, from a file of somebody's own, checked like every other but kept in no book."""
    from commonbeat import ledger

    return ledger.read("present", file)


def _promises(book, contacts, population, zone, today, cannot: dict):
    """Promises as of the record's last day, measured from the promise on where the book has the tables for it."""
    from commonbeat.report.promises import COUNTED, standing

    there = {n: book.table(n) for n in ("commitments", *COUNTED) if n in book and book.rows(n)}
    found, few = standing(there | {"contacts": contacts, "population": population}, today=today, zone=zone)
    cannot.update(few)
    return list(found)


def _plain(thing):
    from commonbeat.estimate import plain

    return plain(thing)


def _day(text: str | None) -> date | None:
    from commonbeat.errors import BadInput

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadInput(f'"{text}" is not a day; write it like 2026-03-01.') from None


def _words(console: Console, answer: dict, names: dict, html) -> None:
    from commonbeat.report import encounters_words as w

    if answer["label"]:
        console.print(f"[bold]{answer['label'].capitalize()} data.[/]")
    console.print(w.cell_sentence(answer["town"], "Over the whole town"), highlight=False)
    above = [c for c in answer["cells"] if c["verdict"] == "above_town"]
    for c in above[:20]:
        place = names.get(c["area"], c["area"])
        console.print("  " + w.cell_sentence(c, f"{place}, {c['group']}" if c["group"] else place), highlight=False)
    if not above:
        console.print("  In no area is enforcement clearly above the rest of the town.")
    for v in answer["versus"]:
        console.print("  " + w.versus_words(v), highlight=False)
    if answer["reach"]:
        r = answer["reach"]
        console.print(f"The most enforced areas, home to {r['of_residents']:.0%} of residents, saw {r['share']['value']:.0%} "
                      f"({r['share']['low']:.0%} to {r['share']['high']:.0%}) of positive contacts.", highlight=False)  # fmt: skip
    for q in (answer["integrity"] or {}).get("questions", ()):
        console.print("Ask: " + w.question_words(q), highlight=False)
    if answer["practice"]:
        console.print(w.practice_words(answer["practice"]), highlight=False)
    for c in answer["commitments"]:
        console.print(f"Promise {c['commitment_id']} ({c['by']}): {w.promise_words(c)}", highlight=False)
    for sentence in answer["cannot_tell"].values():
        console.print(f"[yellow]Cannot tell:[/] {sentence}", highlight=False)
    for caution in w.caution_words(answer["cautions"]):
        console.print(f"[yellow]Note:[/] {caution}", highlight=False)
    if html is not None:
        console.print(f"Page written to {html}.")
