"""`commonbeat audit`: check the chain of what was done; sign its head for an oversight board; hold, lift, erase."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Json, Quiet, show

__all__ = ["app"]

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None,
                  help="Check the chain of what was done, and sign or compare its heads.")  # fmt: skip

Where = Annotated[Path, typer.Argument(help="A book, a site, or a chain's file (JSON lines).")]


@app.command()
def verify(
    where: Where,
    head: Annotated[list[Path] | None, typer.Option("--head", help="A signed head that was kept outside.")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="The public key that signed it.")] = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Is the chain whole? Names the first broken entry and ends with 6; with a kept head a cut end is found too."""
    from commonbeat import audit
    from commonbeat.errors import BadInput

    if head and key is None:
        raise BadInput("--head needs --key FILE: the public key of whoever signed it.")
    heads = [audit.check_signed(audit.read_signed(h), audit.read_public(key)) for h in head or ()]
    verdict = _chain(where).verify(*heads)

    def words(console: Console):
        if verdict.whole:
            console.print(
                f"{verdict.entries} entries, each follows from the one before; {verdict.heads_checked} kept heads fit."
            )
        else:
            console.print(f"[bold red]Broken[/] at entry {verdict.first_broken}: {verdict.why}.")

    show(verdict, json=json, quiet=quiet, words=words)
    if not verdict.whole:
        raise typer.Exit(6)


@app.command()
def head(
    where: Where,
    sign: Annotated[Path, typer.Option("--sign", help="The private key (made by `commonbeat audit key`).")],
    out: Annotated[Path, typer.Option("--out", help="Where the signed head goes: hand this file to the board.")],
    quiet: Quiet = False,
) -> None:
    """Sign the chain's head, to be kept by somebody outside. From then on no cut and no remaking goes unseen."""
    from commonbeat import audit
    from commonbeat.errors import BadInput

    chain = _chain(where)
    newest = chain.verify().or_raise().head
    if newest is None:
        raise BadInput(f"{where} has no entry yet; there is no head to sign.")
    signed = audit.sign(newest, audit.read_private(sign))
    out.write_text(jsonlib.dumps(signed.to_dict(), indent=2) + "\n", encoding="utf-8")
    if not quiet:
        Console().print(f"Head {newest.n} ({newest.hash[:12]}) signed into {out}.")


