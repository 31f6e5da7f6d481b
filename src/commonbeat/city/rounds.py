"""A second programme, in two stages: areas draw how many of their patches get evening rounds, patches then draw the rounds.

Those who get them gain at once; those who do not gain by how many around them did. Both are known here, and only here.
"""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import polars as pl

from commonbeat.city import effects
from commonbeat.city.sampling import PULSE, Part, answering, described, part, stratified, week_of
from commonbeat.city.words import stream

__all__ = ["SHARES", "WAVES", "asked", "assignments", "draw", "points"]

SHARES = (0.25, 0.75)  #: of its patches that an area may draw
WAVES = (0, 21)


def draw(seed, town, *, shares=SHARES):
    """Both stages  -> (patches,) bool who gets rounds, (patches,) the share its area drew. Half of the areas draw each share."""
    rng = stream(seed, "rounds")
    areas = len(town.areas)
    share = np.array(shares)[rng.permutation(np.arange(areas) % len(shares))][town.patch_area]
    ticket = rng.random(len(town.patch_area))
    rank = np.array(
        [np.sum((town.patch_area == a) & (ticket < t)) for a, t in zip(town.patch_area, ticket, strict=True)]
    )
    return rank < np.floor(share * np.bincount(town.patch_area)[town.patch_area] + 0.5), share


def points(world, who, index, gets, share):
    """Points gained at once: by the rounds themselves, and by how many patches of the same area get them  -> (n,)."""
    of = lambda ring: effects.at_once(world, ring, who.race[index], who.asked[index], who.recent[index])  # noqa: E731
    return np.where(gets, of("participant"), 0.0) + share * of("neighbour")


def assignments(town, gets, share, start, day) -> pl.DataFrame:
    """The draw as the codebook's table; the probability is the share the area drew, or what is left of it."""
    drawn = pl.lit(start + timedelta(days=float(day) - 30)).cast(pl.Datetime("us", "UTC"))
    return pl.DataFrame(
        {
            "unit": town.patch_ids, "arm": np.where(gets, "rounds", "none"), "block": town.areas["area_id"].to_numpy()[town.patch_area],
            "cluster": town.patch_ids, "probability": np.where(gets, share, 1 - share),
        }
    ).with_columns(plan_id=pl.lit("rounds"), at=drawn)  # fmt: skip


def asked(rng, world, town, who, programme, start, panel, day, gets, share) -> Part:
    """The survey of the rounds: as many from each area, three of five on the rounds' list, the others living beside them.

    hidden : besides the usual columns, trust at each wave had the area drawn the larger share and the patch the rounds
             (most_with), the larger share and no rounds (most_without), the smaller share and no rounds (least_without)
    """
    index, weight = stratified(rng, np.where(who.adult, who.area, -1), len(town.areas), panel)
    patch, listed = who.patch[index], rng.random(len(index)) < 0.6
    people = described(who, index, "r", "rounds", town).with_columns(
        ring=pl.Series(np.where(listed, "participant", "neighbour")), arm=pl.Series(np.where(gets[patch], "rounds", "none")),
        block=pl.col("area_id"), cluster=pl.Series(town.patch_ids[patch]), week=week_of(start, np.full(len(index), day)),
        weight=pl.Series(weight), sample=pl.lit("probability"),
    )  # fmt: skip
    waves, states = [], []
    for wave in WAVES:
        left = effects.kept(world, wave) if wave else 0.0  # wave 0 is asked before
        base = programme.level(world, who, index, day + wave)
        trust = lambda got, around, base=base, left=left: effects.moved(  # noqa: E731
            base, points(world, who, index, got & listed, around) * left
        )
        y1 = trust(gets[patch], share[patch])
        waves.append((wave, np.full(len(index), day + wave), y1, y1, base, answering(rng, world, y1, wave)))
        nobody, every = np.zeros(len(index), bool), np.ones(len(index), bool)
        states.append((trust(every, max(SHARES)), trust(nobody, max(SHARES)), trust(nobody, min(SHARES))))
    made = part(rng, people, waves, start, PULSE, "pulse-1", None, gets[patch] & listed)
    more = {
        name: pl.Series(np.concatenate([s[k] for s in states]))
        for k, name in enumerate(("most_with", "most_without", "least_without"))
    }
    return Part(made.people, made.answers, made.hidden.with_columns(**more))
