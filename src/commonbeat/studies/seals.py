"""Was the question asked before the answer could be seen? Seals of plans in the audit chain, for good."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from commonbeat.audit import Chain, Entry, canonical
from commonbeat.errors import BadInput, Broken
from commonbeat.estimate import plain
from commonbeat.studies.erasures import ANSWERED
from commonbeat.studies.plan import Plan

__all__ = [
    "Seal",
    "changes",
    "identity",
    "its_own_town",
    "not_beforehand",
    "read_seal",
    "seal",
    "sealed_before",
    "seals_of",
    "times_that_cannot_be",
    "trusted_times",
]

ACT = "plan.sealed"


@dataclass(frozen=True, slots=True)
class Seal:
    """A plan's place in the audit chain, and what can be handed out as its receipt.

    amends  : hash of the plan it changes; changed: entries that differ from it
    entry, entry_hash : number and hash in the chain
    after_data : answers that could show the effect were in the book already when it was sealed
    """

    plan_id: str
    plan_hash: str
    sealed_at: str
    entry: int
    entry_hash: str
    amends: str | None = None
    changed: tuple[str, ...] = ()
    after_data: bool = False

    def to_dict(self) -> dict:
        return plain(asdict(self))

    @property
    def at(self) -> dt.datetime:
        return dt.datetime.fromisoformat(self.sealed_at)


def seal(plan: Plan, chain: Chain, *, who: str, at: dt.datetime | None = None, after_data: bool = False) -> Seal:
    """Fixes the plan's hash and time in the chain  -> the receipt.

    after_data : outcome data exist already (`outcome_known` says so of a book); written into the seal, so that no later
                 erasure and no corrected date can make this plan one that was sealed beforehand

    A plan with the same id and another content becomes an amendment, which shows what changed; the same content again
    gives the first seal back, since its time is what counts.
    """
    chain.verify().or_raise()
    its_own_town(plan, chain)
    earlier = seals_of(chain, plan.plan_id)
    for one in earlier:
        if one.plan_hash == plan.hash:
            return one
    last = earlier[-1] if earlier else None
    changed: tuple[str, ...] = ()
    if last is not None:
        changed = changes(_content(chain, last), plan.to_dict())
    about = {"plan_id": plan.plan_id, "plan_hash": plan.hash, "plan": plan.to_dict(), "amends": last.plan_hash if last else None,
             "changed": list(changed), "after_data": after_data}  # fmt: skip
    return _from_entry(chain.append(ACT, who=who, about=about, at=at))


def seals_of(entries: Iterable[Entry], plan_id: str | None = None) -> list[Seal]:
    """Every seal in a chain, oldest first; of one plan, or of all."""
    return [_from_entry(e) for e in entries if e.what == ACT and plan_id in (None, e.about.get("plan_id"))]


def read_seal(text: str, chain: Chain) -> Seal:
    """A receipt that was handed out, checked against the chain: Broken when one byte differs."""
    try:
        receipt = Seal(**{k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(text).items()})
    except (ValueError, TypeError) as error:
        raise BadInput(f"this is not a receipt of a sealed plan: {error}") from error
    if receipt not in seals_of(chain, receipt.plan_id):
        raise Broken(
            f"the receipt for {receipt.plan_id} (entry {receipt.entry}) does not stand in the audit chain: the receipt or the chain was changed"
        )
    return receipt


def identity(entries: Iterable[Entry]) -> str:
    """Which book is this? The hash of the first entry of its chain, which no other book shares; "" for an empty chain."""
    return next((e.hash for e in entries), "")


def its_own_town(plan: Plan, chain: Iterable[Entry]) -> None:
    """Raises BadInput when the plan was written for another town's book."""
    here = identity(chain)
    if plan.town and not here.startswith(plan.town):
        raise BadInput(
            f'the plan "{plan.plan_id}" was written for the book {plan.town}, and this is the book {here[: len(plan.town)]}: '
            "run it on its own town's book, or write a plan for this one"
        )


def trusted_times(entries: Iterable[Entry]) -> dict[int, dt.datetime]:
    """entry -> the earliest time it can have been made: never before an entry that stands before it, whatever a clock said."""
    out, latest = {}, None
    for entry in entries:
        at = dt.datetime.fromisoformat(entry.at)
        latest = at if latest is None else max(at, latest)
        out[entry.n] = latest
    return out


def times_that_cannot_be(entries: Iterable[Entry]) -> tuple[str, ...]:
    """Where do the clocks behind the chain disagree? One sentence for the first entry that is dated before an earlier one."""
    latest = None
    for entry in entries:
        at = dt.datetime.fromisoformat(entry.at)
        if latest is not None and at < latest:
            return (
                f"clocks disagree: entry {entry.n} of the audit chain is dated {at:%Y-%m-%d %H:%M}, before the entry that stands before it "
                f"({latest:%Y-%m-%d %H:%M}); the later of both times is used for every seal",
            )
        latest = at
    return ()


def sealed_before(mine: Seal | None, earliest_outcome: dt.datetime | None, *, at: dt.datetime | None = None) -> bool:
    """Is the seal of this very plan older than the first outcome? Without a seal: no. Without any outcome yet: yes.

    at : the seal's time as the chain can vouch for it, when that is later than what the seal says of itself
    """
    if mine is None:
        return False
    return earliest_outcome is None or (at or mine.at) < earliest_outcome


def not_beforehand(entries: Iterable[Entry], plan_hash: str) -> bool:
    """Does the chain say of this very plan that it was not sealed before the data? Then it stays so, for good.

    It says so in the seal (data existed by then) or in an earlier answer; data that were erased since change nothing.
    """
    for e in entries:
        if e.about.get("plan_hash") == plan_hash:
            if e.what == ACT and e.about.get("after_data"):
                return True
            if e.what == ANSWERED and e.about.get("sealed_before_data") is False:
                return True
    return False


def changes(before: dict, after: dict) -> tuple[str, ...]:
    """Which entries of a plan differ, in words: `waves: [0, 21] -> [0, 21, 90]`."""
    told = []
    for name in sorted(set(before) | set(after)):
        old, new = before.get(name), after.get(name)
        if old != new:
            told.append(f"{name}: {canonical(old)} -> {canonical(new)}")
    return tuple(told)


def _content(chain: Chain, one: Seal) -> dict:
    for entry in chain:
        if entry.n == one.entry:
            return entry.about["plan"]
    raise Broken(f"entry {one.entry}, which holds the plan, is no longer in the chain")


def _from_entry(entry: Entry) -> Seal:
    about = entry.about
    return Seal(
        about["plan_id"], about["plan_hash"], entry.at, entry.n, entry.hash, about.get("amends"), tuple(about.get("changed", ())),
        bool(about.get("after_data", False)),
    )  # fmt: skip
