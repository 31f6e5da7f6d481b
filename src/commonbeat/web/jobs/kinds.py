"""The kinds of background work, and what each does. Importing this module names them."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from commonbeat.web.base.log import note
from commonbeat.web.jobs.queue import kind, put


@kind("seal")
def seal(job, beat):
    """A film has arrived: encrypted, hashed, its plain bytes gone; then it waits to be protected."""
    from commonbeat.web.media import store
    from commonbeat.web.review.models import Clip, Upload

    upload = Upload.objects.get(pk=job.payload["upload"])
    path = settings.SITE.uploads / upload.pk[:40]
    if not path.exists() and upload.clip.original:
        return None
    row = store.keep(path, "video/original")
    beat(0.9)

    def effect():
        Clip.objects.filter(pk=upload.clip_id).update(
            original=row.blob, original_sha256=row.sha256, state=Clip.State.PROTECTING
        )
        put("protect", f"protect:{upload.clip_id}:0", clip=upload.clip_id)
        note("footage.sealed", f"footage:{upload.clip_id}", sha256=row.sha256, size=row.size)
        path.unlink(missing_ok=True)

    return effect


@kind("protect")
def protect(job, beat):
    """Hides everybody in a film who has not agreed to be seen; keeps the copy, its poster and its record."""
    from commonbeat.errors import CommonbeatError
    from commonbeat.web.review.hiding import hide
    from commonbeat.web.review.models import Blob, Clip

    clip = Clip.objects.get(pk=job.payload["clip"])
    if clip.state == Clip.State.DELETED:
        return None
    with tempfile.TemporaryDirectory(dir=settings.SITE.uploads, prefix="work-") as folder:
        try:
            made = hide(clip, Blob.objects.get(pk=clip.original), Path(folder), beat)
        except CommonbeatError as error:
            why = str(error)
            return lambda: Clip.objects.filter(pk=clip.pk).update(state=Clip.State.BLOCKED, trouble=why)

    def effect():
        from commonbeat.web.media import store

        for old in filter(None, (clip.protected, clip.poster, clip.papers, clip.sheet)):
            store.erase(old)
        Clip.objects.filter(pk=clip.pk).update(
            protected=made.protected, poster=made.poster, record=made.record, papers=made.papers, sheet=made.sheet,
            sample=made.sample, state=Clip.State.REVIEW, trouble="",
        )  # fmt: skip
        leak = made.record.get("leak") or {}
        note("footage.protected", f"footage:{clip.pk}", original=clip.original_sha256, output=made.sha256,
             tracks=len(made.record.get("tracks") or []), leak_estimate=leak.get("estimate"))  # fmt: skip

    return effect


@kind("release")
def release(job, beat):
    """The day agreed on has come: the story goes out, if it still may."""
    from commonbeat.errors import Refused
    from commonbeat.web.tell import state
    from commonbeat.web.tell.models import Story

    story = Story.objects.get(pk=job.payload["story"])
    if story.state != "scheduled":
        return None

    def effect():
        try:
            state.act(story.pk, "release", role="site")
        except Refused as refused:
            Story.objects.filter(pk=story.pk).update(state="draft", approved_by=None, approved_at=None)
            note("story.release", f"story:{story.pk}", outcome="refused", why=str(refused)[:200])

    return effect


@kind("clean_up")
def clean_up(job, beat):
    """A story came down: its film's public copies are erased when no other story shows them, and others are asked to follow."""
    from django.utils import timezone

    from commonbeat.web.media import store
    from commonbeat.web.review.models import Clip
    from commonbeat.web.tell.models import Copy, Story

    story = Story.objects.select_related("clip").get(pk=job.payload["story"])

    def effect():
        clip = story.clip
        if clip is not None and not clip.stories.exclude(state="withdrawn").exists():
            for old in filter(None, (clip.protected, clip.poster, clip.sheet)):
                store.erase(old)
            Clip.objects.filter(pk=clip.pk).update(
                protected="", poster="", sheet="", sample={}, state=Clip.State.BLOCKED, looked={}
            )
        asked = Copy.objects.filter(story=story, asked_at=None).update(asked_at=timezone.now())
        note("story.cleaned_up", f"story:{story.pk}", copies_asked=asked, film_erased=clip is not None)

    return effect


@kind("age")
def age(job, beat):
    """Looks once a day for consents that ended by themselves (a day named, an 18th birthday) and takes down what they held up."""
    from datetime import timedelta

    from commonbeat.web.review.models import Clip
    from commonbeat.web.review.taken_back import hide_taken_back
    from commonbeat.web.tell import state
    from commonbeat.web.tell.models import Story

    now = datetime.now(UTC)

    def effect():
        for story in Story.objects.filter(state__in=(*Story.LIVE, "scheduled")):
            if any(not p.may_publish for p in state.people_of(story, now)):
                state.act(story.pk, "take_down", role="site", now=now, why="consent_ended")
        for encounter in set(Clip.objects.exclude(looked={}).values_list("encounter_id", flat=True)):
            hide_taken_back(encounter, now)
        put("age", f"age:{(now + timedelta(days=1)).date()}", not_before=now + timedelta(days=1))

    return effect


@kind("edition")
def edition(job, beat):
    """A dated release: a snapshot of everything, and the edition the square is drawn from. Asks for the next one in a week."""
    from datetime import timedelta

    from commonbeat.web.read import snapshot

    snapshot.release()
    now = datetime.now(UTC)
    following = now + timedelta(days=7)
    return lambda: put("edition", f"edition:{following.date()}", not_before=following) and None


@kind("edition_now")
def edition_now(job, beat):
    """An edition between the dated ones, because somebody at the desk asked for it."""
    from commonbeat.web.read import snapshot

    snapshot.release()
    return lambda: None


__all__ = ["age", "clean_up", "edition", "edition_now", "protect", "release", "seal"]
