"""`commonbeat where`: where did a row of a book come from?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Json, Quiet, show

__all__ = ["command"]


def command(
    book: Annotated[Path, typer.Argument(help="The book.")],
    table: Annotated[str, typer.Argument(help="The table: contacts, population, ...")],
    row: Annotated[str, typer.Argument(help="The row's id, or its number from 1.")],
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say where a row of a book came from: file, hash, line, day, who brought it in, under which licence."""
    from commonbeat import ledger

    origin = ledger.Book.open(book).where(table, row)
    show(origin, json=json, quiet=quiet, words=lambda console: _words(console, origin))


def _words(console: Console, origin) -> None:
    r = origin.receipt
    name = f' "{origin.id}"' if origin.id else ""
    console.print(
        f"Row {origin.row:,}{name} of {origin.table} came from {r['file']}, line {origin.line:,}.", highlight=False
    )
    console.print(f"SHA-256 {r['sha256']}")
    console.print(f"brought in {r['at']:%Y-%m-%d %H:%M} UTC by {r['importer'] or 'nobody named'}, {r['rows']:,} rows")
    console.print(f"licence: {r['licence'] or 'none stated'}; mapping: {r['mapping'] or 'none'}")
