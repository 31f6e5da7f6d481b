"""How large will this story become?  A simple rule learned from past stories, two models, and the one that proved best.

Every method is made honest in the same way: its errors on past stories, each judged without itself, become the
interval. The method with the best mean log score on those stories is used and named; the others stay in the table.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from commonbeat import stats as exact
from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.estimate import Estimate, plain
from commonbeat.ripple import seismic
from commonbeat.ripple.intensity import is_table, seconds_of
from commonbeat.ripple.pooling import LEAST_STORIES, pooled

__all__ = ["Forecast", "Score", "Story", "forecast", "scores"]

LEAST_SEEN = 5  #: events before which every forecast is "too early"
LEAST_PAST = 20  #: past stories of that size at that age, for an interval of 80 % from their errors
FOLDS = 5
WORST = math.log(1e-3)  #: log score of a story for which a method had no finite forecast


@dataclass(frozen=True, slots=True)
class Story:
    """times: (events,) seconds since its first event; audience: (events,) or None."""

    times: np.ndarray
    audience: np.ndarray | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One method on held-back stories: coverage and width (high / low, median) of its intervals, median absolute
    percentage error, rank correlation with the truth, mean log score (of the log size), stories without a forecast."""

    method: str
    n: int
    coverage: Estimate
    width: float | None
    median_ape: float | None
    spearman: float | None
    log_score: float | None
    without: int

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Forecast:
    """verdict    : "forecast", "too_early", "no_past" (nothing to learn an interval from) or "supercritical"
    total      : final number of events with its interval; value None unless the verdict is "forecast"
    method     : the method used, by held-out log score
    age, seen  : seconds since the first event, events so far
    scores     : every method on the past stories
    uncalibrated : bare model forecasts by name (None: no finite one), shown where there is no past to judge them by
    """

    verdict: str
    total: Estimate
    method: str | None
    age: float
    seen: int
    scores: tuple[Score, ...]
    uncalibrated: dict
    cautions: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        return plain(asdict(self))


def forecast(story, *, at, past=(), level=0.8, typical_audience=100.0) -> Forecast:
    """How many events will this story have in the end?

    story : Story, a table of its events, or (events,) seconds since its first event; later events than `at` are not looked at
    at    : seconds since the first event that have been watched
    past  : finished stories of the same kind, as Story or seconds; all of them, also those that stayed small
    level : of the interval, from the errors on past stories (conformal)
    """
    story, past = _story(story), [_story(s) for s in past]
    seen = int((story.times <= at).sum())
    bare = {"seismic": _seismic([story], at, typical_audience)[0]}
    if seen < LEAST_SEEN:
        return _no("too_early", at, seen, bare, f"{seen} events so far; a forecast needs {LEAST_SEEN}.")
    usable = [s for s in past if (s.times <= at).sum() >= LEAST_SEEN]
    if len(usable) < LEAST_PAST:
        return _no(
            "no_past",
            at,
            seen,
            bare,
            f"{len(usable)} past stories had {LEAST_SEEN} events at this age; {LEAST_PAST} are needed to know how wrong a forecast is.",
        )
    finals, points = _held_out(usable, past, at, typical_audience)
    table = tuple(_score(name, finals, predicted, level) for name, predicted in points.items())
    mine = {"loglinear": float(seen), **_models(story, past, at, typical_audience)}
    finite = [s for s in table if s.method in mine and mine[s.method] is not None and s.log_score is not None]
    if mine.get("pooled") is None and "pooled" in points and points["pooled"] is not None:
        best_all = max(table, key=lambda s: s.log_score if s.log_score is not None else -math.inf)
        if best_all.method == "pooled":
            return _no(
                "supercritical",
                at,
                seen,
                mine,
                "By the best of the methods this story still grows faster than it fades: no finite forecast.",
                table,
            )
    best = max(finite, key=lambda s: s.log_score)  # type: ignore[return-value]  # finite ones have a score
    low, centre, high = _conformal(_errors(finals, points[best.method]), level)
    value = mine[best.method]
    how = f"{best.method}, calibrated on {best.n} past stories (conformal)"
    total = Estimate(
        max(seen, value * math.exp(centre)),
        low=max(seen, value * math.exp(low)),
        high=value * math.exp(high),
        level=level,
        n=best.n,
        method=how,
    )
    return Forecast(
        "forecast", total, best.method, float(at), seen, table, {k: v for k, v in mine.items() if k != "loglinear"}
    )


def scores(past, *, at, level=0.8, typical_audience=100.0) -> tuple[Score, ...]:
    """How good is each method on these finished stories, at this age?  Each story judged without itself."""
    past = [_story(s) for s in past]
    usable = [s for s in past if (s.times <= at).sum() >= LEAST_SEEN]
    if len(usable) < LEAST_PAST:
        raise BadInput(f"{len(usable)} stories had {LEAST_SEEN} events at this age; {LEAST_PAST} are needed.")
    finals, points = _held_out(usable, past, at, typical_audience)
    return tuple(_score(name, finals, predicted, level) for name, predicted in points.items())


