"""Moment 3: what the record does when somebody tries to cheat. Each trial runs on a copy; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from commonbeat import audit
from commonbeat.errors import Refused
from commonbeat.web.base.models import Entry

__all__ = ["EditTried", "edit_a_byte", "top_officers"]


@dataclass(frozen=True, slots=True)
class EditTried:
    """Which entry was changed on a copy of the log, and what the check said of the original and of the copy."""

    n: int
    was: str
    became: str
    whole: bool
    found: int | None
    why: str


def edit_a_byte(n: int | None = None) -> EditTried:
    """Changes one byte of one entry in a copy of this site's log, then checks the copy."""
    entries = [row.chained() for row in Entry.objects.order_by("n")]
    whole = audit.verify(entries).whole
    place = min(max((n or len(entries) * 2 // 3), 1), len(entries)) - 1
    was = entries[place]
    became = replace(
        was,
        at=was.at.replace(was.at[18], str((int(was.at[18]) + 1) % 10), 1) if was.at[18].isdigit() else was.at + "0",
    )
    checked = audit.verify([*entries[:place], became, *entries[place + 1 :]])
    return EditTried(was.n, was.at, became.at, whole, checked.first_broken, checked.why)


def top_officers(kind: str = ""):
    """Who are the officers with the most? Always refused."""
    kind = kind or _("positive contacts")
    raise Refused(
        _(
            "There is no list of officers by number of %(kind)s, and none can be made here. A count that is watched becomes a target: people are stopped so that the count goes up, and the friendly word is no longer friendly. What can be asked instead: where do good contacts happen, who is not reached, and what do residents say about them?"
        )
        % {"kind": kind}
    )
