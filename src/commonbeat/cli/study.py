"""`commonbeat study new|power|assign|seal|run|verify|list`"""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Analyst, Json, Quiet, show
from commonbeat.cli.study_assign import assign
from commonbeat.errors import BadInput

__all__ = ["app"]

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Ask a question beforehand, seal it, and read the answer.",
    no_args_is_help=True,
)

PlanFile = Annotated[Path, typer.Argument(help="The plan, a TOML file; `commonbeat study new` writes one.")]
BookFolder = Annotated[Path, typer.Argument(help="The book the study is about.")]


@app.command()
def new(
    out: Annotated[Path, typer.Argument(help="Where to write the plan.")],
    json: Json = False,
    quiet: Quiet = False,
):
    """Ask the questions of a plan one by one, and write it."""
    from commonbeat.studies import Plan, asking

    if out.exists():
        raise BadInput(f"{out} exists; a plan is never overwritten. Choose another name.")
    text = asking.interview(lambda question, suggestion: typer.prompt(question, default=suggestion))
    plan = Plan.parse(text, file=out.name)
    out.write_text(text, encoding="utf-8")
    show(
        plan,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(f"Written to {out}. Next: `commonbeat study power {out}`, then `study seal`."),
    )


@app.command()
def power(
    plan: PlanFile,
    book: Annotated[
        Path | None, typer.Argument(help="The town's own book: its areas, their sizes and earlier answers stand in.")
    ] = None,
    residents: Annotated[int, typer.Option(help="Size of the simulated town that stands in for yours.")] = 20_000,
    towns: Annotated[
        int | None, typer.Option(help="How often to simulate: 40 towns, or 200 draws in a book's own.")
    ] = None,
    people: Annotated[
        int | None, typer.Option(help="How many people are asked; the town's usual panel unless told.")
    ] = None,
    response: Annotated[float, typer.Option(help="With a book: share of those asked who will answer.")] = 0.8,
    units_per_area: Annotated[
        int | None,
        typer.Option(help="With a book: streets or patches to draw in each area; as drawn before, else 6."),
    ] = None,
    icc: Annotated[
        float | None,
        typer.Option(
            help="With a book: how alike those are who are drawn together; from earlier studies, else 0.02."
        ),
    ] = None,
    seed: Annotated[int, typer.Option()] = 0,
    json: Json = False,
    quiet: Quiet = False,
):
    """What could this plan detect? By simulation before anything is sealed: in the town's own areas, or in simulated towns."""
    from commonbeat.cli.common import progress
    from commonbeat.ledger import Book
    from commonbeat.studies import Plan
    from commonbeat.studies.own_town import power_here
    from commonbeat.studies.powering import power_of

    read, times = Plan.read(plan), towns or (200 if book else 40)
    with progress(quiet=quiet or json) as bar:
        task = bar.add_task("simulating towns", total=times)
        shared = {"people": people, "towns": times, "seed": seed, "step": lambda: bar.advance(task)}
        if book is None:
            found = power_of(read, residents=residents, **shared)
        else:
            found = power_here(
                read, Book.open(book), response=response, units_per_area=units_per_area, icc=icc, **shared
            )
    show(found, json=json, quiet=quiet, words=lambda c: c.print(found.sentence))


app.command()(assign)


