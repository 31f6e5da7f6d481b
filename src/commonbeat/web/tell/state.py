"""From rows to the questions of the rooms `consent` and `stories`, and back: the only place that changes a story's state."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from commonbeat import consent
from commonbeat.footage.leak import LIMIT as LEAK_LIMIT
from commonbeat.stories import Draft, Person, missing, step
from commonbeat.web.base.log import note
from commonbeat.web.jobs.queue import put
from commonbeat.web.read.edition import current
from commonbeat.web.tell.models import Consent, ConsentLink, Correction, Story


def events_of(encounter_id: str) -> list[consent.Event]:
    """Everything said about anybody in one encounter, as the ground understands it."""
    return [
        consent.Event(
            c.person, c.event, c.purpose, c.at, channel=c.channel or None, guardian=c.guardian, child=c.child,
            until=c.until, ages_out=c.ages_out, wording=c.wording, language=c.language,
        )
        for c in Consent.objects.filter(encounter_id=encounter_id, event__in=["given", "refused", "withdrawn"])
    ]  # fmt: skip


def people_of(story: Story, now: datetime) -> tuple[Person, ...]:
    """Everybody the story shows and what they allow today. Somebody counts as shown once they hold a private link."""
    if story.encounter_id is None:
        return ()
    events = events_of(story.encounter_id)
    visible = set((story.clip.looked or {}).get("visible", ())) if story.clip_id else set()
    people = {}
    for link in ConsentLink.objects.filter(encounter_id=story.encounter_id).order_by("person"):
        allowed, _ = consent.may_show(events, link.person, "publish", "site", now)
        face, _ = consent.may_show(events, link.person, "face_visible", "site", now)
        people[link.person] = Person(
            link.person, allowed, face_visible=link.track is not None and link.track in visible, may_face=face,
            child=link.child, reviewed=bool(story.clip_id and story.clip.reviewed_by_id),
        )  # fmt: skip
    return tuple(people.values())


def draft_of(story: Story, now: datetime) -> Draft:
    """The story as the room `stories` sees it."""
    from django.conf import settings

    met, clip = story.encounter, story.clip
    contact = {}
    if met is not None:
        last = met.accounts.order_by("-at").first()
        contact = {
            "kind": met.kind, "gifts": met.gifts, "free_to_leave_officer": met.free_to_leave_officer,
            "free_to_leave_resident": met.free_to_leave_resident or None, "would_rather_not": met.would_rather_not,
            "resident_agrees": last.agrees if last else None,
        }  # fmt: skip
    held = None
    if clip is not None:
        held = {
            "released": clip.state == "released", "captions": clip.captions, "audio_description": clip.audio_description,
            "music": clip.music_cleared, "leak_upper": (clip.record.get("leak") or {}).get("upper"), "limit": LEAK_LIMIT,
        }  # fmt: skip
    tellings = {t.language: (t.title, t.words, t.alt_text) for t in story.tellings.all()}
    context = bool(story.area_id and current(settings.SITE.root).context.get(story.area_id))
    return Draft(tellings, contact, people_of(story, now), held, context)


def lacks(story: Story, now: datetime | None = None):
    return missing(draft_of(story, now or timezone.now()))


@transaction.atomic
def act(
    story_id: str, doing: str, *, actor=None, role: str | None = None, now: datetime | None = None, **more
) -> Story:
    """Does one thing to a story, if it may be done, and logs it in the same transaction. Refused says why not."""
    now = now or timezone.now()
    story = Story.objects.select_for_update().get(pk=story_id)
    role = role or actor.role
    before = story.state
    story.state = step(
        before, doing, role=role, author=f"staff:{story.written_by_id}", hand=f"staff:{actor.pk}" if actor else role,
        lacks=lacks(story, now) if doing != "take_down" else (), now=now, embargo=story.embargo,
        approved=story.approved_by_id is not None,
    )  # fmt: skip
    story.changed_at = now
    if doing == "approve":
        story.approved_by, story.approved_at = actor, now
    if doing == "send_back":
        story.approved_by = story.approved_at = None
    if story.state == "published":
        story.published_at = story.published_at or now
    if doing == "take_down":
        story.withdrawn_at, story.withdrawn_why = now, more.get("why", "asked")
        put("clean_up", f"clean_up:{story.pk}", story=story.pk)
    if doing == "correct":
        Correction.objects.create(story=story, at=now, what=more["what"])
    if story.state == "scheduled":
        put("release", f"release:{story.pk}:{story.embargo.isoformat()}", not_before=story.embargo, story=story.pk)
    story.save()
    note(
        f"story.{doing}",
        f"story:{story.pk}",
        actor=actor or role,
        was=before,
        now=story.state,
        why=more.get("why", ""),
    )
    return story


@transaction.atomic
def withdraw(
    link: ConsentLink, *, purposes=("publish", "face_visible", "voice"), channel="", now=None
) -> list[Story]:
    """Takes a consent back: the events, the stories that no longer hold, and the log, all in one transaction.

    -> the stories that came down. As easy as giving: no reason is asked.
    """
    now = now or timezone.now()
    from commonbeat.web.review.taken_back import hide_taken_back
    from commonbeat.web.tell.wording import wording_hash

    for purpose in purposes:
        Consent.objects.create(
            encounter_id=link.encounter_id, clip_id=link.clip_id, person=link.person, track=link.track, event="withdrawn",
            purpose=purpose, channel=channel, guardian=link.guardian, child=link.child, at=now,
            wording=wording_hash("withdraw", "en"), language="en",
        )  # fmt: skip
    note("consent.withdrawn", f"encounter:{link.encounter_id}", actor="person by private link", person=link.person,
         purposes=list(purposes), channel=channel or "all")  # fmt: skip
    down = []
    for story in Story.objects.filter(encounter_id=link.encounter_id).exclude(state="withdrawn"):
        if any(not p.may_publish or (p.face_visible and not p.may_face) for p in people_of(story, now)):
            down.append(act(story.pk, "take_down", role="resident", now=now, why="consent"))
    hide_taken_back(link.encounter_id, now)
    return down
