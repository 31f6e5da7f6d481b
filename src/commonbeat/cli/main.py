"""Which command was meant? Looks it up, runs it, and turns our errors into a sentence and an exit code."""

from __future__ import annotations

import difflib
import importlib
import os
import sys

# our matrices are small: threads inside BLAS cost more than they bring, and two programs that spin starve each other
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import click
import typer
from rich.console import Console
from rich.table import Table

from commonbeat import __version__
from commonbeat.errors import BadInput, CommonbeatError

__all__ = ["COMMANDS", "main"]

#: command -> what it answers, in the order a newcomer needs them
COMMANDS = {
    "demo": "Walk through a whole simulated town in the browser.",
    "city": "Write a simulated town, with its known truth, as a book.",
    "import": "Bring a file of contacts, areas or other records into a book.",
    "codebook": "Say what every table and column means and who may see it.",
    "verify": "Check a book: has a byte of it changed?",
    "where": "Say where a row of a book came from.",
    "encounters": "Who is met, where and how? Is the record honest?",
    "protect": "Hide the people in a video, every frame, and measure what is left.",
    "verify-footage": "Check a protected video against its record.",
    "dialogue": "What do people think together? Where is common ground?",
    "ripple": "How far did a story travel?",
    "trust": "How are people treated, in their own words, and does that change?",
    "study": "Ask a question beforehand, seal it, and read the answer.",
    "report": "Make the report a town can read from a book.",
    "serve": "Run the site.",
    "work": "Run the site's background work: footage, snapshots, deletions.",
    "createstaff": "Add a member of staff to the site.",
    "audit": "Check the chain of what was done, and sign or compare its heads.",
    "backup": "Save the site: database, media, and the audit head that proves it.",
    "restore": "Bring a saved site back, and check all of it.",
    "deletesite": "Delete a whole town; only the last head of its log remains.",
    "doctor": "What on this machine would stop Commonbeat, and what to do?",
}


#: wrong arguments, as Typer tells them (it carries its own copy of click, whose errors are not click's)
_USAGE = tuple(base for base in typer.BadParameter.__mro__ if hasattr(base, "show"))


class _Lazy(click.Group):
    def list_commands(self, ctx):
        return list(COMMANDS)

    def get_command(self, ctx, name):
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"commonbeat.cli.{_module(name)}")
        app = getattr(module, "app", None)
        if app is None:
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(name=name)(module.command)
        made = typer.main.get_command(app)
        made.name = name
        return made

    def resolve_command(self, ctx, args):
        name = args[0]
        if name not in COMMANDS:
            near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.5)
            hint = f' Did you mean "{near[0]}"?' if near else ""
            raise BadInput(f'There is no command "{name}".{hint} `commonbeat --help` lists them all.')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _module(name: str) -> str:
    return {"import": "import_"}.get(name, name.replace("-", "_"))


@click.group(cls=_Lazy, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="commonbeat")
@click.pass_context
def _root(ctx):
    """Commonbeat: from a moment on the beat to a report a town can trust."""
    if ctx.invoked_subcommand is None:
        out = Console()
        out.print("[bold]Commonbeat[/]: from a moment on the beat to a report a town can trust.\n")
        table = Table.grid(padding=(0, 3))
        for name, answers in COMMANDS.items():
            table.add_row(f"[bold]{name}[/]", answers)
        out.print(table)
        out.print("\nNew here? `commonbeat demo`. Help on one: `commonbeat dialogue --help`.")


def main(argv: list[str] | None = None) -> None:
    """Runs one command and exits: 0 done, 2-8 by the family of the error (see `commonbeat.errors`), 130 on Ctrl-C."""
    try:
        code = _root.main(args=argv, prog_name="commonbeat", standalone_mode=False)
    except CommonbeatError as error:
        Console(stderr=True, soft_wrap=True).print("[bold red]Not done.[/] ", end="")
        Console(stderr=True, soft_wrap=True).print(str(error), markup=False, highlight=False)
        for problem in getattr(error, "problems", ())[1:20]:
            Console(stderr=True, soft_wrap=True).print(f"  {problem}", markup=False, highlight=False)
        sys.exit(error.exit_code)
    except (click.exceptions.Exit, typer.Exit) as done:
        sys.exit(done.exit_code)
    except (click.exceptions.Abort, typer.Abort, KeyboardInterrupt):
        Console(stderr=True).print("Stopped. Nothing was left half-written; the same command can be run again.")
        sys.exit(130)
    except (click.ClickException, *_USAGE) as error:
        error.show()
        sys.exit(error.exit_code)
    except BrokenPipeError:
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)
