"""What do many stories of one town say together?  Branching ratios that lean on each other, and say when they cannot be told.

Without background, the direct offspring seen so far of one story are Poisson with mean ratio * reached, where `reached`
is how much of the offspring of its events was due by now. A gamma law over the stories' ratios is conjugate to that:
its mean is the town's ratio, and each story's ratio leans towards it as far as its own events are few.
Where people also come by themselves (to the town's own page), each story has a rate of its own for that; it is
integrated out under a lognormal law, since fitting one rate for every small story would hide the ratio behind them.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import numpy as np
from scipy import optimize, special, stats

from commonbeat import points
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.ripple import pooling_kernels as kernels

__all__ = ["LEAST_STORIES", "Pooled", "pooled"]

LEAST_STORIES = 5


@dataclass(frozen=True, slots=True)
class Pooled:
    """One kernel for all stories, one ratio for each.

    ratio          : the town's mean branching ratio, profile-likelihood interval
    spread         : standard deviation of the ratio between stories
    half_life, tail: of the common kernel (seconds; tail None for the exponential)
    stories        : (stories,) each one's ratio with its posterior interval
    verdicts       : per story "identified" or "not_identified" (its interval reaches 1)
    verdict        : the same for the town
    prior          : (shape, rate) of the gamma law over stories, for forecasts; None with a background
    With a background all stories share one ratio: `stories` and `verdicts` are empty and spread is None.
    """

    ratio: Estimate
    spread: float | None
    half_life: Estimate
    tail: float | None
    stories: tuple[Estimate, ...]
    verdicts: tuple[str, ...]
    verdict: str | None
    prior: tuple[float, float] | None
    log_likelihood: float
    cautions: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def pooled(stories, *, until, kernel="exponential", background="none", level=0.95, profile=True) -> Pooled:
    """How strongly does one share call forth others in this town, and in each of its stories?

    stories : list of (events,) seconds since each story's own start, its first event at 0
    until   : seconds each story has been watched: one number, or one per story
    background : "none": everything comes from a story's first event; "own": people also come by themselves, at a rate
              that differs from story to story (exponential kernel only; seconds since publication, or since the first
              event, which is then given: a story whose first event stands at exactly 0 is read so)
    profile : False leaves out the town's intervals (for forecasts, which need the fit only); its verdict is then None
    Leave no story out: dropping those that never spread pushes the ratio up. Raises TooFew under 5 stories or 10 shares.
    Method: empirical Bayes, gamma-Poisson; the kernel and the gamma law by maximum marginal likelihood.
    """
    if background not in ("none", "own") or (background == "own" and kernel != "exponential"):
        raise BadInput('background is "none", or "own" with the exponential kernel.')
    if background == "own":
        return _with_background(stories, until, level, profile)
    data, offspring = _prepared(stories, until, kernel)
    bounds = _bounds(data, kernel)
    x, top = _climb(data, offspring, kernel, bounds)
    ratio = half = (None, None)
    if profile:
        ratio, half = (
            _profile(
                lambda start, fixed: _climb(data, offspring, kernel, bounds, start, fixed), bounds, x, top, k, level
            )
            for k in (0, 2)
        )
    shape = math.exp(x[1])
    rate = shape / math.exp(x[0])
    reached = _reached(data, math.exp(x[2]), math.exp(x[3]) if kernel == "power_law" else None)
    own = _posteriors(shape + offspring, rate + reached, offspring, level)
    verdicts = tuple("not_identified" if s.high >= 1 else "identified" for s in own)
    said = (
        []
        if max(data.ends) > 20 * math.exp(x[2])
        else ["The stories were watched for less than 20 half-lives; late shares are missing."]
    )
    town = Estimate(
        math.exp(x[0]),
        low=ratio[0] if ratio[0] or not profile else 0.0,
        high=ratio[1],
        level=level,
        n=len(own),
        method="gamma-Poisson over stories, profile likelihood",
    )
    life = Estimate(
        math.exp(x[2]),
        low=half[0],
        high=half[1],
        level=level,
        n=int(offspring.sum()),
        unit="seconds",
        method="profile likelihood",
    )
    verdict = ("identified" if town.high is not None and town.high < 1 else "not_identified") if profile else None
    tail = math.exp(x[3]) if kernel == "power_law" else None
    return Pooled(town, math.sqrt(shape) / rate, life, tail, own, verdicts, verdict, (shape, rate), top, tuple(said))


def _prepared(stories, until, kernel):
    stories = [np.asarray(s, float) for s in stories]
    if len(stories) < LEAST_STORIES:
        raise TooFew(
            f"{len(stories)} stories; pooling needs {LEAST_STORIES}. With fewer, use one fit and its wide interval."
        )
    ends = np.broadcast_to(np.asarray(until, float), len(stories))
    empty = [k for k, s in enumerate(stories) if not s.size]
    if empty:
        raise BadInput(f"Story number {empty[0]} has no event; its first event, at 0, is what began it.")
    data = points.prepare(stories, np.column_stack([np.zeros(len(stories)), ends]), None, None, kernel, "none")
    offspring = np.diff(data.offsets) - 1.0
    if offspring.sum() < points.LEAST_EVENTS:
        raise TooFew(f"{int(offspring.sum())} shares in all stories together; pooling needs {points.LEAST_EVENTS}.")
    return data, offspring


def _bounds(data, kernel):
    shortest, longest = points.shortest_gap(data.times, data.ends), float(max(data.ends))
    return [(math.log(1e-4), math.log(20.0)), (math.log(0.05), math.log(1e4)), (math.log(shortest / 4), math.log(10 * longest)),
            *([(math.log(0.05), math.log(5.0))] if kernel == "power_law" else [])]  # fmt: skip


def _reached(data, half_life, tail):
    """(stories,) share of offspring due by now, summed over each story's events."""
    left = np.repeat(data.ends, np.diff(data.offsets)) - data.times
    due = (
        1 - 0.5 ** (left / half_life) if tail is None else 1 - (1 + left * (2 ** (1 / tail) - 1) / half_life) ** -tail
    )
    return np.add.reduceat(due, data.offsets[:-1])


