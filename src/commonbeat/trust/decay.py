"""Curves an effect may follow as time goes by, fitted to all waves at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import optimize, stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain

__all__ = ["FAMILIES", "Curve", "fit_curve"]


def _exponential(p, t):
    return p[0] * np.exp(-p[1] * t)


def _plateau(p, t):
    return p[2] + p[0] * np.exp(-p[1] * t)


def _power(p, t):
    return p[0] * (1 + t) ** -p[1]


FAMILIES = {
    "constant": (lambda p, t: p[0] + 0 * t, ("size",)),
    "exponential": (_exponential, ("size", "rate")),
    "plateau": (_plateau, ("size", "rate", "floor")),
    "power": (_power, ("size", "rate")),
}

STEEP = np.geomspace(0.02, 40, 40)  # rates tried, in halvings over the time seen; growth is tried more coarsely


@dataclass(frozen=True, slots=True)
class Curve:
    """One family fitted to the effects of all waves.

    family     : "constant", "exponential" (size e^(-rate t)), "plateau" (floor + size e^(-rate t)), "power" (size (1+t)^-rate)
    parameters : {name: Estimate}, delta-method errors
    misfit, df : weighted squared misfit and its degrees of freedom;  aic = misfit + 2 parameters
    half_life  : time in which the (decaying part of the) effect halves; interval by the misfit's profile, so that its upper
                 end is missing when no decay at all cannot be ruled out
    """

    family: str
    parameters: dict
    vcov: np.ndarray = field(repr=False)
    misfit: float
    df: int
    aic: float
    half_life: Estimate | None
    rate_low: float | None = None
    rate_high: float | None = None

    def at(self, t):
        """The curve at times t."""
        return FAMILIES[self.family][0]([e.value for e in self.parameters.values()], np.asarray(t, float))

    def to_dict(self) -> dict:
        names = ("family", "parameters", "vcov", "misfit", "df", "aic", "half_life", "rate_low", "rate_high")
        return plain({name: getattr(self, name) for name in names})


def fit_curve(times, effects, covariance=None, *, family="exponential", level=0.95, unit="") -> Curve:
    """Which curve of this family passes closest to the effects?

    times, effects : (k,) times since the programme and effects then
    covariance     : (k, k) of the effects: the same people answer every wave, so errors go together. None = equal
                     independent noise, its size learned from the misfit (ordinary nonlinear least squares)
    Raises TooFew with fewer times than parameters (as many, too, without covariance).
    Method: minimum distance; delta method for the half-life log(2) / rate, profile of the misfit for its interval.
    """
    t, y = np.asarray(times, float), np.asarray(effects, float)
    if family not in FAMILIES:
        raise BadInput(f"family={family!r}: choose one of {', '.join(FAMILIES)}")
    curve, names = FAMILIES[family]
    if len(np.unique(t)) < len(names) or (covariance is None and len(t) <= len(names)):
        raise TooFew(f"{len(np.unique(t))} waves cannot tell the {len(names)} parameters of the {family} curve")
    root = (
        np.eye(len(t)) if covariance is None else np.linalg.cholesky(np.linalg.inv(np.asarray(covariance, float))).T
    )
    best = _closest(curve, len(names), t, y, root)
    misfit, df = float(((root @ (y - curve(best, t))) ** 2).sum()), len(t) - len(names)
    jacobian = _jacobian(curve, best, t, root)
    vcov = np.linalg.pinv(jacobian.T @ jacobian, hermitian=True)
    if covariance is None:
        vcov = vcov * misfit / df
    quantile = stats.norm.ppf((1 + level) / 2) if covariance is not None else stats.t.ppf((1 + level) / 2, df)
    error = np.sqrt(np.diag(vcov))
    method = f"{family} curve, {'minimum distance' if covariance is not None else 'nonlinear least squares'}"
    shown = {
        name: Estimate(v, e, None, v - quantile * e, v + quantile * e, level, len(t), unit, method)
        for name, v, e in zip(names, best, error)
    }
    noise = 1.0 if covariance is not None else misfit / df
    half = low = high = None
    if family in ("exponential", "plateau"):
        low, high = _profile(curve, best[1], len(names), t, y, root, misfit + noise * quantile**2)
        half = _half_life(best[1], error[1], low, high, level, len(t))
    return Curve(family, shown, vcov, misfit, df, misfit + 2 * len(names), half, low, high)


def _line(curve, k, t, y, root, rate):
    """(size (and floor), misfit) at a given rate: everything but the rate is linear."""
    if k == 1:
        x = root @ np.ones((len(t), 1))
    else:
        columns = [curve([1.0, rate, 0.0][:k], t)] + ([np.ones_like(t)] if k == 3 else [])
        x = root @ np.column_stack(columns)
    line = np.linalg.lstsq(x, root @ y, rcond=None)[0]
    rest = root @ y - x @ line
    return line, float(rest @ rest)


def _closest(curve, k, t, y, root):
    """Parameters with the smallest misfit: a grid over rates, Brent's search around its best, Gauss-Newton to the end."""
    if k == 1:
        return _line(curve, k, t, y, root, 0.0)[0]
    span = max(t.max(), np.ptp(t), 1e-9)
    grid = np.r_[-STEEP[::6], STEEP] / span
    misfit = [_line(curve, k, t, y, root, rate)[1] for rate in grid]
    order = np.sort(grid)
    at = int(np.searchsorted(order, grid[int(np.argmin(misfit))]))
    ends = order[max(at - 1, 0)], order[min(at + 1, len(order) - 1)]
    rate = optimize.minimize_scalar(
        lambda r: _line(curve, k, t, y, root, r)[1], bounds=ends, method="bounded", options={"xatol": 1e-10 / span}
    ).x
    line, _ = _line(curve, k, t, y, root, rate)
    return _polished(curve, np.r_[line[0], rate, line[1:]], t, y, root)


