"""What state does a story come to?  Nothing skips a step; nobody approves their own; what was taken down stays down."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from commonbeat.codebook.words import STORY_STATES as STATES
from commonbeat.errors import BadInput, Refused
from commonbeat.stories.story import Lack

__all__ = ["ACTS", "STATES", "step"]

#: act -> (states it starts from, roles that may do it, steps that must have nothing missing)
ACTS = {
    "hand_in": (("draft",), ("press",), ("draft",)),
    "consents_hold": (("consent_check",), ("press",), ("draft", "consent_check")),
    "footage_holds": (("footage_check",), ("press",), ("draft", "consent_check", "footage_check")),
    "send_back": (("consent_check", "footage_check", "second_approval", "scheduled"), ("press", "editor"), ()),
    "approve": (("second_approval",), ("editor",), ("draft", "consent_check", "footage_check")),
    "release": (("scheduled",), ("site",), ("draft", "consent_check", "footage_check")),
    "correct": (("published", "corrected"), ("press",), ()),
    "take_down": (tuple(s for s in STATES if s != "withdrawn"), ("press", "editor", "resident", "site"), ()),
}


def step(
    state: str, act: str, *, role: str, author: str, hand: str, lacks: Iterable[Lack], now: datetime,
    embargo: datetime | None = None, approved: bool = False,
) -> str:  # fmt: skip
    """The state after an act, or Refused with the reason.

    author, hand : who wrote the story and who acts now, as pseudonyms;  lacks : what `missing` found
    approved     : does the approval of a second person stand? Only asked by `release`
    """
    if act not in ACTS:
        raise BadInput(f'"{act}" is not something done to a story. Known: {", ".join(ACTS)}.')
    starts, roles, clean = ACTS[act]
    if state not in starts:
        raise Refused(f"A story that is {state.replace('_', ' ')} cannot be made to {act.replace('_', ' ')}.")
    if role not in roles:
        raise Refused(f"To {act.replace('_', ' ')} a story is the work of: {', '.join(roles)}.")
    if act == "approve" and hand == author:
        raise Refused("Nobody approves their own story. A second person reads it first.")
    if act == "release" and not approved:
        raise Refused("No second person has approved this story.")
    open_ = [lack for lack in lacks if lack.stops and lack.step in clean]
    if open_:
        listed = ", ".join(sorted({lack.code.replace("_", " ") for lack in open_}))
        raise Refused(f"Not yet: {listed}.")
    if act == "release" and embargo is not None and now < embargo:
        raise Refused("The day that was agreed has not come.")
    return _after(act, now, embargo)


def _after(act: str, now: datetime, embargo: datetime | None) -> str:
    if act == "approve":
        return "scheduled" if embargo is not None and now < embargo else "published"
    return {
        "hand_in": "consent_check", "consents_hold": "footage_check", "footage_holds": "second_approval",
        "send_back": "draft", "release": "published", "correct": "corrected", "take_down": "withdrawn",
    }[act]  # fmt: skip
