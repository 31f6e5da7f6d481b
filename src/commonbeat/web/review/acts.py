"""What can be done to a film: received, protected, released, viewed as it was filmed. Each with its line in the log."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from commonbeat import consent
from commonbeat.errors import BadInput, Refused
from commonbeat.stories import read_vtt
from commonbeat.web.base.log import note
from commonbeat.web.base.secret import fresh_token, hashed
from commonbeat.web.jobs.queue import put
from commonbeat.web.media.tickets import ticket
from commonbeat.web.review.looking import open_questions
from commonbeat.web.review.models import Blob, Clip, Upload
from commonbeat.web.tell.state import events_of

LARGEST = 4 * 1024**3  #: bytes of one film
UPLOAD_LASTS = timedelta(days=2)


@transaction.atomic
def begin(encounter, staff, size: int) -> tuple[Clip, str]:
    """A new film for an encounter -> (its row, the secret part of the address its bytes go to)."""
    if not 0 < size <= LARGEST:
        raise BadInput(f"A film is between 1 byte and {LARGEST // 1024**3} GiB; this one has {size:,} bytes.")
    clip = Clip.objects.create(encounter=encounter, uploaded_by=staff, uploaded_at=timezone.now())
    token = fresh_token()
    Upload.objects.create(
        token_hash=hashed(token), clip=clip, by=staff, size=size, until=timezone.now() + UPLOAD_LASTS
    )
    note("footage.upload_begun", f"footage:{clip.pk}", actor=staff, size=size)
    return clip, token


@transaction.atomic
def protect_again(clip: Clip, staff, **change) -> None:
    """Something about the film changed (who may be seen, a region, a span to mute): it is protected anew, and looked at anew."""
    if not clip.original:
        raise Refused("The film has not arrived yet.")
    for name, value in change.items():
        setattr(clip, name, value)
    clip.state, clip.reviewed_by, clip.reviewed_at = Clip.State.PROTECTING, None, None
    held = clip.looked or {}
    clip.looked = {
        "visible": held.get("visible", []),
        "withdrawn": [t for t in held.get("withdrawn", []) if t not in held.get("visible", [])],
        "round": held.get("round", 0) + 1,
    }
    clip.save()
    put("protect", f"protect:{clip.pk}:{clip.looked['round']}", clip=clip.pk)
    note(
        "footage.protect_asked", f"footage:{clip.pk}", actor=staff, round=clip.looked["round"], changed=sorted(change)
    )


@transaction.atomic
def show_face(clip: Clip, track: int, staff) -> None:
    """Leaves one person visible: only a named adult's, or a child's guardian's, standing consent allows it."""
    from commonbeat.web.tell.models import ConsentLink

    link = ConsentLink.objects.filter(clip=clip, track=track).first()
    if link is None:
        raise Refused(f"Nobody was asked about track {track}. Without a consent everybody stays hidden.")
    allowed, parts = consent.may_show(
        events_of(clip.encounter_id), link.person, "face_visible", "site", timezone.now()
    )
    if not allowed:
        waits = next(p for p in parts if not p.allowed)
        raise Refused(
            f"{link.person} stays hidden: {waits.purpose.replace('_', ' ')} is {waits.state.replace('_', ' ')}."
        )
    visible = sorted({*(clip.looked or {}).get("visible", []), track})
    clip.looked = {**(clip.looked or {}), "visible": visible}
    protect_again(clip, staff)


@transaction.atomic
def hide_face(clip: Clip, track: int, staff) -> None:
    """Hides one person again; nobody has to say why."""
    visible = [t for t in (clip.looked or {}).get("visible", []) if t != track]
    clip.looked = {**(clip.looked or {}), "visible": visible}
    protect_again(clip, staff)


def not_releasable(clip: Clip) -> list[str]:
    """What stands between this film and its release, in words."""
    open_ = [] if clip.protected else ["It has not been protected yet."]
    open_ += open_questions(clip)
    if read_vtt(clip.captions or "")[1]:
        open_.append("Its captions are missing or broken.")
    if not clip.audio_description.strip():
        open_.append("It is not described in words for those who cannot see it.")
    if clip.music_cleared not in ("none", "cleared", "muted"):
        open_.append("Nobody has said whether there is music in it, and whose.")
    return open_


@transaction.atomic
def release(clip: Clip, staff) -> None:
    """The film may be shown in stories. Refused while anything is open."""
    clip = Clip.objects.select_for_update().get(pk=clip.pk)
    open_ = not_releasable(clip)
    if open_:
        raise Refused(" ".join(open_))
    clip.state = Clip.State.RELEASED
    clip.save()
    note("footage.released", f"footage:{clip.pk}", actor=staff, upper=clip.record["leak"]["upper"])


@transaction.atomic
def view_original(clip: Clip, staff, why: str) -> str:
    """A five-minute ticket for the film as it was filmed. The view is in the log before the first byte leaves."""
    if not clip.original or not Blob.objects.filter(pk=clip.original).exists():
        raise Refused("The film as it was filmed is no longer kept.")
    if len(why.strip()) < 8:
        raise Refused("Say in a few words why the unprotected film must be seen.")
    note("footage.original_viewed", f"footage:{clip.pk}", actor=staff, why_length=len(why))
    return ticket(clip.original, staff.pk)
