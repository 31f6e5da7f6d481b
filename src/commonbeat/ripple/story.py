"""One story from end to end, and the town's stories side by side: what `commonbeat ripple` and the report show."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.privacy import FLOOR
from commonbeat.ripple.balance import Balance, narrative_balance
from commonbeat.ripple.cascade import Cascade, Place, cascade, forest
from commonbeat.ripple.forecast import Forecast, Story, forecast
from commonbeat.ripple.intensity import daily_intensity
from commonbeat.ripple.pooling import LEAST_STORIES, Pooled
from commonbeat.ripple.sources import SpreadRead
from commonbeat.ripple.story_fit import WEEK, StoryFit, fit_story, pool_stories, watched_seconds
from commonbeat.ripple.tone import Tone, VotesOn, tone, votes_on
from commonbeat.tables import as_polars

__all__ = ["StoryRipple", "TownRipple", "daily_story", "one_story", "town"]


@dataclass(frozen=True, slots=True)
class StoryRipple:
    """Everything about one story. `public` hides places behind fewer than five events and votes of fewer than twenty people.

    fit      : what drives it, None where only daily totals are known; votes: how people voted on statements about it
    coverage : what else was told about the police in the same weeks
    """

    story_id: str
    cascade: Cascade | None
    fit: StoryFit | None
    branching_ratio: Estimate
    half_life_seconds: Estimate
    verdict: str
    forecast: Forecast | None
    tone: Tone | None
    votes: tuple[VotesOn, ...]
    coverage: Balance | None
    events: int
    warnings: tuple[str, ...]

    def to_dict(self, *, public: bool = False) -> dict:
        c, found = self.cascade, None if self.fit is None else self.fit.intensity
        shape = {n: getattr(c, n, None) for n in ("reach", "size", "depth", "max_breadth", "structural_virality", "depth_bounds",
                 "max_breadth_bounds", "structural_virality_bounds", "generations", "branching", "parents", "orphans", "cycles",
                 "before_parent", "duplicates", "views", "outside")}  # fmt: skip
        pushed = (
            None
            if self.fit is None or self.fit.push is None
            else {**self.fit.account.to_dict(), **asdict(self.fit.push)}
        )
        return plain(
            {"story_id": self.story_id, "events": self.events, **shape, "branching_ratio": self.branching_ratio,
             "half_life_seconds": self.half_life_seconds, "pull_half_life_seconds": None if found is None or self.verdict == "not_identified" else found.fit.half_life,
             "fit_ok": None if self.fit is None else self.fit.fit_ok, "verdict": self.verdict,
             "kernel": None if found is None else found.fit.kernel, "large_account": pushed,
             "reproduction": None if self.fit is None else self.fit.growth.to_dict(), "forecast": self.forecast,
             "tone": None if self.tone is None else asdict(self.tone), "votes": [v.to_dict(public=public) for v in self.votes],
             "coverage": None if self.coverage is None else self.coverage.to_dict(),
             "places": [asdict(p) for p in (_shown(c.places) if public else c.places)] if c else [], "warnings": self.warnings}
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class TownRipple:
    """stories: one row per story (story_id, size, depth, ...); pooled: their branching ratios together, None under five."""

    stories: tuple[dict, ...]
    pooled: Pooled | None
    warnings: tuple[str, ...]

    def to_dict(self, *, public: bool = False) -> dict:
        town = (
            None
            if self.pooled is None
            else {
                "ratio": self.pooled.ratio,
                "half_life": self.pooled.half_life,
                "spread": self.pooled.spread,
                "verdict": self.pooled.verdict,
            }
        )
        return plain({"stories": self.stories, "town": town, "warnings": self.warnings})


def one_story(read: SpreadRead, story: str, *, at=None, level=0.8, votes=None, coverage=None) -> StoryRipple:
    """How did this story spread, does sharing feed itself, and how large will it become?

    at       : seconds since the story's first event at which to forecast; without it when the file's last event happened
    votes    : votes on statements about the story (person, statement_id, value, at; text where known)
    coverage : items of coverage of the police as in `narrative_balance`; those of the story's weeks are taken. Without it
               the mentions in this file that carry their source's tone
    """
    if read.counts is not None:
        return daily_story(read, story)
    table = read.table.filter(pl.col("story_id") == story)
    if not len(table):
        near = ", ".join(read.table["story_id"].unique().sort().to_list()[:5])
        raise BadInput(f'There is no story "{story}" in this file; there are {near} ...')
    shape = cascade(table)
    watched = watched_seconds(read.table, table)
    fit = fit_story(table, watched, (read.published or {}).get(story))
    return StoryRipple(
        story, shape, fit, fit.ratio, shape.half_life_seconds, fit.verdict, _forecast(read.table, story, table, at, watched, level),
        tone(table) if "stance" in table.columns and table["stance"].count() else None, () if votes is None else votes_on(votes),
        _coverage(read.table if coverage is None else coverage, table), len(table), (*read.warnings, *shape.warnings, *fit.warnings),
    )  # fmt: skip


def _coverage(items, story) -> Balance:
    """Items of the weeks in which the story travelled, the story's own events left out."""
    items = as_polars(items)
    if "at" in items.columns and items.schema["at"].is_temporal():
        first, last = (story["at"].min(), story["at"].max())
        monday = pl.col("at").dt.truncate("1w")
        items = items.filter(monday.is_between(pl.lit(first).dt.truncate("1w"), pl.lit(last).dt.truncate("1w")))
    if {"kind", "event_id", "tone"} <= set(items.columns):
        items = items.filter((pl.col("kind").cast(pl.String) == "mention") & pl.col("tone").is_not_null())
    return narrative_balance(items)


