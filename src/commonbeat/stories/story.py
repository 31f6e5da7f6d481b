"""What is still missing before this story may be told?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field

from commonbeat.estimate import plain
from commonbeat.stories.captions import read_vtt
from commonbeat.stories.read import hints, reading

__all__ = ["Draft", "Lack", "Person", "missing"]

HARDEST = {"en": 10.0, "es": 50.0}  #: school grade (en), ease (es): beyond that the kit asks for plainer words


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody the story shows, by track or role. `may_publish`, `may_face`: what consent says today."""

    person: str
    may_publish: bool
    face_visible: bool = False
    may_face: bool = False
    child: bool = False
    reviewed: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """A story as far as it has come.

    tellings : language -> (title, words, alt text)
    contact  : the encounter as in the codebook, with `gifts` and `resident_agrees` (yes, partly, no, None)
    clip     : None, or {released, captions, audio_description, music, leak_upper, limit, tracks}
    """

    tellings: Mapping[str, tuple[str, str, str]]
    contact: Mapping
    people: tuple[Person, ...] = ()
    clip: Mapping | None = None
    context: bool = False
    harm_words: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing in the way. `code` is what a page turns into a sentence; `step` is where it is mended.

    stops : False for advice that does not stop a story
    """

    code: str
    step: str
    about: str = ""
    stops: bool = True

    def to_dict(self) -> dict:
        return plain(asdict(self))


def missing(draft: Draft) -> tuple[Lack, ...]:
    """What stands between this draft and a second pair of eyes?  Nothing that stops: it may go on.

    Order: may it be told at all, do those in it agree, are they protected, is it written so that everybody can read it.
    """
    return (*_tellable(draft.contact), *_agreed(draft), *_protected(draft), *_written(draft))


def _tellable(contact: Mapping):
    """A contact nobody was free to leave is not a nice story, and a stop made to hand out a gift is a stop."""
    if contact.get("kind") != "positive":
        yield Lack("not_a_positive_contact", "draft", str(contact.get("kind")))
    if contact.get("gifts"):
        yield Lack("stop_made_to_hand_out_gifts", "draft")
    if contact.get("free_to_leave_officer") != "yes":
        yield Lack("not_free_to_leave", "draft", f"officer: {contact.get('free_to_leave_officer') or 'unknown'}")
    if contact.get("free_to_leave_resident") in ("no", "unknown"):
        yield Lack("not_free_to_leave", "draft", f"resident: {contact['free_to_leave_resident']}")
    if contact.get("resident_agrees") == "no":
        yield Lack("contradicted_by_the_resident", "draft")
    if contact.get("would_rather_not"):
        yield Lack("somebody_would_rather_not", "draft")


def _agreed(draft: Draft):
    if not draft.people:
        yield Lack("nobody_asked", "consent_check")
    for person in draft.people:
        if not person.may_publish:
            yield Lack("no_consent_to_publish", "consent_check", person.person)
        if person.face_visible and not (person.may_face and person.reviewed):
            yield Lack("face_visible_without_consent", "consent_check", person.person)


def _protected(draft: Draft):
    clip = draft.clip
    if clip is None:
        return
    if not clip.get("released"):
        yield Lack("footage_not_released", "footage_check")
    if clip.get("leak_upper") is None:
        yield Lack("nobody_looked_at_the_footage", "footage_check")
    elif clip["leak_upper"] > clip["limit"]:
        yield Lack("leak_above_the_limit", "footage_check", f"{clip['leak_upper']:.3f}")
    if not clip.get("captions"):
        yield Lack("no_captions", "footage_check")
    else:
        for problem in read_vtt(clip["captions"])[1]:
            yield Lack("captions_broken", "footage_check", str(problem))
    if not (clip.get("audio_description") or "").strip():
        yield Lack("no_audio_description", "footage_check")
    if clip.get("music") not in ("none", "cleared", "muted"):
        yield Lack("music_rights_open", "footage_check")


def _written(draft: Draft):
    if not draft.context:
        yield Lack("no_context_box", "draft")
    if "en" not in draft.tellings and not draft.tellings:
        yield Lack("no_words", "draft")
    for language, (title, words, alt) in draft.tellings.items():
        if not title.strip():
            yield Lack("no_title", "draft", language)
        if len(words.split()) < 20:
            yield Lack("too_short", "draft", language)
        if len(alt.split()) < 4:
            yield Lack("no_alt_text", "draft", language)
        if _hard(words, language):
            yield Lack("hard_to_read", "draft", language, stops=False)
        for word, better in hints(f"{title} {words}", language):
            yield Lack("words_to_think_about", "draft", f"{word} → {better}", stops=False)


def _hard(words: str, language: str) -> bool:
    level = reading(words, language)
    if level.value is None:
        return False
    return level.value > HARDEST["en"] if level.scale == "grade" else level.value < HARDEST["es"]
