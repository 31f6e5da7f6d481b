"""`commonbeat city --seed 7 --residents 100000 --out BOOK`"""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, progress, show

__all__ = ["TRUTH", "command"]

TRUTH = "truth.json"  #: beside the book, never inside it: no estimator reads it by accident


def command(
    out: Annotated[Path, typer.Option("--out", help="Folder of the new book. The truth is written beside it.")],
    seed: Annotated[int, typer.Option(help="The same seed draws the same town.")] = 7,
    residents: Annotated[int, typer.Option(help="How many people live there.")] = 20_000,
    years: Annotated[float, typer.Option(help="How long is watched.")] = 2,
    world: Annotated[str, typer.Option(help="Which kind of town: default, null, backfire, plateau ...")] = "default",
    clips: Annotated[
        bool, typer.Option("--clips", help="Also draw the two moments, into the folder BOOK-clips.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Write a simulated town, with its known truth beside it, as a book."""
    from commonbeat import city
    from commonbeat.city import scenes
    from commonbeat.ledger import Book

    city.check(seed, residents, years, world)
    book = Book.create(out)
    with progress(quiet=quiet or json) as bar:
        task = bar.add_task("building", total=None)
        town = city.build(seed, residents, years, world, progress=lambda step: bar.update(task, description=step))
        bar.update(task, description="writing the book")
        filled = {name: frame for name, frame in town.tables.items() if len(frame)}
        book = book.write(
            filled, importer="simulated city", note=f"city seed {seed}, world {town.truth.world.name}", simulated=True
        )
        truth = beside(out, TRUTH)
        truth.write_text(jsonlib.dumps(town.truth.to_dict(), indent=1, allow_nan=False), encoding="utf-8")
        drawn = _draw(scenes, beside(out, "clips"), seed, bar, task) if clips else []
    rows = {name: len(frame) for name, frame in filled.items()}
    result = {
        "simulated": True,
        "book": str(out),
        "snapshot": book.snapshot,
        "truth": str(truth),
        "rows": rows,
        "clips": drawn,
    }
    show(result, json=json, quiet=quiet, words=lambda console: _say(console, result))


def beside(book: Path, name: str) -> Path:
    """Where something that belongs to a book, but not into it, is kept."""
    return book.resolve().parent / f"{book.resolve().name}-{name}"


def _draw(scenes, folder, seed, bar, task):
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for kind in scenes.KINDS:
        bar.update(task, description=f"drawing the {kind}")
        scene = scenes.render(kind, folder / f"{kind}.mp4", seed)
        (folder / f"{kind}.faces.json").write_text(jsonlib.dumps(scene.to_dict()), encoding="utf-8")
        paths.append(str(scene.path))
    return paths


def _say(console, result):
    console.print(f"A simulated town is in [bold]{result['book']}[/] (snapshot {result['snapshot'][:12]}).")
    console.print(", ".join(f"{count:,} {name}" for name, count in result["rows"].items()) + ".")
    console.print(
        f"What is true in it stands beside the book, in {result['truth']}. Nothing here happened to anybody."
    )
    for path in result["clips"]:
        console.print(f"Drawn: {path}")
