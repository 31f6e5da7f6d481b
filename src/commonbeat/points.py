"""Does one event call forth others?  Self-exciting (Hawkes) processes: fit, intervals, check of fit, simulation.

The intensity is background * shape(t) + sum over earlier events of branching_ratio * w * g(t - t_j), with g a density:
exponential, or power law theta c^theta (t + c)^-(1 + theta). The branching ratio is the mean number of direct
offspring of one event. Events at equal times do not excite each other; without background the first event of a
sequence is given, not explained. Method: Hawkes (1971), recursion of Ozaki (1979), time rescaling of Ogata (1988).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from scipy import optimize, special, stats

from commonbeat import point_kernels
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain

__all__ = [
    "KERNELS",
    "LEAST_EVENTS",
    "HawkesFit",
    "Simulated",
    "bootstrap",
    "fit",
    "log_likelihood",
    "prepare",
    "residuals",
    "shortest_gap",
    "simulate",
    "value",
    "vector",
]

KERNELS = ("exponential", "power_law")
LEAST_EVENTS = 10  #: explained events below which no fit is tried
LARGEST_RATIO = 50.0
CHECKED = 1_000_000  #: events whose gaps are checked; of a longer history the beginning says enough
PROFILE_UP_TO = (
    2_000_000  #: above this many events the curvature gives the interval, since profiling would take minutes
)


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

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Simulated:
    """times (events,) sorted; parent (events,) position of the event that called this one forth, -1 background;
    sequence (events,) which realisation; marks (events,) or None."""

    times: np.ndarray
    parent: np.ndarray
    sequence: np.ndarray
    marks: np.ndarray | None


@dataclass(frozen=True, slots=True)
class _Data:
    times: np.ndarray  # each sequence from its own zero
    offsets: np.ndarray
    ends: np.ndarray
    log_marks: np.ndarray | None
    shape: np.ndarray
    passed: np.ndarray  # background shape integrated to each event
    shape_total: float
    kernel: str
    background: str
    nodes: np.ndarray
    exponent: float | None  # None: to be fitted

    @property
    def explained(self) -> int:
        return self.times.size - (np.diff(self.offsets) > 0).sum() * (self.background == "none")

    @property
    def names(self) -> tuple[str, ...]:
        names = [] if self.background == "none" else ["background"]
        names += ["ratio", "half_life"]
        names += ["tail"] * (self.kernel == "power_law")
        names += ["exponent"] * (self.log_marks is not None and self.exponent is None)
        return tuple(names)


def fit(
    times,
    *,
    window=None,
    marks=None,
    mark_exponent=None,
    kernel="exponential",
    background="constant",
    starts=4,
    level=0.95,
    profile=True,
):
    """How strongly does one event call forth others, and for how long?  -> HawkesFit

    times         : (events,) in any unit and order, or a list of such arrays: realisations that share their parameters
    window        : (start, end) of observation, or one per sequence; without it from the first event to the last
    marks         : like `times`, >= 0: how large each event is (audience); the pull is mark^exponent over its mean
    mark_exponent : fixed exponent; None fits it
    kernel        : "exponential" or "power_law"
    background    : "constant", "none" (the first event of each sequence is given), or rates of equal bins over the window
    profile       : False leaves the intervals out, for comparing kernels; the verdict is then "no_interval"
    Raises TooFew under 10 explained events, BadInput for times outside the window, not finite, or negative marks.
    Method: maximum likelihood, analytic gradient, several starts; profile-likelihood intervals (Wald above 2 million events).
    """
    data = prepare(times, window, marks, mark_exponent, kernel, background)
    if data.explained < LEAST_EVENTS:
        raise TooFew(
            f"{data.explained} events to explain; a self-exciting fit needs {LEAST_EVENTS}. Pool more stories or wait."
        )
    best, top = _maximise(data, starts)
    if not profile:
        return _report(data, best, top, {name: (None, None) for name in data.names}, level, verdict="no_interval")
    for _ in range(5):  # a profile may climb onto a higher hill than the starts found: then begin again from there
        found = {
            name: _interval(data, best, top, data.names.index(name), level)
            for name in data.names
            if name not in ("tail", "exponent")
        }
        higher = max((end for pair in found.values() for end in pair), key=lambda end: end.top)
        if higher.top <= top + 1e-4:
            break
        best, top = _climb(data, higher.at, _bounds(data))
    return _report(data, best, top, {name: (a.value, b.value) for name, (a, b) in found.items()}, level)


def log_likelihood(
    times,
    *,
    branching_ratio,
    half_life,
    tail=None,
    background_rate=0.0,
    window=None,
    marks=None,
    mark_exponent=1.0,
    background=None,
):
    """How probable are these events under fixed parameters?  -> log-likelihood (density of times, natural logarithm).

    A `tail` makes the kernel a power law. `background` is as in `fit`; without a rate it is "none".
    """
    kernel = "exponential" if tail is None else "power_law"
    background = background if background is not None else ("constant" if background_rate > 0 else "none")
    data = prepare(times, window, marks, mark_exponent if marks is not None else None, kernel, background)
    x = vector(data, background=background_rate, ratio=branching_ratio, half_life=half_life, tail=tail)
    return value(data, x)[0]


def residuals(
    times, *, branching_ratio, half_life, tail=None, background_rate=0.0, window=None, marks=None, mark_exponent=1.0
):
    """Which gaps remain once the clock runs at the fitted speed?  -> (gaps,), exponential with mean 1 if the model holds."""
    kernel, background = (
        ("exponential" if tail is None else "power_law"),
        ("constant" if background_rate > 0 else "none"),
    )
    data = prepare(times, window, marks, mark_exponent if marks is not None else None, kernel, background)
    return _rescaled(
        data, vector(data, background=background_rate, ratio=branching_ratio, half_life=half_life, tail=tail)
    )


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


def bootstrap(found: HawkesFit, *, rng, draws=200, level=0.95) -> Estimate:
    """Between which branching ratios do refits fall, if the fit were true?  -> the ratio with its bootstrap interval

    Parametric: new histories of the same length are drawn from the fit and fitted again; the interval is the basic one on
    the logarithm. Needs one sequence, constant background or none, no marks; refits without enough events are left out.
    """
    if found.sequences != 1 or found.background == "given" or found.mark_exponent is not None:
        raise BadInput("The bootstrap takes one sequence without marks, with a constant background or none.")
    if found.branching_ratio.value >= 1:
        raise BadInput(
            "A branching ratio of 1 or more has no finite histories to draw from; use the profile interval."
        )
    truth = {"branching_ratio": found.branching_ratio.value, "half_life": found.half_life.value, "tail": found.tail}
    rate = None if found.background == "none" else found.background_rate.value
    again = []
    for _ in range(draws):
        t = simulate(rng, window=(0, found.duration), background_rate=rate, **truth).times
        if t.size - (rate is None) >= LEAST_EVENTS:
            options = {"kernel": found.kernel, "background": found.background, "window": (0, found.duration)}
            again.append(fit(t, starts=1, profile=False, **options).branching_ratio.value)
    if len(again) < draws / 2:
        raise TooFew(f"Only {len(again)} of {draws} histories had enough events to fit; these events say too little.")
    low, high = np.quantile(np.log(again), [(1 - level) / 2, (1 + level) / 2])
    centre = found.branching_ratio.value
    how = f"parametric bootstrap, {len(again)} histories, basic interval on the logarithm"
    return Estimate(
        centre, low=centre**2 / math.exp(high), high=centre**2 / math.exp(low), level=level, n=found.n, method=how
    )


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


# --- from what people give to what the kernels take ---------------------------------------------------------------


def prepare(times, window, marks, exponent, kernel, background) -> _Data:
    """Sequences sorted, shifted to their own zero and joined, as `value` takes them; arguments as in `fit`."""
    if kernel not in KERNELS:
        raise BadInput(f'kernel="{kernel}" is not one of {", ".join(KERNELS)}.')
    several = isinstance(times, (list, tuple)) and len(times) > 0 and np.ndim(times[0]) > 0
    times = [np.asarray(t, float) for t in (times if several else [times])]
    marks = None if marks is None else [np.asarray(m, float) for m in (marks if several else [marks])]
    spans = _windows(times, window)
    for k, t in enumerate(times):
        order = None if bool((np.diff(t) >= 0).all()) else np.argsort(t, kind="stable")
        times[k] = _shifted(t if order is None else t[order], spans[k])
        if marks is not None:
            if marks[k].shape != t.shape or not np.isfinite(marks[k]).all() or (marks[k] < 0).any():
                raise BadInput("marks need one finite number >= 0 per event.")
            marks[k] = marks[k] if order is None else marks[k][order]
    offsets = np.concatenate([[0], np.cumsum([t.size for t in times])])
    ends = np.array([b - a for a, b in spans])
    joined = times[0] if len(times) == 1 else np.concatenate(times)
    logs = None if marks is None else np.log(np.maximum(np.concatenate(marks), 1e-300))
    shape, passed, total, name = _background(background, times, ends)
    nodes = np.empty(0)
    if kernel == "power_law":
        nodes = point_kernels.power_law_nodes(
            shortest_gap(joined, ends) / 4, 2 * float(ends.max(initial=1.0)) + 1e-300
        )
    return _Data(
        joined, offsets, ends, logs, shape, passed, total, kernel, name, nodes, exponent if logs is not None else None
    )


def _windows(times, window):
    if window is None:
        return [(float(t.min()), float(t.max())) if t.size else (0.0, 0.0) for t in times]
    spans = np.atleast_2d(np.asarray(window, float))
    if spans.shape == (1, 2):
        spans = np.repeat(spans, len(times), axis=0)
    if spans.shape != (len(times), 2) or not np.isfinite(spans).all() or (spans[:, 1] < spans[:, 0]).any():
        raise BadInput("window is (start, end) with start <= end, or one such pair for each sequence.")
    return [(float(a), float(b)) for a, b in spans]


def _shifted(t, span):
    if t.size and not (np.isfinite(t[0]) and np.isfinite(t[-1])):
        raise BadInput("times must be finite numbers.")
    if t.size and (t[0] < span[0] or t[-1] > span[1]):
        raise BadInput(f"times run from {t[0]:g} to {t[-1]:g}, outside the window {span[0]:g} to {span[1]:g}.")
    return t if span[0] == 0 else t - span[0]


def shortest_gap(times, ends):
    """The shortest time scale a fit looks at: a hundredth of the typical gap, or the shortest gap if that is longer."""
    gaps = np.diff(times[:1_000_001])  # of a longer history the beginning says enough
    gaps = gaps[gaps > 0]
    longest = float(ends.max(initial=0.0)) or 1.0
    if not gaps.size:
        return longest * 1e-3
    return max(float(gaps.min()), float(np.median(gaps)) / 100, longest * 1e-9)


def _background(background, times, ends):
    empty = np.empty(0)
    if isinstance(background, str):
        if background not in ("constant", "none"):
            raise BadInput(f'background="{background}" is not "constant", "none" or a list of rates.')
        total = float(ends.sum()) if background == "constant" else 0.0
        return empty, empty, total, background
    rates = np.asarray(background, float)
    if rates.ndim != 1 or not rates.size or not np.isfinite(rates).all() or (rates < 0).any() or rates.sum() == 0:
        raise BadInput(
            "background rates are a list of numbers >= 0, not all 0: one for each of equal bins over the window."
        )
    rates = rates / rates.mean()
    shapes, passed = [], []
    for t, end in zip(times, ends):
        at = np.clip(t / (end or 1.0) * rates.size, 0, rates.size)
        shapes.append(rates[np.minimum(at.astype(int), rates.size - 1)])
        passed.append(
            np.interp(at, np.arange(rates.size + 1), np.concatenate([[0], np.cumsum(rates)])) * (end / rates.size)
        )
    return np.concatenate(shapes), np.concatenate(passed), float(ends.sum()), "given"


# --- likelihood in the logarithms of the parameters ----------------------------------------------------------------


def vector(data, *, background=1.0, ratio=0.5, half_life=1.0, tail=None, exponent=1.0):
    tail = 1.0 if tail is None else tail
    given = {"background": background, "ratio": ratio, "half_life": half_life, "tail": tail}
    return np.array([exponent if n == "exponent" else math.log(max(given[n], 1e-300)) for n in data.names])


def _weights(data, exponent):
    if data.log_marks is None:
        return np.empty(0), np.empty(0)
    raw = np.exp(exponent * data.log_marks) if exponent else np.ones(data.log_marks.size)
    mean = raw.mean()
    tilt = (raw * data.log_marks).mean() / mean
    return raw / mean, raw / mean * (data.log_marks - tilt)


def _parts(data, x):
    values = {n: (v if n == "exponent" else math.exp(v)) for n, v in zip(data.names, x)}
    exponent = values.get("exponent", data.exponent)
    return values.get("background", 0.0), values["ratio"], values["half_life"], values.get("tail"), exponent


def value(data, x):
    """Log-likelihood of prepared data at x = `vector(...)`, and its gradient there."""
    mu, n, half, tail, exponent = _parts(data, x)
    weight, slope = _weights(data, exponent)
    common = (data.times, data.offsets, data.ends, weight, slope, data.shape, data.shape_total)
    if data.kernel == "exponential":
        rate = math.log(2) / half
        ll, g_mu, g_n, g_rate, g_mark = point_kernels.exponential(*common, mu, n, rate)
        shape = [-g_rate * rate]
    else:
        reach = 2 ** (1 / tail) - 1
        c = half / reach
        ll, g_mu, g_n, g_tail, g_c, g_mark = point_kernels.power_law(
            *common, data.nodes, _coefficients(data.nodes, tail, c), mu, n, tail, c
        )
        widen = c * (reach + 1) * math.log(2) / (reach * tail**2)  # dc/dtheta at a fixed half-life
        shape = [g_c * c, (g_tail + g_c * widen) * tail]
    gradient = ([] if data.background == "none" else [g_mu * mu]) + [g_n * n, *shape]
    return ll, np.array(gradient + ([g_mark] if "exponent" in data.names else []))


def _coefficients(nodes, theta, c):
    scale = point_kernels.NODE_STEP * theta * np.exp(theta * math.log(c) - special.gammaln(1 + theta))
    density = scale * np.exp((1 + theta) * np.log(nodes) - nodes * c)
    in_theta = density * (np.log(nodes) - special.digamma(1 + theta) + 1 / theta + math.log(c))
    return np.stack([density, in_theta, density * (theta / c - nodes)])


def _rescaled(data, x):
    mu, n, half, tail, exponent = _parts(data, x)
    weight, _ = _weights(data, exponent)
    if data.kernel == "exponential":
        nodes = np.array([math.log(2) / half])
        coefficients = nodes
    else:
        nodes = data.nodes
        coefficients = _coefficients(nodes, tail, half / (2 ** (1 / tail) - 1))[0]
    passed = data.passed if data.passed.size else data.times
    gaps = point_kernels.power_law_compensator(
        data.times, data.offsets, np.zeros(data.ends.size), data.ends, weight, passed, nodes, coefficients, mu, n
    )
    if data.background == "none":
        gaps = np.delete(gaps, data.offsets[:-1][np.diff(data.offsets) > 0])
    return gaps


# --- maximum and profile ---------------------------------------------------------------------------------------------


def _bounds(data):
    longest = float(data.ends.max(initial=0.0)) or 1.0
    shortest = shortest_gap(data.times, data.ends)
    events = max(data.times.size, 1)
    by_name = {
        "background": (
            math.log(events / max(data.ends.sum(), 1e-300)) - 14,
            math.log(2 * events / max(data.ends.sum(), 1e-300)),
        ),
        "ratio": (math.log(1e-6), math.log(LARGEST_RATIO)),
        "half_life": (math.log(shortest / 4), math.log(10 * longest)),
        "tail": (math.log(0.05), math.log(5.0)),  # beyond 5 the power law is hardly told from the exponential
        "exponent": (-3.0, 3.0),
    }
    return [by_name[name] for name in data.names]


def _climb(data, x, bounds, fixed=None):
    """The maximum from one start; `fixed` = (position, value) holds one parameter still."""
    free = [k for k in range(len(x)) if fixed is None or k != fixed[0]]
    x = np.array(x, float)
    if fixed is not None:
        x[fixed[0]] = fixed[1]

    def negative(part):
        x[free] = part
        ll, gradient = value(data, x)
        return (-ll, -gradient[free]) if math.isfinite(ll) else (1e300, np.zeros(len(free)))

    if not free:
        return x.copy(), value(data, x)[0]
    start = np.clip(x[free], [bounds[k][0] for k in free], [bounds[k][1] for k in free])
    done = optimize.minimize(
        negative, start, jac=True, method="L-BFGS-B", bounds=[bounds[k] for k in free],
        options={"maxiter": 200, "ftol": 1e-11 if data.times.size < 200_000 else 1e-9, "gtol": 1e-6 * max(data.explained, 1) ** 0.5},
    )  # fmt: skip
    x[free] = done.x
    return x.copy(), -float(done.fun)


def _maximise(data, starts):
    bounds, begin = _bounds(data), _head(data, 100_000)
    shortest, longest = (math.exp(b) for b in bounds[data.names.index("half_life")])
    typical = math.sqrt(max(shortest * 4, 1e-300) * longest / 10)
    rate = data.explained / max(data.ends.sum(), 1e-300)
    tries = []
    for half in np.geomspace(typical / 30, typical * 30, max(starts, 1)) if starts > 1 else [typical]:
        x = vector(data, background=rate / 2, ratio=0.5, half_life=half, tail=0.7, exponent=data.exponent or 0.5)
        tries.append(_climb(begin, x, bounds))
    best, top = max(tries, key=lambda pair: pair[1])
    return (best, top) if begin is data else _climb(data, best, bounds)


def _head(data, most):
    """The first events of a long single sequence: good enough to choose among starts, and far cheaper."""
    if data.times.size <= most or data.offsets.size > 2:
        return data
    end = float(data.times[most])
    cut = dict(
        times=data.times[:most], offsets=np.array([0, most]), ends=np.array([end]),
        log_marks=None if data.log_marks is None else data.log_marks[:most], shape=data.shape[:most],
        passed=data.passed[:most], shape_total=data.shape_total and (float(data.passed[most]) if data.passed.size else end),
    )  # fmt: skip
    return _Data(**cut, kernel=data.kernel, background=data.background, nodes=data.nodes, exponent=data.exponent)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of an interval (None where the likelihood never falls far enough), and the best point met on the way."""

    value: float | None
    top: float
    at: np.ndarray


