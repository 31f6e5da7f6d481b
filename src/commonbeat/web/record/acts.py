"""What can be done to a record: written, corrected, undone, confirmed. Each is one transaction with its line in the log."""

from __future__ import annotations

import json
from datetime import timedelta

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.forms.models import model_to_dict
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat.errors import Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.once import once
from commonbeat.web.base.secret import fresh_code, hashed_code
from commonbeat.web.record.harm import reads_as
from commonbeat.web.record.models import Account, Code, Encounter, Harm, ThankYou, Version

CODE_LASTS = timedelta(days=60)
ANSWER_WITHIN = {"crisis": timedelta(days=1), "complaint": timedelta(days=14)}


def write(form, staff) -> str:
    """Saves a new encounter once per key -> its id."""

    def act() -> str:
        met = form.save(commit=False)
        met.recorded_by, met.recorded_at, met.unit = staff, timezone.now(), staff.unit
        met.save(force_insert=True)
        note("encounter.recorded", f"encounter:{met.pk}", actor=staff, kind=met.kind)
        return met.pk

    return once(f"encounter:{staff.pk}", form.cleaned_data["key"], act)


def _held(met: Encounter) -> dict:
    return json.loads(json.dumps(model_to_dict(met), cls=DjangoJSONEncoder))


@transaction.atomic
def correct(met: Encounter, form, staff, reason: str) -> Encounter:
    """Saves a changed record and keeps how it read before."""
    before = Encounter.objects.select_for_update().get(pk=met.pk)
    if before.recorded_by_id != staff.pk:
        raise Refused(_("Only the officer who wrote a record corrects it."))
    Version.objects.create(
        encounter=before, number=before.version, at=timezone.now(), by=staff, reason=reason, held=_held(before)
    )
    changed = form.save(commit=False)
    changed.version = before.version + 1
    changed.save()
    note(
        "encounter.corrected",
        f"encounter:{met.pk}",
        actor=staff,
        version=changed.version,
        fields=sorted(form.changed_data),
    )
    return changed


@transaction.atomic
def undo(met: Encounter, staff, reason: str) -> None:
    """Takes a record back; it stays in the log and among old versions, and is counted nowhere."""
    met = Encounter.objects.select_for_update().get(pk=met.pk)
    if met.recorded_by_id != staff.pk:
        raise Refused(_("Only the officer who wrote a record undoes it."))
    if met.stories.exclude(state="withdrawn").exists():
        raise Refused(_("A story is being told about this encounter; the press officer takes that down first."))
    Version.objects.create(
        encounter=met, number=met.version, at=timezone.now(), by=staff, reason=reason, held=_held(met)
    )
    met.undone_at, met.version = timezone.now(), met.version + 1
    met.save()
    note("encounter.undone", f"encounter:{met.pk}", actor=staff)


@transaction.atomic
def new_code(met: Encounter, staff) -> str:
    """A fresh one-use code for a resident who was there; earlier unused ones stop working."""
    now = timezone.now()
    met.codes.filter(used_at=None).delete()
    code = fresh_code()
    Code.objects.create(encounter=met, hash=hashed_code(code), made_at=now, until=now + CODE_LASTS)
    note("encounter.code_made", f"encounter:{met.pk}", actor=staff)
    return code


def code_for(typed: str) -> Code | None:
    return (
        Code.objects.filter(hash=hashed_code(typed), used_at=None, until__gt=timezone.now())
        .select_related("encounter")
        .first()
    )


@transaction.atomic
def confirm(code: Code, *, free_to_leave: str, agrees: str, words: str, thanks: str, language: str) -> str | None:
    """The resident's own account. What reads as harm goes to the independent body -> its receipt, else None."""
    now = timezone.now()
    kept = Code.objects.filter(pk=code.pk, used_at=None).update(used_at=now)
    if not kept:
        raise Refused(_("This code was used already. Each code is for one account."))
    met = Encounter.objects.select_for_update().get(pk=code.encounter_id)
    met.free_to_leave_resident = free_to_leave
    met.save(update_fields=["free_to_leave_resident"])
    harm = reads_as(words)
    Account.objects.create(
        encounter=met,
        at=now,
        free_to_leave=free_to_leave,
        agrees=agrees,
        words="" if harm else words,
        language=language,
    )
    if thanks.strip() and not reads_as(thanks) and met.recorded_by_id:
        ThankYou.objects.create(to_id=met.recorded_by_id, words=thanks.strip(), at=now)
    note(
        "encounter.confirmed",
        f"encounter:{met.pk}",
        actor="resident by code",
        agrees=agrees,
        free_to_leave=free_to_leave,
    )
    return report_harm(harm, words, "") if harm else None


@transaction.atomic
def report_harm(kind: str, words: str, reach: str) -> str:
    """Takes an account of harm for the independent body -> the receipt, shown once."""
    now, receipt = timezone.now(), fresh_code()
    made = Harm.objects.create(
        receipt_hash=hashed_code(receipt), kind=kind, words=words, reach=reach, at=now, due=now + ANSWER_WITHIN[kind]
    )
    note("harm.received", f"harm:{made.pk}", actor="resident", kind=kind)
    return receipt
