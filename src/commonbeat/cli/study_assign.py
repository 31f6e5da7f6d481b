"""`commonbeat study assign`: a list drawn at once, or people one by one, each draw in the audit chain and checked from the seed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show
from commonbeat.errors import BadInput

__all__ = ["assign"]

PlanFile = Annotated[Path, typer.Argument(help="The plan, a TOML file; `commonbeat study new` writes one.")]


def assign(
    plan: PlanFile,
    units: Annotated[
        Path | None, typer.Argument(help="CSV with a column `unit` and the plan's block and cluster columns.")
    ] = None,
    seed: Annotated[str | None, typer.Option(help="The committed seed, in hex.")] = None,
    new_seed: Annotated[
        bool, typer.Option("--new-seed", help="Make a seed and print its commitment; assign nothing.")
    ] = False,
    out: Annotated[Path | None, typer.Option(help="Write the draw to this CSV.")] = None,
    book: Annotated[Path | None, typer.Option(help="Write the draw into this book's audit chain.")] = None,
    next_in: Annotated[
        str | None, typer.Option("--next", help="Draw for the next person of this stratum, into the chain of --book.")
    ] = None,
    check: Annotated[
        bool,
        typer.Option(
            "--check",
            help="Recompute the draws in the chain of --book from the revealed seed: of the list, or one by one.",
        ),
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Draw who gets what, from a seed that was committed beforehand."""
    import polars as pl

    from commonbeat import studies
    from commonbeat.ledger import Book

    if new_seed:
        made = studies.new_seed()
        result = {"seed": made, "seed_commitment": studies.commitment(made)}
        show(result, json=json, quiet=quiet, words=lambda c: c.print(
            f"Keep closed until everybody is assigned:\n  seed = {made}\nPut into the plan before sealing it:\n  seed_commitment = \"{result['seed_commitment']}\""))  # fmt: skip
        return
    if next_in is not None or (check and units is None):
        _one_by_one(plan, seed, book, next_in, json, quiet)
        return
    if units is None or seed is None:
        raise BadInput("assign needs the list of units (CSV) and --seed; or --new-seed to make one")
    try:
        listed = pl.read_csv(units, infer_schema=False)
    except (OSError, pl.exceptions.PolarsError) as error:
        raise BadInput(f"{units} cannot be read as a CSV of units: {error}") from error
    drawn = studies.assign(studies.Plan.read(plan), listed, seed=seed)
    if check:
        _same_draw(book, drawn, json, quiet)
        return
    if book is not None:
        studies.record_draw(drawn, Book.open(book).chain, who="study desk")
    if out is not None:
        fresh = out.with_name(f".{out.name}.new")
        drawn.frame.write_csv(fresh)
        fresh.replace(out)
    counts = ", ".join(f"{n} {a}" for a, n in drawn.frame["arm"].value_counts(sort=True).iter_rows())
    show(
        drawn,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(
            f"{drawn.frame.height} units drawn: {counts}."
            + (f" Written to {out}." if out else "")
            + ("" if book else " It stands in no audit chain: with --book anybody can check it.")
        ),
    )


def _one_by_one(plan, seed, book, stratum, json, quiet):
    from commonbeat.ledger import Book
    from commonbeat.studies import Plan, trickle

    if book is None or seed is None:
        raise BadInput("people who appear one by one are drawn into a book's audit chain: give --book and --seed")
    read, chain = Plan.read(plan), Book.open(book).chain
    if stratum is None:
        n = trickle.check_draws(read, chain, seed=seed)
        said = {"plan_id": read.plan_id, "draws": n, "whole": True}
        show(
            said,
            json=json,
            quiet=quiet,
            words=lambda c: c.print(f"All {n} draws follow from the seed and stand in order."),
        )
        return
    one = trickle.draw_next(read, chain, seed=seed, stratum=stratum, who="study desk")
    show(
        one,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(f"Number {one.arrived + 1} of {stratum}: [bold]{one.arm}[/] (entry {one.entry})."),
    )


def _same_draw(book, drawn, json, quiet):
    """Does the draw that stands in the chain follow from this list and this seed?"""
    from commonbeat import studies
    from commonbeat.ledger import Book

    if book is None:
        raise BadInput("a draw is checked against a book's audit chain: give --book")
    entry = studies.check_draw(drawn, Book.open(book).chain)
    said = {"plan_id": drawn.plan_id, "units": drawn.frame.height, "entry": entry, "whole": True}
    show(
        said,
        json=json,
        quiet=quiet,
        words=lambda c: c.print(
            f"The draw of entry {entry} follows from this list and this seed: {drawn.frame.height} units."
        ),
    )