def daily_story(read: SpreadRead, story: str) -> StoryRipple:
    """A story known only by its views per day."""
    days = read.counts.filter(pl.col("story_id") == story)
    if not len(days):
        raise BadInput(
            f'There is no story "{story}" in this file; there are {", ".join(read.counts["story_id"].unique().sort().to_list()[:5])} ...'
        )
    whole = days.sort("day").upsample("day", every="1d").with_columns(pl.col("views").cast(pl.Float64))
    said = ["Only daily totals are known: no cascade, no reach, no forecast of single events."]
    views = whole["views"].to_numpy()
    ratio, verdict = Estimate(None, method="daily fit"), "too_few"
    if np.isnan(views).any():
        said.append(f"{int(np.isnan(views).sum())} days are missing; the fit needs every day and was left out.")
    else:
        try:
            found = daily_intensity(views)
            ratio, verdict = found.ratio, found.verdict
        except TooFew as error:
            said.append(str(error))
    total = float(np.nansum(views))
    reached = np.cumsum(np.nan_to_num(views))
    half = float(np.searchsorted(reached, total / 2)) * 86_400
    life = Estimate(
        half,
        n=len(days),
        unit="seconds",
        method="day on which half of all views was reached",
        cautions=("Known to the day only.",),
    )
    return StoryRipple(
        story, None, None, ratio, life, verdict, None, None, (), None, int(total), (*read.warnings, *said)
    )


def town(read: SpreadRead) -> TownRipple:
    """All stories of a file or book side by side, and how strongly sharing feeds itself in this town."""
    if read.counts is not None:
        rows = read.counts.group_by("story_id").agg(events=pl.col("views").sum(), days=pl.len()).sort("story_id")
        return TownRipple(tuple(rows.iter_rows(named=True)), None, read.warnings)
    rows = forest(read.table)
    events = read.table.group_by("story_id").agg(
        events=pl.len(), reach=pl.col("audience").sum(), stated=pl.col("audience").count()
    )
    events = events.with_columns(reach=pl.when(pl.col("stated") > 0).then("reach")).drop("stated")
    rows = rows.join(events, on="story_id").sort(["events", "story_id"], descending=[True, False])
    pool, said = None, []
    if len(rows) >= LEAST_STORIES:
        try:
            pool, more = pool_stories(read.table, read.published or {})
            said += more
        except TooFew as error:
            said.append(str(error))
    return TownRipple(tuple(rows.iter_rows(named=True)), pool, (*read.warnings, *said))


def _stories(table) -> dict:
    """Every story's times in seconds since its own start, and audiences where all are stated."""
    table = table.sort("story_id", "at", "event_id")
    seconds = table["at"].dt.timestamp("us").to_numpy() / 1e6
    audience = table["audience"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    names = table["story_id"].to_numpy()
    edges = np.r_[np.flatnonzero(np.r_[True, names[1:] != names[:-1]]), len(table)]
    out = {}
    for a, b in itertools.pairwise(edges):
        known = None if np.isnan(audience[a:b]).any() else audience[a:b]
        out[names[a]] = Story(seconds[a:b] - seconds[a], known)
    return out


def _forecast(everything, story, table, at, watched, level):
    every = _stories(everything.select("event_id", "story_id", "at", "audience"))
    age = float(at) if at is not None else watched
    end = everything["at"].max()
    # a past story counts as finished when it was watched for four times the age asked about, or a week
    enough = max(min(4 * age, WEEK), age)
    begun = {name: start for name, start in everything.group_by("story_id").agg(pl.col("at").min()).iter_rows()}
    past = [s for name, s in every.items() if name != story and (end - begun[name]).total_seconds() >= enough]
    return forecast(every[story], at=age, past=past, level=level)


def _shown(places):
    """Places behind fewer than five events are one line, so that nobody is found by being alone somewhere."""
    small = [p for p in places if p.events < FLOOR]
    kept = [p for p in places if p.events >= FLOOR]
    together = sum(p.events for p in small)
    return [*kept, Place("elsewhere", together, None)] if together >= FLOOR else kept
