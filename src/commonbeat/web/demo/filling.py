"""Fills a fresh site from a town's book and clips, and keeps a copy of it for the one-click reset."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from commonbeat.errors import Refused
from commonbeat.web.folder import create

__all__ = ["ROLES", "Ready", "prepare", "serve"]

#: the roles of the demonstration, in the order of the story; "mother" holds a private link, not an account
ROLES = ("officer", "press", "editor", "auditor", "mother")
TOWN = "Rivermeet"
VTT = {
    "stroller": ((0.2, 2.0, "[street, evening]"), (2.1, 4.0, "[the baby laughs]"), (4.1, 5.9, "[soft music]")),
    "dance-off": ((0.2, 2.0, "[music from a speaker]"), (2.1, 4.0, "[clapping in time]"), (4.1, 5.9, "[cheers]")),
}
SEEN = {
    "stroller": "A drawn street at dusk. An officer hides behind her hands and looks out again; the baby in the stroller laughs, the mother smiles.",
    "dance-off": "A drawn sidewalk with bunting. Three children show a step; an officer tries it, nearly stumbles, and tries again.",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ready:
    """A filled site. logins: role -> how to become that role (one click; demonstration only)."""

    folder: Path
    logins: dict = field(default_factory=dict)


def prepare(folder: Path, town) -> Ready:
    """Makes the demonstration site anew. Refused when the folder holds a site that is not a demonstration."""
    folder = Path(folder).absolute()
    if (folder / "site.json").exists():
        if not json.loads((folder / "site.json").read_text()).get("demo"):
            raise Refused(
                f"{folder} holds a real site; a demonstration is never written over it. Choose another --dir."
            )
        shutil.rmtree(folder)
    site = create(
        folder, name="Commonbeat", town=TOWN, demo=True,
        independent_body={"name": "Civilian Review Board of Rivermeet (simulated)", "reach": "board@rivermeet.example"},
        help_lines=[{"name": "Crisis line (simulated)", "reach": "0000"}],
    )  # fmt: skip
    from commonbeat.web.setup import prepare_django

    prepare_django(folder, migrate=True)
    from django.db import connection, transaction

    from commonbeat.ledger import Book
    from commonbeat.web.demo import people, press

    book = Book.open(town.book)
    tables = {name: book.table(name) for name in book.tables}
    with transaction.atomic():
        staff = people.hire()
        people.fill(tables, town.clips, staff)
    shutil.copytree(town.book, site.book, dirs_exist_ok=True)  # later editions are made from the same book
    press.publish_edition(site, book.snapshot, tables, town)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(folder / "pristine.sqlite3")])
    shutil.copytree(site.media, folder / "pristine-media")
    return Ready(folder, {role: f"one click at /demo/ (as {role})" for role in ROLES})


def serve(folder: Path, port: int = 8000) -> None:
    """Serves the demonstration on this machine only."""
    from commonbeat.web.serving import run

    run(Path(folder), port=port, ready=lambda: None)


def captions(kind: str) -> str:
    from commonbeat.stories import Cue, write_vtt

    return write_vtt(Cue(*cue) for cue in VTT[kind])


def long_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)
