"""Events of known parameters, with their parents."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from commonbeat.errors import BadInput

__all__ = ["Simulated", "simulate"]


@dataclass(frozen=True, slots=True)
class Simulated:
    """times (events,) sorted; parent (events,) position of the event that called this one forth, -1 background;
    sequence (events,) which realisation; marks (events,) or None."""

    times: np.ndarray
    parent: np.ndarray
    sequence: np.ndarray
    marks: np.ndarray | None


def simulate(
    rng,
    *,
    branching_ratio,
    half_life,
    window,
    tail=None,
    background_rate=None,
    sequences=1,
    marks: Callable | None = None,
    mark_exponent=1.0,
    at_most=5_000_000,
):
    """Events of known parameters, with their parents  -> Simulated

    background_rate : arrivals per unit of time; None starts each sequence with one event at the start of the window
    marks           : `marks(rng, k)` draws k marks; an event's expected offspring is branching_ratio * mark^exponent / its mean
    Raises BadInput when more than `at_most` events appear (a ratio of 1 or more over a long window).
    Method: generation by generation (Hawkes & Oakes 1974), exact for any kernel.
    """
    start, end = float(window[0]), float(window[1])
    if background_rate is None:
        sequence, now = np.arange(sequences), np.full(sequences, start)
    else:
        counts = rng.poisson(background_rate * (end - start), sequences)
        sequence, now = np.repeat(np.arange(sequences), counts), rng.uniform(start, end, counts.sum())
    scale = 1.0 if marks is None else float(np.mean(marks(rng, 200_000) ** mark_exponent))
    parts, born, up = [], 0, np.full(now.size, -1)
    while now.size:
        size = None if marks is None else np.asarray(marks(rng, now.size), float)
        parts.append((now, up, sequence, size))
        pull = branching_ratio * (np.ones(now.size) if size is None else size**mark_exponent / scale)
        children = rng.poisson(pull)
        if born + now.size + children.sum() > at_most:
            raise BadInput(
                f"More than {at_most:,} events: with branching ratio {branching_ratio} the window is too long."
            )
        up = np.repeat(born + np.arange(now.size), children)
        born += now.size
        later, sequence = (
            np.repeat(now, children) + _delays(rng, children.sum(), half_life, tail),
            np.repeat(sequence, children),
        )
        inside = later <= end
        now, up, sequence = later[inside], up[inside], sequence[inside]
    return _sorted(parts)


def _sorted(parts) -> Simulated:
    if not parts:
        none = np.zeros(0, int)
        return Simulated(np.zeros(0), none, none, None)
    times, up, sequence = (np.concatenate([p[k] for p in parts]) for k in range(3))
    marks = None if parts[0][3] is None else np.concatenate([p[3] for p in parts])
    order = np.lexsort((times, sequence))
    place = np.empty(order.size, int)
    place[order] = np.arange(order.size)
    up = up[order]
    parent = np.where(up < 0, -1, place[np.maximum(up, 0)])
    return Simulated(times[order], parent, sequence[order], None if marks is None else marks[order])


def _delays(rng, count, half_life, tail):
    if tail is None:
        return rng.exponential(half_life / math.log(2), count)
    c = half_life / (2 ** (1 / tail) - 1)
    return c * (rng.random(count) ** (-1 / tail) - 1)
