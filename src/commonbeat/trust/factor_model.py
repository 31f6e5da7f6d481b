"""One common factor behind each set of questions, fitted in one group of people or in several at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from commonbeat.errors import BadInput, TooFew

__all__ = ["SAME", "FactorFit", "fit_factors"]

#: what is held equal between groups: nothing, loadings, loadings and intercepts
SAME = ("configural", "metric", "scalar")


@dataclass(frozen=True, slots=True)
class FactorFit:
    """A fitted model. G groups, p items, m factors.

    loadings (G, p, m), intercepts (G, p), unique (G, p) variances, factor_covariance (G, m, m), factor_means (G, m)
    loadings_error (G, p) standard errors by expected information
    chi_square, df, p_value; cfi, tli, rmsea, rmsea_low, rmsea_high, srmr; log_likelihood; n people
    """

    same: str
    loadings: np.ndarray
    intercepts: np.ndarray
    unique: np.ndarray
    factor_covariance: np.ndarray
    factor_means: np.ndarray
    loadings_error: np.ndarray
    chi_square: float
    df: int
    p_value: float
    cfi: float
    tli: float
    rmsea: float
    rmsea_low: float
    rmsea_high: float
    srmr: float
    log_likelihood: float
    n: int
    parameters: int


@dataclass(frozen=True, slots=True)
class _Parts:
    """Index of every matrix's cells into [parameters..., 0, 1], a group each; what is shared has the same index."""

    size: int
    loading: np.ndarray
    factor: np.ndarray
    unique: np.ndarray
    intercept: np.ndarray
    mean: np.ndarray


def fit_factors(groups, factor_of, *, same="configural") -> FactorFit:
    """How well does one factor for each set of questions explain the answers, in every group?

    groups    : list of (people, items) arrays without gaps, one for each group
    factor_of : (items,) number of the factor each item belongs to
    Method: normal maximum likelihood (Joreskog 1971); first group's factors have variance 1 and mean 0. Expected
    information, chi-square with n, RMSEA times root G: as lavaan reports them.
    """
    factor_of = np.asarray(factor_of, int)
    for x in groups:
        if len(x) <= x.shape[1]:
            raise TooFew(
                f"A group has {len(x)} complete answers to {x.shape[1]} questions; more people than questions are needed."
            )
    means = [x.mean(axis=0) for x in groups]
    moments = [np.cov(x, rowvar=False, bias=True).reshape(x.shape[1], -1) for x in groups]
    for s in moments:
        if np.linalg.eigvalsh(s)[0] <= 1e-10 * np.trace(s):
            raise BadInput(
                "Two questions say exactly the same, or one never varies, so no factor can be fitted. Drop one of them."
            )
    n = np.array([len(x) for x in groups], float)
    parts = _layout(len(groups), factor_of, same)
    x = _minimise(parts, _start(parts, moments, means), moments, means, n)
    return _report(parts, x, moments, means, n, same)


def _layout(groups, factor_of, same) -> _Parts:
    p, m = len(factor_of), int(factor_of.max()) + 1
    next_ = iter(range(10**9))
    zero, one = -2, -1
    shape = {"loading": (p, m), "factor": (m, m), "unique": (p,), "intercept": (p,), "mean": (m,)}
    out = {k: np.full((groups, *s), zero) for k, s in shape.items()}
    lower = [(a, b) for a in range(m) for b in range(a)]
    for g in range(groups):
        share_loading, share_intercept = g and same != "configural", g and same == "scalar"
        out["loading"][g][np.arange(p), factor_of] = (
            out["loading"][0][np.arange(p), factor_of] if share_loading else [next(next_) for _ in range(p)]
        )
        out["factor"][g][np.diag_indices(m)] = [next(next_) for _ in range(m)] if share_loading else one
        for a, b in lower:
            out["factor"][g][a, b] = out["factor"][g][b, a] = next(next_)
        out["unique"][g] = [next(next_) for _ in range(p)]
        out["intercept"][g] = out["intercept"][0] if share_intercept else [next(next_) for _ in range(p)]
        if share_intercept:
            out["mean"][g] = [next(next_) for _ in range(m)]
    return _Parts(next(next_), out["loading"], out["factor"], out["unique"], out["intercept"], out["mean"])


