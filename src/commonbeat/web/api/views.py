from __future__ import annotations

from typing import Annotated

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from ninja import NinjaAPI, Path, Query
from ninja.errors import HttpError

from commonbeat.web.api import shapes
from commonbeat.web.base.log import head
from commonbeat.web.base.models import Entry
from commonbeat.web.base.roles import PUBLIC, Door, Role
from commonbeat.web.jobs.models import Job
from commonbeat.web.read.edition import current
from commonbeat.web.talk.models import Conversation
from commonbeat.web.tell.models import Story, Takedown

api = NinjaAPI(title="Commonbeat", version="1", urls_namespace="api", docs_url=None, description=__doc__ or "")

Slug = Annotated[str, Path(max_length=80, pattern=r"^[-a-zA-Z0-9_]+$")]
NOT_YET, GONE, WRONG = {404: shapes.Said}, {410: shapes.Said}, {422: dict}
SHUT = {401: shapes.Said, 403: shapes.Said}


def edition():
    return current(settings.SITE.root)


@api.get("snapshot", response=shapes.Snapshot)
def snapshot(request):
    """Which dated edition all numbers here come from."""
    out = edition()
    return {"edition": out.hash, "made_at": out.made_at, "snapshot": out.snapshot}


def _line(request, story) -> dict:
    told = story.text()
    return {
        "slug": story.slug, "title": told.title, "language": told.language, "published_at": story.published_at,
        "page": request.build_absolute_uri(reverse("story", args=[story.slug])),
        "film": request.build_absolute_uri(f"/media/story/{story.slug}/video.mp4") if story.clip_id else None,
    }  # fmt: skip


@api.get("stories", response=list[shapes.StoryLine])
def stories(request):
    """The stories that are out, newest first."""
    rows = Story.objects.filter(state__in=Story.LIVE).prefetch_related("tellings")[:200]
    return [_line(request, s) for s in rows]


@api.get("stories/{slug}", response={200: shapes.StoryWhole, **NOT_YET, **GONE, **WRONG})
def story(request, slug: Slug):
    """One story. 410 once it was taken down: please take your copy down as well."""
    held = Story.objects.prefetch_related("tellings", "corrections").filter(slug=slug).first()
    if held is None or not (held.live or held.published_at):
        raise HttpError(404, "There is no such story.")
    if not held.live:
        raise HttpError(410, "This story was taken down. Please take your copy down as well.")
    told = held.text()
    more = {"words": told.words, "alt_text": told.alt_text, "corrections": [c.what for c in held.corrections.all()]}
    return _line(request, held) | more


@api.get("areas", response=list[shapes.Area])
def areas(request):
    """Contacts per 1,000 residents and year, by area, with 95 % intervals. A count below five is null."""
    return edition().areas


@api.get("trust", response=list[shapes.Level])
def trust(request):
    """Mean trust (0 to 100) by week of asking, as sampled and weighted. Null: too few to tell."""
    return edition().trust


@api.get("ripple", response=list[shapes.Effect])
def ripple(request):
    """Effects on trust in points, by study, ring and days, with intervals."""
    return edition().ripple


@api.get("commitments", response=list[shapes.Commitment])
def commitments(request):
    """What was promised, by which office, until when."""
    return edition().commitments


@api.get("conversations", response=list[shapes.Conversation])
def conversations(request):
    return Conversation.objects.order_by("-made_at")[:200]


@api.get("conversations/{slug}", response={200: dict, **NOT_YET, **WRONG})
def conversation(request, slug: Slug):
    """What all known groups hold together, first; small numbers withheld. Empty while too few have voted."""
    if not Conversation.objects.filter(pk=slug).exists():
        raise HttpError(404, "There is no such conversation.")
    return edition().talk.get(slug) or {}


@api.get("log", response={200: list[shapes.Line], **WRONG, **SHUT})
def log(request, before: Annotated[int | None, Query(ge=1, le=2**62)] = None):
    """For the auditor: the log, newest first, a hundred lines at a time."""
    rows = Entry.objects.order_by("-n")
    return list((rows.filter(n__lt=before) if before else rows)[:100])


@api.get("week", response={200: shapes.Week, **SHUT})
def week(request):
    """For those who oversee: what is late and what is stuck."""
    waiting = Takedown.objects.filter(state="open")
    return {
        "live": Story.objects.filter(state__in=Story.LIVE).count(), "withdrawn": Story.objects.filter(state="withdrawn").count(),
        "requests_open": waiting.count(), "requests_late": waiting.filter(due__lt=timezone.now()).count(),
        "jobs_parked": Job.objects.filter(state="parked").count(), "log_head": head(),
    }  # fmt: skip


#: who may pass; an address that is not named here stays shut
DOORS = {
    **dict.fromkeys(("api-root", "openapi-json", "snapshot", "stories", "story", "areas", "trust", "ripple", "commitments", "conversations", "conversation"), PUBLIC),
    "log": Door(roles=frozenset({str(Role.AUDITOR)})),
    "week": Door(roles=frozenset({str(Role.AUDITOR), str(Role.ANALYST)})),
}  # fmt: skip


def _hung():
    """The addresses, each view with its door; the public ones are drawn once and kept like pages."""
    for pattern in api.urls[0]:
        door = DOORS.get(pattern.name)
        if door is not None:
            pattern.callback.door = door
            pattern.callback.steady = door.everybody
        yield pattern


named = list(_hung())
