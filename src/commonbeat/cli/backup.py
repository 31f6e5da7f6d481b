"""Save the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show


def command(
    target: Annotated[Path, typer.Argument(help="A new or empty folder.")],
    site: Annotated[Path | None, typer.Option(help="The site folder; default COMMONBEAT_SITE or ./site.")] = None,
    keys: Annotated[
        bool, typer.Option("--keys", help="Put the keys in as well: then guard the backup like the site.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Saves database, films, book and editions while the site runs, with hashes and the head of the log that prove it."""
    from commonbeat.web.saving import save
    from commonbeat.web.setup import prepare_django

    made = save(prepare_django(site), target, keys=keys)

    def words(out):
        out.print(
            f"Saved to {target}: {len(made['files'])} files, log up to entry {made['head'][0] if made['head'] else 0}."
        )
        if not keys:
            out.print("Keys are not in it. Keep SITE/keys somewhere else, or films in this backup can never be read.")

    show(made, json=json, quiet=quiet, words=words)