def _negative(x, data, offspring, kernel):
    mean, shape, half = math.exp(x[0]), math.exp(x[1]), math.exp(x[2])
    tail = math.exp(x[3]) if kernel == "power_law" else None
    reached = _reached(data, half, tail)
    y = points.vector(data, ratio=1.0, half_life=half, tail=tail)
    timing = points.value(data, y)[0] + reached.sum()  # what the kernel alone says about when offspring came
    rate = shape / mean
    counts = (shape * math.log(rate) - special.gammaln(shape) + special.gammaln(shape + offspring)
              - (shape + offspring) * np.log(rate + reached)).sum()  # fmt: skip
    return -(timing + counts)


def _climb(data, offspring, kernel, bounds, start=None, fixed=None):
    if start is None:
        mean = offspring.sum() / (offspring + 1).sum()
        half = np.median(data.times[data.times > 0]) if (data.times > 0).any() else 1.0
        start = np.array([math.log(mean), math.log(4.0), math.log(half), math.log(0.7)][: len(bounds)])
    return _uphill(lambda x: _negative(x, data, offspring, kernel), start, bounds, fixed)


def _uphill(negative, start, bounds, fixed):
    """Minimum of `negative` from one start; `fixed` = (position, value) holds one parameter still."""
    free = [k for k in range(len(bounds)) if fixed is None or k != fixed[0]]
    x = np.clip(start, [b[0] for b in bounds], [b[1] for b in bounds]).astype(float)
    if fixed is not None:
        x[fixed[0]] = fixed[1]

    def part(values):
        x[free] = values
        return negative(x)

    done = optimize.minimize(
        part, x[free], method="L-BFGS-B", bounds=[bounds[k] for k in free], options={"maxiter": 200, "ftol": 1e-10}
    )
    x[free] = done.x
    return x.copy(), -float(done.fun)


