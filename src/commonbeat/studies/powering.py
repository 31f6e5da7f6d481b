"""What could this plan see? Asked of simulated towns in which nothing happens, before anything is sealed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from commonbeat import city
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.stats import clopper_pearson
from commonbeat.studies import answers as reading
from commonbeat.studies.effects import effect
from commonbeat.studies.plan import Plan
from commonbeat.studies.scales import spans_of

__all__ = ["Power", "power_from", "power_of"]


@dataclass(frozen=True, slots=True)
class Power:
    """What the plan could detect, with the plan's own estimator, clusters and degrees of freedom.

    detectable   : effect that 8 of 10 studies like this would see, in the outcome's unit
    chance       : chance of seeing the plan's smallest effect that matters
    false_alarms : share of towns without any effect in which the interval excluded 0, with its exact interval
    seen         : the same chance, counted: the effect laid on the simulated towns
    where        : on which town's areas; "" for simulated towns
    exaggeration : by how much a seen effect of the smallest size would be overstated on average (type M)
    """

    towns: int
    n: int
    std_error: float
    df: float
    detectable: float
    chance: float
    false_alarms: float
    false_alarms_high: float
    exaggeration: float
    smallest: float
    unit: str
    where: str = ""
    seen: float | None = None

    @property
    def sentence(self) -> str:
        return (
            f"{self.where and 'Asked ' + self.where + ': '}{'w' if self.where else 'W'}ith about {self.n} answers a study like this sees an effect of {self.detectable:.1f} {self.unit.split(',')[0]} in 8 of 10 towns; "
            f"an effect of {self.smallest:.1f} it sees in {100 * self.chance:.0f} of 100, and then overstates it by {100 * (self.exaggeration - 1):.0f} % on average. "
            f"Where nothing happens it raised a false alarm in {100 * self.false_alarms:.0f} of 100 of {self.towns} simulated towns (at most {100 * self.false_alarms_high:.0f})."
        )

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"sentence": self.sentence})


def power_of(plan: Plan, *, residents: int = 20_000, towns: int = 40, people: int | None = None, seed: int = 0,
             step: Callable[[], None] | None = None) -> Power:  # fmt: skip
    """Runs the primary comparison in towns whose truth is zero; the effect sizes then follow from its own error and df.

    Raises TooFew when the comparison could not be computed in any town.
    """
    spans, ring = spans_of(plan), plan.ring(plan.primary.ring)
    found = []
    for k in range(towns):
        town = city.build(seed=seed + k, residents=residents, world="null", panel=people)
        asked = reading.asked(plan, ring, town.tables["respondents"])
        scored = reading.answered(plan, town.tables["answers"], spans)
        here = scored.filter(scored["wave"] == plan.primary.wave).select("respondent", "score")
        e = effect(plan, ring, asked.join(here, on="respondent", how="left").sort("respondent"))
        if e.known:
            found.append(e)
        if step:
            step()
    if not found:
        raise TooFew(
            "in none of the simulated towns were there enough answers for the primary comparison: ask more people or fewer arms"
        )
    return power_from(plan, found)


def power_from(plan: Plan, found: Sequence[Estimate], *, where: str = "") -> Power:
    """What towns in which nothing happened say about effects: from the estimator's own error and degrees of freedom."""
    error = float(np.median([e.std_error for e in found]))
    df = float(np.median([e.df or 1e6 for e in found]))
    crit = stats.t.ppf((1 + plan.level) / 2, df)
    alarms = sum(e.low > 0 or e.high < 0 for e in found)
    return Power(
        towns=len(found), n=int(np.median([e.n for e in found])), std_error=error, df=df, detectable=_detectable(error, df, crit),
        chance=_chance(plan.smallest_effect / error, df, crit), false_alarms=alarms / len(found),
        false_alarms_high=float(clopper_pearson(alarms, len(found))[1]), exaggeration=_exaggeration(plan.smallest_effect / error, df, crit),
        smallest=plan.smallest_effect, unit=plan.outcome.unit, where=where, seen=_seen(plan, found),
    )  # fmt: skip


def _seen(plan, found) -> float:
    """Share of towns that would have seen the smallest effect, had everybody in the arm gained just that."""
    return float(np.mean([e.low + plan.smallest_effect > 0 or e.high + plan.smallest_effect < 0 for e in found]))


def _chance(ratio, df, crit) -> float:
    return float(stats.nct.sf(crit, df, ratio) + stats.nct.cdf(-crit, df, ratio))


def _detectable(error, df, crit) -> float:
    """Smallest effect seen with chance 0.8, by bisection on the noncentral t."""
    low, high = 0.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _chance(middle, df, crit) < 0.8 else (low, middle)
    return float(high * error)


def _exaggeration(ratio, df, crit, draws=20_000) -> float:
    """Mean of |estimate| over the truth, given that it was seen (Gelman & Carlin 2014)."""
    rng = np.random.default_rng(20_140_101)
    t = ratio + rng.standard_t(df, draws)
    seen = np.abs(t) > crit
    return float(np.abs(t[seen]).mean() / ratio) if seen.any() else float("nan")
