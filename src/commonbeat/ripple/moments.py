"""When did a story take off, and what had just happened?  What came before is a candidate, never a cause."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from numba import njit

from commonbeat import changes, points
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.ripple.links import links
from commonbeat.ripple.pushes import LARGE

__all__ = ["Burst", "Candidate", "Moments", "Turn", "moments"]

LONGEST = 200  #: events; a burst longer than this is a change of level and is found as such
DRAWS = 499


@dataclass(frozen=True, slots=True)
class Candidate:
    """Something that happened shortly before: why is "large_audience" or "news"; it may have nothing to do with it."""

    event_id: str
    why: str
    seconds_before: float
    audience: int | None
    source: str | None


@dataclass(frozen=True, slots=True)
class Turn:
    """The rate of events changed. seconds since the first event; rates per hour before and after."""

    seconds: float
    rate_before: float
    rate_after: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Burst:
    """More events in a short time than sharing itself explains. expected: by the fitted process; p_value: family-wise."""

    start_seconds: float
    end_seconds: float
    events: int
    expected: float
    p_value: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Moments:
    """turns: changes of the rate; bursts: clusters beyond the fitted process; both keep their false-alarm rate in noise.

    bursts is None where too few events allow no fit.
    """

    turns: tuple[Turn, ...]
    bursts: tuple[Burst, ...] | None
    change: changes.Changes
    step_seconds: float
    false_alarm: float

    def to_dict(self) -> dict:
        return plain(asdict(self))


def moments(events, *, rng, step_seconds=3600.0, before_seconds=3600.0, false_alarm=0.05, until=None) -> Moments:
    """When did the rate of this story change, and which bursts go beyond people answering people?

    events         : one story: frame or mapping with event_id, at, and where known kind, audience, source
    step_seconds   : counts per step are searched for changes; before_seconds: how far back candidates are looked for
    until          : seconds watched since the first event; without it up to the last event
    Turns are judged against a steady rate; sharing clusters, so a turn says "it changed", a burst "more than sharing does".
    """
    table = _timed(events)
    t = table["when"].to_numpy()
    t = t - t[0]
    end = float(until if until is not None else t[-1] + 1e-6)
    t = t[t <= end]
    steps = int(np.ceil(end / step_seconds))
    if steps < changes.LEAST_POINTS:
        raise TooFew(
            f"{end / 3600:.1f} hours make {steps} steps; changes need {changes.LEAST_POINTS}. Take a shorter step_seconds."
        )
    if steps > 20_000:
        raise BadInput(f"{steps:,} steps are too many to search; take a longer step_seconds.")
    # the last step is watched only in part: its exposure is what was watched
    exposure = np.full(steps, 1.0)
    exposure[-1] = max(end / step_seconds - (steps - 1), 1e-9)
    counts = np.bincount(np.minimum((t / step_seconds).astype(int), steps - 1), minlength=steps).astype(float)
    found = changes.changepoints(
        counts, cost="poisson", weights=exposure, false_alarm=false_alarm, rng=rng, draws=199
    )
    hourly = 3600 / step_seconds
    turns = tuple(
        Turn(
            b * step_seconds,
            found.levels[k] * hourly,
            found.levels[k + 1] * hourly,
            _candidates(table, b * step_seconds, before_seconds),
        )
        for k, b in enumerate(found.breaks)
    )
    return Moments(
        turns, _bursts(table, t, end, rng, false_alarm, before_seconds), found, float(step_seconds), false_alarm
    )


def _timed(events):
    from commonbeat.tables import as_polars

    table = as_polars(events)
    if "parent_id" not in table.columns:
        table = table.with_columns(parent_id=pl.lit(None, pl.String))
    found = links(table)
    if found.stories != 1:
        raise (
            BadInput(f"These events belong to {found.stories} stories; moments looks at one.")
            if found.stories
            else TooFew("There is no event in this story yet.")
        )
    if "at" not in found.table.columns or found.table["when"].null_count():
        raise BadInput("Every event needs its time (at) before its moments can be found.")
    return found.table.sort("when", "event_id")


def _candidates(table, at, before):
    """Large audiences and news within the `before` seconds up to a moment."""
    when = table["when"].to_numpy() - table["when"][0]
    near = (when >= at - before) & (when <= at)
    audience = (
        table["audience"].cast(pl.Float64)
        if "audience" in table.columns
        else pl.Series([None] * len(table), dtype=pl.Float64)
    )
    typical = audience.median() or 1.0
    kind = table["kind"].cast(pl.String).to_list() if "kind" in table.columns else [None] * len(table)
    source = table["source"].to_list() if "source" in table.columns else [None] * len(table)
    out = []
    for i in np.flatnonzero(near):
        large = audience[int(i)] is not None and audience[int(i)] >= LARGE * max(typical, 1.0)
        if large or kind[i] == "mention":
            size = None if audience[int(i)] is None else int(audience[int(i)])
            out.append(
                Candidate(
                    str(table["event_id"][int(i)]),
                    "large_audience" if large else "news",
                    float(at - when[i]),
                    size,
                    source[i],
                )
            )
    return tuple(sorted(out, key=lambda c: -(c.audience or 0))[:5])


def _bursts(table, t, end, rng, false_alarm, before):
    """Scan of the time-rescaled gaps: under the fitted process they are exponential with mean 1, whatever the rate did."""
    try:
        fits = [points.fit(t, window=(0.0, end), kernel=k, profile=False, starts=2) for k in points.KERNELS]
    except TooFew:
        return None
    best = min(fits, key=lambda f: -2 * f.log_likelihood + 2 * (f.tail is not None))
    clock = np.cumsum(points.residuals(t, window=(0.0, end), branching_ratio=best.branching_ratio.value, half_life=best.half_life.value,
                                       tail=best.tail, background_rate=best.background_rate.value))  # fmt: skip
    tied = np.diff(t, prepend=-1.0) == 0  # stamps that share a second are one moment to this clock
    marks, size = clock[~tied], np.bincount(np.cumsum(~tied) - 1)
    longest = min(LONGEST, max(marks.size // 2, 3))
    null = np.sort([_scan(np.cumsum(rng.exponential(size=marks.size)), longest)[0] for _ in range(DRAWS)])
    bar = null[int(np.ceil((DRAWS + 1) * (1 - false_alarm))) - 1]
    rows, out, free = np.flatnonzero(~tied), [], np.ones(marks.size, bool)
    for score, i, j in sorted(_windows_above(marks, longest, bar), reverse=True):
        if free[i : j + 1].all():
            free[i : j + 1] = False
            p = (1 + int((null >= score).sum())) / (1 + DRAWS)
            start, stop = t[rows[i]], t[rows[j]]
            out.append(
                Burst(
                    float(start),
                    float(stop),
                    int(size[i : j + 1].sum()),
                    float(marks[j] - marks[i]),
                    p,
                    _candidates(table, start, before),
                )
            )
    return tuple(sorted(out, key=lambda b: b.start_seconds))


@njit(cache=True)
def _scan(clock, longest):
    """Best log likelihood ratio of "faster than one per unit" over all runs of 3 to `longest` gaps, and where."""
    best, a, b = 0.0, 0, 0
    for i in range(clock.size):
        for j in range(i + 3, min(i + longest, clock.size)):
            m, length = j - i, clock[j] - clock[i]
            if length < m:
                score = m * np.log(m / max(length, 1e-12)) - (m - length)
                if score > best:
                    best, a, b = score, i, j
    return best, a, b


@njit(cache=True)
def _windows_above(clock, longest, bar):
    """The best run from each start whose score passes the bar."""
    out = [(0.0, 0, 0)]
    for i in range(clock.size):
        best, at = 0.0, 0
        for j in range(i + 3, min(i + longest, clock.size)):
            m, length = j - i, clock[j] - clock[i]
            if length < m:
                score = m * np.log(m / max(length, 1e-12)) - (m - length)
                if score > best:
                    best, at = score, j
        if best > bar:
            out.append((best, i, at))
    return out[1:]
