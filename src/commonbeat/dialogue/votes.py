"""What was voted, once, in an order that nobody chose: the form in which every question of this room is asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from commonbeat.errors import BadInput

__all__ = ["Log", "Votes", "parse_ids"]

AGREE, PASS, DISAGREE = 1, 0, -1
REJECTED = -1


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """Every vote as it arrived, revotes included: what bursts are looked for in.

    person : (rows,) int32   place of the voter in `Votes.people`
    at     : (rows,) int64   milliseconds since 1970, UTC
    source : (rows,) int32 or None   code of where the vote came from (a link, a device, an address already hashed)
    """

    person: np.ndarray
    at: np.ndarray
    source: np.ndarray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Votes:
    """Who voted what on which statement, each pair once: the last vote counts.

    people     : (P,)    labels of those who voted, in an order made from their votes alone, so that no answer can
                         depend on the order of rows or on how people were numbered
    start      : (P+1,)  where each person's votes begin in the next two
    statement  : (V,)    int32, place in `statement_ids`, rising within a person
    value      : (V,)    int8, 1 agree, 0 pass, -1 disagree
    statement_ids, texts : (S,)  every statement written, voted on or not
    attribute  : (S,) bool  self-descriptions: counted, never an opinion
    moderated  : (S,) int8  1 accepted, 0 waiting, -1 rejected
    rows       : votes read, revotes included
    recorded   : (P,) group each person was given by whoever exported the file, or None
    notes      : sentences for the reader about what was found while reading
    """

    people: np.ndarray
    start: np.ndarray
    statement: np.ndarray
    value: np.ndarray
    statement_ids: tuple
    texts: tuple[str, ...]
    attribute: np.ndarray
    moderated: np.ndarray
    rows: int
    recorded: np.ndarray | None = None
    log: Log | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.value)

    @property
    def agrees(self) -> int:
        return int(np.count_nonzero(self.value == AGREE))

    @property
    def disagrees(self) -> int:
        return int(np.count_nonzero(self.value == DISAGREE))

    @property
    def passes(self) -> int:
        return len(self) - self.agrees - self.disagrees

    @property
    def voted_on(self) -> np.ndarray:
        """(S,) bool: statements with at least one vote."""
        seen = np.zeros(len(self.statement_ids), bool)
        seen[self.statement] = True
        return seen

    @property
    def opinions(self) -> np.ndarray:
        """(S,) bool: statements that may enter the opinion map: voted on, not self-descriptions, not rejected."""
        return self.voted_on & ~self.attribute & (self.moderated != REJECTED)

    @property
    def person(self) -> np.ndarray:
        """(V,) int32: the voter of each vote, as a place in `people`."""
        return np.repeat(np.arange(len(self.people), dtype=np.int32), np.diff(self.start))

    def places(self, ids: Iterable) -> np.ndarray:
        """Where these statements are. Raises BadInput naming an id that is not there."""
        at = {str(i): k for k, i in enumerate(self.statement_ids)}
        wanted = [str(i) for i in ids]
        lost = [i for i in wanted if i not in at]
        if lost:
            raise BadInput(
                f"there is no statement {lost[0]} here; the ids run from {self._span()}. Name statements by their id."
            )
        return np.array([at[i] for i in wanted], dtype=np.int64)

    def with_attributes(self, ids: str | Iterable) -> Votes:
        """The same votes, with these statements taken as self-descriptions: "1-14,20" or a list of ids."""
        wanted = parse_ids(ids, self.statement_ids) if isinstance(ids, str) else list(ids)
        attribute = self.attribute.copy()
        attribute[self.places(wanted)] = True
        return replace(self, attribute=attribute)

    def only(self, keep: np.ndarray) -> Votes:
        """The votes of some people: `keep` is (P,) bool or places. Nothing about the others stays in the result."""
        chosen = np.flatnonzero(keep) if keep.dtype == bool else np.sort(keep)
        count = np.diff(self.start)[chosen]
        start = np.concatenate([[0], np.cumsum(count)])
        at = np.repeat(self.start[chosen] - start[:-1], count) + np.arange(start[-1])
        log = self._log_of(chosen)
        return replace(
            self,
            people=self.people[chosen],
            start=start,
            statement=self.statement[at],
            value=self.value[at],
            recorded=None if self.recorded is None else self.recorded[chosen],
            log=log,
            rows=len(log.at) if log is not None else int(start[-1]),
        )

    def without(self, people: Iterable) -> Votes:
        """The votes as if these people had never come: erased from the table and from the log."""
        gone = {str(p) for p in people}
        there = np.array([str(p) in gone for p in self.people], bool)
        unknown = gone - {str(p) for p in self.people[there]}
        if unknown:
            raise BadInput(f"{len(unknown)} of the people to erase did not vote here; check the ids and ask again.")
        return self.only(~there)

    def _log_of(self, chosen):
        if self.log is None:
            return None
        new = np.full(len(self.people), -1, np.int32)
        new[chosen] = np.arange(len(chosen), dtype=np.int32)
        kept = new[self.log.person] >= 0
        source = None if self.log.source is None else self.log.source[kept]
        return Log(new[self.log.person[kept]], self.log.at[kept], source)

    def _span(self) -> str:
        return (
            f"{self.statement_ids[0]} to {self.statement_ids[-1]}" if self.statement_ids else "none (no statements)"
        )


def parse_ids(said: str, known: Sequence = ()) -> list:
    """Which statements does "1-14,20" name?  -> list of ids as written; a range takes the whole numbers in it.

    An id that itself holds a dash is taken whole when it is one of `known`. In a range, numbers without a statement
    are passed over, but a range in which there is none at all is refused.
    """
    names = {str(i) for i in known}
    out: list = []
    for part in (p.strip() for p in said.split(",")):
        if not part:
            continue
        low, dash, high = part.partition("-")
        if part in names or not dash:
            out.append(part)
        elif low.strip().isdigit() and high.strip().isdigit() and int(low) <= int(high) <= int(low) + 1_000_000:
            span = [str(i) for i in range(int(low), int(high) + 1) if not names or str(i) in names]
            if not span:
                raise BadInput(f'"{part}" holds no statement that exists here.')
            out += span
        else:
            raise BadInput(f'"{part}" is not an id or a range of ids; write 1-14,20.')
    return out
