"""`commonbeat report BOOK --out DIR`"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, progress, show

__all__ = ["command"]


def command(
    book: Annotated[
        Path, typer.Argument(help="The book: a folder made by `commonbeat city` or `commonbeat import`.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", help="Folder of the report; an older report there is replaced when the new one is ready."
        ),
    ],
    study: Annotated[
        list[Path] | None, typer.Option("--study", help="A plan (TOML) to run and show; may be given more than once.")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="A group (race, age_band, prior_trust ...) of which each study's curve is drawn too."),
    ] = None,
    town: Annotated[str, typer.Option(help="The town's name, as it stands on every page.")] = "The town",
    seed: Annotated[int, typer.Option(help="Seed of everything random in the analyses.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
):
    """Make the report a town can read: a folder of pages that need no network."""
    from commonbeat import studies
    from commonbeat.ledger import Book
    from commonbeat.report.make import make
    from commonbeat.studies.registry import record_answer

    opened = Book.open(book)
    plans = [studies.Plan.read(p) for p in study or ()]
    tables = [studies.own_rows(plan, p) for plan, p in zip(plans, study or (), strict=True)]
    with progress(quiet=quiet or json) as bar:
        task = bar.add_task("asking the rooms", total=None)
        answers = [
            studies.run(plan, opened, rows=own, seed=seed, by=by) for plan, own in zip(plans, tables, strict=True)
        ]
        findings = []
        for found in answers:
            shown, todays = studies.published(found, opened, who="report desk")
            findings.append(shown)
            if todays:  # what a report prints, the registry knows
                record_answer(found, opened.chain, who="report desk")
        first = make(
            opened, out, findings=findings, town=town, progress=lambda what: bar.update(task, description=what)
        )
    result = {"report": str(first), "snapshot": opened.snapshot, "studies": [f.to_dict() for f in findings]}
    show(result, json=json, quiet=quiet, words=lambda c: c.print(f"The report is ready: {first}"))
