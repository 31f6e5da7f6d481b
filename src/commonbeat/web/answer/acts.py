"""Invitations in batches, answers that lead to nobody."""

from __future__ import annotations

import hmac
import secrets
from datetime import date

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from commonbeat import questionnaires
from commonbeat.errors import BadInput, Refused
from commonbeat.web.answer.models import Batch, LinkCode, Reply
from commonbeat.web.base.log import note
from commonbeat.web.base.secret import fresh_code, hashed_code

SMALLEST = 20  #: codes in a batch: fewer, and a batch would be a handful of known people
PULSE = "pulse-1"


def week_of(day: date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year}-W{week:02d}"


@transaction.atomic
def make_batch(staff, *, plan: str, area, ring: str, week: str, count: int, arm: str = "") -> list[str]:
    """A batch of one-use codes -> the codes, shown once. Fewer than twenty are refused: pool the quarter instead."""
    if count < SMALLEST:
        raise Refused(
            _(
                "A batch has at least %(least)d codes, so that no answer can be traced to a small meeting; this one would have %(count)d. Pool several meetings of the area and quarter."
            )
            % {"least": SMALLEST, "count": count}
        )
    if count > 5_000:
        raise BadInput(_("At most 5,000 codes at once."))
    batch = Batch.objects.create(
        batch=secrets.token_hex(8), plan_id=plan, area=area, ring=ring, arm=arm, week=week, codes=count
    )
    codes = [fresh_code() for _ in range(count)]
    LinkCode.objects.bulk_create(LinkCode(hash=hashed_code(c), batch=batch) for c in codes)
    note("invitations.made", f"batch:{batch.pk}", actor=staff, codes=count, ring=ring)
    return codes


def batch_of(code: str) -> Batch | None:
    found = LinkCode.objects.select_related("batch").filter(hash=hashed_code(code)).first()
    return found.batch if found else None


def person_of(chosen: str) -> str:
    """The pseudonym behind a self-chosen word: the same word again is the same person in a later wave. Keyed, so that it cannot be guessed."""
    tidy = " ".join(chosen.casefold().split())
    if not tidy:
        return secrets.token_hex(16)
    return hmac.new(settings.SITE.key("links"), f"wave\x00{tidy}".encode(), "sha256").hexdigest()[:32]


@transaction.atomic
def keep(*, code: str, answers: dict, chosen: str, language: str, side: str, today: date) -> Reply:
    """Keeps one reply and forgets its code. Refused when the code is unknown or used, or this wave was answered already."""
    batch = None
    if code:
        found = LinkCode.objects.select_for_update().select_related("batch").filter(hash=hashed_code(code)).first()
        if found is None:
            raise Refused(_("This code is unknown or was used already. You may answer without one."))
        batch = found.batch
        found.delete()
    person = person_of(chosen)
    wave = Reply.objects.filter(person=person).count()
    asked = questionnaires.load(PULSE)
    try:
        with transaction.atomic():
            return Reply.objects.create(
                batch=batch, person=person, questionnaire=PULSE, wording=wording_hash(asked, language), language=language, side=side,
                wave=wave, week=week_of(today), answers={k: int(v) for k, v in answers.items() if v},
            )  # fmt: skip
    except IntegrityError:
        raise Refused(_("This was answered a moment ago.")) from None


def wording_hash(asked, language: str) -> str:
    import hashlib
    import json

    return hashlib.sha256(
        json.dumps([asked.key, language, asked.to_dict()], sort_keys=True, default=str).encode()
    ).hexdigest()
