"""Is the story still growing?  Offspring per event over time, blank where too few events stand behind it."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain

__all__ = ["FLOOR", "Reproduction", "reproduction", "serial_weights"]

FLOOR = 12  #: events in a window below which the posterior is mostly its prior; a coefficient of variation near 0.3


@dataclass(frozen=True, slots=True)
class Reproduction:
    """ratios: one estimate per window, value None below the floor of events; first, last: steps of each window (from 0)."""

    first: tuple[int, ...]
    last: tuple[int, ...]
    ratios: tuple[Estimate, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def reproduction(counts, serial, *, window=24, floor=FLOOR, prior_mean=5.0, prior_sd=5.0, level=0.95) -> Reproduction:
    """How many further events does one event bring, window by window?

    counts : (steps,) events per step (hour, day)
    serial : (lags,) share of an event's offspring that comes 0, 1, 2 ... steps later; the first must be 0
    floor  : windows with fewer events are blank: there the method would repeat its prior (mean 5) as if it were news
    Everybody counts as brought by somebody before: where many come by themselves this is an upper bound.
    Method: Cori, Ferguson, Fraser & Cauchemez (2013): gamma posterior under a gamma prior; windows start at the second step.
    """
    counts, serial = np.asarray(counts, float), np.asarray(serial, float)
    if (counts < 0).any() or not np.isfinite(counts).all():
        raise BadInput("Counts must be whole numbers >= 0, one for every step; write 0 where nothing happened.")
    if serial[0] != 0 or (serial < 0).any() or not serial.sum() > 0:
        raise BadInput(
            "The first share of `serial` must be 0 (no event brings another in its own step), the others >= 0."
        )
    if counts.size <= window:
        raise TooFew(f"{counts.size} steps; one window of {window} needs at least {window + 1}.")
    pressure = np.convolve(counts, serial)[: counts.size]
    shape, scale = (prior_mean / prior_sd) ** 2, prior_sd**2 / prior_mean
    first = np.arange(1, counts.size - window + 1)
    events = _sums(counts, first, window)
    a, b = shape + events, 1 / (1 / scale + _sums(pressure, first, window))
    tail = (1 - level) / 2
    low, high = stats.gamma.ppf(tail, a, scale=b), stats.gamma.ppf(1 - tail, a, scale=b)
    how = f"Cori et al. 2013, window of {window} steps"
    ratios = tuple(
        Estimate(a[k] * b[k], std_error=np.sqrt(a[k]) * b[k], low=low[k], high=high[k], level=level, n=events[k], method=how)
        if events[k] >= floor else Estimate(None, n=events[k], level=level, method=how, cautions=(f"fewer than {floor} events",))
        for k in range(first.size)
    )  # fmt: skip
    return Reproduction(tuple(first.tolist()), tuple((first + window - 1).tolist()), ratios)


def serial_weights(half_life, *, tail=None, steps=None):
    """Share of an event's offspring that comes 0, 1, 2 ... steps later, for a kernel with this half-life in steps."""
    steps = steps or int(np.ceil(12 * half_life)) + 2
    u = np.arange(steps + 1, dtype=float)
    if tail is None:
        done = 1 - 0.5 ** (u / half_life)
    else:
        done = 1 - (1 + u * (2 ** (1 / tail) - 1) / half_life) ** -tail
    shares = np.diff(done, prepend=0.0)
    return shares / shares.sum()


def _sums(values, first, window):
    total = np.concatenate([[0.0], np.cumsum(values)])
    return total[first + window] - total[first]
