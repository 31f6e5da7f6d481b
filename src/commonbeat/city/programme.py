"""Which patches are visited, who opens the door, who sees the story by choice, and what trust is at any moment.

This is the only place where effects meet residents: what a survey later samples, and what `truth` adds up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.city import effects
from commonbeat.city.words import ROLES, stream

__all__ = ["Programme", "build"]


@dataclass(frozen=True, slots=True)
class Programme:
    """The visit programme and the self-chosen audience, resident by resident; times in days since the start.

    visited  : (patches,) bool, what the draw gave       day : (patches,) when the block's visits began
    opens    : (n,) would meet the officers if visited    gain : (n,) points at once if the patch is visited (0 if not reached)
    leaked   : (n,) points at once that reach this comparison home from a patch next door, as the draw fell
    saw      : (n,) watches the stroller story by own choice    shown : (n,) points at once from watching
    published, shock_day : days      season : size of the yearly swing in points
    """

    visited: np.ndarray
    day: np.ndarray
    opens: np.ndarray
    gain: np.ndarray
    leaked: np.ndarray
    saw: np.ndarray
    shown: np.ndarray
    published: float
    shock_day: float
    season: float = 1.5

    def drift(self, world, day):
        """What happens to everybody: a yearly swing and, late, one bad week in the news."""
        day = np.asarray(day, float)
        return self.season * np.sin(2 * np.pi * (day - 60) / 365.25) + world.shock * (day >= self.shock_day)

    def level(self, world, who, index, day):
        """True trust of some residents on some day, with everything that happened to them."""
        patch = who.patch[index]
        since = day - self.day[patch]
        points = np.where(self.visited[patch], self.gain[index], self.leaked[index])
        points = points * np.where(since >= 0, effects.kept(world, np.maximum(since, 0)), 0.0)
        if day >= self.published:
            points = points + self.saw[index] * self.shown[index] * effects.kept(world, day - self.published)
        return effects.moved(who.trust[index], points + self.drift(world, day))

    def potential(self, world, who, index, wave):
        """Trust at one wave had the patch been visited, and had the programme not existed  -> (n,), (n,)."""
        day = self.day[who.patch[index]] + wave
        base = self.drift(world, day)
        watched = np.where(day >= self.published, effects.kept(world, np.maximum(day - self.published, 0)), 0.0)
        base = base + self.saw[index] * self.shown[index] * watched
        left = _left(world, wave)
        return effects.moved(who.trust[index], base + self.gain[index] * left), effects.moved(who.trust[index], base)

    def level_at_wave(self, world, who, index, wave):
        """Trust at one wave as it was in fact: the patch visited, or beside one that was, or neither."""
        y1, y0 = self.potential(world, who, index, wave)
        return np.where(
            self.visited[who.patch[index]], y1, effects.moved(y0, self.leaked[index] * _left(world, wave))
        )


def _left(world, wave):
    return effects.kept(world, wave) if wave else 0.0  # wave 0 is asked before the visit


def build(seed, world, town, who, *, days, published, visited=None) -> Programme:
    """Draws half of the patches within each area, and works out whom that would reach and how.

    visited : (patches,) bool, when the draw was made elsewhere (by `studies.assign`, say)
    """
    rng = stream(seed, "programme")
    patches = len(town.patch_area)
    ticket = rng.random(patches)
    rank = np.array(
        [np.sum((town.patch_area == a) & (ticket < t)) for a, t in zip(town.patch_area, ticket, strict=True)]
    )
    half = rank < np.bincount(town.patch_area)[town.patch_area] // 2
    visited = half if visited is None else np.asarray(visited, bool)
    day = (0.25 * days + rng.integers(0, 8, len(town.areas)) * 7.0)[town.patch_area]
    opens = rng.random(len(who.trust)) < _chance(world.uptake, who.asked)
    gain = _gain(world, who, opens)
    beside = np.zeros(patches, bool)
    for here, there in (town.beside.T, town.beside.T[::-1]):
        np.logical_or.at(beside, here, visited[there])
    near = effects.at_once(world, "neighbour", who.race, who.asked, who.recent) * world.leak
    leaked = np.where((beside & ~visited)[who.patch], near, 0.0)
    saw = who.adult & (rng.random(len(who.trust)) < _chance(0.25, who.asked, steep=0.008))
    shown = effects.at_once(world, "viewer", who.race, who.asked, who.recent)
    return Programme(visited, day, opens, gain, leaked, saw, shown, published, round(0.7 * days))


def _chance(mean, asked, steep=0.005):
    """Those who trust more open more doors and watch more: the reason why takers and others cannot be compared."""
    return np.clip(mean + steep * (asked - asked.mean()), 0.02, 0.98) if 0 < mean < 1 else np.full(len(asked), mean)


def _gain(world, who, opens):
    gain = np.zeros(len(who.trust), np.float32)
    for code, ring in enumerate(ROLES):
        here = who.role == code
        points = effects.at_once(world, ring, who.race[here], who.asked[here], who.recent[here])
        gain[here] = points * opens[here] if ring == "participant" else points
    return gain
