"""Bring a saved site back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show


def command(
    backup: Annotated[Path, typer.Argument(help="A folder made by `commonbeat backup`.")],
    site: Annotated[Path, typer.Option(help="An empty folder for the site.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Checks every file, count and film of a backup, then restores all of it, or nothing."""
    from commonbeat.web.saving import restore

    made = restore(backup, site)

    def words(out):
        out.print(f"Restored to {site}, as of {made['made_at']}. Every file matched its hash.")
        if not made["with_keys"]:
            out.print(f"Now put the keys back: {site}/keys")

    show(made, json=json, quiet=quiet, words=words)
