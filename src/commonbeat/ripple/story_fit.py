"""Which of a story's events feed themselves, since when, and what one large account did: the fit behind a story's answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.points import Push
from commonbeat.ripple.intensity import Intensity, intensity
from commonbeat.ripple.pooling import pooled
from commonbeat.ripple.pushes import Account, pushing_account
from commonbeat.ripple.reproduction import reproduction, serial_weights

__all__ = ["WEEK", "Growth", "StoryFit", "fit_story", "pool_stories", "watched_seconds"]

#: what may call forth more of itself; views and answers are counted, but a fit of sharing is about shares
ACTS = (("share",), ("share", "mention"), ("share", "mention", "reply"))
LONGEST_FIT = 20_000  #: events; the first of a longer story are fitted, so that an answer comes within seconds
WEEK = 7 * 86_400.0
HOUR, DAY = 3600.0, 24


@dataclass(frozen=True, slots=True)
class Growth:
    """How many further events one event brought, day by day; the last one decides.

    verdict : "growing" (all of the interval above 1), "fading" (below), "cannot_tell" or "too_few"
    """

    verdict: str
    days: tuple[tuple[float, Estimate], ...]

    def to_dict(self) -> dict:
        return {"verdict": self.verdict, "days": [{"until_seconds": at, **plain_ratio(e)} for at, e in self.days]}


@dataclass(frozen=True, slots=True)
class StoryFit:
    """intensity None and verdict "too_few" where nothing could be fitted; account, push: the large account modelled apart"""

    intensity: Intensity | None
    ratio: Estimate
    fit_ok: bool | None
    verdict: str
    account: Account | None
    growth: Growth
    warnings: tuple[str, ...]

    @property
    def push(self) -> Push | None:
        return None if self.intensity is None else self.intensity.fit.push


def plain_ratio(e: Estimate) -> dict:
    return {k: v for k, v in plain(e).items() if k in ("value", "low", "high", "n")}


def fit_story(table: pl.DataFrame, watched: float, published=None) -> StoryFit:
    """Does sharing feed itself in this story?

    table : all its events; watched: seconds from its first event; published: when it came out, where that is known
    The watch begins with publication: otherwise the first event, which is never late by its own clock, says a little too much.
    """
    table = table.sort("at", "event_id")
    acts, said = _acts(table)
    start = acts["at"][0]
    until = watched - (start - table["at"][0]).total_seconds()
    lead, early = _lead(published, table["at"][0], start)
    if len(acts) > LONGEST_FIT:
        acts, until = acts.head(LONGEST_FIT), (acts["at"][LONGEST_FIT - 1] - start).total_seconds()
        said = (*said, f"The fit rests on the first {LONGEST_FIT:,} events.")
    none = Estimate(None, n=len(acts), method="no fit")
    try:
        account = pushing_account(table, acts, until)
        # a push and a long tail both stand for late shares; beside a push only the short-lived kernel is tried
        push = (
            {}
            if account is None
            else {"push": account.seconds, "brought": account.brought, "kernels": ("exponential",)}
        )
        found = intensity(acts, until=until, lead=lead, **push)
    except TooFew as error:
        return StoryFit(None, none, None, "too_few", None, Growth("too_few", ()), (*said, *early, str(error)))
    growth = _growth(acts, found, until)
    ratio, fit = found.fit.branching_ratio, found.fit
    return StoryFit(found, ratio, fit.fit_ok, fit.verdict, account, growth, (*said, *early, *fit.cautions))


def _acts(table):
    kind = table["kind"].cast(pl.String)
    for kinds in ACTS:
        acts = table.filter(kind.is_in(list(kinds)))
        if len(acts) >= 11:
            return acts, () if kinds == ACTS[0] else (
                f"The fit is about {' and '.join(kinds)} together: there are too few shares alone.",
            )
    return table, ()


def _lead(published, first, start):
    """Seconds from publication to the first act."""
    if published is None:
        return 0.0, ()
    if published > first:
        late = (published - first).total_seconds() / 60
        return 0.0, (
            f"The first event is stamped {late:,.0f} minutes before the story came out; the watch begins with the event.",
        )
    return (start - published).total_seconds(), ()


def watched_seconds(everything, table):
    """Seconds this story was watched: to the file's last event, but not longer than a week after its own last one."""
    start, last = table["at"].min(), table["at"].max()
    span = (everything["at"].max() - start).total_seconds()
    return max((last - start).total_seconds(), min(span, WEEK))


def _growth(acts, found, until) -> Growth:
    """Cori's ratio, day by day, with the waiting times of the fit; people who come by themselves count as called forth."""
    if found.fit.verdict == "not_identified" or until < (DAY + 1) * HOUR:
        return Growth("too_few", ())
    seconds = (acts["at"] - acts["at"][0]).dt.total_microseconds().to_numpy() / 1e6
    hours = int(min(until // HOUR, 60 * DAY))
    counts = np.bincount((seconds // HOUR).astype(int), minlength=hours)[:hours]
    serial = serial_weights(
        max(found.fit.half_life.value / HOUR, 0.05), tail=found.fit.tail, steps=min(hours, 14 * DAY)
    )
    ratios = reproduction(counts, serial, window=DAY)
    picked = [k for k, last in enumerate(ratios.last) if (hours - 1 - last) % DAY == 0]
    days = tuple(((ratios.last[k] + 1) * HOUR, ratios.ratios[k]) for k in picked)
    known = [e for _, e in days if e.value is not None]
    if not known or days[-1][1].value is None:
        return Growth("too_few", days)
    end = days[-1][1]
    return Growth("growing" if end.low > 1 else "fading" if end.high < 1 else "cannot_tell", days)


def pool_stories(table, published):
    """Shares only, each story watched for a week or to the end of the file; what the source says decides about background.

    A story that one large account pushed is read up to that moment: what the account sent waits in a way of its own.
    """
    end = table["at"].max()
    kind = table["kind"].cast(pl.String)
    acts = table.filter(kind == "share") if (kind == "share").any() else table.filter(kind != "view")
    by_themselves = acts.filter(
        pl.col("parent_id").is_null() & (pl.col("parent_how").cast(pl.String).fill_null("") != "unknown")
    )
    own = acts["parent_id"].count() > 0 and len(by_themselves) > 1.5 * acts["story_id"].n_unique()
    times, spans, cut = [], [], 0
    for (name,), rows in acts.sort("at", "event_id").group_by(["story_id"], maintain_order=True):
        start = rows["at"][0]
        span = min((end - start).total_seconds(), WEEK)
        seconds = (rows["at"] - start).dt.total_microseconds().to_numpy() / 1e6
        account = pushing_account(table.filter(pl.col("story_id") == name), rows, span) if own else None
        if account is not None:
            span, cut = account.seconds, cut + 1
        lead = max((start - published[name]).total_seconds(), 0.0) if own and name in published else 0.0
        if span + lead > 0:
            times.append(seconds[seconds <= span] + lead)
            spans.append(span + lead)
    said = (f"{cut} stories are read up to the moment one large account sent people to them.",) if cut else ()
    return pooled(times, until=spans, background="own" if own else "none"), said
