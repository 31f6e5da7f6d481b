"""May this person be shown, here, now? Derived from what was said, never stored as a tick in a box.

Events are only ever added. The answer to a question is worked out from all of them, at a time that is passed in:

    nothing said ──▶ no          given ──48 hours──▶ yes ──until / 18th birthday / withdrawn──▶ no
                                 refused ──▶ no      given again after a no ──48 hours──▶ yes

Four rules hold everywhere. Nobody said anything means no. A yes cools off for 48 hours. A no counts at once, whoever of
those concerned says it: a child's own no beats its guardian's yes. For a child only a guardian's yes counts, and it ends
on the day the child turns 18 and decides alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from commonbeat.codebook import words
from commonbeat.errors import BadInput, Refused
from commonbeat.estimate import plain

__all__ = ["COOLING", "NEEDS", "Event", "Standing", "ask", "may_show", "next_change", "standing"]

COOLING = timedelta(hours=48)  #: between a yes and the first time it is used

#: what must be allowed as well before a purpose means anything: a face cannot be visible in what may not be published
NEEDS = {
    "record": (), "keep": ("record",), "publish": ("record", "keep"), "face_visible": ("record", "keep", "publish"),
    "voice": ("record", "keep", "publish"), "study": ("record", "keep"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Event:
    """One thing said about one person in one recording.

    person   : by track or role ("track:3", "the dancer in front"), never a name
    event    : given, refused, withdrawn        purpose : record, keep, publish, face_visible, voice, study
    channel  : site, embed, feed, press, social, study; None: everywhere we control
    guardian : said by a parent or guardian     child : is the person under 18 at that time?
    until    : the day it ends, if one was named;  ages_out : the child's 18th birthday, where known
    """

    person: str
    event: str
    purpose: str
    at: datetime
    channel: str | None = None
    guardian: bool = False
    child: bool = False
    until: datetime | None = None
    ages_out: datetime | None = None
    wording: str = ""
    language: str = "en"

    def __post_init__(self):
        if self.event not in ("given", "refused", "withdrawn"):
            raise BadInput(f'"{self.event}" is not something a person says here: given, refused or withdrawn.')
        if self.purpose not in words.CONSENT_PURPOSES:
            raise BadInput(f'purpose "{self.purpose}" is not one of {", ".join(words.CONSENT_PURPOSES)}.')
        if self.channel is not None and self.channel not in words.CHANNELS:
            raise BadInput(f'channel "{self.channel}" is not one of {", ".join(words.CHANNELS)}.')
        if self.at.tzinfo is None:
            raise BadInput("A consent needs a time with its zone.")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person stands on one purpose in one channel at one time.

    allowed : may it be done now?
    state   : never_asked, cooling, given, refused, withdrawn, expired, aged_out, guardian_missing
    since   : when that began;  changes_at : when time alone will change it (None: only a person can)
    """

    person: str
    purpose: str
    channel: str | None
    allowed: bool
    state: str
    since: datetime | None = None
    changes_at: datetime | None = None

    def to_dict(self) -> dict:
        return plain(asdict(self))


def ask(event: Event, *, asked_by: str, were_there: Iterable[str]) -> Event:
    """May this person ask for consent?  Returns the event, or refuses when an officer who was there is asking.

    Somebody who was just met by an officer is not free to say no to that officer.
    """
    if asked_by in set(were_there):
        raise Refused(
            "Consent is never asked by the officer who was there: nobody says no freely to them. "
            "A press officer asks, on another day, with the private link."
        )
    if event.event == "given" and event.child and not event.guardian:
        raise Refused(
            "A child's yes does not count alone: a parent or guardian says it, and the child may still say no."
        )
    return event


def standing(
    events: Iterable[Event], person: str, purpose: str, channel: str | None, now: datetime, *, cooling=COOLING
) -> Standing:
    """Where does a person stand on a purpose in a channel at `now`?

    channel None asks about all channels at once: a yes for the site only does not answer it.
    Events after `now` are not yet known. Of two things said at the same instant the more protective one counts.
    """
    said = [e for e in events if e.person == person and e.purpose == purpose and e.at <= now]
    no = _latest(e for e in said if e.event != "given" and _touches(e.channel, channel))
    yes = _latest(e for e in said if e.event == "given" and _covers(e.channel, channel))
    if yes is None or (no is not None and no.at >= yes.at):
        return _none_given(no, person, purpose, channel)
    return _given(yes, person, purpose, channel, now, cooling)


def _none_given(no, person, purpose, channel) -> Standing:
    if no is None:
        return Standing(person, purpose, channel, False, "never_asked")
    return Standing(person, purpose, channel, False, no.event, no.at)


def _given(yes: Event, person, purpose, channel, now, cooling) -> Standing:
    def stands(allowed, state, since, changes_at=None):
        return Standing(person, purpose, channel, allowed, state, since, changes_at)

    ends = [(t, s) for t, s in ((yes.until, "expired"), (yes.ages_out if yes.guardian else None, "aged_out")) if t]
    end = min(ends, default=None)
    if yes.child and not yes.guardian:
        return stands(False, "guardian_missing", yes.at)
    if end and now >= end[0]:
        return stands(False, end[1], end[0])
    if now < yes.at + cooling:
        return stands(False, "cooling", yes.at, min(filter(None, (yes.at + cooling, end and end[0]))))
    return stands(True, "given", yes.at + cooling, end[0] if end else None)


def may_show(
    events: Iterable[Event], person: str, purpose: str, channel: str | None, now: datetime, *, cooling=COOLING
) -> tuple[bool, tuple[Standing, ...]]:
    """May it be done, with everything it needs?  -> (yes or no, where the person stands on each part)."""
    events = tuple(events)
    parts = tuple(
        standing(events, person, p, channel, now, cooling=cooling) for p in (*NEEDS[purpose], purpose)
    )  # fmt: skip
    return all(p.allowed for p in parts), parts


def next_change(events: Iterable[Event], now: datetime, *, cooling=COOLING) -> datetime | None:
    """When must we look again, because time alone will change an answer? None: never."""
    events = tuple(events)
    asked = {(e.person, e.purpose, e.channel) for e in events}
    times = (standing(events, *key, now, cooling=cooling).changes_at for key in asked)
    return min((t for t in times if t is not None), default=None)


def _touches(said: str | None, channel: str | None) -> bool:
    """A no anywhere in what is asked about counts."""
    return said is None or channel is None or said == channel


def _covers(said: str | None, channel: str | None) -> bool:
    """A yes counts only where it was said, or everywhere."""
    return said is None or said == channel


def _latest(events) -> Event | None:
    return max(events, key=lambda e: e.at, default=None)