@app.command()
def seal(
    plan: PlanFile,
    book: BookFolder,
    receipt: Annotated[Path | None, typer.Option(help="Write the receipt to this file, to hand out.")] = None,
    new_book: Annotated[
        bool, typer.Option("--new-book", help="Begin an empty book there, for a study whose rows stay in a file.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Fix a plan's hash and time in the book's audit chain, before the data are seen."""
    from commonbeat import studies
    from commonbeat.ledger import Book

    read = studies.Plan.read(plan)
    opened = Book.create(book) if new_book else Book.open(book)
    known = studies.outcome_known(read, opened, _already_there(read, plan))
    made = studies.seal(read, opened.chain, who="study desk", after_data=known)
    if receipt is not None:
        receipt.write_text(jsonlib.dumps(made.to_dict(), indent=2) + "\n", encoding="utf-8")
    changed = f" It amends an earlier seal: {'; '.join(made.changed)}." if made.amends else ""
    changed += (
        " Outcome data exist already: it will be marked as not sealed beforehand, for good."
        if made.after_data
        else ""
    )
    show(
        made,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(
            f"Sealed as entry {made.entry} at {made.sealed_at}; plan's hash {made.plan_hash}.{changed}"
        ),
    )


@app.command()
def run(
    plan: PlanFile,
    book: Annotated[
        Path,
        typer.Argument(
            help="The book the study is about; or the table that the plan's [people] or [panel] describes."
        ),
    ],
    seed: Annotated[int, typer.Option(help="Seed of everything random in the analysis.")] = 0,
    snapshot: Annotated[
        str | None,
        typer.Option(help="Answer from the book as it stood at this snapshot (the beginning of its hash)."),
    ] = None,
    rows: Annotated[
        Path | None,
        typer.Option(help="With a book: the table (CSV or Parquet) that the plan's [people] or [panel] describes."),
    ] = None,
    explore: Annotated[
        list[str] | None,
        typer.Option("--explore", help="A group or estimator that the plan does not name; shown apart, and marked."),
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(help="A group (race, age_band, prior_trust ...) of which the whole curve is wanted too."),
    ] = None,
    analyst: Analyst = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Answer the plan's question from a book, or from a table of your own (CSV or Parquet) whose columns the plan names."""
    from commonbeat import studies
    from commonbeat.cli.study_words import tell
    from commonbeat.ledger import Book
    from commonbeat.studies.registry import record_answer

    read = studies.Plan.read(plan)
    alone = book.is_file()
    own = studies.own_rows(read, plan, book if alone else rows)
    if alone and own is None:
        raise BadInput(f"{book} is a file, and this plan is run on a book: a folder made by `commonbeat import`. A table of your own needs [people] (or [panel]) in the plan, which says what its columns are")  # fmt: skip
    source = own if alone else Book.open(book, snapshot=snapshot)
    found = studies.run(read, source, rows=None if alone else own, seed=seed, explore=explore or (), by=by)
    kept = isinstance(source, Book)
    if analyst or not kept:
        shown, todays = found if analyst else studies.released(found), True
    else:
        shown, todays = studies.published(found, source, who="study desk")
    if kept and snapshot is None and todays:
        record_answer(found, source.chain, who="study desk")
    found = shown
    show(found, json=json, quiet=quiet, words=lambda c: tell(c, found))


def _already_there(read, plan):
    """The table a plan names, when it is there before the seal; a plan may be sealed before its file exists."""
    from commonbeat import studies

    part = read.people or read.panel
    there = part is not None and part.file and (plan.parent / part.file).exists()
    return studies.own_rows(read, plan) if there else None


@app.command()
def verify(
    receipt: Annotated[Path, typer.Argument(help="A receipt that was handed out when the plan was sealed.")],
    book: BookFolder,
    json: Json = False,
    quiet: Quiet = False,
):
    """Does a receipt stand in the book's audit chain, and is the chain whole?"""
    from commonbeat import studies
    from commonbeat.ledger import Book

    chain = Book.open(book).chain
    chain.verify().or_raise()
    try:
        text = receipt.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{receipt} cannot be read: {error}") from error
    found = studies.read_seal(text, chain)
    show(
        found,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(
            f"The receipt stands: {found.plan_id}, entry {found.entry}, sealed at {found.sealed_at}."
        ),
    )


@app.command("list")
def list_(
    folder: Annotated[Path, typer.Argument(help="A folder with plans, or a book.")] = Path("."),
    json: Json = False,
    quiet: Quiet = False,
):
    """All plans here: sealed or not, answered or not."""
    from commonbeat.studies.registry import registry

    rows = registry(folder)

    def words(console):
        for r in rows:
            sealed = f"sealed {r['sealed'][:10]}" if r["sealed"] else "not sealed"
            late = ", not before the data" if r["sealed_before_data"] is False else ""
            console.print(
                f"{r['plan']}: {sealed}{late}; {r['verdict'] or r['silence'] or 'nothing reported'}", highlight=False
            )
            for a in r["amendments"]:
                console.print(
                    f"  amended {a['sealed'][:10]}: {'; '.join(a['changed'])}", style="dim", highlight=False
                )
        if not rows:
            console.print(f"No plan in {folder}.")

    show(rows, json=json, quiet=quiet, words=words)
