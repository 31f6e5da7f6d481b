"""Wrong passwords, counted in the record: five for one name within a quarter of an hour shut it, also across a restart.

What is kept is a keyed hash of the name that was typed (people type passwords there by mistake) and when; no address. The
sign-in library counts the same, and every address besides, but only in memory.
"""

from __future__ import annotations

import hmac
import time

from django.conf import settings
from django.db import transaction

from commonbeat.web.base.models import Setting

__all__ = ["locked", "right", "wrong"]

MOST = 5
LASTS = 15 * 60  #: seconds
_NAMED = "wrong-password:"


def locked(name: str) -> bool:
    held = Setting.objects.filter(pk=_key(name)).first()
    return held is not None and len(_recent(held.value)) >= MOST


@transaction.atomic
def wrong(name: str) -> None:
    for old in Setting.objects.filter(
        name__startswith=_NAMED
    ):  # few: whoever knocks is held up by the library's limits
        if not _recent(old.value):
            old.delete()
    held = Setting.objects.select_for_update().filter(pk=_key(name)).first()
    times = [*(_recent(held.value) if held else []), time.time()][-MOST:]
    Setting.objects.update_or_create(name=_key(name), defaults={"value": " ".join(f"{t:.0f}" for t in times)})


def right(name: str) -> None:
    Setting.objects.filter(pk=_key(name)).delete()


def _recent(value: str) -> list[float]:
    return [t for t in map(float, value.split()) if time.time() - t < LASTS]


def _key(name: str) -> str:
    typed = hmac.digest(settings.SITE.key("links"), f"sign in\x00{name.casefold()}".encode(), "sha256")
    return _NAMED + typed.hex()[:32]
