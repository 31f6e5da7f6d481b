"""Django's pages in a bounded number of threads, each held only while a page is drawn.

What a visitor sends is read here, in the loop, before a thread is taken; what they get is sent here, after the thread is
free again. So neither a slow sender nor a slow reader holds a thread, and each request crosses between loop and thread
once (the usual bridges cross at every piece, which costs more than a kept page itself).
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from commonbeat.web.shell.replies import plain

__all__ = ["Pages"]

LARGEST = 2_000_000  #: bytes of a form; films come another way
PATIENCE = 30.0  #: seconds without a byte before a sender is let go
CROWD = 600  #: requests waiting for a thread; more are asked to come back, so that those inside are still served


class Pages:
    """`first(scope, body, send)` may answer by itself what it need not draw as a page."""

    def __init__(self, application: Callable, threads: int, first=None):
        self.application, self.inside = application, 0
        self.pool = ThreadPoolExecutor(threads, thread_name_prefix="page")
        self.first = first

    async def __call__(self, scope, receive, send) -> None:
        try:
            body = await _body(receive)
        except TimeoutError:
            return await plain(send, 408, "Nothing more came. Please try again.\n")
        if body is None:
            return None
        if len(body) > LARGEST:
            return await plain(send, 413, "That is more than a form can hold.\n")
        if self.first and await self.first(scope, body, send):
            return None
        if self.inside >= CROWD:
            return await plain(
                send, 503, "Very many are here just now. Please try again.\n", [(b"retry-after", b"5")]
            )
        self.inside += 1
        try:
            drawn = await asyncio.get_running_loop().run_in_executor(self.pool, self.draw, _environ(scope, body))
        finally:
            self.inside -= 1
        status, headers, page = drawn
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": page})
        return None

    def draw(self, environ: dict) -> tuple[int, list, bytes]:
        said: list = []

        def start(status: str, headers: list, _exc_info=None) -> None:
            said[:] = [
                int(status[:3]),
                [(k.lower().encode("latin-1"), v.strip().encode("latin-1")) for k, v in headers],
            ]

        parts: Iterable[bytes] = self.application(environ, start)
        try:
            page = b"".join(parts)
        finally:
            if hasattr(parts, "close"):
                parts.close()
        return said[0], said[1], page


async def _body(receive) -> bytes | None:
    """All that was sent, or one byte more than is allowed; None when the visitor left."""
    held, size = [], 0
    while True:
        message = await asyncio.wait_for(receive(), PATIENCE)
        if message["type"] == "http.disconnect":
            return None
        piece = message.get("body", b"")
        held.append(piece)
        size += len(piece)
        if size > LARGEST or not message.get("more_body"):
            return held[0] if len(held) == 1 else b"".join(held)


def _environ(scope, body: bytes) -> dict:
    """What PEP 3333 wants to know of a request."""
    server = scope.get("server") or ("localhost", 80)
    environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": scope["path"].encode("utf-8").decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or 80),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": (scope.get("client") or ("",))[0],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        _add(environ, name.decode("latin-1"), value.decode("latin-1"))
    return environ


def _add(environ: dict, name: str, value: str) -> None:
    if name == "content-length" or "_" in name:  # "x_forwarded_proto" must not pass for "x-forwarded-proto"
        return
    key = "CONTENT_TYPE" if name == "content-type" else "HTTP_" + name.upper().replace("-", "_")
    if key in environ:
        value = environ[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
    environ[key] = value
