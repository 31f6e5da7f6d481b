"""What a study found: frozen, complete, and the same numbers in every form."""

from __future__ import annotations

from dataclasses import dataclass

from commonbeat.estimate import Estimate, plain
from commonbeat.studies.erasures import Erasure
from commonbeat.studies.naive import Naive
from commonbeat.studies.sentences import RING_WORDS, digits_for, effect_sentence
from commonbeat.studies.story import Day, SampleRatio
from commonbeat.trust import Bounds

__all__ = ["Attrition", "Finding", "Findings", "Flow", "untold"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison. how: randomised, encouraged, observed or not_identified; planned: named before the data were seen."""

    ring: str
    wave: int
    effect: Estimate
    verdict: str
    how: str
    group: str = ""
    value: str = ""
    planned: bool = True
    estimator: str = ""
    outcome: str = "Trust"
    smallest: float = 3.0

    @property
    def digits(self) -> int:
        """After the point, where this effect is printed."""
        return digits_for(self.smallest)

    @property
    def short_unit(self) -> str:
        return self.effect.unit.split(",")[0] or "points"

    @property
    def sentence(self) -> str:
        who = RING_WORDS.get(self.ring, self.ring or "Everybody")
        if self.value:
            who = f"{who}, {self.value}"
        if self.wave is not None and self.wave >= 0:
            who = f"{who}, after {self.wave} days"
        said = effect_sentence(who, self.outcome, self.effect, self.verdict, self.smallest, unit=self.short_unit)
        return (
            said
            + (" This is an association, not an effect." if self.how == "observed" and self.effect.known else "")
            + (
                ""
                if self.planned
                else " Not named beforehand: an idea for the next study, not an answer of this one."
            )
        )

    def to_dict(self) -> dict:
        e = self.effect
        return plain(
            {
                "ring": self.ring, "wave": self.wave, "group": self.group or None, "group_value": self.value or None,
                "how": self.how, "verdict": self.verdict, "sentence": self.sentence, "estimator": self.estimator,
                "planned": self.planned, **e.to_dict(),
            }
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Flow:
    """One box of the flow diagram: asked in one ring and arm, and how many of them answered in each wave."""

    ring: str
    arm: str
    asked: int
    answered: tuple[tuple[int, int], ...]

    def to_dict(self) -> dict:
        return {"ring": self.ring, "arm": self.arm, "asked": self.asked, "answered": dict(self.answered)}


@dataclass(frozen=True, slots=True)
class Attrition:
    """Who was lost, said before any effect. difference: response among treated minus control, in points of a hundred."""

    flow: tuple[Flow, ...]
    difference: Estimate
    differential: bool
    bounds: Bounds | None

    def to_dict(self) -> dict:
        bounds = self.bounds.to_dict() if self.bounds else None
        flow = [f.to_dict() for f in self.flow]
        return plain(
            {
                "flow": flow,
                "difference": self.difference.to_dict(),
                "differential": self.differential,
                "bounds": bounds,
            }
        )


@dataclass(frozen=True, slots=True)
class Findings:
    """A study's answer: the primary one first, then everything that was asked beside it, then what went differently.

    rings        : one Finding per ring and wave, with intervals that hold for all of them at once
    groups       : the primary comparison within groups, intervals simultaneous over each group's values
    curves       : on request, every ring and wave within each value of one group, all intervals at once
    robustness   : the primary comparison by the other estimators that the plan named
    exploratory  : not named beforehand; never mixed with the rest
    naive        : what would be printed without a draw, named wrong
    running      : of a story experiment, what the public page showed day by day
    erasure      : what erasure took away since the first answer; None when nobody was erased
    """

    plan: dict
    plan_hash: str
    sealed_before_data: bool
    sealed_at: str | None
    snapshot: str
    primary: Finding
    rings: tuple[Finding, ...] = ()
    groups: tuple[Finding, ...] = ()
    curves: tuple[Finding, ...] = ()
    robustness: tuple[Finding, ...] = ()
    exploratory: tuple[Finding, ...] = ()
    attrition: Attrition | None = None
    persistence: dict | None = None
    balance: dict | None = None
    naive: tuple[Naive, ...] = ()
    running: tuple[Day, ...] = ()
    sample_ratio: SampleRatio | None = None
    erasure: Erasure | None = None
    deviations: tuple[str, ...] = ()
    cautions: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = ()
    simulated: bool = False
    seed: int | None = None
    versions: tuple[tuple[str, str], ...] = ()

    def to_dict(self) -> dict:
        primary = self.primary.to_dict()
        waves = sorted({f.wave for f in self.rings})
        by_wave = [{"wave": w, "rings": [f.to_dict() for f in self.rings if f.wave == w]} for w in waves]
        return plain(
            {
                "plan": self.plan, "plan_hash": self.plan_hash, "sealed_before_data": self.sealed_before_data,
                "sealed_at": self.sealed_at, "snapshot": self.snapshot, "simulated": self.simulated, "primary": primary,
                "rings": [f.to_dict() for f in self.rings], "waves": by_wave, "groups": [f.to_dict() for f in self.groups],
                "curves": [f.to_dict() for f in self.curves],
                "robustness": [f.to_dict() for f in self.robustness], "exploratory": [f.to_dict() for f in self.exploratory],
                "attrition": self.attrition.to_dict() if self.attrition else None, "persistence": self.persistence,
                "balance": self.balance, "naive": [n.to_dict() for n in self.naive], "running": [d.to_dict() for d in self.running],
                "sample_ratio": self.sample_ratio.to_dict() if self.sample_ratio else None,
                "erasure": self.erasure.to_dict() if self.erasure else None, "deviations": list(self.deviations), "cautions": list(self.cautions),
                "cannot_tell": list(self.cannot_tell), "seed": self.seed, "versions": dict(self.versions),
            }
        )  # fmt: skip


def untold(primary: Finding, rings: tuple[Finding, ...]) -> tuple[str, ...]:
    """Where there were too few to tell; not the answer's own point, of which the answer says what it says."""
    answered = (primary.ring, primary.wave) if primary.verdict != "too_few" else None
    return tuple(f.sentence for f in rings if f.verdict == "too_few" and (f.ring, f.wave) != answered)
