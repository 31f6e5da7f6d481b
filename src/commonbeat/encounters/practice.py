"""Does good practice spread?  Is one positive encounter, or one published story, followed by more of them?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from commonbeat.encounters.counting import Window, window_of
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate, plain

__all__ = ["AfterStories", "Practice", "spread_of_practice"]

LEAST = 100  #: encounters below which no process is fitted
HOURS = 168


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
    followed : pairs of encounters in one area within `within` days (two half-lives)
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
    contacts, *, stories=None, window: tuple[date, date] | None = None, zone="UTC", level=0.95, exchanges=499, seed=0
) -> Practice:
    """Is a positive encounter followed by more of them in the same area, beyond the week's rhythm and the season?

    contacts : the codebook's table; contacts of a programme are left out, since a plan is not an example followed
    stories  : published stories with an area, to ask whether a story is followed by encounters
    Raises TooFew under 100 encounters.
    Method: self-exciting point process per area with one branching ratio, over a background of hour of the week times the
    town's own slow course (`points.fit`); the null keeps all times and exchanges the areas, so that whatever moves the
    whole town at once stays in it. What moves one area for weeks (a festival) cannot be told from example.
    """
    from commonbeat import points  # numba takes a second to import, and only this needs it

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
    shape = _background(t, span)
    rng = np.random.default_rng(seed)
    found = points.fit(
        [t[names == a] for a in np.unique(names)], window=(0.0, float(span.days)), background=shape, level=level
    )
    within = float(np.clip(2 * found.half_life.value, 1.0, 28.0))
    area = np.unique(names, return_inverse=True)[1]
    followed = _pairs(t, area, within, span.days)
    shared = np.array([_pairs(t, rng.permutation(area), within, span.days) for _ in range(exchanges)])
    p = float((1 + (shared >= followed).sum()) / (exchanges + 1))
    told = None if stories is None else _after_stories(stories, own, span, zone, rng)
    low, middle, high = np.quantile(shared, [0.05, 0.5, 0.95])
    return Practice(
        found.branching_ratio, found.half_life, followed, within, (float(low), float(middle), float(high)), p, len(own), len(set(names)),
        _verdict(found, p), told, ("one_areas_own_causes_cannot_be_told_apart", *found.cautions),
    )  # fmt: skip


def _verdict(found, p: float) -> str:
    if found.verdict == "no_excitation_seen":
        return "none_seen"
    return "spreads" if p <= 0.05 and found.verdict == "identified" else "cannot_tell_from_shared_causes"


def _pairs(t, area, within: float, days: int) -> int:
    """How many pairs of encounters lie in one area and at most `within` days apart?  t sorted or not."""
    key = np.sort(area * (days + 2.0 * within) + t)  # areas laid end to end with a gap that nothing reaches across
    return int((np.searchsorted(key, key + within, "right") - np.arange(len(key)) - 1).sum())


def _background(t, span: Window, slow_days=60.0):
    """(hours of the record,) the town's rhythm: hour of the week, lightly smoothed, times its course over months.

    The slow course is smoothed over 60 days, far longer than an example works, so that it does not swallow the answer.
    """
    hours = span.days * 24
    week = np.bincount((t * 24).astype(int) % HOURS, minlength=HOURS).astype(float)
    week = _around(week, 1.5) + 0.02 * week.mean()
    daily = np.bincount(t.astype(int), minlength=span.days).astype(float)
    far = np.arange(span.days)
    kernel = np.exp(-0.5 * ((far[:, None] - far[None, :]) / slow_days) ** 2)
    slow = (kernel @ daily) / kernel.sum(1)
    return week[np.arange(hours) % HOURS] * np.repeat(slow, 24) / (week.mean() * slow.mean())


def _around(x, width):
    """Smoothed on a circle, since Sunday night is next to Monday morning."""
    far = np.minimum(np.arange(len(x)), len(x) - np.arange(len(x)))
    kernel = np.exp(-0.5 * (far / width) ** 2)
    return np.real(np.fft.ifft(np.fft.fft(x) * np.fft.fft(kernel / kernel.sum())))


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
