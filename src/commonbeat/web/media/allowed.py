"""May this be fetched, now? Asked of the record at every request, so that a withdrawal holds from the next one on."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import close_old_connections

from commonbeat.web.media.tickets import read_ticket

KINDS = {"video.mp4": ("protected", "video/mp4"), "poster.jpg": ("poster", "image/jpeg")}


@dataclass(frozen=True, slots=True)
class Answer:
    """status 200 with a row and a type, or why not."""

    status: int
    row: object = None
    kind: str = ""


def for_story(slug: str, name: str) -> Answer:
    """The film or poster of a story: 200 while it is live, 410 once taken down, else 404."""
    from commonbeat.web.review.models import Blob
    from commonbeat.web.tell.models import Story

    try:
        story = Story.objects.select_related("clip").filter(slug=slug).first()
        if story is None or name not in KINDS or story.clip is None:
            return Answer(404)
        if story.state == "withdrawn" and story.published_at:
            return Answer(410)
        column, kind = KINDS[name]
        row = Blob.objects.filter(pk=getattr(story.clip, column)).first()
        if not story.live or story.clip.state != "released" or row is None:
            return Answer(404)
        return Answer(200, row, kind)
    finally:
        close_old_connections()


def for_ticket(text: str) -> Answer:
    """A file for a member of staff whose view of it was logged when the ticket was made."""
    from commonbeat.web.base.models import Staff
    from commonbeat.web.review.models import Blob

    try:
        held = read_ticket(text)
        if held is None or not Staff.objects.filter(pk=held[1], is_active=True).exists():
            return Answer(403)
        row = Blob.objects.filter(pk=held[0]).first()
        return Answer(200, row, row.kind) if row else Answer(410)
    finally:
        close_old_connections()


def for_upload(token: str):
    """The upload this secret address belongs to, or None."""
    from django.utils import timezone

    from commonbeat.web.base.secret import hashed
    from commonbeat.web.review.models import Upload

    try:
        rows = Upload.objects.filter(token_hash=hashed(token), until__gt=timezone.now(), by__is_active=True)
        return rows.first()
    finally:
        close_old_connections()


def uploaded(upload) -> None:
    """All bytes are here: the job that seals them is put, once."""
    from django.db import transaction
    from django.utils import timezone

    from commonbeat.web.jobs.queue import put

    try:
        with transaction.atomic():
            type(upload).objects.filter(pk=upload.pk, done_at=None).update(done_at=timezone.now())
            put("seal", f"seal:{upload.pk}", upload=upload.pk)
    finally:
        close_old_connections()