def _start(parts, moments, means):
    x = np.zeros(parts.size + 2)
    x[-1] = 1.0
    for g, (s, mean) in enumerate(zip(moments, means, strict=True)):
        sd = np.sqrt(np.diag(s))
        x[parts.intercept[g]] = mean
        x[parts.unique[g]] = 0.5 * sd**2
        for j in range(len(sd)):
            mine = parts.loading[g, j] >= 0
            mates = [k for k in range(len(sd)) if (parts.loading[g, k] >= 0)[mine].any() and k != j]
            sign = np.sign(s[j, mates].sum()) if mates else 1.0
            x[parts.loading[g, j][mine]] = 0.7 * sd[j] * (sign or 1.0)
        own = np.diag(parts.factor[g])
        x[own[own >= 0]] = 1.0
    x[-2:] = 0.0, 1.0
    return x[:-2]


def _matrices(parts, x, g):
    full = np.concatenate([x, [0.0, 1.0]])
    return (
        full[parts.loading[g]],
        full[parts.factor[g]],
        full[parts.unique[g]],
        full[parts.intercept[g]],
        full[parts.mean[g]],
    )


def _distance(x, parts, moments, means, n):
    """Twice the negative log likelihood (up to a constant) over the people, and its gradient."""
    total, gradient = 0.0, np.zeros(parts.size + 2)
    for g, (s, mean) in enumerate(zip(moments, means, strict=True)):
        loading, factor, unique, intercept, centre = _matrices(parts, x, g)
        sigma = loading @ factor @ loading.T + np.diag(unique)
        try:
            root = np.linalg.cholesky(sigma)
        except np.linalg.LinAlgError:
            return np.inf, np.zeros(parts.size)
        inverse = np.linalg.inv(sigma)
        off = mean - intercept - loading @ centre
        seen = s + np.outer(off, off)
        share = n[g] / n.sum()
        total += share * (2 * np.log(np.diag(root)).sum() + np.sum(inverse * seen))
        slope = share * (inverse - inverse @ seen @ inverse)
        pull = -2 * share * (inverse @ off)
        np.add.at(gradient, parts.loading[g], 2 * slope @ loading @ factor + np.outer(pull, centre))
        np.add.at(gradient, parts.factor[g], loading.T @ slope @ loading)
        np.add.at(gradient, parts.unique[g], np.diag(slope))
        np.add.at(gradient, parts.intercept[g], pull)
        np.add.at(gradient, parts.mean[g], loading.T @ pull)
    return total, gradient[:-2]


def _minimise(parts, start, moments, means, n):
    positive = np.zeros(parts.size, bool)
    positive[parts.unique.ravel()] = True
    own = np.array([np.diag(f) for f in parts.factor]).ravel()
    positive[own[own >= 0]] = True
    floor = 1e-6 * min(np.diag(s).min() for s in moments)
    bounds = [(floor, None) if p else (None, None) for p in positive]
    found = optimize.minimize(
        _distance, start, (parts, moments, means, n), method="L-BFGS-B", jac=True, bounds=bounds,
        options={"maxiter": 5_000, "maxfun": 20_000, "ftol": 1e-15, "gtol": 1e-8},
    )  # fmt: skip
    x = found.x
    free = ~positive | (x > floor * 1.01)
    for _ in range(6):  # Newton's steps bring the last digits
        value, slope = _distance(x, parts, moments, means, n)
        if np.abs(slope[free]).max() < 1e-12:
            break
        step = np.zeros_like(x)
        step[free] = np.linalg.lstsq(
            _curvature(x, parts, moments, means, n)[np.ix_(free, free)], slope[free], rcond=1e-10
        )[0]
        after = _distance(x - step, parts, moments, means, n)[0]
        if not after <= value + 1e-13 or (x - step)[positive].min() < 0:
            break
        x = x - step
    return x


def _curvature(x, parts, moments, means, n):
    h = np.empty((len(x), len(x)))
    for j in range(len(x)):
        step = 1e-5 * max(abs(x[j]), 1e-2)
        up, down = x.copy(), x.copy()
        up[j] += step
        down[j] -= step
        above, below = (_distance(at, parts, moments, means, n)[1] for at in (up, down))
        h[j] = (above - below) / (2 * step)
    return (h + h.T) / 2


