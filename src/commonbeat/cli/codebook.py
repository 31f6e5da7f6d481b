"""`commonbeat codebook`: what does every table and column mean, and who may see it?"""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from commonbeat.cli.common import Json, Quiet, show

__all__ = ["command"]


def command(
    table: Annotated[str | None, typer.Argument(help="Only this table.")] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print it as the page docs/codebook.md.")] = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Say what every table and column means, its unit, what it may hold, and who may see it."""
    from commonbeat import codebook
    from commonbeat.codebook import page
    from commonbeat.errors import BadInput

    if table is not None and table not in codebook.TABLES:
        raise BadInput(f'There is no table "{table}"; the tables are {", ".join(codebook.TABLES)}.')
    names = [table] if table else list(codebook.TABLES)
    if markdown:
        typer.echo(page.markdown(names), nl=False)
        return
    show(page.as_dict(names), json=json, quiet=quiet, words=lambda console: _words(console, names))


def _words(console: Console, names: list[str]) -> None:
    from commonbeat import codebook

    for name in names:
        console.print(f"\n[bold]{name}[/]: {codebook.TABLES[name].__doc__}")
        table = Table(Column("column", no_wrap=True), "meaning", "unit", "holds", "who may see it", show_header=True)
        for c in codebook.columns(name):
            missing = " (may be missing)" if c.may_be_missing else ""
            table.add_row(c.name, c.meaning, c.unit or "", (c.allowed or "") + missing, c.see)
        console.print(table)
