"""`commonbeat demo [--no-serve] [--dir DIR] [--port N] [--seed N]`"""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from commonbeat.cli.common import Json, Quiet, progress, show
from commonbeat.errors import Busy

__all__ = ["command"]


def command(
    dir: Annotated[Path, typer.Option("--dir", help="Folder for the town, its site and its report.")] = Path("demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 8000,
    seed: Annotated[int, typer.Option(help="Another seed is another town.")] = 7,
    residents: Annotated[int, typer.Option(help="How many people live there.", min=2_000, max=1_000_000)] = 20_000,
    no_serve: Annotated[bool, typer.Option("--no-serve", help="Only build; do not open the site.")] = False,
    json: Json = False,
    quiet: Quiet = False,
):
    """Walk through a whole simulated town in the browser. Nothing in it happened, and it says so on every page."""
    if not no_serve:
        _port_is_free(port)
    from commonbeat.cli import demo_town

    with progress(quiet=quiet or json) as bar:
        task = bar.add_task("building the town", total=None)
        town, ready = demo_town.open_town(
            dir, seed=seed, residents=residents, step=lambda what: bar.update(task, description=what)
        )
    result = {
        "dir": str(dir),
        "report": str(town.report / "index.html"),
        "book": str(town.book),
        "url": f"http://127.0.0.1:{port}/",
    }
    show(result, json=json, quiet=quiet, words=lambda c: _welcome(c, dir, port, ready, no_serve))
    if not no_serve:
        from commonbeat.web import demo as site

        site.serve(dir / "site", port=port)


def _port_is_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise Busy(
                f"Port {port} is in use on this machine. Choose another: commonbeat demo --port {port + 1 if port < 65535 else 8000}"
            ) from None


def _welcome(console: Console, folder: Path, port: int, ready, no_serve: bool) -> None:
    console.print(f"\nThe report is in {folder}/report/index.html", highlight=False)
    if no_serve:
        return
    console.print(f"[bold]The site:[/] http://127.0.0.1:{port}/", highlight=False)
    console.print(f"[bold]Start here:[/] http://127.0.0.1:{port}/moments/stroller", highlight=False)
    for role, login in getattr(ready, "logins", {}).items():
        console.print(f"  {role}: {login}", highlight=False)
    console.print("Everything in this town is simulated. Stop with Ctrl-C.", style="dim")
