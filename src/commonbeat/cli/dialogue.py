"""`commonbeat dialogue FOLDER`: what people think together, from a Polis export or a book."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Analyst, Json, Quiet, show
from commonbeat.errors import BadInput

Folder = Annotated[Path, typer.Argument(help="A Polis export folder, or a book.", show_default=False)]
GroupsFile = Annotated[
    Path | None,
    typer.Option(
        "--groups", help="CSV of known groups: person,group or statement_id,group (all who agreed with it)."
    ),
]
Meta = Annotated[str | None, typer.Option("--meta", help="Statements that are self-descriptions, such as 1-14,20.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page for residents to this file.")]
Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of every draw; the same seed gives the same answer.")]
Legacy = Annotated[
    bool, typer.Option("--legacy", help="Show the groups a Polis server would, to check us against it.")
]


def command(
    folder: Folder,
    groups: GroupsFile = None,
    meta: Meta = None,
    html: Html = None,
    seed: Seed = 0,
    legacy: Legacy = False,
    analyst: Analyst = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """What do people think together? Common ground first; groups only where the votes support them.

    Small cells are withheld and shares behind fewer than 20 people are given in words; --analyst shows exact numbers.
    """
    from commonbeat.report.dialogue_release import released
    from commonbeat.report.dialogue_words import verdict

    if html is not None:
        _writable(html)
    talk, snapshot, simulated = _asked(folder, groups, meta, seed, legacy)
    raw = talk.to_dict()
    public = released(raw)
    answer = raw | {"suppressed": []} if analyst else public
    answer = _worded(answer, verdict(raw), snapshot, simulated)
    if html is not None:
        from commonbeat.report.dialogue_page import dialogue_page
        from commonbeat.report.page import write_page

        public = _worded(public, answer["verdict"], snapshot, simulated)
        write_page(html, dialogue_page(public, talk.groups.map.points, talk.groups.labels))
    show(answer, json=json, quiet=quiet, words=lambda console: _say(console, answer, html))


def _worded(answer, sentence, snapshot, simulated) -> dict:
    first = {"verdict": sentence, "snapshot": snapshot, "simulated": simulated}
    return {k: answer[k] for k in ("people", "statements", "votes", "agree", "disagree", "pass")} | first | answer


def _asked(folder, groups, meta, seed, legacy):
    from commonbeat import dialogue

    votes, snapshot, simulated = _votes(folder, meta)
    known, warnings = None, ()
    if groups is not None:
        named = dialogue.read_groups(groups, votes)
        known, warnings = named.known, named.notes
        votes = votes.with_attributes(named.attributes) if named.attributes else votes
    elif snapshot is not None and votes.recorded is not None:
        known = dialogue.known_groups(votes, votes.recorded)
    return dialogue.conversation(votes, known, seed=seed, legacy=legacy, warnings=warnings), snapshot, simulated


def _votes(folder: Path, meta):
    from commonbeat import dialogue

    if not (folder / "CURRENT").is_file():
        return dialogue.read_polis(folder, meta=meta), None, False
    from commonbeat.ledger import Book

    book = Book.open(folder)
    if "votes" not in book or "statements" not in book:
        raise BadInput(f"the book {folder} has no tables statements and votes yet: nobody was asked anything.")
    return (
        dialogue.votes_from_frame(book.table("votes"), book.table("statements"), meta=meta),
        book.snapshot,
        book.simulated,
    )


def _writable(html: Path) -> None:
    if html.is_dir() or not html.parent.is_dir() or not os.access(html.parent, os.W_OK):
        raise BadInput(f"{html} cannot be written; give the path of a file in a folder that exists.")


def _say(console, answer, html) -> None:
    from commonbeat.report.dialogue_words import sentences

    if answer["simulated"]:
        console.print("[simulated]", style="bold", markup=False)
    console.print(answer["verdict"], style="bold", markup=False, highlight=False, soft_wrap=True)
    lines = sentences(answer)
    console.print(lines[0], markup=False, highlight=False, soft_wrap=True)
    for line in lines[1:]:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    for line in answer["warnings"]:
        console.print(f"Note: {line}", markup=False, highlight=False, soft_wrap=True)
    for row in answer["suppressed"]:
        console.print(
            f"Withheld: {row['what']} ({row['values']}), {row['why']}.", markup=False, highlight=False, soft_wrap=True
        )
    if html is not None:
        console.print(f"Page: {html}", markup=False, highlight=False, soft_wrap=True)
