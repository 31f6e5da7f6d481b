"""Entries and what follows from them, without any file: what would the next one be, and does a chain hold?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from commonbeat.errors import BadInput, Broken
from commonbeat.estimate import plain

__all__ = ["START", "Entry", "Head", "Verdict", "canonical", "entry_after", "head_of", "verify"]

START = "0" * 64  #: what the first entry carries as the hash before it


def canonical(thing) -> str:
    """The one way to write a value as JSON, so that the same value always has the same hash."""
    return json.dumps(plain(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    n      : 1, 2, 3 ...              what : the act, as `footage.viewed`
    at     : ISO time in UTC          who  : a role or pseudonym, never a name
    about  : ids, hashes, counts      before, hash : SHA-256 of the entry before and of this one
    """

    n: int
    at: str
    what: str
    who: str
    about: Mapping
    before: str
    hash: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stood: its last entry's number and hash. Keep one outside, and no later cut goes unseen."""

    n: int
    hash: str
    at: str

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Is the chain whole? `first_broken` is the number of the first entry that does not fit; `why` says it in words."""

    entries: int
    head: Head | None
    first_broken: int | None = None
    why: str = ""
    heads_checked: int = field(default=0)

    @property
    def whole(self) -> bool:
        return self.first_broken is None

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"whole": self.whole})

    def or_raise(self) -> Verdict:
        """The same verdict, or Broken with its words."""
        if not self.whole:
            raise Broken(f"The audit chain is broken at entry {self.first_broken}: {self.why}")
        return self


def entry_after(last: Entry | None, what: str, *, who: str, about: Mapping | None = None, at: datetime) -> Entry:
    """What would the next entry be?  Pure: nothing is written.

    last : the newest entry, or None for the first;  at : when, with its zone
    Raises BadInput for a time without a zone or an act without a name.
    """
    if at.tzinfo is None:
        raise BadInput("An audit entry needs a time with its zone.")
    if not what or not who:
        raise BadInput("An audit entry says what was done and in which role.")
    n, before = (last.n + 1, last.hash) if last else (1, START)
    body = {
        "n": n,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "what": what,
        "who": who,
        "about": plain(dict(about or {})),
        "before": before,
    }
    return Entry(**body, hash=_hash(body))


def verify(entries: Iterable[Entry], *heads: Head) -> Verdict:
    """Does every entry follow from the one before, and does the chain pass through every head kept outside?

    entries : oldest first; read once, so that a long chain needs no memory
    Names the first broken entry. A chain that ends before a kept head was cut off: then that is the entry after its end.
    """
    wanted: dict[int, set[str]] = {}
    for head in heads:
        wanted.setdefault(head.n, set()).add(head.hash)
    last: Entry | None = None
    for entry in entries:
        why = _does_not_follow(last, entry) or _not_the_kept(entry, wanted)
        if why:
            return Verdict(last.n if last else 0, head_of(last), (last.n if last else 0) + 1, why, len(heads))
        last = entry
    n = last.n if last else 0
    cut = [k for k in wanted if k > n]
    if cut:
        why = f"the chain ends at entry {n}, yet a head kept outside saw entry {max(cut)}: the end was cut off"
        return Verdict(n, head_of(last), n + 1, why, len(heads))
    return Verdict(n, head_of(last), heads_checked=len(heads))


def _does_not_follow(last: Entry | None, entry: Entry) -> str:
    n, before = (last.n + 1, last.hash) if last else (1, START)
    body = {k: v for k, v in asdict(entry).items() if k != "hash"}
    if entry.n != n:
        return f"number {n} was expected here and {entry.n} stands there"
    if entry.before != before:
        return "it does not carry the hash of the entry before: one was changed, removed or put in"
    if _hash(body) != entry.hash:
        return "its content does not match its own hash: it was changed"
    return ""


def _not_the_kept(entry: Entry, wanted: dict[int, set[str]]) -> str:
    if any(kept != entry.hash for kept in wanted.get(entry.n, ())):
        return "a head kept outside has another hash here: the chain was made anew up to this entry"
    return ""


def _hash(body: Mapping) -> str:
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def head_of(entry: Entry | None) -> Head | None:
    return Head(entry.n, entry.hash, entry.at) if entry else None
