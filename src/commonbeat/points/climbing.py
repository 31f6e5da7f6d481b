"""The top of the likelihood, and how far from it a parameter may go: several starts, profiles, curvature."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from commonbeat.points.histories import Histories, shortest_gap
from commonbeat.points.likelihood import value, vector
from commonbeat.points.long import is_long, newton, second_order

__all__ = ["PROFILE_UP_TO", "bounds_of", "climb", "head", "intervals", "maximise"]

LARGEST_RATIO = 50.0
PROFILE_UP_TO = 200_000  #: above this many events the curvature gives the interval, where it is clear enough
CLEAR = 0.2  #: standard error of a logarithm above which a parabola does not stand for the likelihood


def bounds_of(data):
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
        "push_size": (math.log(0.01), math.log(2.0 * events)),
        "push_half_life": (math.log(shortest / 4), math.log(longest)),
        "push_pull": (-5.0, 1.0),
    }
    return [by_name[name] for name in data.names]


def climb(data, x, bounds, fixed=None):
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


def maximise(data, starts):
    bounds, begin = bounds_of(data), head(data, 100_000)
    shortest, longest = (math.exp(b) for b in bounds[data.names.index("half_life")])
    typical = math.sqrt(max(shortest * 4, 1e-300) * longest / 10)
    rate = data.explained / max(data.ends.sum(), 1e-300)
    tries = []
    for half in np.geomspace(typical / 30, typical * 30, max(starts, 1)) if starts > 1 else [typical]:
        x = vector(data, background=rate / 2, ratio=0.5, half_life=half, tail=0.7, exponent=data.exponent or 0.5,
                   push_size=0.1 * data.times.size, push_half_life=longest / 1000)  # fmt: skip
        tries.append(climb(begin, x, bounds))
    best, top = max(tries, key=lambda pair: pair[1])
    if begin is data:
        return best, top
    found = newton(data, best, bounds) if is_long(data) else None
    return climb(data, best, bounds) if found is None else found[:2]


def head(data, most):
    """The first events of a long single sequence: good enough to choose among starts, and far cheaper."""
    if data.times.size <= most or data.offsets.size > 2 or data.push is not None:
        return data
    end = float(data.times[most])
    cut = dict(
        times=data.times[:most], offsets=np.array([0, most]), ends=np.array([end]),
        log_marks=None if data.log_marks is None else data.log_marks[:most], shape=data.shape[:most],
        passed=data.passed[:most], shape_total=data.shape_total and (float(data.passed[most]) if data.passed.size else end),
    )  # fmt: skip
    return Histories(**cut, kernel=data.kernel, background=data.background, nodes=data.nodes, exponent=data.exponent)


@dataclass(frozen=True, slots=True)
class _End:
    """One end of an interval (None where the likelihood never falls far enough), and the best point met on the way."""

    value: float | None
    top: float
    at: np.ndarray


def intervals(data, best, top, names, level):
    """{name: (lower end, upper end)}: profiles, or the curvature where there are very many events and it is clear."""
    errors, bounds = _errors(data, best), bounds_of(data)
    drop, wide = stats.chi2.ppf(level, 1) / 2, stats.norm.ppf((1 + level) / 2)
    found = {}
    for name in names:
        k = data.names.index(name)
        if errors is not None and errors[k] < CLEAR:
            found[name] = tuple(_End(math.exp(best[k] + side * wide * errors[k]), top, best) for side in (-1, 1))
        else:
            found[name] = tuple(_crossing(data, best, top, k, drop, bounds, side) for side in (-1, 1))
    return found


def _crossing(data, best, top, k, drop, bounds, side):
    """Where the profile of parameter k has fallen by `drop`: steps outward, then false position (Illinois)."""
    wall = bounds[k][0] if side < 0 else bounds[k][1]
    near, high, warm, step, peak, at = best[k], drop, best, 0.1, top, best

    def short(value):
        nonlocal warm, peak, at
        warm, reached = climb(data, warm, bounds, fixed=(k, value))
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


def _errors(data, best):
    """Standard errors of the logarithms from the curvature; None for few events, or where it is no parabola."""
    if data.times.size <= PROFILE_UP_TO:
        return None
    curvature = second_order(data, best)[2] if is_long(data) else _curvature(data, best)
    if not (np.linalg.eigvalsh(curvature) > 0).all():
        return None
    return np.sqrt(np.diag(np.linalg.inv(curvature)))


def _curvature(data, x, step=1e-4):
    rows = [(value(data, x - step * e)[1] - value(data, x + step * e)[1]) / (2 * step) for e in np.eye(x.size)]
    return (np.array(rows) + np.array(rows).T) / 2
