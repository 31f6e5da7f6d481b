"""Do these questions measure one thing, and how steadily?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.trust.columns import matrix, turned
from commonbeat.trust.factor_model import FactorFit, fit_factors

__all__ = ["ItemFit", "Reliability", "reliability"]


@dataclass(frozen=True, slots=True)
class ItemFit:
    """One question: its mean and spread, how it goes with the rest, and alpha had it not been asked."""

    item: str
    reversed: bool
    n: int
    mean: float
    std_dev: float
    item_rest: float
    alpha_without: float | None
    loading: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How steadily a set of questions measures.

    alpha              : with the interval of Feldt 1965; std_error by Duhachek & Iacobucci 2004
    alpha_standardised, average_r, lambda6 : from correlations (lambda6: Guttman 1945)
    omega              : share of the sum's variance that the common factor makes (McDonald 1999); None with fewer than 3 items
    omega_standardised : the same of standardised items
    one_factor         : fit of the one-factor model; alpha is only an answer to a question that one factor fits
    n, incomplete      : people with every answer, and people left out (`missing="complete"`) or partly used ("pairwise")
    """

    alpha: Estimate
    alpha_standardised: float
    average_r: float
    lambda6: float
    omega: float | None
    omega_standardised: float | None
    one_factor: FactorFit | None
    items: tuple[ItemFit, ...]
    covariance: np.ndarray
    n: int
    incomplete: int
    cautions: tuple[str, ...]

    def tidy(self) -> pl.DataFrame:
        """A row for each question: item, reversed, n, mean, std_dev, item_rest, alpha_without, loading."""
        return pl.DataFrame([{k: getattr(i, k) for k in ItemFit.__slots__} for i in self.items])

    def to_dict(self) -> dict:
        fit = self.one_factor
        shown = (
            "chi_square",
            "df",
            "p_value",
            "cfi",
            "tli",
            "rmsea",
            "rmsea_low",
            "rmsea_high",
            "srmr",
            "log_likelihood",
        )
        return plain(
            {
                "alpha": self.alpha, "alpha_standardised": self.alpha_standardised, "average_r": self.average_r,
                "lambda6": self.lambda6, "omega": self.omega, "omega_standardised": self.omega_standardised,
                "one_factor": None if fit is None else {k: getattr(fit, k) for k in shown},
                "items": [{k: getattr(i, k) for k in ItemFit.__slots__} for i in self.items],
                "n": self.n, "incomplete": self.incomplete, "cautions": self.cautions,
            }
        )  # fmt: skip


def reliability(items, *, reverse=(), missing="complete", level=0.95) -> Reliability:
    """Do these questions measure one thing, and how steadily?

    items   : (people, questions), a frame or an array; nan or None where there is no answer
    reverse : names (or column numbers) of questions worded the other way round
    missing : "complete" uses people who answered all; "pairwise" every pair of answers, as R's psych does
    Raises TooFew with fewer than two questions or fewer than three people. Omega and fit: maximum likelihood, one factor.
    """
    x, names = matrix(items)
    turn = turned(names, reverse)
    if len(names) < 2:
        raise TooFew("One question has no reliability: at least two are needed.")
    if missing not in ("complete", "pairwise"):
        raise BadInput(f'`missing` is "{missing}"; it may be complete or pairwise.')
    asked = ~np.isnan(x).all(axis=1)
    whole = ~np.isnan(x).any(axis=1)
    if whole.sum() < 3:
        raise TooFew(f"{int(whole.sum())} people answered all {len(names)} questions; at least three are needed.")
    for j, name in enumerate(names):
        if np.nanmin(x[:, j]) == np.nanmax(x[:, j]):
            raise BadInput(
                f"Everybody gave the same answer ({np.nanmax(x[:, j]):g}) to `{name}`: it cannot go with the others. Leave it out."
            )
    y = np.where(turn, np.nanmax(x) + np.nanmin(x) - x, x)
    used = y[whole] if missing == "complete" else y
    v = np.cov(used, rowvar=False) if missing == "complete" else _pairwise(used)
    fit = fit_factors([y[whole]], np.zeros(len(names), int)) if len(names) > 2 and whole.sum() > len(names) else None
    n = int(whole.sum()) if missing == "complete" else len(x)
    return Reliability(
        _alpha(v, n, level, missing), *_standard(v), *_omega(fit), fit,
        tuple(_items(used, v, names, turn, fit)), v, n, int((asked & ~whole).sum()), tuple(_cautions(x, v, fit, names, turn, whole, asked)),
    )  # fmt: skip


