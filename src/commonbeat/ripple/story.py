"""One story from end to end, and the town's stories side by side: what `commonbeat ripple` and the report show."""

from __future__ import annotations

import itertools
from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.privacy import FLOOR
from commonbeat.ripple.cascade import Cascade, Place, cascade, forest
from commonbeat.ripple.forecast import Forecast, Story, forecast
from commonbeat.ripple.intensity import Intensity, daily_intensity, intensity
from commonbeat.ripple.pooling import LEAST_STORIES, Pooled, pooled
from commonbeat.ripple.sources import SpreadRead
from commonbeat.ripple.tone import Tone, tone

__all__ = ["StoryRipple", "TownRipple", "daily_story", "one_story", "town"]

#: what may call forth more of itself; views and answers are counted, but a fit of sharing is about shares
ACTS = (("share",), ("share", "mention"), ("share", "mention", "reply"))
LONGEST_FIT = 20_000  #: events; the first of a longer story are fitted, so that an answer comes within seconds
WEEK = 7 * 86_400.0


@dataclass(frozen=True, slots=True)
class StoryRipple:
    """Everything about one story. `public` hides places behind fewer than five events."""

    story_id: str
    cascade: Cascade | None
    intensity: Intensity | None
    branching_ratio: Estimate
    half_life_seconds: Estimate
    fit_ok: bool | None
    verdict: str
    forecast: Forecast | None
    tone: Tone | None
    events: int
    warnings: tuple[str, ...]

    def to_dict(self, *, public: bool = False) -> dict:
        c = self.cascade
        shape = {n: getattr(c, n, None) for n in ("reach", "size", "depth", "max_breadth", "structural_virality", "depth_bounds",
                 "max_breadth_bounds", "structural_virality_bounds", "generations", "branching", "parents", "orphans", "cycles",
                 "before_parent", "duplicates", "views", "outside")}  # fmt: skip
        pull = None if self.intensity is None else self.intensity.fit.half_life
        return plain(
            {"story_id": self.story_id, "events": self.events, **shape, "branching_ratio": self.branching_ratio,
             "half_life_seconds": self.half_life_seconds, "pull_half_life_seconds": pull, "fit_ok": self.fit_ok, "verdict": self.verdict,
             "kernel": None if self.intensity is None else self.intensity.fit.kernel, "forecast": self.forecast,
             "tone": None if self.tone is None else asdict(self.tone),
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


def one_story(read: SpreadRead, story: str, *, at=None, level=0.8) -> StoryRipple:
    """How did this story spread, does sharing feed itself, and how large will it become?

    at : seconds since the story's first event at which to forecast; without it when the file's last event happened
    """
    if read.counts is not None:
        return daily_story(read, story)
    table = read.table.filter(pl.col("story_id") == story)
    if not len(table):
        near = ", ".join(read.table["story_id"].unique().sort().to_list()[:5])
        raise BadInput(f'There is no story "{story}" in this file; there are {near} ...')
    shape = cascade(table)
    acts, said = _acts(table)
    watched = _watched(read.table, table)
    late = (acts["at"].min() - table["at"].min()).total_seconds()
    fit, ratio, fit_ok, verdict, why = _fit(acts, watched - late)
    return StoryRipple(
        story, shape, fit, ratio, shape.half_life_seconds, fit_ok, verdict, _forecast(read.table, story, table, at, watched, level),
        tone(table) if "stance" in table.columns and table["stance"].count() else None, len(table), (*read.warnings, *shape.warnings, *said, *why),
    )  # fmt: skip


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
    return StoryRipple(story, None, None, ratio, life, None, verdict, None, None, int(total), (*read.warnings, *said))


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
            pool = _pool(read.table)
        except TooFew as error:
            said.append(str(error))
    return TownRipple(tuple(rows.iter_rows(named=True)), pool, (*read.warnings, *said))


def _pool(table):
    """Shares only, each story watched for a week or to the end of the file; what the source says decides about background."""
    end = table["at"].max()
    kind = table["kind"].cast(pl.String)
    acts = table.filter(kind == "share") if (kind == "share").any() else table.filter(kind != "view")
    began = acts.group_by("story_id").agg(pl.col("at").min())
    spans = {name: min((end - start).total_seconds(), WEEK) for name, start in began.iter_rows()}
    stories = {name: s.times[s.times <= spans[name]] for name, s in _stories(acts).items() if spans[name] > 0}
    by_themselves = acts.filter(
        pl.col("parent_id").is_null() & (pl.col("parent_how").cast(pl.String).fill_null("") != "unknown")
    )
    own = acts["parent_id"].count() > 0 and len(by_themselves) > 1.5 * len(stories)
    return pooled(list(stories.values()), until=[spans[n] for n in stories], background="own" if own else "none")


def _acts(table):
    kind = table["kind"].cast(pl.String)
    for kinds in ACTS:
        acts = table.filter(kind.is_in(list(kinds)))
        if len(acts) >= 11:
            return acts, () if kinds == ACTS[0] else (
                f"The fit is about {' and '.join(kinds)} together: there are too few shares alone.",
            )
    return table, ()


def _watched(everything, table):
    """Seconds this story was watched: to the file's last event, but not longer than a week after its own last one."""
    start, last = table["at"].min(), table["at"].max()
    span = (everything["at"].max() - start).total_seconds()
    return max((last - start).total_seconds(), min(span, WEEK))


def _fit(acts, watched):
    none = Estimate(None, n=len(acts), method="no fit")
    said = ()
    if len(acts) > LONGEST_FIT:
        acts = acts.sort("at").head(LONGEST_FIT)
        watched, said = None, (f"The fit rests on the first {LONGEST_FIT:,} events.",)
    try:
        found = intensity(acts, until=watched)
    except TooFew as error:
        return None, none, None, "too_few", (str(error),)
    return found, found.fit.branching_ratio, found.fit.fit_ok, found.fit.verdict, (*found.fit.cautions, *said)


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
