"""A short permission to fetch one stored file: who, which, why, for five minutes; asked again when it is used."""

from __future__ import annotations

from django.conf import settings
from django.core import signing

LASTS = 300  #: seconds


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(key=settings.SITE.key("links").hex(), salt="commonbeat.media")


def ticket(blob: str, staff_id: int) -> str:
    return _signer().sign_object({"b": blob, "s": staff_id})


def read_ticket(text: str) -> tuple[str, int] | None:
    """(blob, staff id), or None when it is forged or older than five minutes."""
    try:
        held = _signer().unsign_object(text, max_age=LASTS)
    except signing.BadSignature:
        return None
    return held["b"], held["s"]
