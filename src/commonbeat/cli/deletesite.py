"""Delete the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show


def command(
    town: Annotated[
        str, typer.Option("--town", help="The town's name, typed in full, so that nobody deletes another.")
    ],
    site: Annotated[Path | None, typer.Option(help="The site folder; default COMMONBEAT_SITE or ./site.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Deletes a whole town: keys, database, films, book. Only the last head of the log remains. Stop `serve` and `work` first."""
    from commonbeat.web.deleting import delete
    from commonbeat.web.setup import prepare_django

    proof = delete(prepare_django(site), town=town)
    show(
        {"deleted": True, "proof": str(proof)},
        json=json,
        quiet=quiet,
        words=lambda out: out.print(
            f"Deleted. What remains is {proof}: the last head of the log. Backups without keys show nothing; delete them too."
        ),
    )
