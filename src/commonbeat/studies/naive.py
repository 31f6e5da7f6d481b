"""What would be printed without a draw? The answers that departments usually give, beside ours and named wrong."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl
from scipy import stats

from commonbeat import trust
from commonbeat.errors import CommonbeatError
from commonbeat.estimate import Estimate, plain
from commonbeat.studies.plan import Plan

__all__ = ["Naive", "naive_answers"]

MET = "those who were met against those who were not"
BEFORE_AFTER = "before and after among those who got it"
WHY = {
    MET: "those who trust more open more doors, so the groups were different before anybody knocked",
    BEFORE_AFTER: "whatever else happened in those days, and who stopped answering, is counted as if the programme had done it",
}


@dataclass(frozen=True, slots=True)
class Naive:
    """A comparison nobody should print, its number, and why it is not the answer."""

    what: str
    effect: Estimate
    why: str

    def to_dict(self) -> dict:
        return plain({"what": self.what, "why": self.why, "effect": self.effect.to_dict()})


def naive_answers(plan: Plan, rows: pl.DataFrame) -> tuple[Naive, ...]:
    """The naive analyst's answers for rows of the primary comparison: score, treated, before and (where asked) contacted."""
    found = []
    here = rows.filter(pl.col("score").is_not_null())
    if "contacted" in here.columns:
        met = here.filter(pl.col("contacted").is_not_null())
        try:
            e = trust.difference_in_means(met["score"].to_numpy(), met["contacted"].to_numpy(), level=plan.level, unit=plan.outcome.unit)  # fmt: skip
            found.append(Naive(MET, e, WHY[MET]))
        except CommonbeatError:
            pass  # nobody, or everybody, was met: then there is nothing naive to print either
    change = here.filter((pl.col("treated") == 1) & pl.col("before").is_not_null())
    if plan.primary.wave > 0 and change.height >= max(plan.floor, 2):
        found.append(Naive(BEFORE_AFTER, _mean_change(change["score"] - change["before"], plan), WHY[BEFORE_AFTER]))
    return tuple(found)


def _mean_change(change, plan):
    n, mean, error = len(change), change.mean(), change.std() / len(change) ** 0.5
    half = stats.t.ppf((1 + plan.level) / 2, n - 1) * error
    return Estimate(mean, error, n - 1, mean - half, mean + half, plan.level, n, plan.outcome.unit, "mean change, t")
