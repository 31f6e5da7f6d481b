"""Run the site's background work."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Quiet


def command(
    site: Annotated[Path | None, typer.Option(help="The site folder; default COMMONBEAT_SITE or ./site.")] = None,
    once: Annotated[bool, typer.Option("--once", help="Do what is due now, then end.")] = False,
    quiet: Quiet = False,
) -> None:
    """Protects films, releases scheduled stories, makes editions, deletes what was taken down. Several may run side by side."""
    from commonbeat.web.setup import prepare_django

    opened = prepare_django(site, migrate=True)
    from commonbeat.web.jobs.standing import begin
    from commonbeat.web.jobs.worker import all_due, until

    if not opened.demo:
        begin()

    if once:
        done = all_due()
        if not quiet:
            typer.echo(f"{done} jobs done.")
        return
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    until(stop)