def _profile(climb, bounds, x, top, k, level):
    drop, ends = stats.chi2.ppf(level, 1) / 2, []
    for side, wall in zip((-1, 1), bounds[k]):
        near, step, warm = x[k], 0.1, x
        while True:
            far = near + side * min(step, abs(wall - near))
            warm, reached = climb(warm, (k, far))
            if reached < top - drop or abs(far - wall) < 1e-9:
                break
            near, step = far, step * 1.8
        if reached >= top - drop:
            ends.append(None)
            continue
        while abs(far - near) > 5e-3:
            middle = (near + far) / 2
            warm, reached = climb(warm, (k, middle))
            near, far = (near, middle) if reached < top - drop else (middle, far)
        ends.append(math.exp((near + far) / 2))
    return tuple(ends)


def _posteriors(shape, rate, n, level):
    low, high = (special.gammaincinv(shape, q) / rate for q in ((1 - level) / 2, (1 + level) / 2))
    how = "posterior under the town's gamma law"
    return tuple(
        Estimate(a / b, low=x, high=y, level=level, n=k, method=how)
        for a, b, x, y, k in zip(shape, rate, low, high, n)
    )


def _with_background(stories, until, level, profile) -> Pooled:
    """One ratio and kernel for all, log background rates Normal over stories: x = log ratio, log half-life, centre, log spread."""
    stories = [np.asarray(s, float) for s in stories]
    events = sum(s.size for s in stories)
    if len(stories) < LEAST_STORIES or events < points.LEAST_EVENTS:
        raise TooFew(
            f"{len(stories)} stories with {events} events; pooling needs {LEAST_STORIES} stories and {points.LEAST_EVENTS} events."
        )
    ends = np.broadcast_to(np.asarray(until, float), len(stories)).astype(float)
    data = points.prepare(
        stories, np.column_stack([np.zeros(len(stories)), ends]), None, None, "exponential", "constant"
    )
    skip = int(all(s.size and s.min() == 0 for s in stories))
    nodes, weights = np.polynomial.hermite.hermgauss(15)
    shortest, longest = points.shortest_gap(data.times, data.ends), float(ends.max())
    bounds = [(math.log(1e-6), math.log(20.0)), (math.log(shortest / 4), math.log(10 * longest)),
              (math.log(0.01 / longest), math.log(10 * events / ends.min())), (math.log(0.02), math.log(6.0))]  # fmt: skip

    def negative(x):
        return -kernels.marginal(
            data.times,
            data.offsets,
            data.ends,
            math.exp(x[0]),
            math.log(2) / math.exp(x[1]),
            x[2],
            math.exp(x[3]),
            nodes,
            weights,
            skip,
        )

    rates = np.log((np.diff(data.offsets) + 0.5) / ends / 2)
    starts = [
        np.array([math.log(0.5), math.log(longest * f), rates.mean(), math.log(max(rates.std(), 0.3))])
        for f in (0.003, 0.03)
    ]
    x, top = max((_uphill(negative, s, bounds, None) for s in starts), key=lambda pair: pair[1])
    ratio = half = (None, None)
    if profile:
        ratio, half = (
            _profile(lambda start, fixed: _uphill(negative, start, bounds, fixed), bounds, x, top, k, level)
            for k in (0, 1)
        )
    how = "own background of each story integrated out, profile likelihood"
    low = ratio[0] if ratio[0] or not profile else 0.0
    town = Estimate(math.exp(x[0]), low=low, high=ratio[1], level=level, n=len(stories), method=how)
    life = Estimate(math.exp(x[1]), low=half[0], high=half[1], level=level, n=events, unit="seconds", method=how)
    verdict = None
    if profile:
        verdict = (
            "not_identified"
            if town.high is None or town.high >= 1
            else ("no_excitation_seen" if ratio[0] is None else "identified")
        )
    return Pooled(town, None, life, None, (), (), verdict, None, top, ())
