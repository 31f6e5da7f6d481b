"""How catching is a story right now, and how large would it become if it stayed so?  SEISMIC, for many stories at once.

Re-derived from Zhao, Erdogdu, He, Rajaraman & Leskovec (2015), "SEISMIC: a self-exciting point process model for
predicting tweet popularity". A share at time t is answered after s seconds with density phi(s): flat for five minutes,
then a power law. Recent shares are weighed by a triangle, so infectiousness may change while a story runs.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numba import njit
from scipy import stats

from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["Infectiousness", "density", "infectiousness", "integral", "many", "survival"]

#: seconds, tail and height of the density of human reaction times, rounded as its authors print them
FLAT, THETA, C = 300.0, 0.2314843, 6.265725e-4


@dataclass(frozen=True, slots=True)
class Infectiousness:
    """One row per moment asked.

    at         : seconds since the first event
    seen       : shares by then, the moment included; the first event is the story itself and is not counted
    value, low, high : shares per follower who sees it, with its interval
    waiting    : value times the followers who have not yet reacted: direct shares still to come
    predicted  : final number of shares; inf when value >= 1 / typical_audience (no finite forecast)
    """

    at: np.ndarray
    seen: np.ndarray
    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    waiting: np.ndarray
    predicted: np.ndarray
    level: float

    def to_dict(self) -> dict:
        return plain(asdict(self))


def density(s):
    """phi(s), per second."""
    s = np.asarray(s, float)
    return C * np.where(s <= FLAT, 1.0, (np.maximum(s, FLAT) / FLAT) ** -(1 + THETA))


def survival(s):
    """Share of reactions that come later than s seconds."""
    s = np.asarray(s, float)
    return np.where(s <= FLAT, 1 - C * s, C * FLAT / THETA * (np.maximum(s, FLAT) / FLAT) ** -THETA)


def integral(share_time, at, window):
    """Expected reactions to one share inside the triangle of this window before `at`, per follower and infectiousness."""
    return np.vectorize(lambda t: _triangle(at - t, window, 1.0 / window, FLAT, THETA, C))(
        np.asarray(share_time, float)
    )


def infectiousness(times, audience, at, *, typical_audience=100.0, level=0.95) -> Infectiousness:
    """How catching was this story at each moment, and what would follow?

    times            : (events,) seconds since the first event, in any order; audience (events,) followers beside them
    at               : moments to ask about, in seconds
    typical_audience : followers of those who share; the forecast is finite only below 1 / typical_audience
    """
    times, audience = _checked(times, audience)
    at = np.atleast_1d(np.asarray(at, float))
    rows = np.array([_one(times, audience, t, typical_audience, FLAT, THETA, C) for t in at]).reshape(-1, 5)
    value, seen, used, waiting, predicted = rows.T
    low, high = _interval(value, used, level)
    return Infectiousness(at, seen.astype(int), value, low, high, waiting, predicted, level)


def many(times, audience, offsets, at, *, typical_audience=100.0, level=0.95) -> Infectiousness:
    """The same for many stories at one moment of their lives: story k is rows offsets[k]..offsets[k + 1], each in time order."""
    rows = _all(
        np.asarray(times, float),
        np.asarray(audience, float),
        np.asarray(offsets, np.int64),
        float(at),
        float(typical_audience),
        FLAT,
        THETA,
        C,
    )
    value, seen, used, waiting, predicted = rows.T
    low, high = _interval(value, used, level)
    return Infectiousness(
        np.full(len(rows), float(at)), seen.astype(int), value, low, high, waiting, predicted, level
    )


def _checked(times, audience):
    times, audience = np.asarray(times, float), np.asarray(audience, float)
    if (
        times.shape != audience.shape
        or not (np.isfinite(times).all() and np.isfinite(audience).all())
        or (audience < 0).any()
    ):
        raise BadInput("SEISMIC needs a finite time and an audience >= 0 for every event.")
    order = np.argsort(times, kind="stable")  # both, or the wrong followers answer for a share
    return times[order], audience[order]


def _interval(value, used, level):
    """Gamma interval of a Poisson rate whose weighted count rests on `used` shares."""
    freedom = 2 * np.maximum(used, 1e-9)
    counts, where = np.unique(freedom, return_inverse=True)  # quantiles are slow, and whole numbers repeat
    low, high = (stats.chi2.ppf(q, counts)[where] / freedom for q in ((1 - level) / 2, (1 + level) / 2))
    return np.where(used > 0, value * low, 0.0), np.where(used > 0, value * high, np.inf)


@njit(cache=True)
def _upto(x, flat, theta, c):
    """Integrals of phi(s) and s phi(s) from 0 to x."""
    if x <= flat:
        return c * x, c * x * x / 2
    share = (x / flat) ** -theta
    return c * flat * (1 + (1 - share) / theta), c * (flat * flat / 2 + flat * (x * share - flat) / (1 - theta))


@njit(cache=True)
def _triangle(age, window, slope, flat, theta, c):
    b0, b1 = _upto(age, flat, theta, c)
    a0, a1 = _upto(max(age - window, 0.0), flat, theta, c)
    return (1 - slope * age) * (b0 - a0) + slope * (b1 - a1)


@njit(cache=True)
def _later(s, flat, theta, c):
    return 1 - c * s if s <= flat else c * flat / theta * (s / flat) ** -theta


@njit(cache=True)
def _one(times, audience, at, typical, flat, theta, c):
    """value, seen, used, waiting, predicted for one sorted story."""
    before = np.searchsorted(times, at, side="left")
    seen = np.searchsorted(times, at, side="right")
    shares = float(max(seen - 1, 0))
    if before == 0:
        return 0.0, shares, 0.0, 0.0, shares
    window = min(max(at / 2, 300.0), 7200.0)
    first = max(np.searchsorted(times, at - window, side="left"), 1)
    if before - first < 5 and before > 1:  # too few in the window: take the last ones, however long ago
        first = max(before - 6, 1)
        window = at - times[first]
    slope = 1.0 / window
    weighed = expected = waiting = 0.0
    for i in range(first, before):
        weighed += 1 - slope * (at - times[i])
    for i in range(before):
        expected += audience[i] * _triangle(at - times[i], window, slope, flat, theta, c)
    for i in range(seen):
        waiting += audience[i] * _later(at - times[i], flat, theta, c)
    value = weighed / expected if expected > 0.0 else 0.0
    waiting *= value
    stays = 1.0 - value * typical
    return value, shares, float(before - first), waiting, shares + waiting / stays if stays > 0.0 else np.inf


@njit(cache=True)
def _all(times, audience, offsets, at, typical, flat, theta, c):
    out = np.empty((offsets.size - 1, 5))
    for k in range(offsets.size - 1):
        out[k] = _one(
            times[offsets[k] : offsets[k + 1]], audience[offsets[k] : offsets[k + 1]], at, typical, flat, theta, c
        )
    return out