def _interval(data, best, top, k, level):
    if data.times.size > PROFILE_UP_TO:
        spread = stats.norm.ppf((1 + level) / 2) * math.sqrt(np.linalg.inv(_curvature(data, best))[k, k])
        return tuple(_End(math.exp(best[k] + side * spread), top, best) for side in (-1, 1))
    drop, bounds = stats.chi2.ppf(level, 1) / 2, _bounds(data)
    return tuple(_crossing(data, best, top, k, drop, bounds, side) for side in (-1, 1))


def _crossing(data, best, top, k, drop, bounds, side):
    """Where the profile of parameter k has fallen by `drop`: steps outward, then false position (Illinois)."""
    wall = bounds[k][0] if side < 0 else bounds[k][1]
    near, high, warm, step, peak, at = best[k], drop, best, 0.1, top, best

    def short(value):
        nonlocal warm, peak, at
        warm, reached = _climb(data, warm, bounds, fixed=(k, value))
        if reached > peak:
            peak, at = reached, warm
        return reached - top + drop

    while (low := short(far := near + side * min(step, abs(wall - near)))) >= 0:
        if far == wall or abs(far - wall) < 1e-12:
            return _End(None, peak, at)
        near, high, step = far, low, step * 1.8
    kept = 0
    while abs(far - near) > 1e-4:
        middle = near + (far - near) * high / (high - low)
        if not min(near, far) < middle < max(near, far):
            middle = (near + far) / 2
        value = short(middle)
        if abs(value) < 1e-3:
            near = far = middle
        elif value > 0:
            near, high, low, kept = middle, value, (low / 2 if kept > 0 else low), 1
        else:
            far, low, high, kept = middle, value, (high / 2 if kept < 0 else high), -1
    return _End(math.exp((near + far) / 2), peak, at)


