"""People who appear one by one: each draw stands in the audit chain at once, and all can be recomputed when the seed is shown."""

from __future__ import annotations

import datetime as dt
import fcntl
from collections.abc import Iterable
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from commonbeat.audit import Chain, Entry
from commonbeat.errors import Broken, Refused
from commonbeat.estimate import plain
from commonbeat.studies.drawing import commitment, next_arm
from commonbeat.studies.plan import Plan

__all__ = ["Draw", "check_draws", "draw_next", "draws_of"]

ACT = "plan.drawn"


@dataclass(frozen=True, slots=True)
class Draw:
    """One person's arm. arrived: how many of the stratum came before; entry: its number in the audit chain. No person is named."""

    plan_id: str
    stratum: str
    arrived: int
    arm: str
    entry: int

    def to_dict(self) -> dict:
        return plain(asdict(self))


def draw_next(plan: Plan, chain: Chain, *, seed: str, stratum: str, who: str, at: dt.datetime | None = None) -> Draw:
    """Which arm does the next person of a stratum get? Written into the chain before anybody is told.

    Raises Refused when the plan commits to no seed (nobody could check the draws), Broken when the seed is another one.
    """
    _committed(plan, seed)
    with _one_at_a_time(chain):
        arrived = sum(d.stratum == stratum for d in draws_of(chain, plan.plan_id))
        arm = next_arm(plan, seed=seed, stratum=stratum, arrived=arrived)
        about = {"plan_id": plan.plan_id, "plan_hash": plan.hash, "stratum": stratum, "arrived": arrived, "arm": arm}
        entry = chain.append(ACT, who=who, about=about, at=at)
    return Draw(plan.plan_id, stratum, arrived, arm, entry.n)


def draws_of(entries: Iterable[Entry], plan_id: str) -> list[Draw]:
    """Every draw of one plan in a chain, in order."""
    found = (e for e in entries if e.what == ACT and e.about["plan_id"] == plan_id)
    return [Draw(plan_id, e.about["stratum"], e.about["arrived"], e.about["arm"], e.n) for e in found]


def check_draws(plan: Plan, chain: Chain, *, seed: str) -> int:
    """Does every draw follow from the seed, in order and without a gap?  -> how many there are. Broken names the first that does not."""
    chain.verify().or_raise()
    _committed(plan, seed)
    seen: dict[str, int] = {}
    draws = draws_of(chain, plan.plan_id)
    for d in draws:
        due = seen.get(d.stratum, 0)
        arm = next_arm(plan, seed=seed, stratum=d.stratum, arrived=due)
        if d.arrived != due or d.arm != arm:
            raise Broken(
                f'entry {d.entry} gives number {d.arrived + 1} of "{d.stratum}" the arm "{d.arm}"; the seed gives number {due + 1} "{arm}"'
            )
        seen[d.stratum] = due + 1
    return len(draws)


def _committed(plan, seed):
    if not plan.seed_commitment:
        raise Refused(
            "this plan commits to no seed, so nobody could check its draws: make one with `commonbeat study assign --new-seed`, "
            "put the commitment into the plan and seal it"
        )
    if commitment(seed) != plan.seed_commitment:
        raise Broken("this seed does not answer to the plan's seed_commitment: use the one that was committed")


@contextmanager
def _one_at_a_time(chain: Chain):
    """Two desks at once must not draw the same number."""
    with chain.path.with_name(chain.path.name + ".draws").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
