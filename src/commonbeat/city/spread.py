"""How does a story travel? A branching process in time: shares cause shares, over friends, other towns and platforms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.city.words import stream, worded

__all__ = ["WINDOW_DAYS", "Travelled", "build", "cascades"]

WINDOW_DAYS = 7.0  #: spread is counted for a week after publication; what happens later nobody wrote down
ELSEWHERE = ("Marlow Ferry", "Stonebridge Falls", "Lakeside Union", "Aldermere", "further away")
SOURCES = ("site", "friends_feed", "photo_platform", "video_platform", "messages")
BURST_HOUR, BURST_SHARES = 30.0, 90


@dataclass(frozen=True, slots=True)
class Travelled:
    """Codebook table `spread`, and the parent of every event as it truly was (event_id, true_parent)."""

    spread: pl.DataFrame
    hidden: pl.DataFrame


def cascades(rng, starts, branching, half_life, window):
    """Who shares after whom?  starts: (s,) shares nobody caused -> story (n,), time (n,), parent (n,) position or -1.

    half_life, window : one unit of time. Starts fall evenly on the window; each share causes Poisson(branching) more,
    after an exponential wait (Hawkes 1971 as a cluster process, Hawkes & Oakes 1974); what falls behind the window is cut.
    """
    story = np.repeat(np.arange(len(starts)), starts)
    time, parent = rng.uniform(0, window, len(story)), np.full(len(story), -1)
    waves, first = [(story, time, parent)], 0
    while len(story):
        children = rng.poisson(branching, len(story))
        parent = np.repeat(first + np.arange(len(story)), children)
        first += len(story)
        time = np.repeat(time, children) + rng.exponential(half_life / np.log(2), len(parent))
        story = np.repeat(story, children)
        inside = time < window
        # a cut share has no recorded children: later ones are later still
        story, time, parent = story[inside], time[inside], parent[inside]
        waves.append((story, time, parent))
    return tuple(np.concatenate(column) for column in zip(*waves, strict=True))


def build(seed, world, stories: pl.DataFrame, size) -> Travelled:
    """Lets every published story travel; size: (stories,) mean number of shares that nobody in the cascade caused."""
    rng = stream(seed, "spread")
    story, hour, parent = cascades(
        rng, rng.poisson(size * world.spread), world.branching, world.kernel_hours, 24 * WINDOW_DAYS
    )
    kind = np.full(len(story), 1)
    if world.burst and world.spread:
        story, hour, parent, kind = _burst(rng, size, story, hour, parent, kind)
    place, source = _travel(rng, parent, kind)
    leaves = [_leaves(rng, story, hour, 0, 4.0, 3.0), _leaves(rng, story, hour, 2, 0.25, 6.0)]
    n = len(story)
    by = np.concatenate([np.arange(n), *(leaf[2] for leaf in leaves)])
    parent = np.concatenate([parent, *(leaf[2] for leaf in leaves)])
    hour = np.concatenate([hour, *(leaf[1] for leaf in leaves)])
    kind = np.concatenate([kind, *(np.full(len(leaf[2]), leaf[0]) for leaf in leaves)])
    return _table(rng, world, stories, story[by], hour, parent, kind, place[by], source[by])


def _burst(rng, size, story, hour, parent, kind):
    """The two moments everybody talks about are picked up by one large account, thirty hours in."""
    extra = [(story, hour, parent, kind)]
    first = len(story)
    for s in np.argsort(-size, kind="stable")[:2]:
        m = rng.poisson(BURST_SHARES)
        wait = np.r_[0.0, rng.exponential(2.0, m)]
        extra.append((np.full(m + 1, s), BURST_HOUR + wait, np.r_[-1, np.full(m, first)], np.r_[3, np.ones(m, int)]))
        first += m + 1
    return tuple(np.concatenate(column) for column in zip(*extra, strict=True))


def _travel(rng, parent, kind):
    """A share mostly stays where its parent was; parents come before children, so one pass over generations will do."""
    n = len(parent)
    place = np.where(rng.random(n) < 0.6, 0, rng.integers(1, len(ELSEWHERE) + 1, n))
    source = rng.choice(len(SOURCES), n, p=(0.3, 0.3, 0.15, 0.15, 0.1))
    stays = (parent >= 0) & (rng.random(n) < 0.7)
    todo = np.where(stays, parent, np.arange(n))
    while (
        todo[todo] != todo
    ).any():  # follow stayers up to where the last move was: pointer jumping, log(depth) rounds
        todo = todo[todo]
    source = np.where(kind == 3, 3, source)
    return place[todo], source[todo]


def _leaves(rng, story, hour, kind, mean, half_life):
    by = np.repeat(np.arange(len(story)), rng.poisson(mean, len(story)))
    at = hour[by] + rng.exponential(half_life / np.log(2), len(by))
    inside = at < 24 * WINDOW_DAYS
    return kind, at[inside], by[inside]


def _table(rng, world, stories, story, hour, parent, kind, place, source) -> Travelled:
    n = len(story)
    published = stories["published_at"].dt.epoch("us").to_numpy()[story]
    at = published + (hour * 3.6e9).astype(np.int64)
    at = _after_parent(at, parent)
    order = np.argsort(at, kind="stable")
    rank = np.empty(n, np.int64)
    rank[order] = np.arange(n)
    true = np.where(parent >= 0, rank[parent], -1)
    how = rng.choice(3, n, p=(world.declared, 0.4 * (1 - world.declared), 0.6 * (1 - world.declared)))
    event = pl.select(pl.format("e{}", pl.int_range(1, n + 1).cast(pl.String).str.zfill(8))).to_series()
    named = np.where(how == 2, -1, true)
    share, reply = kind == 1, kind == 2
    audience = np.where(kind == 3, 80_000.0, np.where(share, np.round(rng.lognormal(4.6, 1.1, n)), np.nan))
    frame = pl.DataFrame(
        {
            "story_id": worded(stories["story_id"], story),
            "at": pl.Series(at).cast(pl.Datetime("us", "UTC")),
            "kind": worded(("view", "share", "reply", "mention"), kind),
            "actor": _pseudonyms(rng, kind),
            "true": true,
            "named": named,
            "parent_how": worded(("declared", "inferred", "unknown"), how, true >= 0),
            "audience": pl.Series(audience).fill_nan(None).cast(pl.Int64),
            "place": worded(("this town", *ELSEWHERE), place),
            "source": worded(SOURCES, source),
            "stance": _stance(rng, reply),
        }
    )[order].with_columns(event_id=event, tone=pl.lit(None, pl.Float64))
    frame = frame.with_columns(
        parent_id=pl.when(pl.col("named") >= 0).then(event.gather(frame["named"].clip(0))),
        true_parent=pl.when(pl.col("true") >= 0).then(event.gather(frame["true"].clip(0))),
    )
    return Travelled(frame.drop("true", "named", "true_parent"), frame.select("event_id", "true_parent"))


def _after_parent(at, parent):
    """Rounding to microseconds must not put a child into its parent's instant."""
    late = parent >= 0
    at[late] = np.maximum(at[late], at[parent[late]] + 1)
    return at


def _stance(rng, reply):
    word = rng.choice(4, len(reply), p=(0.52, 0.16, 0.12, 0.2))
    return worded(("agree", "object", "question", "comment"), word, reply & (rng.random(len(reply)) < 0.7))


def _pseudonyms(rng, kind) -> pl.Series:
    """Salted pseudonyms of those who act; who merely looks has none."""
    number = pl.Series(rng.integers(1 << 40, 1 << 47, size=len(kind)))
    return pl.select(pl.when(pl.Series(kind != 0)).then(pl.format("x{}", number))).to_series()
