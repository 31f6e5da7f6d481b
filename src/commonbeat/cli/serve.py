"""Run the site."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def command(
    site: Annotated[Path | None, typer.Option(help="The site folder; default COMMONBEAT_SITE or ./site.")] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8000,
    threads: Annotated[int, typer.Option(help="Pages drawn at the same time.", min=1, max=64)] = 8,
    work: Annotated[
        bool, typer.Option("--work/--no-work", help="Do the background work in this process too.")
    ] = True,
) -> None:
    """Runs the site: pages, films, uploads, and (unless --no-work) the background work.

    Behind a proxy with TLS set COMMONBEAT_HTTPS=1. Ctrl-C ends it after the requests under way.
    """
    from commonbeat.web.serving import run

    run(site, host=host, port=port, threads=threads, work=work)
