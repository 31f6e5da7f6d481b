"""Stories begun and written, people asked, doors opened. State changes go through `tell.state`."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from commonbeat import consent
from commonbeat.errors import Refused
from commonbeat.web.base.log import note
from commonbeat.web.base.secret import fresh_code, fresh_token, hashed, hashed_code
from commonbeat.web.record.models import Encounter, fresh_id
from commonbeat.web.tell import state
from commonbeat.web.tell.models import Consent, ConsentLink, Story, Takedown, Telling
from commonbeat.web.tell.wording import wording, wording_hash

ANSWER_WITHIN = timedelta(days=3)  #: a request by somebody in a story


@transaction.atomic
def begin(encounter: Encounter, staff) -> Story:
    now = timezone.now()
    story = Story.objects.create(
        slug=f"draft-{fresh_id()[:10]}", encounter=encounter, area=encounter.area, written_by=staff, made_at=now, changed_at=now,
        simulated=encounter.simulated, clip=encounter.clips.filter(state="released").first(),
    )  # fmt: skip
    note("story.begun", f"story:{story.pk}", actor=staff, encounter=encounter.pk)
    return story


@transaction.atomic
def write(story: Story, staff, *, language: str, title: str, words: str, alt_text: str) -> None:
    """Keeps the words in one language. A story beyond the draft goes back there first: nobody changes approved words."""
    story = Story.objects.select_for_update().get(pk=story.pk)
    if story.state not in ("draft", *Story.LIVE):
        raise Refused(_("Words are changed in the draft. Send the story back first."))
    Telling.objects.update_or_create(
        story=story, language=language, defaults={"title": title, "words": words, "alt_text": alt_text}
    )
    if story.slug.startswith("draft-") and story.state == "draft":
        story.slug = _free_slug(title, story)
    story.changed_at = timezone.now()
    story.save()
    note("story.written", f"story:{story.pk}", actor=staff, language=language)


def _free_slug(title: str, story: Story) -> str:
    base = slugify(title)[:60].strip("-") or f"story-{story.pk[:8]}"
    taken = Story.objects.exclude(pk=story.pk).filter(slug=base).exists()
    return f"{base}-{story.pk[:6]}" if taken else base


@transaction.atomic
def correct(story: Story, staff, what: str, telling: dict) -> None:
    """Changes published words and says so on the page."""
    write(story, staff, **telling)
    state.act(story.pk, "correct", actor=staff, what=what)


@transaction.atomic
def invite(encounter: Encounter, staff, *, person: str, track, child: bool, guardian: bool, clip=None) -> str:
    """A private link for one person -> its token, shown once. Refused to the officer who was there."""
    if staff.pk == encounter.recorded_by_id:
        raise Refused(_("Consent is never asked by the officer who was there."))
    token = fresh_token()
    ConsentLink.objects.create(
        hash=hashed(token), encounter=encounter, clip=clip, person=person, track=track, child=child, guardian=guardian,
        made_at=timezone.now(),
    )  # fmt: skip
    note(
        "consent.asked",
        f"encounter:{encounter.pk}",
        actor=staff,
        person_hash=hashed(person)[:12],
        child=child,
        guardian=guardian,
    )
    return token


@transaction.atomic
def answer(link: ConsentLink, *, says: str, language: str, birthday=None, until=None, now=None) -> None:
    """Keeps what the person with the link said, with the wording they read.

    Every answer says something of every purpose: who agreed once to be recognised and now agrees to be shown hidden has
    taken the first back, and no later yes brings it to life again.
    """
    from commonbeat.web.review.taken_back import hide_taken_back

    now = now or timezone.now()
    __, shown = wording("ask", language)
    yes = says != "no"
    agreed = {"record": yes, "keep": yes, "publish": yes, "face_visible": says == "yes_visible"}
    for purpose, given in agreed.items():
        event = consent.Event(
            link.person, "given" if given else "refused", purpose, now, guardian=link.guardian, child=link.child,
            until=_midnight(until), ages_out=_midnight(birthday), wording=wording_hash("ask", shown), language=shown,
        )  # fmt: skip
        consent.ask(event, asked_by="private link", were_there=[f"staff:{link.encounter.recorded_by_id}"])
        Consent.objects.create(
            encounter_id=link.encounter_id, clip_id=link.clip_id, person=link.person, track=link.track, event=event.event,
            purpose=purpose, guardian=event.guardian, child=event.child, at=now, until=event.until, ages_out=event.ages_out,
            wording=event.wording, language=event.language,
        )  # fmt: skip
    note("consent.given" if yes else "consent.refused", f"encounter:{link.encounter_id}", actor="person by private link",
         purposes=[p for p, given in agreed.items() if given is yes], wording=wording_hash("ask", shown))  # fmt: skip
    if not yes:
        for story in Story.objects.filter(encounter_id=link.encounter_id).exclude(state="withdrawn"):
            state.act(story.pk, "take_down", role="resident", now=now, why="consent")
    if not agreed["face_visible"]:
        hide_taken_back(link.encounter_id, now)


def _midnight(day):
    return timezone.make_aware(datetime.combine(day, time())) if day else None


def link_of(token: str) -> ConsentLink | None:
    return ConsentLink.objects.select_related("encounter", "clip").filter(hash=hashed(token)).first()


@transaction.atomic
def knock(story: Story, *, asks: str, words: str, where: dict | None = None) -> tuple[Takedown, str]:
    """Somebody says: this is me or my child. Taking down is at once (a person checks afterwards); the rest has three days.

    -> (the request, its receipt, shown once)
    """
    now, receipt = timezone.now(), fresh_code()
    made = Takedown.objects.create(
        receipt_hash=hashed_code(receipt),
        story=story,
        asks=asks,
        words=words,
        where=where or {},
        at=now,
        due=now + ANSWER_WITHIN,
    )
    note("door.knocked", f"story:{story.pk}", actor="resident", asks=asks, request=made.pk)
    if asks == "take_down" and story.state != "withdrawn":
        state.act(story.pk, "take_down", role="resident", now=now, why="asked")
    return made, receipt


@transaction.atomic
def settle(request: Takedown, staff, *, result: str, outcome: str) -> None:
    """Writes what came of a request, for the person who asked."""
    held = Takedown.objects.select_for_update().get(pk=request.pk)
    if held.state != "open":
        raise Refused(_("This request was answered already."))
    held.state, held.outcome, held.closed_at, held.closed_by = result, outcome, timezone.now(), staff
    held.save()
    note(
        "door.answered",
        f"story:{held.story_id}",
        actor=staff,
        result=result,
        request=held.pk,
        late=held.closed_at > held.due,
    )
