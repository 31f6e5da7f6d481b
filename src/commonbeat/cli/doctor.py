"""What on this machine would stop Commonbeat, and what to do?"""

from __future__ import annotations

import os
import shutil
import sqlite3
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show

SQLITE_SAFE = (3, 51, 3)  #: first release without the rare damage when two connections write at the same instant


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. state: good, note (works, but read it), bad (will not work)."""

    what: str
    state: str
    words: str


def command(
    site: Annotated[Path | None, typer.Option(help="Look at this site folder too.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Looks at Python, SQLite, disk, video tools, the sandbox, and (with --site) keys, database and waiting work."""
    found = [_python(), _sqlite(), _sandbox(), _tool("ffmpeg", "some video checks"), *_site(site)]

    def words(out):
        marks = {"good": "[green]✓[/]", "note": "[yellow]·[/]", "bad": "[red]✗[/]"}
        for f in found:
            out.print(f"{marks[f.state]} {f.what}: {f.words}", highlight=False)

    show({"findings": [asdict(f) for f in found]}, json=json, quiet=quiet, words=words)
    if any(f.state == "bad" for f in found):
        raise typer.Exit(6)


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    return Finding("Python", "good" if good else "bad", version if good else f"{version}; 3.11 or newer is needed")


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= SQLITE_SAFE:
        return Finding("SQLite", "good", sqlite3.sqlite_version)
    return Finding("SQLite", "note", f"{sqlite3.sqlite_version}; before 3.51.3 two programs writing at the same instant could damage "
                   "a file. The site lets only one write at a time, so do not write to its file with other programs.")  # fmt: skip


def _sandbox() -> Finding:
    """What `footage.fence` will really do here: the same trial it makes itself."""
    try:
        from commonbeat.footage.walls import walls
    except ImportError:
        return Finding("video sandbox", "note", "the extra `video` is not installed: no film can be opened")
    fence = walls()
    if fence == "bubblewrap":
        words = (
            "bubblewrap: whoever decodes a film sees this program, the film and a work folder; no keys, no network"
        )
        return Finding("video sandbox", "good", words)
    why = (
        "this machine forbids bubblewrap"
        if shutil.which("bwrap")
        else "bubblewrap is missing (apt install bubblewrap)"
    )
    left = {
        "landlock": "Landlock keeps a film's decoder from every other file, and limits hold",
        "limits": "films are decoded with limits only; a hostile one could read what this user can read",
    }
    return Finding("video sandbox", "good" if fence == "landlock" else "note", f"{why}; {left[fence]}")


def _tool(name: str, needed: str) -> Finding:
    path = shutil.which(name)
    return Finding(name, "good" if path else "note", path or f"missing; without it {needed} are skipped")


def _site(site: Path | None):
    if site is None and not os.environ.get("COMMONBEAT_SITE"):
        return
    from commonbeat.errors import CommonbeatError
    from commonbeat.web.folder import KEYS, default_folder, open_site

    try:
        opened = open_site(site or default_folder())
        for purpose in KEYS:
            opened.key(purpose)
    except CommonbeatError as error:
        yield Finding("site", "bad", str(error))
        return
    loose = [p for p in KEYS if (opened.root / "keys" / p).stat().st_mode & 0o077]
    yield Finding(
        "keys",
        "bad" if loose else "good",
        f"others can read {', '.join(loose)}: chmod 600" if loose else "readable by their owner only",
    )
    free = shutil.disk_usage(opened.root).free / 1e9
    yield Finding("disk", "good" if free > 5 else "note", f"{free:.1f} GB free")
    yield from _database(opened)


def _database(opened):
    from django.db import DatabaseError

    from commonbeat.web.setup import prepare_django

    try:
        prepare_django(opened.root)
        from django.db import connection
        from django.db.migrations.executor import MigrationExecutor

        plan = MigrationExecutor(connection)
        behind = plan.migration_plan(plan.loader.graph.leaf_nodes())
        if behind:
            yield Finding(
                "database",
                "note",
                f"{len(behind)} steps behind; `commonbeat serve` brings it up to date after a copy",
            )
            return
        from commonbeat.web.base.log import verdict
        from commonbeat.web.jobs.models import Job

        log = verdict()
        yield Finding(
            "log",
            "good" if log.whole else "bad",
            f"{log.entries} entries, whole" if log.whole else f"broken at entry {log.first_broken}: {log.why}",
        )
        parked = Job.objects.filter(state="parked").count()
        yield Finding(
            "waiting work",
            "note" if parked else "good",
            f"{parked} jobs parked: look at their trouble" if parked else "nothing is stuck",
        )
    except DatabaseError as error:
        yield Finding("database", "bad", f"cannot be reached: {error}".strip())
