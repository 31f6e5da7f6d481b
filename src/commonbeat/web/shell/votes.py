"""Votes of browsers that took part before, answered without a thread each.

When a town votes at the same time, a vote is a few checks and one row among many in a commit: drawing it as a page, in a
thread that then waits for the disk, costs ten times that. Here the loop checks what Django would check (the site's own
address, the form's origin, the token's mark, the words of the form); one thread keeps the votes that came together, asking
in the same transaction whether each may be voted on; and the visitor is answered after the commit.

This lane answers nothing but a vote it is sure of. Anything else (a first vote, another spelling, a sentence that is closed,
a form from elsewhere) goes to Django's view unchanged, which says no in the visitor's language. On PostgreSQL all votes do.
"""

from __future__ import annotations

import asyncio
import re
import time
from functools import lru_cache
from urllib.parse import parse_qsl

from django.conf import settings
from django.db import connection
from django.http import parse_cookie
from django.http.request import split_domain_port, validate_host

from commonbeat.web.base import weather
from commonbeat.web.base.counted import count
from commonbeat.web.base.middleware import strict
from commonbeat.web.talk import acts, token
from commonbeat.web.talk.heard import Heard, heard, onward

__all__ = ["Votes"]

_PATH = re.compile(r"/talk/([-a-zA-Z0-9_]+)/vote/")
_FORM = b"application/x-www-form-urlencoded"
LONGEST = 2_000  #: bytes of a vote


class Votes:
    """`pool`: where the commit runs."""

    def __init__(self, pool):
        self.pool, self.here = pool, connection.vendor == "sqlite"

    async def __call__(self, scope, body: bytes, send) -> bool:
        """Answers a vote it is sure of; False leaves the request to Django."""
        found = self.here and scope["method"] == "POST" and _PATH.fullmatch(scope["path"])
        if not found or scope["query_string"] or len(body) > LONGEST or acts.crowded():
            return False
        began, slug = time.perf_counter(), found[1]
        who, said = _who(scope), _said(body)
        if who is None or said is None:
            return False
        try:
            kept = acts.vote_soon(
                slug, said.statement, token.person(who, slug), said.value, said.group, self.pool.submit
            )
            if not await asyncio.shield(asyncio.wrap_future(kept)):
                return False
        except Exception as error:
            told = weather.told(error)
            count("talk:vote", told.status_code, began)
            await _send(send, told.status_code, dict(told.items()), told.content)
            return True
        count("talk:vote", 302, began)
        await _send(send, 302, {"Location": onward(slug, said.group)})
        return True


def _who(scope) -> str | None:
    """The token of whoever votes from a page of ours; None when anything about it is not quite so."""
    headers = scope["headers"]
    named = dict(headers)
    host, scheme = named.get(b"host", b"").decode("latin-1"), scope["scheme"]
    if len(named) != len(headers) or named.get(b"content-type") != _FORM or (settings.HTTPS and scheme != "https"):
        return None  # a header twice, another kind of form, a proxy whose word Django weighs
    if not _ours(host) or named.get(b"origin", b"").decode("latin-1") != f"{scheme}://{host}":
        return None
    return token.genuine(parse_cookie(named.get(b"cookie", b"").decode("latin-1")).get(token.COOKIE, ""))


@lru_cache(maxsize=64)
def _ours(host: str) -> bool:
    domain, _port = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


def _said(body: bytes) -> Heard | None:
    try:
        return heard(
            dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict"))
        )
    except ValueError:
        return None


async def _send(send, status: int, headers: dict[str, str], body: bytes = b"") -> None:
    said = strict() | headers | {"Content-Length": str(len(body)), "Content-Type": "text/html; charset=utf-8"}
    lines = [(name.lower().encode(), value.encode()) for name, value in said.items()]
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": body})
