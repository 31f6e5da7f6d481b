"""A person asks to be forgotten. Their votes go at once; what is published changes only so that nobody can subtract."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from commonbeat.dialogue.votes import Votes
from commonbeat.errors import BadInput
from commonbeat.privacy import FLOOR

__all__ = ["Release", "erase", "next_release"]


@dataclass(frozen=True, slots=True)
class Release:
    """What happens to the published figures on a date.

    action : "publish" (made anew from what is left), "keep" (nobody left since), or "withdraw" (people left, too few to
             make anew without giving them away: the old figures still hold their votes, so they come down)
    """

    on: date
    action: str
    erased: int

    def to_dict(self) -> dict:
        """Without the exact number under the floor: it is itself a cell about people."""
        shown = self.erased if self.erased == 0 or self.erased >= FLOOR else None
        return {"on": self.on.isoformat(), "action": self.action, "erased": shown}


def erase(votes: Votes, people: Iterable) -> Votes:
    """The votes without these people, in one batch; every result must then be asked anew.

    people : labels as in `votes.people`. Raises BadInput when one is not there, or when nobody is named.
    """
    people = list(people)
    if not people:
        raise BadInput("nobody is named to be erased; give their labels.")
    return votes.without(people)


def next_release(erased: int, dates: Sequence[date], *, today: date, waited: int = 0, floor: int = FLOOR) -> Release:
    """On which date may new figures be published after people were erased?

    erased : people erased since the last release;  dates : the announced dates;  waited : dates already let pass
    Two releases that differ by fewer than `floor` people can be subtracted to show what those people voted. Under the
    floor the old figures stay for one more date; if there are still too few then, they are withdrawn, not corrected.
    """
    ahead = sorted(d for d in dates if d >= today)
    if not ahead:
        raise BadInput("no release date lies ahead; announce one.")
    if erased == 0:
        return Release(ahead[0], "keep", 0)
    if erased >= floor:
        return Release(ahead[0], "publish", erased)
    return Release(ahead[0], "withdraw" if waited else "keep", erased)