def _alpha(v, n, level, missing) -> Estimate:
    k = len(v)
    a = _raw_alpha(v)
    tail = (1 - level) / 2
    low = 1 - (1 - a) * stats.f.ppf(1 - tail, n - 1, (n - 1) * (k - 1))
    high = 1 - (1 - a) * stats.f.ppf(tail, n - 1, (n - 1) * (k - 1))
    total, trace, square = v.sum(), np.trace(v), v @ v
    q = 2 * k**2 / ((k - 1) ** 2 * total**3) * (total * (np.trace(square) + trace**2) - 2 * trace * square.sum())
    caution = ("Alpha is negative: some question points the other way. Was one not reversed?",) if a < 0 else ()
    return Estimate(
        a,
        np.sqrt(q / n),
        None,
        low,
        high,
        level,
        n,
        "reliability",
        f"Cronbach's alpha ({missing} answers), Feldt interval",
        caution,
    )


def _raw_alpha(v):
    k = len(v)
    return float(k / (k - 1) * (1 - np.trace(v) / v.sum()))


def _standard(v):
    k, sd = len(v), np.sqrt(np.diag(v))
    r = v / np.outer(sd, sd)
    mean = (r.sum() - k) / (k * (k - 1))
    smc = 1 - 1 / np.diag(np.linalg.pinv(r))
    return float(k * mean / (1 + (k - 1) * mean)), float(mean), float(1 - (1 - smc).sum() / r.sum())


def _omega(fit):
    if fit is None:
        return None, None
    loading, unique = fit.loadings[0, :, 0], fit.unique[0]
    sd = np.sqrt(loading**2 + unique)
    return tuple(
        float(a.sum() ** 2 / (a.sum() ** 2 + b.sum())) for a, b in ((loading, unique), (loading / sd, unique / sd**2))
    )


def _items(y, v, names, turn, fit):
    for j, name in enumerate(names):
        rest = np.delete(np.arange(len(names)), j)
        with_rest = v[j, rest].sum() / np.sqrt(v[j, j] * v[np.ix_(rest, rest)].sum())
        column = y[:, j][~np.isnan(y[:, j])]
        without = _raw_alpha(v[np.ix_(rest, rest)]) if len(rest) > 1 else None
        loading = None if fit is None else float(fit.loadings[0, j, 0])
        yield ItemFit(
            name,
            bool(turn[j]),
            len(column),
            float(column.mean()),
            float(column.std(ddof=1)),
            float(with_rest),
            without,
            loading,
        )


def _cautions(x, v, fit, names, turn, whole, asked):
    left = int((asked & ~whole).sum())
    if left:
        yield f"{left:,} of {int(asked.sum()):,} people did not answer every question."
    for j, name in enumerate(names):
        if v[j].sum() - v[j, j] < 0:
            yield f"`{name}` goes against the others{' although it was reversed' if turn[j] else ': is it worded the other way round?'}"
    if fit is not None and fit.df and (fit.rmsea > 0.10 or fit.cfi < 0.90):
        yield f"One factor does not fit well (RMSEA {fit.rmsea:.2f}, CFI {fit.cfi:.2f}): these questions may measure more than one thing."


def _pairwise(y):
    k = y.shape[1]
    v = np.empty((k, k))
    for a in range(k):
        for b in range(a + 1):
            both = ~np.isnan(y[:, a]) & ~np.isnan(y[:, b])
            v[a, b] = v[b, a] = np.cov(y[both, a], y[both, b])[0, 1]
    return v
