"""Pages that are the same for everybody, drawn once and kept until something changes.

A page drawn from the edition and the record can only change when the edition is swapped or something is done; and whatever
is done stands in the log, in the same transaction. So the edition's hash and the number of the log's last line together
name the state a page was drawn from: a page kept under them is never older than the last act, and a story taken down is
gone at the next request. Nothing that depends on who asks is kept: a request with a desk session is always drawn anew.
"""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable

from django.conf import settings
from django.http import HttpResponse

from commonbeat.web.base.log import head
from commonbeat.web.read.edition import current

__all__ = ["SteadyPages", "clear", "steady"]

MOST = 400  #: pages kept; the least recently asked for goes first
LARGEST = 400_000  #: bytes of a page that is kept
_kept: OrderedDict[tuple, tuple] = OrderedDict()
_guard = threading.Lock()


def steady(view: Callable) -> Callable:
    """Marks a public view whose page depends on its address, the language, the edition and the record, and on nothing else."""
    view.steady = True  # type: ignore[attr-defined]  # the mark the middleware reads
    return view


def clear() -> None:
    with _guard:
        _kept.clear()


class SteadyPages:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        where = self.where(request)
        if where is None:
            return self.get_response(request)
        key = (*where, current(settings.SITE.root).hash, head())
        with _guard:
            held = _kept.get(key)
            if held:
                _kept.move_to_end(key)
        if held is None:
            response = self.get_response(request)
            held = self.keep(request, key, response)
            if held is None:
                return response
        return self.answer(request, held)

    @staticmethod
    def where(request) -> tuple | None:
        """What an address means to whoever asks; None when the answer may be theirs alone."""
        if request.method != "GET" or settings.SESSION_COOKIE_NAME in request.COOKIES:
            return None
        query = request.META.get("QUERY_STRING", "")
        if query and query not in {f"lang={code}" for code, _ in settings.LANGUAGES}:
            return None
        said = (request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""), request.META.get("HTTP_ACCEPT_LANGUAGE", ""))
        return request.scheme, request.META.get("HTTP_HOST", ""), request.path, query, *(s[:80] for s in said)

    @staticmethod
    def keep(request, key, response) -> tuple | None:
        view = getattr(request.resolver_match, "func", None)
        if (
            not getattr(view, "steady", False) or response.status_code != 200 or response.streaming
            or response.cookies or len(response.content) > LARGEST
        ):  # fmt: skip
            return None
        body = response.content
        mark = f'"{hashlib.sha256(body).hexdigest()[:24]}"'
        headers = {k: v for k, v in response.headers.items() if k not in ("Content-Length", "ETag")}
        # nothing secret and nothing typed by the reader stands in these pages, so that packing them gives nothing away
        held = (headers | {"ETag": mark}, body, gzip.compress(body, 6), getattr(response, "embeddable", False))
        with _guard:
            _kept[key] = held
            while len(_kept) > MOST:
                _kept.popitem(last=False)
        return held

    @staticmethod
    def answer(request, held) -> HttpResponse:
        headers, body, packed, embeddable = held
        if request.META.get("HTTP_IF_NONE_MATCH") == headers["ETag"]:
            response = HttpResponse(status=304)
        elif "gzip" in request.META.get("HTTP_ACCEPT_ENCODING", ""):
            response = HttpResponse(packed, headers={"Content-Encoding": "gzip"})
        else:
            response = HttpResponse(body)
        for name, value in headers.items():
            response.headers[name] = value
        vary = [v.strip() for v in response.headers.get("Vary", "").split(",") if v.strip()]
        response.headers["Vary"] = ", ".join(
            [*vary, *(v for v in ("Accept-Encoding", "Accept-Language") if v not in vary)]
        )
        response.embeddable = embeddable
        return response
