"""`commonbeat verify`: has a byte of a book changed?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Json, Quiet, show

__all__ = ["command"]


def command(
    book: Annotated[Path, typer.Argument(help="The book.")],
    head: Annotated[
        list[Path] | None,
        typer.Option("--head", help="A signed head kept outside: finds a chain whose end was cut off."),
    ] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The public key that signed the heads.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Check a book: every file of every snapshot against its hash, and the chain that knows them. Ends with 6 if anything changed."""
    from commonbeat import audit, ledger
    from commonbeat.errors import BadInput

    if head and key is None:
        raise BadInput("--head needs --key FILE: the public key of whoever signed it.")
    public = audit.read_public(key) if key else None
    heads = [audit.check_signed(audit.read_signed(h), public) for h in head or ()]
    found = ledger.verify(book, *heads)
    show(found, json=json, quiet=quiet, words=lambda console: _words(console, found))
    if not found.whole:
        raise typer.Exit(6)


def _words(console: Console, found) -> None:
    console.print(
        f"{found.snapshots} snapshots, {found.files} files, {found.bytes:,} bytes and {found.entries} entries of the chain read."
    )
    for problem in found.problems:
        console.print(f"[bold red]Changed:[/] {problem}", highlight=False)
    if found.whole:
        console.print("Every byte is as it was written.")