@app.command()
def sign(
    head: Annotated[Path, typer.Argument(help="A head taken away from a site (head.json).")],
    sign: Annotated[Path, typer.Option("--sign", help="The private key (made by `commonbeat audit key`).")],
    out: Annotated[
        Path, typer.Option("--out", help="Where the signed head goes: keep one copy, bring one back to the site.")
    ],
    quiet: Quiet = False,
) -> None:
    """Sign a head on a machine of your own, with a key the site never sees."""
    from commonbeat import audit
    from commonbeat.errors import BadInput

    try:
        newest = audit.Head(**jsonlib.loads(head.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        raise BadInput(f"{head} is not a head: take it away from the site's page of the log.") from None
    signed = audit.sign(newest, audit.read_private(sign))
    out.write_text(jsonlib.dumps(signed.to_dict(), indent=2) + "\n", encoding="utf-8")
    if not quiet:
        Console().print(f"Head {newest.n} ({newest.hash[:12]}) signed into {out}.")


@app.command()
def key(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; FILE.pub gets the public one.")],
) -> None:
    """Make a signing key. Keep FILE secret; give FILE.pub to the board."""
    from commonbeat import audit

    public = audit.new_key(file)
    Console().print(f"{file} (secret) and {file}.pub (for the board): {public}", soft_wrap=True)


@app.command()
def hold(
    book: Annotated[Path, typer.Argument(help="The book.")],
    table: Annotated[str, typer.Argument(help="The table.")],
    why: Annotated[str, typer.Option("--why", help="The ground: a case or request number, never a name.")],
    ids: Annotated[list[str] | None, typer.Option("--id", help="Rows to hold; without any, the whole table.")] = None,
    role: Annotated[str, typer.Option("--as", help="The role that asks.")] = "counsel",
) -> None:
    """Legal hold: forbid erasing rows until the hold is lifted."""
    from commonbeat import ledger

    placed = ledger.hold(book, table, ids, why=why, by=role)
    Console().print(f"Hold {placed.n} placed on {table}.")


@app.command()
def lift(
    book: Annotated[Path, typer.Argument(help="The book.")],
    number: Annotated[int, typer.Argument(help="The hold's number.")],
    why: Annotated[str, typer.Option("--why", help="Why it ends.")],
    role: Annotated[str, typer.Option("--as", help="The role that asks.")] = "counsel",
) -> None:
    """End a legal hold."""
    from commonbeat import ledger

    ledger.lift(book, number, why=why, by=role)
    Console().print(f"Hold {number} lifted.")


@app.command()
def erase(
    book: Annotated[Path, typer.Argument(help="The book.")],
    table: Annotated[str, typer.Argument(help="The table.")],
    ids: Annotated[list[str], typer.Option("--id", help="Rows to erase.")],
    why: Annotated[str, typer.Option("--why", help="The ground, in words that name nobody.")],
    role: Annotated[str, typer.Option("--as", help="The role that asks.")] = "records officer",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Take rows out of every snapshot of a book for good; a tombstone keeps their hash. Rows under legal hold are refused."""
    from commonbeat import ledger

    done = ledger.Book.open(book).erase(table, ids, why=why, by=role)
    show(
        done, json=json, quiet=quiet, words=lambda c: c.print(f"Erased {done.rows}; {done.files} old files deleted.")
    )


@app.command()
def retention(
    book: Annotated[Path, typer.Argument(help="The book.")],
    schedule: Annotated[
        Path, typer.Option("--schedule", help="TOML: a section per table with from = COLUMN and days = N.")
    ],
    erase_now: Annotated[
        bool, typer.Option("--erase", help="Erase what is due and not held; without it, only say.")
    ] = False,
    today: Annotated[
        str | None, typer.Option("--today", help="The day to count from (YYYY-MM-DD); default today.")
    ] = None,
    role: Annotated[str, typer.Option("--as", help="The role that asks.")] = "records officer",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """What is older than the retention schedule allows? Rows under legal hold stay."""
    from datetime import UTC, date, datetime

    from commonbeat import ledger
    from commonbeat.errors import BadInput

    try:
        day = date.fromisoformat(today) if today else datetime.now(UTC).date()
    except ValueError:
        raise BadInput(f'"{today}" is not a day; write it like 2026-03-01.') from None
    rules, opened = ledger.schedule(schedule), ledger.Book.open(book)
    found = ledger.due(opened, rules, today=day)
    if erase_now:
        ledger.keep_to(opened, rules, today=day, by=role)

    def words(console: Console):
        for d in found:
            console.print(
                f"{d.table}: {len(d.ids):,} rows from before {d.before} {'erased' if erase_now else 'are due'}; {d.held:,} are held."
            )

    show({"due": found, "erased": erase_now}, json=json, quiet=quiet, words=words)


@app.command()
def export(
    book: Annotated[Path, typer.Argument(help="The book.")],
    table: Annotated[str, typer.Argument(help="The table.")],
    out: Annotated[Path, typer.Option("--out", help="The CSV to write.")],
    seen_by: Annotated[
        str, typer.Option("--for", help="public, staff, analyst or auditor: columns meant for fewer are left out.")
    ] = "public",
) -> None:
    """Export a table for a records request. Columns marked `never` are in no export."""
    from commonbeat import ledger

    rows = ledger.export(ledger.Book.open(book), table, out, seen_by=seen_by)
    Console().print(f"{rows:,} rows written to {out}.")


def _chain(where: Path):
    from commonbeat.audit import Chain
    from commonbeat.errors import BadInput

    if (where / "site.json").is_file():
        from commonbeat.cli.audit_site import SiteLog

        return SiteLog(where)
    path = where / "audit.jsonl" if where.is_dir() else where
    if not path.is_file():
        raise BadInput(f"{where} is neither a book, nor a site, nor a chain's file.")
    return Chain(path)
