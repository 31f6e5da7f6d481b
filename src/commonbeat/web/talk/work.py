"""A proof of work before a first vote: a second of a telephone's time, an afternoon of a flood's. Nobody is asked to read pictures.

The puzzle is altcha's (signed, so that nothing is kept for those who never act); what was solved is kept until it expires,
because the library would take the same solution twice.
"""

from __future__ import annotations

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import altcha
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

LASTS = timedelta(minutes=30)
EASY, HARD = "000", "0000"  #: hexadecimal zeros the answer begins with: about 4,000 and 65,000 tries
CROWDED = 10  #: tokens begun at one place today from which the hard one is set


def _secret() -> str:
    return hmac.new(settings.SITE.key("links"), b"proof of work", "sha256").hexdigest()


def puzzle(began: int = 0) -> str:
    """A signed puzzle as JSON, for the page."""
    made = altcha.create_challenge(
        "SHA-256",
        1,
        key_prefix=HARD if began >= CROWDED else EASY,
        expires_at=datetime.now(UTC) + LASTS,
        hmac_secret=_secret(),
    )
    return json.dumps(made.to_dict())


def done(payload: str) -> bool:
    """Is this the solution of one of our puzzles, in time, and for the first time?"""
    from commonbeat.web.talk.models import Solved

    if not payload or len(payload) > 4_000 or not altcha.verify_solution(payload, _secret()).verified:
        return False
    now = timezone.now()
    Solved.objects.filter(until__lt=now).delete()
    try:
        with transaction.atomic():
            Solved.objects.create(key=_puzzle_of(payload), until=now + LASTS + timedelta(minutes=1))
    except IntegrityError:
        return False
    return True


def _puzzle_of(payload: str) -> str:
    """The puzzle's own signature: another spelling of the same solution is the same."""
    return str(json.loads(base64.b64decode(payload))["challenge"]["signature"])[:64]
