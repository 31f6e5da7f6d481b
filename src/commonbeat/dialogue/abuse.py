"""Which votes look as if they were not one person's own thoughts? Marked, shown beside the rest, never dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.dialogue.votes import Votes
from commonbeat.estimate import plain

__all__ = ["Flags", "flags"]

#: kind -> what a reader is told; honest people can do each of these, so a flag asks for a look and decides nothing
KINDS = {
    "identical": "cast exactly the same votes as somebody else",
    "straight": "gave one answer to everything",
    "hurried": "voted faster than statements can be read",
    "source": "came in a burst from one source",
    "revoting": "changed their votes over and over",
}


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """kinds : {kind: (P,) bool};  checked : the kinds that could be looked for (times or sources may be missing)."""

    kinds: dict[str, np.ndarray]
    checked: tuple[str, ...]

    @property
    def any(self) -> np.ndarray:
        """(P,) bool: people with at least one flag."""
        return np.logical_or.reduce(list(self.kinds.values()))

    def to_dict(self) -> dict:
        """How many, never who."""
        return plain(
            {
                "flagged_people": int(self.any.sum()),
                "by_kind": {k: int(f.sum()) for k, f in self.kinds.items()},
                "not_checked": [k for k in KINDS if k not in self.checked],
            }
        )


def flags(
    votes: Votes,
    *,
    identical_from: int = 7,
    straight_from: int = 10,
    hurried: tuple[int, float] = (20, 10.0),
    burst: tuple[int, float] = (100, 60.0),
    revotes: int = 20,
) -> Flags:
    """Whose votes should somebody look at?

    identical_from, straight_from : votes from which a shared vector, or one answer throughout, is remarkable
    hurried, burst : (votes, seconds): so many by one person, by one source, within so long
    revotes        : rows beyond the last votes, and more than three times as many rows as votes
    Bursts need times and sources; without them those kinds are not checked, and `checked` says so.
    """
    none = np.zeros(len(votes.people), bool)
    count = np.diff(votes.start)
    made = {
        "identical": _identical(votes, identical_from),
        "straight": _straight(votes, count, straight_from),
        "hurried": none, "source": none, "revoting": none,
    }  # fmt: skip
    checked = ["identical", "straight"]
    log = votes.log
    if log is not None:
        rows = np.bincount(log.person, minlength=len(count))
        made["hurried"] = _dense(log.person, log.person, log.at, *hurried, len(count))
        made["revoting"] = (rows - count >= revotes) & (rows > 3 * count)
        checked += ["hurried", "revoting"]
        if log.source is not None:
            made["source"] = _dense(log.source, log.person, log.at, *burst, len(count))
            checked.append("source")
    return Flags(made, tuple(checked))


def _identical(votes, least):
    """Equal voters stand next to each other in `Votes`, so only neighbours need to be compared."""
    start, count = votes.start, np.diff(votes.start)
    same = np.zeros(len(count), bool)
    for p in np.flatnonzero((count[1:] == count[:-1]) & (count[1:] >= least)):
        a, b, c = start[p : p + 3]
        if (votes.statement[a:b] == votes.statement[b:c]).all() and (votes.value[a:b] == votes.value[b:c]).all():
            same[p : p + 2] = True
    return same


def _straight(votes, count, least):
    cast = np.flatnonzero(count)
    high, low = np.zeros(len(count), np.int8), np.zeros(len(count), np.int8)
    if len(cast):
        high[cast] = np.maximum.reduceat(votes.value, votes.start[cast])
        low[cast] = np.minimum.reduceat(votes.value, votes.start[cast])
    return (count >= least) & (high == low)


def _dense(by, person, at, many, seconds, people):
    """(P,) bool: people with a vote inside any stretch of `seconds` that holds `many` votes with the same `by`."""
    out = np.zeros(people, bool)
    order = np.lexsort((at, by))
    by, person, at = by[order], person[order], at[order]
    first = np.arange(len(at) - many + 1)
    if not len(first):
        return out
    last = first + many - 1
    tight = (by[first] == by[last]) & (at[last] - at[first] <= 1000 * seconds)
    inside = np.zeros(len(at) + 1, np.int64)
    np.add.at(inside, first[tight], 1)
    np.add.at(inside, last[tight] + 1, -1)
    out[person[np.cumsum(inside)[:-1] > 0]] = True
    return out
