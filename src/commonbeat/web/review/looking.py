"""A person looks: pictures of the copy, what they saw, and the bound that follows. The rules are the room's own."""

from __future__ import annotations

import io
import zipfile

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat.errors import BadInput
from commonbeat.footage import FootageRecord, after_review, no_faces, releasable
from commonbeat.web.base.log import note
from commonbeat.web.media import store
from commonbeat.web.review.models import Blob, Clip
from commonbeat.web.tell.state import LEAK_LIMIT

__all__ = ["around", "asked", "looked", "no_face", "open_questions", "picture", "pointed"]

FOLLOWED = 1.5  #: seconds before and after a place somebody pointed at: they stopped near it, not on the frame
BESIDE = 0.4  #: seconds before and after a face seen in one frame that it is followed and hidden


def record_of(clip: Clip) -> FootageRecord | None:
    """The record as the room knows it; None when there is none yet."""
    return FootageRecord.of(clip.record) if clip.record.get("original") else None


def open_questions(clip: Clip) -> list[str]:
    """What the room says still stands in the way of this copy."""
    record = record_of(clip)
    if record is not None:
        return releasable(record, LEAK_LIMIT)
    upper = (clip.record.get("leak") or {}).get("upper")
    if upper is None:
        return [_("Nobody has looked at sampled frames yet.")]
    if upper > LEAK_LIMIT:
        return [_("More of it may still be visible than is allowed.")]
    return []


def picture(clip: Clip, frame: int) -> bytes | None:
    """One frame of the copy as JPEG, or None when it is none of those kept for looking."""
    if not Blob.objects.filter(pk=clip.sheet).exists():  # none yet, or erased with the film
        return None
    with zipfile.ZipFile(io.BytesIO(store.read_all(clip.sheet))) as sheet:
        name = f"{frame}.jpg"
        return sheet.read(name) if name in sheet.namelist() else None


@transaction.atomic
def looked(clip: Clip, staff, seen: list[int]) -> float:
    """A person looked at every sampled frame and saw a face in those of `seen` -> the upper bound now stated."""
    record, frames = record_of(clip), clip.sample.get("frames") or []
    if record is None or not frames:
        raise BadInput(_("There is nothing to look at yet: protect the film first."))
    if record.leak.upper is not None:
        raise BadInput(_("Somebody looked at these frames already. Protect it again to draw others."))
    record = after_review(record, frames, seen, f"staff {staff.pk}")
    leak = record.leak
    _keep(clip, record)
    clip.reviewed_by, clip.reviewed_at = staff, timezone.now()
    clip.state = Clip.State.REVIEW if leak.upper <= LEAK_LIMIT else Clip.State.BLOCKED
    clip.save()
    note("footage.looked_at", f"footage:{clip.pk}", actor=staff, frames=len(frames), seen=len(seen), upper=round(leak.upper, 4))  # fmt: skip
    return leak.upper


@transaction.atomic
def no_face(clip: Clip, staff, which: int) -> None:
    """A person saw that a place the second look pointed at is no face."""
    _keep(clip, no_faces(_must(clip), [which], f"staff {staff.pk}"))
    clip.save(update_fields=["record"])
    note("footage.no_face", f"footage:{clip.pk}", actor=staff, place=which)


def around(clip: Clip, which: int) -> dict:
    """A face the second look pointed at, as a region to follow and hide."""
    record = _must(clip)
    if not 0 <= which < len(record.leak.visible):
        raise BadInput(_("There is no such place in the record."))
    frame, x0, y0, x1, y1 = record.leak.visible[which]
    at = frame / record.fps
    return {"kind": "face", "at": at, "start": max(0.0, at - BESIDE), "until": at + BESIDE, "x0": x0, "y0": y0, "x1": x1, "y1": y1}  # fmt: skip


def asked(clip: Clip) -> list[dict]:
    """Open requests of people who pointed at themselves in this film: {which, at, frame}."""
    from commonbeat.web.tell.models import Takedown

    fps = clip.record.get("fps") or 25
    rows = Takedown.objects.filter(story__clip=clip, asks="mask", state="open").exclude(where={}).order_by("at")
    return [{"which": r.pk, "at": r.where["at"], "frame": int(r.where["at"] * fps)} for r in rows]


def pointed(clip: Clip, which: int) -> dict:
    """The place somebody pointed at, as a region to follow and hide: shares of the picture become pixels of it."""
    from commonbeat.web.review.hiding import plan_of
    from commonbeat.web.tell.models import Takedown

    row, plan = Takedown.objects.filter(pk=which, story__clip=clip, asks="mask", state="open").first(), plan_of(clip)
    if row is None or not row.where or plan is None:
        raise BadInput(_("There is no such place in the record."))
    (width, height), place = plan["size"], row.where
    last = max(0.0, (plan["frames"] - 1) / (plan["fps"] or 25))
    at = min(place["at"], last)
    return {
        "kind": "face", "at": at, "start": max(0.0, at - FOLLOWED), "until": at + FOLLOWED,
        "x0": place["x0"] * width, "y0": place["y0"] * height, "x1": place["x1"] * width, "y1": place["y1"] * height,
    }  # fmt: skip


def _must(clip: Clip) -> FootageRecord:
    record = record_of(clip)
    if record is None:
        raise BadInput(_("There is nothing to look at yet: protect the film first."))
    return record


def _keep(clip: Clip, record: FootageRecord) -> None:
    sent = record.sent()
    sent.pop("plan")
    clip.record = sent
