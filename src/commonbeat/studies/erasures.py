"""Did n fall because people asked to be taken out? From the chain alone: who was erased is known to nobody any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from commonbeat.audit import Entry
from commonbeat.estimate import plain
from commonbeat.privacy import FLOOR

__all__ = ["ANSWERED", "ASKED", "ERASED", "Erasure", "erased_since", "in_public"]

ANSWERED = "plan.answered"
ERASED, WRITTEN = "rows.erased", ("snapshot.written", "rows.added")
ASKED = ("respondents", "answers")


@dataclass(frozen=True, slots=True)
class Erasure:
    """What erasure did to a study that is computed again.

    people : people taken out of the book since the answer it is compared with (or since the seal, without one); None: some,
             fewer than may be counted in public
    before : n of the primary comparison when it was first answered; None: not answered before, or withheld
    now    : n of it today;  since: day of the earlier answer;  only: nothing else was written between the two
    """

    people: int | None
    before: int | None
    now: int | None
    since: str
    only: bool

    @property
    def sentence(self) -> str:
        if self.people is None:
            return f"n fell by fewer than {FLOOR} through erasure since {self.since}, or by nobody: their rows are gone, and how many they were would give them away"
        who = f"{self.people:,} {'person was' if self.people == 1 else 'people were'}"
        if self.before is None or self.now is None:
            return f"{who} erased from this book since {self.since}; how many of them stood behind these numbers cannot be known any more"
        if self.only:
            return f"n fell by {self.before - self.now:,} through erasure: {self.before:,} answers stood behind the answer of {self.since}, {self.now:,} stand behind this one"
        return f"n went from {self.before:,} ({self.since}) to {self.now:,}: {who} erased since, and other rows were written too"

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"sentence": self.sentence})


def in_public(gone: Erasure | None, floor: int) -> Erasure | None:
    """Without the count where fewer people than the floor were erased, or where n fell by so few."""
    if gone is None or gone.people is None:
        return gone
    fell = gone.before - gone.now if gone.before is not None and gone.now is not None else gone.people
    few = gone.people < floor or 0 < fell < floor
    return Erasure(None, None, None, gone.since, gone.only) if few else gone


def erased_since(entries: Sequence[Entry], plan_hash: str, n: int | None) -> Erasure | None:
    """What does the chain say about people erased between a plan's first answer and now?  None: nobody was.

    n : the primary comparison's today. The first answer counts, so that erasing one by one cannot hide a large fall.
    """
    first = next((e for e in entries if e.what == ANSWERED and e.about.get("plan_hash") == plan_hash), None)
    sealed = next((e for e in entries if e.what == "plan.sealed" and e.about.get("plan_hash") == plan_hash), None)
    start = first or sealed or (entries[0] if entries else None)
    if start is None:
        return None
    later = [e for e in entries if e.n > start.n]
    gone = [e for e in later if e.what == ERASED and any(t in e.about["erased"] for t in ASKED)]
    if not gone:
        return None
    people = sum(e.about["erased"].get("respondents", 0) for e in gone)
    only = not any(e.what in WRITTEN for e in later)
    return Erasure(people, first.about.get("n") if first else None, n, start.at[:10], only)
