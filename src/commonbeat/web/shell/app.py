from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async

from commonbeat.web.shell.films import send_film
from commonbeat.web.shell.pages import Pages
from commonbeat.web.shell.replies import plain
from commonbeat.web.shell.uploads import Uploads

THREADS = int(os.environ.get("COMMONBEAT_THREADS", "8"))


def shell():
    """The whole site as one ASGI application."""
    from commonbeat.web.wsgi import application as pages

    site = Pages(pages, THREADS, _votes())
    uploads = Uploads()

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        if scope["type"] != "http":
            return None
        path = scope["path"]
        if path == "/healthz":
            return await plain(send, 200, "alive\n")
        if path.startswith("/media/"):
            return await _media(scope, receive, send, path)
        if path.startswith("/upload/"):
            return await uploads(scope, receive, send)
        if not _host_known(scope):
            return await plain(send, 400, "This site has another address.\n")
        return await site(scope, receive, send)

    return app


def _votes():
    """Here, because Django must be ready before it is read."""
    from commonbeat.web.shell.votes import Votes

    return Votes(ThreadPoolExecutor(2, thread_name_prefix="votes"))


def _host_known(scope) -> bool:
    """Django checks again; here so that nobody is answered by Django's own bare page."""
    return any(name == b"host" for name, _ in scope["headers"])


async def _media(scope, receive, send, path):
    from django.db import InterfaceError, OperationalError

    from commonbeat.web.media import allowed

    parts = path.split("/")[2:]
    try:
        if len(parts) == 3 and parts[0] == "story":
            answer = await sync_to_async(allowed.for_story, thread_sensitive=False)(parts[1], parts[2])
            public = True
        elif len(parts) == 3 and parts[0] == "ticket":
            answer = await sync_to_async(allowed.for_ticket, thread_sensitive=False)(parts[1])
            public = False
        else:
            return await plain(send, 404, "There is no such file.\n")
    except (OperationalError, InterfaceError):
        return await plain(send, 503, "The record cannot be reached just now.\n")
    return await send_film(scope, receive, send, answer, public=public)


async def _lifespan(receive, send):
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return
