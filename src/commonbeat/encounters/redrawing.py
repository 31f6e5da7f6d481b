"""How sure is a branching ratio whose background was learned from the same encounters?  Draw such towns and ask again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import stats as law

from commonbeat.encounters.counting import Window
from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate

__all__ = ["Course", "background", "redrawn"]

HOURS = 168
SLOW = 90.0  #: days over which the town's course is smoothed: far longer than an example works, or it would swallow the answer
LARGEST = 0.9  #: branching ratio towns are drawn with at most; nearer to 1 they have no end
LEAST = 0.2  #: and at least: below it many fits stick to 0 and show no spread


@dataclass(frozen=True, slots=True)
class Course:
    """A town without examples: `rate` per hour of the record (mean 1), `share` of each area, its `days`, and `n` encounters."""

    rate: np.ndarray
    share: np.ndarray
    days: int
    n: int

    def drawn(self, ratio: float, half_life: float, rng) -> tuple[np.ndarray, np.ndarray]:
        """One such town in which each encounter calls forth `ratio` more  -> times in days, rising; areas."""
        m = rng.poisson(self.n * (1 - ratio))
        hour = np.searchsorted(np.cumsum(self.rate) / self.rate.sum(), rng.random(m))
        t, area = (hour + rng.random(m)) / 24, rng.choice(len(self.share), m, p=self.share / self.share.sum())
        times, areas = [t], [area]
        while len(t):
            more = rng.poisson(ratio, len(t))
            t, area = np.repeat(t, more) + rng.exponential(half_life / np.log(2), more.sum()), np.repeat(area, more)
            t, area = t[t < self.days], area[t < self.days]
            times.append(t)
            areas.append(area)
        t, area = np.concatenate(times), np.concatenate(areas)
        order = np.argsort(t)
        return t[order], area[order]


def redrawn(found, course: Course, again: Callable, histories: int, level: float, rng) -> Estimate:
    """The branching ratio without what the learned background took from it, and an interval that knows of it.

    found : the fit of the town;  again: (times, areas) -> a fit by the same procedure, background and all
    Method: parametric bootstrap of the whole procedure: its mean error is taken off, its spread gives a t reach around the
    ratio with and without that correction, since weak examples are corrected by too much; joined with the profile-likelihood
    interval, whichever reaches further.
    """
    if histories < 5:
        raise BadInput(f"histories is {histories}; an interval needs at least 5 towns, better 40.")
    ratio, half = min(max(found.branching_ratio.value, LEAST), LARGEST), min(found.half_life.value, course.days / 10)
    drawn = np.array([again(*course.drawn(ratio, half, rng)).branching_ratio.value for _ in range(histories)])
    error, spread = float(drawn.mean()) - ratio, float(drawn.std(ddof=1))
    value = max(found.branching_ratio.value - error, 0.0)
    reach = float(law.t.ppf((1 + level) / 2, histories - 1)) * spread * np.sqrt(1 + 1 / histories)
    low, high = found.branching_ratio.low or 0.0, found.branching_ratio.high
    return Estimate(
        value, std_error=spread, low=float(max(min(low, value - reach, found.branching_ratio.value - reach), 0.0)),
        high=None if high is None else float(max(high, value + reach)), level=level, n=found.branching_ratio.n,
        method=f"{histories} towns drawn from the fit and fitted again, joined with the profile likelihood",
    )  # fmt: skip


def background(t, span: Window) -> np.ndarray:
    """(hours of the record,) the town's rhythm, mean 1: hour of the week, lightly smoothed, times its course over months."""
    hours = span.days * 24
    week = np.bincount((t * 24).astype(int) % HOURS, minlength=HOURS).astype(float)
    week = _around(week, 3.0) + 0.02 * week.mean()
    daily = np.bincount(t.astype(int), minlength=span.days).astype(float)
    slow = _nearby(span.days) @ daily
    return week[np.arange(hours) % HOURS] * np.repeat(slow, 24) / (week.mean() * slow.mean())


@lru_cache(maxsize=1)
def _nearby(days: int) -> np.ndarray:
    """(days, days) how much each day says about each other."""
    far = np.arange(days)
    kernel = np.exp(-0.5 * ((far[:, None] - far[None, :]) / SLOW) ** 2)
    return kernel / kernel.sum(1, keepdims=True)


def _around(x, width):
    """Smoothed on a circle, since Sunday night is next to Monday morning."""
    far = np.minimum(np.arange(len(x)), len(x) - np.arange(len(x)))
    kernel = np.exp(-0.5 * (far / width) ** 2)
    return np.real(np.fft.ifft(np.fft.fft(x) * np.fft.fft(kernel / kernel.sum())))
