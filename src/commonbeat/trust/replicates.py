"""What would the answer have been had slightly different people been drawn? Replicate weights, made and read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonbeat.errors import BadInput, TooFew
from commonbeat.trust.sampling import sample_design
from commonbeat.trust.weights import Weights

__all__ = ["KINDS", "Replicates", "as_replicates", "replicate_weights"]

KINDS = ("jk1", "jkn", "bootstrap")


@dataclass(frozen=True, slots=True)
class Replicates:
    """Replicate weights and how to read a variance off them.

    weights : (people, draws) the whole weight of a person in each draw
    base    : (people,) the weight of the full sample
    scale, rscales : variance = scale * sum of rscales * (draw - centre)^2; rscales (draws,)
    mse     : centre at the full sample's value rather than at the mean of the draws
    """

    weights: np.ndarray
    base: np.ndarray
    kind: str
    scale: float
    rscales: np.ndarray
    mse: bool = False
    df_given: int | None = field(default=None)

    @property
    def df(self) -> int:
        """Directions in which the draws differ, less one (as R's survey counts them)."""
        if self.df_given is not None:
            return self.df_given
        used = self.base > 0
        factors = self.weights[used] / self.base[used, None]  # people of one cluster share a row, and the rank stays
        rows = np.unique(np.round(factors, 12), axis=0)
        small = rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
        return int(np.linalg.matrix_rank(small, tol=1e-10 * float(np.trace(small)), hermitian=True)) - 1

    def covariance(self, draws, value) -> np.ndarray:
        """draws (draws, k) of k quantities, value (k,) of the full sample -> (k, k)."""
        draws = np.asarray(draws, float).reshape(len(self.rscales), -1)
        told = ~np.isnan(draws).any(axis=1)
        if not told.any():
            return np.full((draws.shape[1],) * 2, np.nan)
        rscales = np.where(told, self.rscales, 0.0)
        used = told & (self.rscales > 0)
        centre = np.asarray(value, float) if self.mse else draws[used].mean(axis=0)
        off = np.where(told[:, None], draws - centre, 0.0)
        return self.scale * (off.T @ (off * rscales[:, None]))

    def reweighted(self, weigh) -> Replicates:
        """The same draws after `weigh(weights) -> weights` was done in every one: raking, trimming, both.

        Weights that are only adjusted once, for the full sample, hide what the adjusting itself adds or removes.
        """
        full = np.asarray(weigh(self.base), float)
        each = np.column_stack([np.asarray(weigh(w), float) for w in self.weights.T])
        df = self.df_given if self.df_given is not None else self.df
        return Replicates(
            each, full, f"{self.kind}, reweighted in every draw", self.scale, self.rscales, self.mse, df
        )


def replicate_weights(
    rows=None, *, kind="bootstrap", weights=None, strata=None, cluster=None, fpc=None, draws=200, rng=None, mse=False
) -> Replicates:  # fmt: skip
    """Which weights would slightly different samples have had?

    kind : "jk1" leaves out one cluster at a time, "jkn" the same within strata, "bootstrap" draws n - 1 clusters of each
           stratum anew (Rao, Wu & Yue 1992) `draws` times with `rng`
    rows : number of people, where neither weights nor clusters tell it
    Later stages of a draw are not replicated: the first carries them, unless most of a stratum was drawn.
    """
    if kind not in KINDS:
        raise BadInput(f'`kind` is "{kind}"; it may be {", ".join(KINDS)}.')
    given = next((c for c in (weights, strata, cluster) if c is not None), None)
    rows = len(given) if rows is None and given is not None else rows
    if rows is None:
        raise BadInput("How many people? Give `weights`, `cluster`, `strata` or `rows`.")
    if isinstance(weights, Weights) and weights.calibrated:
        raise BadInput(
            "Make replicates of the weights before raking, then use `.reweighted(...)` to rake in every draw."
        )
    design = sample_design(rows, weights=weights, strata=strata, cluster=cluster, fpc=fpc, lonely_psu="certainty")
    stage = design.stages[0]
    if (stage.drawn < 2).any():
        raise TooFew("A stratum holds one cluster only: leaving it out leaves nothing. Join strata first.")
    if kind == "jk1" and len(stage.drawn) > 1:
        raise BadInput('"jk1" is for a sample without strata; use "jkn".')
    if kind == "bootstrap":
        factor, scale, rscales = _bootstrap(stage, draws, np.random.default_rng(rng))
    else:
        factor, scale, rscales = _jackknife(stage, kind)
    return Replicates(design.weights[:, None] * factor[stage.unit], design.weights, kind, scale, rscales, mse)


def as_replicates(given, *, base=None) -> Replicates:
    """Replicates as they are; a bare (people, draws) array is read as bootstrap weights, scale 1 / (draws - 1)."""
    if isinstance(given, Replicates):
        if base is not None and len(base) != len(given.base):
            raise BadInput(f"`replicates` are for {len(given.base)} people, `y` has {len(base)}.")
        return given
    each = np.asarray(given.to_numpy() if hasattr(given, "to_numpy") else given, float)
    if each.ndim != 2 or each.shape[1] < 2 or (base is not None and len(each) != len(base)):
        raise BadInput(
            f"`replicates` has shape {each.shape}: people in rows and at least two draws in columns were needed."
        )
    draws = each.shape[1]
    return Replicates(each, each.mean(axis=1) if base is None else base, "bootstrap", 1 / (draws - 1), np.ones(draws))


def _jackknife(stage, kind):
    units = len(stage.stratum)
    n = stage.drawn[stage.stratum]
    same = stage.stratum[:, None] == stage.stratum[None, :]
    factor = np.where(same, (n / (n - 1))[None, :], 1.0)
    np.fill_diagonal(factor, 0.0)
    left = stage.left[stage.stratum]
    if kind == "jk1":
        return factor, float((units - 1) / units * left[0]), np.ones(units)
    return factor, 1.0, (n - 1) / n * left


def _bootstrap(stage, draws, rng):
    factor = np.empty((len(stage.stratum), draws))
    for h in range(len(stage.drawn)):
        mine = np.flatnonzero(stage.stratum == h)
        n = len(mine)
        times = rng.multinomial(n - 1, np.full(n, 1 / n), size=draws).T
        # a finite population shrinks the spread about 1, not the weight itself
        factor[mine] = 1 + np.sqrt(stage.left[h]) * (times * n / (n - 1) - 1)
    return factor, 1 / (draws - 1), np.ones(draws)
