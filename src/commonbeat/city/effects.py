"""How much does one encounter move one resident, and how long does it last? Only the city knows; estimators never look."""

from __future__ import annotations

import numpy as np

from commonbeat.city.words import RACES

__all__ = ["HIGH_PRIOR", "LOW_PRIOR", "at_once", "kept", "moved"]

LOW_PRIOR, HIGH_PRIOR = 40.0, 60.0


def kept(world, days):
    """Which share of the first effect is left after so many days?  (...) -> (...), 1 at day 0."""
    t = np.asarray(days, float)
    if world.decay == "exponential":
        return 0.5 ** (t / world.half_life)
    if world.decay == "plateau":
        return world.plateau + (1 - world.plateau) * 0.5 ** (t / world.half_life)
    if world.decay == "power":
        return (1 + t / world.scale) ** -world.exponent
    return np.ones_like(t)


def at_once(world, ring, race, asked, recent):
    """How many points does a person in this ring gain at once?  arrays of one length -> (n,).

    ring : name of one ring   race : position in RACES   asked : prior trust as measured   recent : stopped lately
    """
    base = world.effect[ring]
    by_race = np.array([world.by_race[r] for r in RACES])[race]
    by_prior = np.where(asked < LOW_PRIOR, world.low_prior, np.where(asked >= HIGH_PRIOR, world.high_prior, 1.0))
    shift = world.recent_shift * (base != 0)
    return base * by_race * by_prior + shift * recent


def moved(trust, points):
    """Trust after gaining points: it stays on the scale."""
    return np.clip(trust + points, 1.0, 99.0)