def _story(thing) -> Story:
    if not isinstance(thing, Story):
        thing = Story(*seconds_of(thing)) if is_table(thing) else Story(np.asarray(thing, float))
    order = np.argsort(thing.times, kind="stable")
    if thing.times.size and (thing.times[order[0]] < 0 or not np.isfinite(thing.times).all()):
        raise BadInput("A story's times are seconds since its first event: finite, 0 or more.")
    return Story(thing.times[order], None if thing.audience is None else np.asarray(thing.audience, float)[order])


def _no(verdict, at, seen, bare, why, table=()) -> Forecast:
    bare = {k: v for k, v in bare.items() if k != "loglinear"}
    return Forecast(
        verdict,
        Estimate(None, n=seen, method="no forecast", cautions=(why,)),
        None,
        float(at),
        seen,
        table,
        bare,
        (why,),
    )


# --- the methods: what each would have said about a story at this age ------------------------------------------


def _models(story, past, at, typical):
    out = {}
    if (value := _seismic([story], at, typical)[0]) is not None:
        out["seismic"] = value
    found = _pool(past, at)
    if found is not None:
        out["pooled"] = _pooled(found, story, at)
    return out


def _held_out(usable, past, at, typical):
    """(finals, {method: (stories,) forecast or nan}); the pooled fit never sees the fold it is judged on."""
    finals = np.array([s.times.size for s in usable], float)
    points = {"persistence": np.array([(s.times <= at).sum() for s in usable], float)}
    points["loglinear"] = points[
        "persistence"
    ]  # the same number; its errors carry the growth that is usual at this age
    if all(s.audience is not None for s in usable):
        points["seismic"] = np.array([v if v is not None else math.nan for v in _seismic(usable, at, typical)])
    fold = np.arange(len(usable)) % FOLDS
    own = {id(s): k for k, s in zip(fold, usable)}
    guesses = np.full(len(usable), math.nan)
    for k in range(FOLDS):
        found = _pool([s for s in past if own.get(id(s)) != k], at)
        for i in np.flatnonzero(fold == k) if found is not None else ():
            value = _pooled(found, usable[i], at)
            guesses[i] = math.nan if value is None else value
    if np.isfinite(guesses).any():
        points["pooled"] = guesses
    return finals, points


def _seismic(stories, at, typical):
    out = []
    for s in stories:
        if s.audience is None:
            out.append(None)
            continue
        value = 1 + seismic.infectiousness(s.times, s.audience, at, typical_audience=typical).predicted[0]
        out.append(float(value) if math.isfinite(value) else None)
    return out


def _pool(past, at):
    if len(past) < LEAST_STORIES:
        return None
    try:
        return pooled([s.times[s.times <= at] for s in past], until=at, profile=False)
    except CommonbeatError:
        return None


def _pooled(found, story, at):
    """Events so far, and the trees of those still due; None when the ratio is likelier above 1 than well below it."""
    t = story.times[story.times <= at]
    due = 0.5 ** ((at - t) / found.half_life.value)
    shape, rate = found.prior[0] + t.size - 1, found.prior[1] + (1 - due).sum()
    ratio = shape / rate
    if stats.gamma.sf(1.0, shape, scale=1 / rate) > 0.2:
        return None
    return float(t.size + ratio * due.sum() / (1 - ratio))


# --- judged by their errors --------------------------------------------------------------------------------------


def _errors(finals, predicted):
    return np.log(finals[np.isfinite(predicted)] / predicted[np.isfinite(predicted)])


def _conformal(errors, level):
    """(low, median, high) of a new story's error, with the finite-sample ranks that make the level hold."""
    e, n = np.sort(errors), errors.size
    k = math.floor((n + 1) * (1 - level) / 2)
    low = e[k - 1] if k >= 1 else -math.inf
    high = e[n - k] if k >= 1 else math.inf
    return float(low), float(np.median(e)), float(high)


def _score(name, finals, predicted, level) -> Score:
    known = np.isfinite(predicted)
    truth, guess, logs, inside, width, values = finals[known], predicted[known], [], 0, [], []
    errors = np.log(truth / guess)
    for i in range(errors.size):
        others = np.delete(errors, i)
        centre, spread = others.mean(), max(others.std(ddof=1), 1e-3) * math.sqrt(1 + 1 / others.size)
        if name == "persistence":  # it claims to know: what it says is what is there, give or take the usual error
            centre, spread = 0.0, max(math.sqrt((others**2).mean()), 1e-3)
        logs.append(stats.t.logpdf(errors[i], others.size - 1, centre, spread))
        low, middle, high = _conformal(others, level)
        inside += low <= errors[i] <= high
        width.append(math.exp(high - low))
        values.append(guess[i] * (1.0 if name == "persistence" else math.exp(middle)))
    low, high = (float(b) for b in exact.clopper_pearson(inside, errors.size))
    coverage = Estimate(inside / max(errors.size, 1), low=low, high=high, n=errors.size, method="Clopper-Pearson")
    if errors.size < 3:
        return Score(name, errors.size, coverage, None, None, None, None, int((~known).sum()))
    ape = np.abs(np.array(values) / truth - 1)
    missing = int((~known).sum())
    log_score = (sum(logs) + missing * WORST) / finals.size
    spearman = stats.spearmanr(values, truth).statistic if np.ptp(truth) > 0 and np.ptp(values) > 0 else None
    return Score(
        name,
        errors.size,
        coverage,
        float(np.median(width)),
        float(np.median(ape)),
        spearman and float(spearman),
        float(log_score),
        missing,
    )
