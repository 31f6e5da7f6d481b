"""The site's own server: one process, pages in a bounded pool, films and uploads beside, background work if wanted."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

from rich.console import Console

from commonbeat.errors import Busy

__all__ = ["THREADS", "run"]

#: pages drawn at the same time. More threads draw no faster (they share one interpreter lock, and hand it to and fro);
#: votes, films, uploads and slow visitors wait in the loop and hold none
THREADS = 8


def run(site: Path | None, *, host="127.0.0.1", port=8000, threads=THREADS, work=True, ready=None) -> None:
    """Serves until told to stop; `ready()` is called once the port answers."""
    import uvicorn

    from commonbeat.web.setup import prepare_django

    _free(host, port)
    os.environ["COMMONBEAT_THREADS"] = str(threads)
    opened = prepare_django(site, migrate=True)
    from commonbeat.errors import Refused

    if opened.demo and host not in ("127.0.0.1", "localhost", "::1"):
        raise Refused("A demonstration is served on this machine only (127.0.0.1): its roles need no password.")
    from commonbeat.web.asgi import application

    stop = threading.Event()
    if work:
        from commonbeat.web.jobs.standing import begin
        from commonbeat.web.jobs.worker import until

        if not opened.demo:
            begin()
        threading.Thread(target=until, args=(stop,), name="work", daemon=True).start()
    if ready is None:
        Console(stderr=True).print(f"Commonbeat is at [bold]http://{host}:{port}/[/] (Ctrl-C ends it)")
    config = uvicorn.Config(
        application, host=host, port=port, log_config=None, access_log=False, server_header=False, lifespan="on",
        timeout_graceful_shutdown=10, timeout_keep_alive=15, h11_max_incomplete_event_size=64_000, proxy_headers=bool(opened.trusted_proxies),
        forwarded_allow_ips=",".join(opened.trusted_proxies) or None,
    )  # fmt: skip
    server = uvicorn.Server(config)
    _warm(opened)
    if ready is not None:
        threading.Thread(target=_when_up, args=(server, ready), daemon=True).start()
    try:
        server.run()
    finally:
        stop.set()


def _warm(site) -> None:
    """Draws one page before the first visitor comes: whoever comes first does not wait for the program to be read from the disk."""
    from wsgiref.util import setup_testing_defaults

    from commonbeat.web.wsgi import application

    asked = {"HTTP_HOST": site.hosts[0], "HTTPS": "on"}
    setup_testing_defaults(asked)
    answer = application(asked, lambda *_: None)
    for _ in answer:
        pass
    answer.close()


def _when_up(server, ready) -> None:
    import time

    while not server.started:
        time.sleep(0.05)
    ready()


def _free(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Busy(
                f"Port {port} on {host} cannot be used ({error.strerror}). Choose another with --port."
            ) from None
