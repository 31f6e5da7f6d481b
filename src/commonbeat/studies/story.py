"""An experiment that runs in public: may today's page show today's answer without lying?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat import trust
from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.estimate import Estimate, plain
from commonbeat.studies.plan import Plan, Ring
from commonbeat.studies.verdicts import verdict

__all__ = ["Day", "SampleRatio", "by_day", "sample_ratio"]

ALARM = 0.001  #: below this chance of such arms under a fair draw, the draw or the counting is broken


@dataclass(frozen=True, slots=True)
class Day:
    """What the public page showed on one day. n: answers so far; low, high: hold on all days together, None: not yet."""

    day: str
    n: int
    value: float | None
    low: float | None
    high: float | None
    verdict: str

    def to_dict(self) -> dict:
        return plain({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Did as many people land in each arm as the draw promised? p_value: chance of arms this uneven under a fair draw."""

    counts: tuple[tuple[str, int], ...]
    p_value: float
    broken: bool

    def to_dict(self) -> dict:
        return plain({"counts": dict(self.counts), "p_value": self.p_value, "broken": self.broken})


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float] | None = None) -> SampleRatio:
    """Is the draw of a running experiment what was promised?

    counts : arm -> people drawn into it, before anybody answered;  shares : arm -> promised share, equal unless told
    Method: Pearson's chi-square; called broken below one in a thousand, since it is looked at in every report.
    """
    if len(counts) < 2 or sum(counts.values()) == 0:
        raise BadInput("a sample ratio needs people in at least one of two arms")
    promised = shares or dict.fromkeys(counts, 1 / len(counts))
    if set(promised) != set(counts) or abs(sum(promised.values()) - 1) > 1e-9 or min(promised.values()) <= 0:
        raise BadInput(f"shares must name the arms {', '.join(counts)} and add up to 1")
    total = sum(counts.values())
    p = stats.chisquare(list(counts.values()), [total * promised[a] for a in counts]).pvalue
    return SampleRatio(tuple(counts.items()), float(p), bool(p < ALARM))


def by_day(plan: Plan, ring: Ring, rows: pl.DataFrame) -> tuple[Day, ...]:
    """What did (or would) the public page show at the end of every day?

    rows : score, treated, at of the primary comparison. Answers without a day are left out.
    Intervals are confidence sequences: they hold on all days at once, so that looking daily is not shopping.
    """
    rows = rows.filter(pl.col("score").is_not_null() & pl.col("at").is_not_null()).sort("at", "respondent")
    if rows.height == 0 or rows["treated"].n_unique() < 2:
        return ()
    days = rows["at"].dt.date()
    ends = np.flatnonzero(np.r_[(days != days.shift(-1)).fill_null(True).to_numpy()]) + 1
    try:
        found = trust.anytime(rows["score"].to_numpy(), rows["treated"].to_numpy(), looks=ends, level=plan.level, unit=plan.outcome.unit)  # fmt: skip
    except CommonbeatError:
        return ()
    out = []
    for i, n in enumerate(ends):
        low, high = (None if np.isinf(v[i]) or np.isnan(v[i]) else float(v[i]) for v in (found.low, found.high))
        out.append(Day(days[int(n) - 1].isoformat(), int(n), *_shown(plan, ring, found.value[i], low, high)))
    return tuple(out)


def _shown(plan, ring, value, low, high):
    e = Estimate(float(value), low=low, high=high)
    return (
        float(value) if e.known else None,
        low,
        high,
        verdict(e, plan.smallest_effect, better=plan.outcome.better),
    )