def _polished(curve, p, t, y, root):
    def misfit(p):
        with np.errstate(over="ignore", invalid="ignore"):  # a step too far is nan and not taken
            return float(((root @ (y - curve(p, t))) ** 2).sum())

    for _ in range(6):
        step = np.linalg.lstsq(_jacobian(curve, p, t, root), root @ (y - curve(p, t)), rcond=None)[0]
        if not misfit(p + step) < misfit(p):
            break
        p = p + step
    return p


def _jacobian(curve, p, t, root):
    out = np.empty((len(t), len(p)))
    for i in range(len(p)):
        h = 1e-6 * max(abs(p[i]), 1e-4)
        up, down = p.copy(), p.copy()
        up[i], down[i] = p[i] + h, p[i] - h
        out[:, i] = (curve(up, t) - curve(down, t)) / (2 * h)
    return root @ out


def _profile(curve, rate, k, t, y, root, limit):
    """The rates on both sides at which the best misfit reaches `limit`; None where it never does."""
    at = lambda r: _line(curve, k, t, y, root, r)[1] - limit  # noqa: E731
    ends, span = [], max(t.max(), np.ptp(t), 1e-9)
    for side in (-1, 1):
        step, inner = max(abs(rate), 0.1 / span) / 20, rate
        while abs(inner) * span < 60 and at(inner + side * step) <= 0:
            inner, step = inner + side * step, step * 1.3
        outer = inner + side * step
        far = abs(inner) * span >= 60
        ends.append(None if far else float(optimize.brentq(at, min(inner, outer), max(inner, outer))))
    return ends


def _half_life(rate, error, low, high, level, n):
    if rate <= 0:
        return None
    value, spread = np.log(2) / rate, np.log(2) / rate**2 * error
    cautions = ()
    upper = np.log(2) / low if low is not None and low > 0 else None
    lower = np.log(2) / high if high is not None else None
    if upper is None:
        cautions = ("no decay at all fits as well: the half-life has no upper end",)
    return Estimate(
        value,
        spread,
        None,
        lower,
        upper,
        level,
        n,
        "",
        "log(2) / rate, delta-method error, profile interval",
        cautions,
    )
