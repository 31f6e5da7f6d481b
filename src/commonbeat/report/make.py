"""A book in, a town's report out: asks each room, lays out what it says, and what it cannot say."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from commonbeat.errors import CommonbeatError
from commonbeat.ledger import Book
from commonbeat.report.blocks import Page, Words
from commonbeat.report.sections import (
    contact,
    dialogue,
    footage,
    made,
    promised,
    recorded,
    stories,
    study,
    study_appendix,
    trust,
)
from commonbeat.report.site import Cover, write_site
from commonbeat.studies.findings import Findings

__all__ = ["make"]


def make(book: Book, out: str | os.PathLike, *, findings: Sequence[Findings] = (), town: str = "The town", today: dt.date | None = None,
         sections: Sequence[tuple[str, Callable[[], Page]]] | None = None, progress: Callable[[str], None] | None = None) -> Path:  # fmt: skip
    """Writes the whole report  -> its first page.

    A section whose room cannot answer from this book says so in its own words; the others still stand.
    """
    say = progress or (lambda what: None)
    pages = []
    for name, ask in sections or _sections(book, findings):
        say(name)
        try:
            pages.append(ask())
        except CommonbeatError as error:
            pages.append(_cannot(name, error))
    strap = (
        f"A simulated town from the snapshot {book.snapshot[:12]}"
        if book.simulated
        else f"From the snapshot {book.snapshot[:12]}"
    )
    opening = (
        "Who is met, and how. What was filmed, and who can be seen. How far a story went. What people agree on. Whether trust moved, for whom, "
        "how long. And what nobody can tell yet. Every number stands beside its interval and its n."
    )
    curve = (
        (study.curve_of(findings[0]), study.curve_sentence(findings[0])) if findings and findings[0].rings else None
    )
    cover = Cover(town, strap, opening, book.simulated, book.snapshot, today or dt.date.today())
    say("writing the pages")
    return write_site(out, cover, pages, curve=curve, findings=[f.to_dict() for f in findings])


def _sections(book, findings):
    plain = [
        ("What was recorded", lambda: recorded.recorded(book)),
        ("Who gets which contact", lambda: contact.contact(book)),
        ("Footage", lambda: footage.footage(book)),
        ("Stories and their ripple", lambda: stories.stories(book)),
        ("Common ground", lambda: dialogue.dialogue(book)),
        ("Trust over time", lambda: trust.trust(book)),
        ("What was promised", lambda: promised.promised(book)),
    ]
    asked = [
        (f.plan["title"], lambda f=f, show=show: show(f))
        for f in findings
        for show in (study.study, study_appendix.appendix)
    ]
    return [*plain, *asked, ("How it was made", lambda: made.made(book, findings))]


def _cannot(name, error) -> Page:
    file = name.lower().replace(" ", "-").replace("?", "") + ".html"
    return Page(
        file, name, name, (Words(str(error)),), (name, "Nothing can be said from this book."), (f"{name}: {error}",)
    )
