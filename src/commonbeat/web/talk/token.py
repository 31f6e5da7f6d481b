"""Taking part without being known: a random token that begins when somebody acts, and a limit that forgets every day."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import date

from django.conf import settings
from django.core.cache import cache

from commonbeat.web.talk import work

COOKIE = f"{'__Host-' if settings.HTTPS else ''}takes-part"
MOST_TOKENS = 30  #: new tokens a day from one place: a family, a library, not a flood
MOST_WITHOUT_WORK = 6  #: of them without a proof of work: somebody's browser has no script
_salt: dict[date, bytes] = {}


def token_of(request) -> str | None:
    return genuine(request.COOKIES.get(COOKIE, ""))


def genuine(held: str) -> str | None:
    """The token a browser brings, if it was given out here: one made up elsewhere would pass by the limits and the puzzle."""
    if len(held) != 54 or not held.isascii():
        return None
    return held if hmac.compare_digest(held[32:], _mark(held[:32])) else None


def made() -> str:
    """A new token: 192 random bits and our mark on them. Nothing is kept of it."""
    drawn = secrets.token_urlsafe(24)
    return drawn + _mark(drawn)


def _mark(drawn: str) -> str:
    digest = hmac.digest(settings.SITE.key("links"), f"takes part\x00{drawn}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:16]).decode().rstrip("=")


def fresh(request) -> str | None:
    """A new token, or None when too many began at this place today. Only a count under a salted hash is held, in memory, for a day."""
    most = MOST_TOKENS if work.done(request.POST.get("work", "")) else MOST_WITHOUT_WORK
    place = f"place:{_place(request)}"
    cache.add(place, 0, 86_400)
    return made() if cache.incr(place) <= most else None


def began_here(request) -> int:
    """How many tokens began at this place today: the more, the harder the next puzzle."""
    return cache.get(f"place:{_place(request)}", 0)


def _place(request) -> str:
    today = date.today()
    if today not in _salt:
        _salt.clear()
        _salt[today] = secrets.token_bytes(32)
    return hmac.new(_salt[today], request.META.get("REMOTE_ADDR", "").encode(), "sha256").hexdigest()[:24]


def person(token: str, scope: str) -> str:
    """What is kept beside a vote: differs from conversation to conversation, and leads nowhere without the site's key."""
    return hmac.digest(settings.SITE.key("links"), f"{scope}\x00{token}".encode(), "sha256").hex()[:32]


def remember(request, response, token: str):
    """Gives a new token to the browser; one it brought itself is not given again, and ends when it was said to."""
    if request.COOKIES.get(COOKIE) != token:
        response.set_cookie(
            COOKIE, token, max_age=180 * 86_400, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
        )
    return response
