"""Moment 3: what the record does when somebody tries to cheat. Each trial runs on a copy; nothing is changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

from scipy.stats import binom

from commonbeat import audit
from commonbeat.errors import Refused
from commonbeat.web.base.models import Entry

__all__ = ["EditTried", "PadTried", "edit_a_byte", "pad_the_month", "top_officers"]

SURE = 0.001  #: chance of a false question that is accepted


@dataclass(frozen=True, slots=True)
class PadTried:
    """Positive contacts of a month, as recorded and with a fifth more put in at its end."""

    before: int
    after: int
    late_before: int
    late_after: int
    usual: float
    chance_before: float
    chance_after: float

    @property
    def asked_before(self) -> bool:
        return self.chance_before < SURE

    @property
    def asked_after(self) -> bool:
        return self.chance_after < SURE


def pad_the_month(month: dict, *, share: float = 0.2) -> PadTried:
    """Does a month padded by a fifth raise a question?

    month : days [(day, positive contacts)], usual_share: share of positive contacts that usually fall on a month's last three days
    Method: exact binomial tail of the contacts on the last three days against the share of all earlier months.
    """
    days = [(date.fromisoformat(d), n) for d, n in month["days"]]
    total = sum(n for _, n in days)
    first = days[0][0].replace(day=1)
    after_it = (first + timedelta(days=32)).replace(day=1)
    late = sum(n for d, n in days if (after_it - d).days <= 3)
    more, usual = round(share * total), month["usual_share"]
    return PadTried(
        total, total + more, late, late + more, usual,
        float(binom.sf(late - 1, total, usual)), float(binom.sf(late + more - 1, total + more, usual)),
    )  # fmt: skip


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


def top_officers(kind: str = "positive contacts"):
    """Who are the officers with the most? Always refused."""
    raise Refused(
        f"There is no list of officers by number of {kind}, and none can be made here. A count that is watched becomes a target: "
        "people are stopped so that the count goes up, and the friendly word is no longer friendly. What can be asked instead: where "
        "do good contacts happen, who is not reached, and what do residents say about them?"
    )
