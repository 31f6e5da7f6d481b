"""What every command shares: --json, --quiet, a progress bar that knows when to be silent, and one way to print."""

from __future__ import annotations

import json as jsonlib
import sys
from collections.abc import Callable
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from commonbeat.estimate import plain

__all__ = ["Analyst", "Json", "Quiet", "progress", "show"]

Json = Annotated[
    bool, typer.Option("--json", help="Print the result as JSON on standard output, and nothing else there.")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no words: only errors.")]
Analyst = Annotated[bool, typer.Option("--analyst", help="Show exact small numbers. Not for publication.")]


def show(result, *, json: bool, quiet: bool, words: Callable[[Console], None]) -> None:
    """Prints a result once: JSON for programs, or `words(console)` for people. Quiet people see nothing."""
    if json:
        data = result.to_dict() if hasattr(result, "to_dict") else result
        sys.stdout.write(jsonlib.dumps(plain(data), ensure_ascii=False, allow_nan=False, indent=2) + "\n")
    elif not quiet:
        words(Console())


@contextmanager
def progress(*, quiet: bool):
    """A progress bar on standard error; silent with `quiet` or when nobody watches."""
    console = Console(stderr=True)
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        yield bar
