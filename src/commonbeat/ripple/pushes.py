"""Did one large account send people by itself?  Then those it sent waited and passed on in a way of their own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat import points
from commonbeat.errors import TooFew

__all__ = ["Account", "pushing_account"]

LARGE = 10.0  #: an audience this many times the median counts as a large account
LOOKED_AT = 3  #: accounts that are tried, the largest first
SURGE_SECONDS = 3 * 3600.0
LEAST_SENT = 10  #: events more in the hours after than in the hours before, below which no account is tried
ALARM = 0.01  #: how often, at most, a story without a push is said to have had one, per story


@dataclass(frozen=True, slots=True)
class Account:
    """event_id, kind and audience of the event; seconds since the first of the acts; brought (acts,): 1 sent by it, 0 by
    others, nan where nobody knows"""

    event_id: str
    kind: str | None
    audience: int | None
    seconds: float
    brought: np.ndarray

    def to_dict(self) -> dict:
        return {"kind": self.kind, "audience": self.audience, "seconds": self.seconds}


def pushing_account(table: pl.DataFrame, acts: pl.DataFrame, end: float) -> Account | None:
    """Which large account, if any, explains a surge of these acts better than acts calling forth acts do?

    table : all events of one story; acts: those a fit is about, by time; end: seconds watched since the first act
    An account is believed when a fit with its own number sent and waiting time is better than one without by what chance
    does in one story of a hundred (likelihood ratio, divided by the accounts tried).
    """
    times = _seconds(acts["at"], acts["at"][0])
    tried = [_account(row, acts, times) for row in _large(table, acts)]
    tried = [a for a in tried if 0 < a.seconds < end and _surges(times, a.seconds)]
    if not tried:
        return None
    try:
        plain = max(_top(times, end, kernel) for kernel in points.KERNELS)
    except TooFew:
        return None
    bar = stats.chi2.ppf(1 - ALARM / len(tried), 3) / 2
    found = [(_top(times, end, "exponential", push=a.seconds, brought=a.brought), k, a) for k, a in enumerate(tried)]
    top, _, best = max(found)
    return best if top > plain + bar else None


def _top(times, end, kernel, **push):
    return points.fit(times, window=(0.0, end), kernel=kernel, profile=False, starts=2, **push).log_likelihood


def _seconds(at, start):
    return (at - start).dt.total_microseconds().to_numpy() / 1e6


def _large(table, acts):
    """News and large audiences after the first act, largest first."""
    typical = acts["audience"].median() if "audience" in acts.columns else None
    audience = pl.col("audience").cast(pl.Float64).fill_null(0)
    large = audience >= LARGE * max(typical or 0.0, 1.0)
    later = table.filter((pl.col("at") > acts["at"][0]) & (large | (pl.col("kind").cast(pl.String) == "mention")))
    return later.sort(audience, "event_id", descending=[True, False]).head(LOOKED_AT).iter_rows(named=True)


def _account(row, acts, times):
    parent = acts["parent_id"].cast(pl.String)
    unknown = (acts["parent_how"].cast(pl.String) == "unknown").fill_null(False) | (
        parent.is_null() & (parent.count() == 0)
    )
    sent = (parent == row["event_id"]).fill_null(False).cast(pl.Float64).to_numpy()
    seconds = float((row["at"] - acts["at"][0]).total_seconds())
    brought = np.where(unknown.to_numpy() & (times > seconds), np.nan, sent)
    return Account(row["event_id"], row["kind"], row["audience"], seconds, brought)


def _surges(times, at):
    after = ((times > at) & (times <= at + SURGE_SECONDS)).sum()
    before = ((times <= at) & (times > at - SURGE_SECONDS)).sum()
    return after - before >= LEAST_SENT and after >= 2 * before
