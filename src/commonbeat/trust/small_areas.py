"""What can be said of a district where few answered? It borrows strength from the others, and says so."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import optimize, stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.columns import numbers

__all__ = ["SmallAreas", "small_areas", "smooth_variances"]

FEWEST_AREAS = 5


@dataclass(frozen=True, slots=True)
class SmallAreas:
    """Estimates for every area.

    estimates  : an Estimate each; its std_error is the root of the mean squared error
    mse        : (areas,) by Prasad & Rao 1990 with the second-order term of REML (Datta & Lahiri 2000)
    own_share  : (areas,) how much of the estimate is the area's own answers; the rest is borrowed
    between    : variance between areas that the covariates leave
    coefficients, coefficients_error : (columns,) intercept first
    """

    names: tuple[str, ...]
    estimates: tuple[Estimate, ...]
    mse: np.ndarray
    own_share: np.ndarray
    between: float
    coefficients: np.ndarray
    coefficients_error: np.ndarray
    log_likelihood: float
    cautions: tuple[str, ...]

    def __getitem__(self, name) -> Estimate:
        return self.estimates[self.names.index(str(name))]

    def tidy(self) -> pl.DataFrame:
        """A row each: area, estimate, std_error, conf_low, conf_high, n, own_share."""
        return pl.DataFrame(
            {
                "area": list(self.names),
                "estimate": [e.value for e in self.estimates],
                "std_error": [e.std_error for e in self.estimates],
                "conf_low": [e.low for e in self.estimates],
                "conf_high": [e.high for e in self.estimates],
                "n": [e.n for e in self.estimates],
                "own_share": self.own_share,
            }
        )

    def to_dict(self) -> dict:
        areas = [
            {"area": a, "own_share": s, **e.to_dict()}
            for a, s, e in zip(self.names, self.own_share, self.estimates, strict=True)
        ]
        return plain(
            {
                "areas": areas, "between": self.between, "coefficients": self.coefficients,
                "coefficients_error": self.coefficients_error, "cautions": self.cautions,
            }
        )  # fmt: skip


def small_areas(direct, variance, *, covariates=None, names=None, n=None, level=0.95, unit="points") -> SmallAreas:
    """What is each area's level, given its own few answers and all other areas?

    direct     : (areas,) the area's own estimate; nan where nobody answered, which then rests on the others alone
    variance   : (areas,) its sampling variance; smooth those of tiny samples first (`smooth_variances`)
    covariates : (areas,) or (areas, columns) known of every area; an intercept is added
    n          : (areas,) answers, for the record
    Method: Fay & Herriot 1979, REML by maximising the likelihood; intervals from the mean squared error, normal.
    Raises TooFew under five areas with answers.
    """
    y = numbers(direct, "direct")
    v = numbers(variance, "variance", rows=len(y))
    x = _design(covariates, len(y))
    seen = ~np.isnan(y)
    if seen.sum() < max(FEWEST_AREAS, x.shape[1] + 2):
        raise TooFew(
            f"{int(seen.sum())} areas have answers; at least {max(FEWEST_AREAS, x.shape[1] + 2)} are needed to borrow from."
        )
    if not (v[seen] > 0).all():
        at = int(np.flatnonzero(seen & ~(v > 0))[0]) + 1
        raise BadInput(
            f"`variance`, row {at}: an area's own estimate needs a variance above 0. Smooth the variances first."
        )
    between = _reml(y[seen], v[seen], x[seen])
    beta, cov, loglik = _fixed(between, y[seen], v[seen], x[seen])
    value, mse, own = _predict(y, v, x, seen, between, beta, cov)
    who = tuple(str(s) for s in (names if names is not None else range(1, len(y) + 1)))
    cautions = (
        ()
        if between > 0
        else ("No variance between areas was left: every area got the model's value; its own answers added nothing.",)
    )
    z = stats.norm.ppf((1 + level) / 2)
    made = tuple(
        _estimate(value[i], mse[i], own[i], z, level, None if n is None else int(np.asarray(n)[i]), unit, cautions)
        for i in range(len(y))
    )
    return SmallAreas(who, made, mse, own, between, beta, np.sqrt(np.diag(cov)), loglik, cautions)


def smooth_variances(spread, n, *, design_effect=1.0) -> np.ndarray:
    """Which sampling variance would each area have if people differed equally everywhere?  -> (areas,)

    spread : (areas,) variance of the answers within each area; n : (areas,) answers. A dozen answers cannot tell their own
    variance, and areas that happen to agree would be trusted too much. Pools spread over areas, by n - 1.
    """
    s, k = numbers(spread, "spread"), numbers(n, "n", low=0)
    told = ~np.isnan(s) & (k > 1)
    if not told.any():
        raise TooFew("No area has two answers, so nothing is known of how people differ.")
    pooled = float(np.sum(s[told] * (k[told] - 1)) / np.sum(k[told] - 1))
    return np.divide(pooled * design_effect, k, out=np.full(len(k), np.nan), where=k > 0)


def _reml(y, v, x) -> float:
    def lost(between):
        return -_fixed(between, y, v, x)[2]

    top = max(float(np.var(y)) * 10, float(v.max()))
    grid = np.concatenate([[0.0], np.geomspace(top * 1e-8, top, 60)])
    at = int(np.argmin([lost(g) for g in grid]))
    low, high = grid[max(at - 1, 0)], grid[min(at + 1, len(grid) - 1)]
    found = optimize.minimize_scalar(
        lost, bounds=(low, high), method="bounded", options={"xatol": 1e-14 * max(high, 1e-300)}
    )
    return _polish(float(found.x), y, v, x) if found.fun < lost(0.0) else 0.0


def _polish(between, y, v, x):
    """Fisher scoring from next to the top: the search by values alone stops at half the digits."""
    for _ in range(20):
        w = 1 / (between + v)
        inverse = np.linalg.inv(x.T @ (x * w[:, None]))
        p = np.diag(w) - (x * w[:, None]) @ inverse @ (x * w[:, None]).T
        py = p @ y
        step = (py @ py - np.trace(p)) / np.sum(p * p)
        between = max(between + step, 0.0)
        if abs(step) < 1e-14 * max(between, 1e-300):
            break
    return between


def _fixed(between, y, v, x):
    w = 1 / (between + v)
    inside = x.T @ (x * w[:, None])
    cov = np.linalg.inv(inside)
    beta = cov @ (x.T @ (w * y))
    left = y - x @ beta
    loglik = -0.5 * (np.sum(np.log(between + v)) + np.linalg.slogdet(inside)[1] + np.sum(w * left * left))
    return beta, cov, float(loglik)


def _predict(y, v, x, seen, between, beta, cov):
    model = x @ beta
    leverage = np.einsum("ij,jk,ik->i", x, cov, x)
    own = np.where(seen, between / (between + np.where(seen, v, 1.0)), 0.0)
    value = np.where(seen, own * np.where(seen, y, 0.0) + (1 - own) * model, model)
    error = 2 / np.sum(1 / (between + v[seen]) ** 2)  # asymptotic variance of REML's between-area variance
    vs = np.where(seen, v, 1.0)
    mse = own * vs + (1 - own) ** 2 * leverage + 2 * vs**2 / (between + vs) ** 3 * error
    return value, np.where(seen, mse, between + leverage), own


def _estimate(value, mse, own, z, level, n, unit, cautions):
    error = float(np.sqrt(mse))
    borrowed = (f"{1 - own:.0%} of this estimate is borrowed from the other areas.",)
    return Estimate(
        value,
        error,
        None,
        value - z * error,
        value + z * error,
        level,
        n,
        unit,
        "Fay-Herriot, REML",
        borrowed + cautions,
    )


def _design(covariates, rows):
    ones = np.ones((rows, 1))
    if covariates is None:
        return ones
    z = np.asarray(covariates.to_numpy() if hasattr(covariates, "to_numpy") else covariates, float).reshape(rows, -1)
    if not np.isfinite(z).all():
        raise BadInput("`covariates` must be known of every area, also of those where nobody answered.")
    x = np.column_stack([ones, z])
    if np.linalg.matrix_rank(x) < x.shape[1]:
        raise BadInput(
            "`covariates` say the same thing twice (or one never varies; an intercept is added). Leave one out."
        )
    return x
