"""Somebody who could be seen no longer agrees, or their consent has ended: their face is hidden again in every film."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from commonbeat import consent, footage
from commonbeat.web.base.log import note
from commonbeat.web.media import store
from commonbeat.web.review.acts import protect_again
from commonbeat.web.review.models import Blob, Clip

__all__ = ["hide_taken_back"]


@transaction.atomic
def hide_taken_back(encounter_id: str, now: datetime) -> footage.Withdrawal | None:
    """Asks the room what follows from consents that no longer hold in this encounter, and does it at once.

    Films that show such a face are fetched by nobody from this moment and written again with the face hidden; where the
    original is gone the copy is erased. -> what followed, None when nobody who is visible took anything back.
    """
    from commonbeat.web.tell.models import Copy

    clips = {c.pk: c for c in Clip.objects.filter(encounter_id=encounter_id).exclude(state=Clip.State.DELETED)}
    gone = {pk: tracks for pk, clip in clips.items() if (tracks := _no_longer(clip, now))}
    if not gone:
        return None
    placed = [
        footage.Placed(pk, f"story {s.pk}", ours=True) for pk in gone for s in clips[pk].stories.all() if s.live
    ]
    copies = Copy.objects.filter(story__clip__in=list(gone)).select_related("story")
    placed += [footage.Placed(c.story.clip_id, c.where, ours=False, reach=c.where) for c in copies]
    shown = {pk: {t: footage.Decision(keep=True, consent="recorded") for t in _visible(clips[pk])} for pk in gone}
    said = footage.withdraw(gone, shown, placed, purpose="face_visible")
    for pk in said.rewrite:
        _rewrite(clips[pk], said.decisions[pk])
    if said.ask:
        copies.filter(asked_at=None).update(asked_at=now)
    note("footage.taken_back", f"encounter:{encounter_id}", films=len(said.rewrite), asked=len(said.ask))
    return said


def _visible(clip: Clip) -> list[int]:
    return (clip.looked or {}).get("visible", [])


def _no_longer(clip: Clip, now: datetime) -> list[int]:
    """Tracks that are visible in this film and whose consent to that does not hold any more."""
    from commonbeat.web.tell.models import ConsentLink
    from commonbeat.web.tell.state import events_of

    events, visible = events_of(clip.encounter_id), _visible(clip)
    links = ConsentLink.objects.filter(clip=clip, track__in=visible)
    return [x.track for x in links if not consent.may_show(events, x.person, "face_visible", "site", now)[0]]


def _rewrite(clip: Clip, decisions: dict[int, footage.Decision]) -> None:
    withdrawn = sorted(t for t, d in decisions.items() if d.withdrawn)
    clip.looked = {
        **clip.looked,
        "visible": [t for t in _visible(clip) if t not in withdrawn],
        "withdrawn": withdrawn,
    }
    if Blob.objects.filter(pk=clip.original).exists():
        protect_again(clip, None)
        return
    for old in filter(None, (clip.protected, clip.poster, clip.sheet)):
        store.erase(old)
    clip.protected = clip.poster = clip.sheet = ""
    clip.sample, clip.state = {}, Clip.State.BLOCKED
    clip.save()
