"""A stored film, whole or by range, to readers fast and slow."""

from __future__ import annotations

import asyncio
import re

from asgiref.sync import sync_to_async

from commonbeat.errors import Broken
from commonbeat.web.shell.replies import empty, plain, start

PATIENCE = 20.0  #: seconds a reader may take for one piece before the line is cut
_RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})$")
WHY = {
    403: "This link is not, or no longer, valid.\n",
    404: "There is no such film.\n",
    410: "This was taken down.\n",
}


def wanted_range(header: str | None, size: int) -> tuple[int, int] | bool | None:
    """(start, stop), None for the whole file, False when it cannot be satisfied. Several ranges at once give the whole file."""
    if not header or "," in header:
        return None
    found = _RANGE.match(header.strip())
    if not found or found.groups() == ("", ""):
        return None
    first, last = found.groups()
    if not first:
        return (max(0, size - int(last)), size) if int(last) else False
    begin = int(first)
    end = min(size, int(last) + 1) if last else size
    return (begin, end) if begin < size and begin < end else False


async def send_film(scope, receive, send, answer, *, public: bool) -> None:
    if scope["method"] not in ("GET", "HEAD"):
        return await empty(send, 405, [(b"allow", b"GET, HEAD")])
    if answer.status != 200:
        return await plain(send, answer.status, WHY[answer.status])
    row = answer.row
    headers = dict(scope["headers"])
    span = wanted_range(headers.get(b"range", b"").decode("latin-1"), row.size)
    if span is False:
        return await empty(send, 416, [(b"content-range", f"bytes */{row.size}".encode())])
    begin, end = span or (0, row.size)
    out = [
        (b"content-type", answer.kind.encode()), (b"accept-ranges", b"bytes"), (b"content-length", str(end - begin).encode()),
        (b"cache-control", b"no-cache" if public else b"private, no-store"), (b"content-disposition", b"inline"),
    ]  # fmt: skip
    if span:
        out.append((b"content-range", f"bytes {begin}-{end - 1}/{row.size}".encode()))
    return await _pour(scope, receive, send, row, begin, end, 206 if span else 200, out)


async def _pour(scope, receive, send, row, begin, end, status, out) -> None:
    from commonbeat.web.media import store

    walk = store.pieces(row, begin, end)
    take = sync_to_async(lambda: next(walk, None), thread_sensitive=False)
    try:
        first = await take() if scope["method"] == "GET" else None
    except (Broken, OSError):
        return await plain(send, 500, "This film is damaged and is not shown.\n")
    await start(send, status, out)
    gone = asyncio.ensure_future(_left(receive))
    try:
        piece = first
        while piece is not None and not gone.done():
            await asyncio.wait_for(send({"type": "http.response.body", "body": piece, "more_body": True}), PATIENCE)
            piece = await take()
        await asyncio.wait_for(send({"type": "http.response.body", "body": b""}), PATIENCE)
    except (TimeoutError, Broken, OSError):
        raise ConnectionAbortedError("the reader stopped, or a piece was changed") from None
    finally:
        gone.cancel()
    return None


async def _left(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
