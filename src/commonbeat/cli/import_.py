"""`commonbeat import`: a file of records into a book, all of it or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Json, Quiet, progress, show

__all__ = ["command"]


def command(
    table: Annotated[str, typer.Argument(help="Which table: contacts, people, areas, population, complaints, ...")],
    file: Annotated[Path, typer.Argument(help="A .csv, .xlsx, .parquet, .geojson or .gpkg file.")],
    into: Annotated[Path, typer.Option("--into", help="The book; it is made if there is none.")],
    map: Annotated[
        str | None, typer.Option("--map", help="A column mapping by name, or a TOML file of your own.")
    ] = None,
    zone: Annotated[
        str | None, typer.Option("--zone", help="Zone in which times without one are kept, like America/Chicago.")
    ] = None,
    encoding: Annotated[
        str | None, typer.Option("--encoding", help="What the file is written in, if not UTF-8.")
    ] = None,
    licence: Annotated[str | None, typer.Option("--licence", help="The data's licence, for the receipt.")] = None,
    role: Annotated[
        str, typer.Option("--as", help="The role that imports, for the receipt: never a name.")
    ] = "importer",
    errors: Annotated[
        Path | None, typer.Option("--errors", help="Write rows that are wrong here, to be mended and imported again.")
    ] = None,
    keep_good: Annotated[
        bool, typer.Option("--keep-good", help="Import the right rows now; the wrong ones stay in the errors file.")
    ] = False,
    wait: Annotated[float, typer.Option("--wait", help="Seconds to wait for another import.")] = 30.0,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Bring a file of contacts, areas or other records into a book. Anything wrong is told line by line, and then nothing is imported."""
    from commonbeat import ledger
    from commonbeat.errors import BadInput

    if keep_good and errors is None:
        raise BadInput(
            "--keep-good leaves wrong rows out; say with --errors FILE where they go, so that none is lost."
        )
    if not file.is_file():
        raise BadInput(f"There is no file {file}.")
    fresh = not into.exists()
    if fresh:
        ledger.Book.create(into)
    try:
        with progress(quiet=quiet or json) as bar:
            task = bar.add_task(f"reading {file.name}", total=None)
            done = ledger.bring_in(
                into, table, file, importer=role, map=map, zone=zone, encoding=encoding, licence=licence, errors=errors,
                keep_good=keep_good, wait=wait, seen=lambda rows: bar.advance(task, rows),
            )  # fmt: skip
    except BadInput:
        if fresh and not ledger.Book.open(into).tables:
            shutil.rmtree(into)  # an empty book would only look like one that was begun
        raise
    show(done, json=json, quiet=quiet, words=lambda console: _words(console, done))


def _words(console: Console, done) -> None:
    for theirs, ours in done.called.items():
        console.print(f'The column "{theirs}" was read as {ours}.', highlight=False)
    for name, added in done.tables.items():
        console.print(f"{name}: {added.added:,} rows added, {added.already:,} were already there.")
        if added.erased:
            console.print(f"  {added.erased:,} stay away: they were erased from this book earlier.")
    if done.left_out:
        console.print(f"{done.left_out:,} wrong rows are in {done.errors_file}; mend them and import that file.")
    placed = done.placed
    if placed and placed.points:
        console.print(f"{placed.outside:,} of {placed.points:,} points lie outside every area.")
        if placed.compared:
            console.print(
                f"{placed.agree:,} of {placed.compared:,} points lie in the area their record names; the record was kept."
            )
        if placed.filled:
            console.print(f"{placed.filled:,} rows had no area and got the one their point lies in.")
    if done.rounded:
        console.print("Coordinates were rounded to about 100 metres, as the codebook asks.")
    console.print(f"Snapshot {done.snapshot[:12]}.")