def _curvature(data, x, step=1e-4):
    rows = [(value(data, x - step * e)[1] - value(data, x + step * e)[1]) / (2 * step) for e in np.eye(x.size)]
    return (np.array(rows) + np.array(rows).T) / 2


# --- the answer ----------------------------------------------------------------------------------------------------


def _report(data, best, top, intervals, level, verdict=None) -> HawkesFit:
    mu, n, half, tail, exponent = _parts(data, best)
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
    ks, ks_p = _check(_rescaled(_head(data, CHECKED), best))
    cautions += _tie_caution(data)
    return HawkesFit(
        data.kernel, data.background, rate, ratio, life, tail, exponent if data.log_marks is not None else None, top,
        _poisson(data), events, data.ends.size, float(data.ends.sum()), ks, ks_p, None if ks_p is None else ks_p >= 0.05,
        verdict, cautions,
    )  # fmt: skip


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


def _tie_caution(data):
    tied = int((np.diff(data.times) == 0).sum())
    if tied <= 0.01 * data.times.size:
        return ()
    return (
        f"{tied} events share their time with another; equal times do not excite each other, and the check of fit suffers.",
    )


def _check(gaps):
    if gaps.size < LEAST_EVENTS:
        return None, None
    test = stats.kstest(gaps, "expon")
    return float(test.statistic), float(test.pvalue)


def _poisson(data):
    if data.background == "none":
        return None
    rate = data.times.size / max(data.shape_total, 1e-300)
    logs = np.log(np.maximum(data.shape, 1e-300)).sum() if data.shape.size else 0.0
    return float(data.times.size * math.log(rate) + logs - data.times.size)
