"""Short answers, with the same strict headers as the pages."""

from __future__ import annotations

SAFE = [
    (b"x-content-type-options", b"nosniff"),
    (
        b"content-security-policy",
        b"default-src 'none'; sandbox; frame-ancestors 'none'; base-uri 'none'; object-src 'none'",
    ),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
]


async def start(send, status: int, headers=()) -> None:
    await send({"type": "http.response.start", "status": status, "headers": [*SAFE, *headers]})


async def plain(send, status: int, words: str, headers=()) -> None:
    body = words.encode()
    await start(
        send,
        status,
        [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode()),
         (b"cache-control", b"no-store"), *headers],
    )  # fmt: skip
    await send({"type": "http.response.body", "body": body})


async def empty(send, status: int, headers=()) -> None:
    await start(send, status, [(b"cache-control", b"no-store"), *headers])
    await send({"type": "http.response.body", "body": b""})
