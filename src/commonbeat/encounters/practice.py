"""Does good practice spread?  Is one positive encounter, or one published story, followed by more of them?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from commonbeat.encounters.counting import Window, window_of
from commonbeat.encounters.pooling import pooled
from commonbeat.encounters.redrawing import Course, background, redrawn
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain

__all__ = ["AfterStories", "Practice", "spread_of_practice"]

LEAST = 100  #: encounters below which no process is fitted
WINDOW = 28  #: days within which areas are exchanged: longer than an example works, far shorter than a season
WITHIN = 7.0  #: days apart at which two encounters of one area count as a pair; chosen before the data are seen
ALPHA = (
    0.02  #: share of exchanges with as many pairs below which they are more than shared causes: areas' own seasons
)
#: make false alarms rather more frequent than this number, and they must stay under one in twenty


@dataclass(frozen=True, slots=True)
class AfterStories:
    """Encounters in the same area in the fortnight after a story, beside what shifted dates would show."""

    stories: int
    found: int
    expected: float
    ratio: float | None
    p: float

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


@dataclass(frozen=True, slots=True)
class Practice:
    """How many further encounters does one call forth?

    branching_ratio, half_life : encounters per encounter; days
    followed : pairs of encounters in one area within `within` days
    shared   : (low, middle, high) of such pairs when the times are kept and the areas exchanged: what shared causes alone show
    p        : share of exchanges with as many pairs
    verdict  : "spreads", "cannot_tell_from_shared_causes" or "none_seen"
    stories  : the same question about published stories, by shifting their dates; None without at least five
    """

    branching_ratio: Estimate
    half_life: Estimate
    followed: int
    within: float
    shared: tuple[float, float, float]
    p: float
    n: int
    areas: int
    verdict: str
    stories: AfterStories | None
    cautions: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def spread_of_practice(
    contacts, *, stories=None, window: tuple[date, date] | None = None, zone="UTC", level=0.95, exchanges=499, histories=40,
    seed=0,
) -> Practice:  # fmt: skip
    """Is a positive encounter followed by more of them in the same area, beyond the week's rhythm and the season?

    contacts : the codebook's table; contacts of a programme are left out, since a plan is not an example followed
    stories  : published stories with an area, to ask whether a story is followed by encounters
    histories : towns drawn from the fit and fitted again, background and all, for the ratio's interval (at least 5)
    Raises TooFew under 100 encounters.
    Method: self-exciting point process per area with one branching ratio, over a background of hour of the week times the
    town's own slow course times the area's share of it (`points.fit`). The null keeps all times and exchanges the areas
    among encounters of the same four weeks and kind of day, so that whatever moves the whole town at once stays in it, and
    an area's season and weekends too. What moves one area for some days (a festival) cannot be told from example.
    """
    span = window_of(contacts, window, zone)
    rows = contacts.lazy().filter(
        (pl.col("kind") == "positive") & pl.col("programme").is_null() & pl.col("area_id").is_not_null()
    )
    local = pl.col("at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    start = pl.lit(span.first).cast(pl.Datetime("us"))
    own = rows.select("area_id", ((local - start).dt.total_seconds() / 86_400).alias("t")).collect().sort("t")
    own = own.filter((pl.col("t") >= 0) & (pl.col("t") < span.days))
    if len(own) < LEAST:
        raise TooFew(f"There are {len(own)} unplanned positive encounters; asking whether they spread needs {LEAST}.")
    t, names = own["t"].to_numpy(), own["area_id"].to_numpy()
    rng = np.random.default_rng(seed)
    found_areas, area = np.unique(names, return_inverse=True)
    found, course = _fitted(t, area, span, level=level)
    followed, alike = _pairs(t, area, WITHIN, span.days), _alike(t, span)
    shared = np.array([_pairs(t, _exchanged(area, alike, rng), WITHIN, span.days) for _ in range(exchanges)])
    p = float((1 + (shared >= followed).sum()) / (exchanges + 1))
    ratio = redrawn(found, course, lambda t, area: _fitted(t, area, span)[0], histories, level, rng)
    told = None if stories is None else _after_stories(stories, own, span, zone, rng)
    low, middle, high = np.quantile(shared, [0.05, 0.5, 0.95])
    return Practice(
        ratio, found.half_life, followed, WITHIN, (float(low), float(middle), float(high)), p, len(own), len(found_areas),
        _verdict(found, ratio, p), told, ("one_areas_own_causes_cannot_be_told_apart", *found.cautions),
    )  # fmt: skip


def _verdict(found, ratio: Estimate, p: float) -> str:
    nothing = found.verdict == "no_excitation_seen" or not ratio.low
    if nothing and p > 0.05:
        return "none_seen"
    brief = found.half_life.value <= WINDOW / 2  # a longer pull looks like an area's own season
    return "spreads" if p <= ALPHA and not nothing and brief else "cannot_tell_from_shared_causes"


def _fitted(t, area, span: Window, *, level: float | None = None):
    """The whole procedure: background, shares of the areas, process  -> (fit, course of the background)

    level : of the profile interval; None: no interval
    """
    from commonbeat import points  # numba takes a second to import, and only this needs it

    names, area = np.unique(area, return_inverse=True)
    each, rate = [t[area == a] for a in range(len(names))], background(t, span)
    options = {"window": (0.0, float(span.days)), "background": rate}
    first = points.fit(each, share=_shares(area, 0.0), starts=1, profile=False, **options)
    share = _shares(area, first.branching_ratio.value)
    last = {"starts": 1, "profile": False} if level is None else {"level": level}
    return points.fit(each, share=share, **last, **options), Course(rate, share, span.days, len(t))


def _shares(area, ratio: float) -> np.ndarray:
    """(areas,) how much of the town's encounters begin in each area: its count, drawn towards the others' (gamma-Poisson).

    Counts scatter 1 / (1 - ratio)^2 times as widely as chance when encounters call forth others: so much less they say.
    """
    count = np.bincount(area)
    weight = (1 - min(ratio, 0.8)) ** 2
    shared, _, _ = pooled(count * weight, np.full(len(count), weight))
    return count + 0.5 if np.isnan(shared).any() else shared


def _alike(t, span: Window) -> np.ndarray:
    """(encounters,) which of them may exchange their areas: those of the same four weeks and both at a weekend or not.

    So an area that is busy in summer, or at weekends, stays so in the null, and is not taken for one that follows examples.
    """
    day = t.astype(int)
    weekend = (span.first.weekday() + day) % 7 >= 5
    return (day // WINDOW) * 2 + weekend


def _exchanged(area, alike, rng) -> np.ndarray:
    """The same encounters with areas dealt anew among those that are alike."""
    order = np.lexsort((rng.random(len(area)), alike))
    out = np.empty_like(area)
    out[np.argsort(alike, kind="stable")] = area[order]
    return out


def _pairs(t, area, within: float, days: int) -> int:
    """How many pairs of encounters lie in one area and at most `within` days apart?  t sorted or not."""
    key = np.sort(area * (days + 2.0 * within) + t)  # areas laid end to end with a gap that nothing reaches across
    return int((np.searchsorted(key, key + within, "right") - np.arange(len(key)) - 1).sum())


def _after_stories(
    stories, own: pl.DataFrame, span: Window, zone: str, rng, days=14.0, draws=999
) -> AfterStories | None:
    local = pl.col("published_at").dt.convert_time_zone(zone).dt.replace_time_zone(None)
    start = pl.lit(span.first).cast(pl.Datetime("us"))
    told = (
        stories.lazy().filter(pl.col("published_at").is_not_null(), pl.col("area_id").is_not_null())
        .select("area_id", ((local - start).dt.total_seconds() / 86_400).alias("t")).collect()
    )  # fmt: skip
    told = told.filter((pl.col("t") >= 0) & (pl.col("t") < span.days))
    if len(told) < 5:
        return None
    times = {a: np.sort(own.filter(pl.col("area_id") == a)["t"].to_numpy()) for a in told["area_id"].unique()}

    def after(shift):
        return sum(_within(times[a], (t + shift) % span.days, days, span.days) for a, t in told.iter_rows())

    found = after(0.0)
    null = np.array([after(7.0 * k) for k in rng.integers(3, max(span.days // 7 - 3, 4), draws)])
    expected = float(null.mean())
    p = float((1 + (null >= found).sum()) / (draws + 1))
    return AfterStories(len(told), int(found), expected, found / expected if expected else None, p)


def _within(times, t, days, end):
    first, last = np.searchsorted(times, [t, min(t + days, end)])
    return last - first
