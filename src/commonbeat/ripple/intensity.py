"""Does each share call forth others, or do people come by themselves?  Self-exciting fits of one story, in words too."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from numba import njit
from scipy import optimize, special, stats

from commonbeat import points
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.ripple.links import links
from commonbeat.tables import as_polars

__all__ = ["DailyFit", "Intensity", "daily_intensity", "intensity", "is_table", "seconds_of"]

LEAST_DAYS = 21


@dataclass(frozen=True, slots=True)
class Intensity:
    """The better of the kernels tried for one story.

    fit       : points.HawkesFit, times in seconds
    tried     : kernel and Akaike's criterion of each fit, best first
    fit_says  : "fits", "does_not_fit" or "too_few_to_tell": the time-rescaled gaps against the exponential law
    """

    fit: points.HawkesFit
    tried: tuple[tuple[str, float], ...]
    fit_says: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def is_table(events) -> bool:
    """A frame, a mapping or rows, and not plain times?"""
    rows = isinstance(events, (list, tuple)) and len(events) > 0 and isinstance(events[0], Mapping)
    return rows or hasattr(events, "columns") or isinstance(events, Mapping)


def seconds_of(events) -> tuple[np.ndarray, np.ndarray | None]:
    """Times of one story in seconds since its first event, in order, and the audiences beside them (None if any is missing)."""
    table = as_polars(
        events if is_table(events) else {"at": events if isinstance(events, np.ndarray) else list(events)}
    )
    if "event_id" not in table.columns:
        table = table.with_row_index("event_id")
    if "parent_id" not in table.columns:
        table = table.with_columns(parent_id=None)
    found = links(table).table
    if "at" not in found.columns or found["when"].null_count():
        raise BadInput("Every event needs its time (at) for a fit of the intensity.")
    found = found.sort("when", "event_id")
    when = found["when"].to_numpy()
    audience = (
        found["audience"].to_numpy() if "audience" in found.columns and not found["audience"].null_count() else None
    )
    return (when - when[0] if when.size else when), audience


def intensity(
    events,
    *,
    until=None,
    kernels=points.KERNELS,
    background="constant",
    marks=False,
    level=0.95,
    lead=0.0,
    push=None,
    brought=None,
) -> Intensity:
    """How much of this story's spread is people answering people?

    events     : one story: frame or mapping with at (and audience), or plain seconds
    until      : seconds since the first event that were watched; without it up to the last event
    background : "constant" people also come by themselves; "none" everything comes from the first event
    marks      : let an event's pull grow with its audience (+1, so that nobody counts as nothing)
    lead       : seconds the story could be seen before its first event (publication); the watch begins there
    push, brought : seconds since the first event at which a large account sent people, and (events,) by time 1, 0 or nan:
                 was each sent by it? (see `pushes.pushing_account`)
    Raises TooFew under 10 events to explain.
    """
    times, audience = seconds_of(events)
    if until is not None:
        audience = None if audience is None else audience[times <= until]
        brought = None if brought is None else np.asarray(brought, float)[times <= until]
        times = times[times <= until]
    if marks and audience is None:
        raise BadInput("marks=True needs the audience of every event.")
    size = np.asarray(audience, float) + 1 if marks else None
    end = float(until if until is not None else times[-1] if times.size else 0.0)
    options = {"window": (0.0, lead + end), "marks": size, "background": background, "level": level}
    if push is not None:
        options |= {"push": lead + push, "brought": brought}
    fits = {kernel: points.fit(times + lead, kernel=kernel, profile=False, **options) for kernel in kernels}
    cost = {
        k: 2 * (3 + (k == "power_law") + bool(marks) - (background == "none")) - 2 * f.log_likelihood
        for k, f in fits.items()
    }
    best = min(cost, key=cost.get)
    found = points.fit(times + lead, kernel=best, **options)
    says = "too_few_to_tell" if found.fit_ok is None else ("fits" if found.fit_ok else "does_not_fit")
    return Intensity(found, tuple(sorted(cost.items(), key=lambda pair: pair[1])), says)


@dataclass(frozen=True, slots=True)
class DailyFit:
    """A daily series as a process that excites itself from day to day.

    background : counts per day that come by themselves; ratio: later counts per count; half_life in days
    dispersion : variance is mean + mean^2 / dispersion (negative binomial); None when plain Poisson is enough
    verdict    : as in points.HawkesFit
    """

    background: float
    ratio: Estimate
    half_life: float
    dispersion: float | None
    log_likelihood: float
    n: int
    verdict: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def daily_intensity(counts, *, level=0.95) -> DailyFit:
    """How strongly do yesterday's views bring today's?  For daily totals, where no single times are known.

    counts : (days,) whole numbers >= 0, every day of the span; the first day is given
    Mean of a day: background + ratio * sum over lags of (1 - r) r^(lag - 1) * earlier counts; negative binomial.
    Raises TooFew under 21 days.
    """
    y = np.asarray(counts, float)
    if y.ndim != 1 or not np.isfinite(y).all() or (y < 0).any() or (y != np.round(y)).any():
        raise BadInput(
            "Daily counts are whole numbers >= 0, one for every day; fill a missing day or split the series there."
        )
    if y.size < LEAST_DAYS:
        raise TooFew(f"{y.size} days; a daily fit needs {LEAST_DAYS}.")
    bounds = [
        (math.log(1e-6), math.log(y.max() + 2)),
        (math.log(1e-5), math.log(5.0)),
        (-6.0, 6.0),
        (math.log(1e-3), math.log(1e6)),
    ]
    best, top = max(
        (_daily_climb(y, [math.log(y.mean() / 2 + 1e-3), math.log(0.5), r, 1.0], bounds) for r in (-1.0, 1.5)),
        key=lambda p: p[1],
    )
    low, high = (_daily_end(y, best, top, bounds, side, level) for side in (-1, 1))
    ratio = Estimate(
        math.exp(best[1]),
        low=low or 0.0,
        high=high,
        level=level,
        n=y.size,
        method="profile likelihood, negative binomial",
    )
    verdict = (
        "not_identified" if high is None or high >= 1 else ("no_excitation_seen" if low is None else "identified")
    )
    r = 1 / (1 + math.exp(-best[2]))
    dispersion = None if best[3] > math.log(9e5) else math.exp(best[3])
    return DailyFit(math.exp(best[0]), ratio, math.log(0.5) / math.log(r), dispersion, top, y.size, verdict)


@njit(cache=True)
def _daily_means(y, background, ratio, r):
    out, state = np.empty(y.size - 1), y[0]
    for t in range(1, y.size):
        out[t - 1] = background + ratio * state
        state = r * state + (1.0 - r) * y[t]
    return out


def _daily_negative(x, y):
    mean = _daily_means(y, math.exp(x[0]), math.exp(x[1]), 1 / (1 + math.exp(-x[2])))
    k, seen = math.exp(x[3]), y[1:]
    return -float((special.gammaln(seen + k) - special.gammaln(k) - special.gammaln(seen + 1) + k * np.log(k / (k + mean))
                   + seen * np.log(mean / (k + mean))).sum())  # fmt: skip


def _daily_climb(y, x, bounds, fixed=None):
    free = [k for k in range(4) if k != fixed]
    x = np.array(x, float)

    def negative(part):
        x[free] = part
        return _daily_negative(x, y)

    done = optimize.minimize(negative, x[free], method="L-BFGS-B", bounds=[bounds[k] for k in free])
    x[free] = done.x
    return x.copy(), -float(done.fun)


def _daily_end(y, best, top, bounds, side, level):
    drop, wall, near, step = stats.chi2.ppf(level, 1) / 2, bounds[1][side > 0], best[1], 0.1
    warm = best.copy()

    def short(value):
        nonlocal warm
        warm[1] = value
        warm, reached = _daily_climb(y, warm, bounds, fixed=1)
        return reached - top + drop

    while short(far := near + side * min(step, abs(wall - near))) >= 0:
        if abs(far - wall) < 1e-9:
            return None
        near, step = far, step * 1.8
    while abs(far - near) > 1e-3:
        middle = (near + far) / 2
        near, far = (middle, far) if short(middle) >= 0 else (near, middle)
    return math.exp((near + far) / 2)
