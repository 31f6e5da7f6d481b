"""How strongly does one event call forth others, and for how long?  Maximum likelihood, intervals, a verdict."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

import numpy as np

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.points.checking import against_exponential, tie_caution
from commonbeat.points.climbing import PROFILE_UP_TO, bounds_of, climb, head, intervals, maximise
from commonbeat.points.histories import LEAST_EVENTS, prepare
from commonbeat.points.likelihood import parts_of, rescaled, sent_by_push

__all__ = ["HawkesFit", "Push", "fit"]

CHECKED = 1_000_000  #: events whose gaps are checked; of a longer history the beginning says enough


@dataclass(frozen=True, slots=True)
class Push:
    """Something outside sent people: at (time), how many events it brought by itself, with interval, and their half-life.

    pull : how strongly those it is recorded to have sent call forth others, next to the rest (1 alike); None if none is recorded
    """

    at: float
    brought: Estimate
    half_life: Estimate
    pull: float | None


@dataclass(frozen=True, slots=True)
class HawkesFit:
    """What a fit found, and whether it may be believed.

    background_rate, branching_ratio, half_life : estimates with profile-likelihood intervals (events per unit of time, 1, time)
    tail          : theta of the power law, None for the exponential
    mark_exponent : how an event's pull grows with its mark (0 not at all, 1 in proportion); None without marks
    log_likelihood, poisson_log_likelihood : of this fit, and of the background alone (None without background)
    fit_ok, ks, ks_p : time-rescaled gaps against the exponential law (Kolmogorov-Smirnov); parameters were fitted on
                       the same events, so the p-value is on the large side and only a small one says something
    verdict       : "identified", "no_excitation_seen" (interval reaches 0) or "not_identified" (reaches 1, or a bound)
    push          : what an outside push brought, where one was given
    """

    kernel: str
    background: str
    background_rate: Estimate
    branching_ratio: Estimate
    half_life: Estimate
    tail: float | None
    mark_exponent: float | None
    log_likelihood: float
    poisson_log_likelihood: float | None
    n: int
    sequences: int
    duration: float
    ks: float | None
    ks_p: float | None
    fit_ok: bool | None
    verdict: str
    cautions: tuple[str, ...] = ()
    push: Push | None = None

    def to_dict(self) -> dict:
        return plain(asdict(self))


def fit(
    times,
    *,
    window=None,
    marks=None,
    mark_exponent=None,
    kernel="exponential",
    background="constant",
    share=None,
    starts=4,
    level=0.95,
    profile=True,
    push=None,
    brought=None,
):
    """How strongly does one event call forth others, and for how long?  -> HawkesFit

    times         : (events,) in any unit and order, or a list of such arrays: realisations that share their parameters
    window        : (start, end) of observation, or one per sequence; without it from the first event to the last
    marks         : like `times`, >= 0: how large each event is (audience); the pull is mark^exponent over its mean
    mark_exponent : fixed exponent; None fits it
    kernel        : "exponential" or "power_law"
    background    : "constant", "none" (the first event of each sequence is given), or rates of equal bins over the window
    push, brought : when a large account or the like began to send people, and (events,) 1 for events recorded as sent by
                    it, 0 for others, nan where nobody knows; they get a wait and a pull of their own. One sequence,
                    constant background, no marks
    share         : one number per sequence: how much of the background is its own (busy and quiet areas); None: all alike
    profile       : False leaves the intervals out, for comparing kernels; the verdict is then "no_interval"
    Raises TooFew under 10 explained events, BadInput for times outside the window, not finite, or negative marks.
    Method: maximum likelihood, analytic gradient, several starts; profile-likelihood intervals (from the curvature above 200,000 events).
    """
    data = prepare(times, window, marks, mark_exponent, kernel, background, share)
    if data.explained < LEAST_EVENTS:
        raise TooFew(
            f"{data.explained} events to explain; a self-exciting fit needs {LEAST_EVENTS}. Pool more stories or wait."
        )
    if push is not None:
        data = _pushed(data, times, window, marks, push, brought)
    best, top = maximise(data, starts)
    if data.brought is not None and (unknown := np.isnan(brought)[np.argsort(times, kind="stable")]).any():
        data, best, top = _shared_out(data, best, unknown)
    if not profile:
        return _report(data, best, top, {name: (None, None) for name in data.names}, level, verdict="no_interval")
    for _ in range(5):  # a profile may climb onto a higher hill than the starts found: then begin again from there
        asked = [name for name in data.names if name not in ("tail", "exponent", "push_pull")]
        found = intervals(data, best, top, asked, level)
        higher = max((end for pair in found.values() for end in pair), key=lambda end: end.top)
        if higher.top <= top + 1e-4:
            break
        best, top = climb(data, higher.at, bounds_of(data))
    return _report(data, best, top, {name: (a.value, b.value) for name, (a, b) in found.items()}, level)


def _report(data, best, top, intervals, level, verdict=None) -> HawkesFit:
    mu, n, half, tail, exponent = parts_of(data, best)
    exponent = exponent if data.push is None else None
    how = "profile likelihood" if data.times.size <= PROFILE_UP_TO else "curvature of the likelihood"
    events = int(data.explained)
    ratio_low, ratio_high = intervals["ratio"]
    ratio = Estimate(n, low=None if verdict else ratio_low or 0.0, high=ratio_high, level=level, n=events, method=how)
    life = Estimate(
        half, low=intervals["half_life"][0], high=intervals["half_life"][1], level=level, n=events, method=how
    )
    rate = Estimate(0.0 if data.background == "none" else mu, level=level, n=events, method="given as none")
    if data.background != "none":
        low, high = intervals["background"]
        rate = Estimate(mu, low=0.0 if low is None else low, high=high, level=level, n=events, method=how)
    verdict, cautions = _verdict(ratio, life, ratio_low) if verdict is None else (verdict, ())
    ks, ks_p = against_exponential(rescaled(head(data, CHECKED), best))
    cautions += tie_caution(data)
    return HawkesFit(
        data.kernel, data.background, rate, ratio, life, tail, exponent if data.log_marks is not None else None, top,
        _poisson(data), events, data.ends.size, float(data.ends.sum()), ks, ks_p, None if ks_p is None else ks_p >= 0.05,
        verdict, cautions, None if data.push is None else _push_of(data, best, intervals, level, how),
    )  # fmt: skip


def _pushed(data, times, window, marks, push, brought):
    if data.ends.size != 1 or data.background != "constant" or marks is not None:
        raise BadInput("A push is fitted in one sequence, with a constant background and without marks.")
    start = float(window[0]) if window is not None else float(np.min(times))
    if not 0 < push - start < data.ends[0]:
        raise BadInput(f"The push at {push:g} is not inside the window.")
    if brought is None:
        return replace(data, push=float(push - start))
    chance = np.asarray(brought, float)
    if chance.shape != np.shape(times) or not ((chance >= 0) & (chance <= 1) | np.isnan(chance)).all():
        raise BadInput("brought needs 1, 0 or nan for every event.")
    chance = np.where(np.isnan(chance), 0.0, chance)[np.argsort(times, kind="stable")]
    return replace(data, push=float(push - start), brought=chance)


def _shared_out(data, best, unknown, rounds=8):
    """Events of which nobody knows who sent them are shared out by chance under the fit, until that changes nothing."""
    for _ in range(rounds):
        chance = np.where(unknown, sent_by_push(data, best), data.brought)
        moved = np.abs(chance - data.brought).max()
        data = replace(data, brought=chance)
        best, top = climb(data, best, bounds_of(data))
        if moved < 0.01:
            break
    return data, best, top


def _push_of(data, best, intervals, level, how):
    named = {name: math.exp(v) for name, v in zip(data.names, best)}
    size, life = (
        Estimate(named[name], low=intervals.get(name, (None, None))[0], high=intervals.get(name, (None, None))[1],
                 level=level, n=int(data.times.size), method=how)
        for name in ("push_size", "push_half_life")
    )  # fmt: skip
    return Push(data.push, size, life, named.get("push_pull"))


def _verdict(ratio, life, ratio_low):
    if ratio.high is None or ratio.high >= 1:
        return "not_identified", (
            "The interval of the branching ratio reaches 1: these events do not say how large it is.",
        )
    if ratio_low is None:
        return "no_excitation_seen", (
            "The interval of the branching ratio reaches 0: a plain background explains the events.",
        )
    if not life.known:
        return "not_identified", ("The half-life runs into a bound: the events do not say how long the pull lasts.",)
    return "identified", ()


def _poisson(data):
    if data.background == "none":
        return None
    rate = data.times.size / max(data.shape_total, 1e-300)
    logs = np.log(np.maximum(data.shape, 1e-300)).sum() if data.shape.size else 0.0
    return float(data.times.size * math.log(rate) + logs - data.times.size)