def _information(parts, x, moments, n):
    """Expected information of the parameters (Browne 1974), from the slopes of every group's implied moments."""
    total = np.zeros((parts.size, parts.size))
    for g in range(len(moments)):
        loading, factor, unique, _, centre = _matrices(parts, x, g)
        inverse = np.linalg.inv(loading @ factor @ loading.T + np.diag(unique))
        slopes = [_slopes(parts, g, loading, factor, centre, k) for k in range(parts.size)]
        turned = np.array([inverse @ ds for ds, _ in slopes])
        means = np.array([dm for _, dm in slopes])
        flat, crossed = turned.reshape(parts.size, -1), turned.transpose(0, 2, 1).reshape(parts.size, -1)
        total += n[g] * (0.5 * flat @ crossed.T + means @ inverse @ means.T)
    return total


def _slopes(parts, g, loading, factor, centre, k):
    d_loading, d_factor = (parts.loading[g] == k).astype(float), (parts.factor[g] == k).astype(float)
    half = d_loading @ factor @ loading.T
    sigma = half + half.T + loading @ d_factor @ loading.T + np.diag((parts.unique[g] == k).astype(float))
    mean = (parts.intercept[g] == k) + d_loading @ centre + loading @ (parts.mean[g] == k).astype(float)
    return sigma, mean


def _report(parts, x, moments, means, n, same) -> FactorFit:
    groups, p = len(moments), len(moments[0])
    made = [_matrices(parts, x, g) for g in range(groups)]
    # the sign of a factor is free: the first group's loadings sum to something positive, the others follow
    flip = np.array([np.where(f[0].sum(axis=0) < 0, -1.0, 1.0) for f in made])
    if same != "configural":
        flip[:] = flip[0]
    value = _distance(x, parts, moments, means, n)[0]
    saturated = sum(n[g] / n.sum() * (np.linalg.slogdet(s)[1] + p) for g, s in enumerate(moments))
    alone = sum(n[g] / n.sum() * (np.log(np.diag(s)).sum() + p) for g, s in enumerate(moments))
    chi, base = n.sum() * (value - saturated), n.sum() * (alone - saturated)
    df, base_df = groups * p * (p + 3) // 2 - parts.size, groups * p * (p - 1) // 2
    error = np.sqrt(np.maximum(np.diag(np.linalg.pinv(_information(parts, x, moments, n))), 0))
    low, high = _rmsea_interval(chi, df, n.sum(), groups)
    over, base_over = max(chi - df, 0), max(base - base_df, chi - df, 0)
    return FactorFit(
        same,
        np.array([f[0] * flip[g] for g, f in enumerate(made)]),
        np.array([f[3] for f in made]),
        np.array([f[2] for f in made]),
        np.array([f[1] * np.outer(flip[g], flip[g]) for g, f in enumerate(made)]),
        np.array([f[4] * flip[g] for g, f in enumerate(made)]),
        np.concatenate([error, [0.0, 0.0]])[parts.loading].max(axis=2),
        float(chi), int(df), float(stats.chi2.sf(chi, df)) if df else 1.0,
        float(1 - over / base_over) if base_over else 1.0,
        float((base / base_df - chi / df) / (base / base_df - 1)) if df and base > base_df else 1.0,
        float(np.sqrt(over / (df * n.sum()) * groups)) if df else 0.0, low, high,
        _srmr(made, moments, means, n, same), float(-0.5 * n.sum() * (value + p * np.log(2 * np.pi))), int(n.sum()), parts.size,
    )  # fmt: skip


def _rmsea_interval(chi, df, n, groups):
    if not df:
        return 0.0, 0.0

    def bound(tail):
        if stats.chi2.cdf(chi, df) < tail:
            return 0.0
        top = max(chi, 1.0) * 4 + 100
        return optimize.brentq(
            lambda nc: stats.ncx2.cdf(chi, df, nc) - tail if nc else stats.chi2.cdf(chi, df) - tail, 0, top
        )

    return tuple(float(np.sqrt(bound(tail) / (df * n) * groups)) for tail in (0.95, 0.05))


def _srmr(made, moments, means, n, same):
    out = 0.0
    for g, (s, mean) in enumerate(zip(moments, means, strict=True)):
        loading, factor, unique, intercept, centre = made[g]
        sd = np.sqrt(np.diag(s))
        left = (s - loading @ factor @ loading.T - np.diag(unique)) / np.outer(sd, sd)
        squares = np.sum(left[np.tril_indices(len(sd))] ** 2)
        cells = len(sd) * (len(sd) + 1) / 2
        if len(moments) > 1:
            squares += np.sum(((mean - intercept - loading @ centre) / sd) ** 2)
            cells += len(sd)
        out += n[g] / n.sum() * np.sqrt(squares / cells)
    return float(out)
