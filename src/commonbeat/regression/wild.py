"""The restricted wild cluster bootstrap-t, from sums by cluster."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonbeat.errors import TooFew
from commonbeat.estimate import plain
from commonbeat.regression import fitting

__all__ = ["WildBootstrap", "wild_bootstrap"]

ALL_SIGNS = 4096  # with this many sign vectors or fewer each is used once
CHUNK = 512


@dataclass(frozen=True, slots=True)
class WildBootstrap:
    """Could signs flipped at random by cluster give a t this large?

    estimate, statistic : the coefficient and its t with CR0
    p_value, low, high  : by the bootstrap; the interval holds the values that are not rejected
    draws               : t of each sign vector under the null of `null`
    exact               : every sign vector was used once
    """

    term: str
    estimate: float
    statistic: float
    p_value: float
    low: float
    high: float
    level: float
    null: float
    clusters: int
    exact: bool
    draws: np.ndarray = field(repr=False)
    method: str = ""

    def to_dict(self) -> dict:
        names = (
            "term",
            "estimate",
            "statistic",
            "p_value",
            "low",
            "high",
            "level",
            "null",
            "clusters",
            "exact",
            "method",
        )
        return plain({name: getattr(self, name) for name in names} | {"draws": len(self.draws)})


def wild_bootstrap(gram, y, x, term, *, null=0.0, draws=9999, rng=None, level=0.95, interval=True) -> WildBootstrap:
    """Is the effect of `term` different from `null`, judged by flipping the residuals of whole clusters?

    Right where few clusters, or few treated ones, break the usual t. All 2^G Rademacher vectors when there are at most
    4,096, else `draws` of them and p = (1 + #) / (1 + draws), never 0.
    Method: Cameron, Gelbach & Miller (2008), null imposed; Roodman et al. (2019) for doing it without rows.
    """
    if gram.clusters < 4:
        raise TooFew(f"{gram.clusters} clusters give {2**gram.clusters} sign vectors: too few for any p below 0.1")
    one = fitting.solve(gram, y, x)
    if term not in one.terms or term == fitting.INTERCEPT:
        fitting_terms = ", ".join(t for t in one.terms if t != fitting.INTERCEPT)
        raise TooFew(f"{term!r} is not among the terms that could be estimated: {fitting_terms}")
    signs, exact = _signs(gram.clusters, draws, rng)
    world = _World(one, one.terms.index(term))
    t_null = world.statistics(signs, null)
    p = _p(world.observed(null), t_null, exact)
    low = high = float("nan")
    if interval:
        low, high = (_edge(world, signs, exact, side, 1 - level) for side in (-1, 1))
    how = "all sign vectors" if exact else f"{draws:,} sign vectors"
    return WildBootstrap(
        term, float(world.beta), float(world.observed(null)), p, low, high, level, null, gram.clusters, exact, t_null,
        f"restricted wild cluster bootstrap-t, {how}, {gram.clusters} clusters, CR0 t",
    )  # fmt: skip


def _signs(g, draws, rng):
    if 2**g <= ALL_SIGNS:
        return (1.0 - 2.0 * ((np.arange(2**g)[None, :] >> np.arange(g)[:, None]) & 1)), True
    rng = np.random.default_rng(0) if rng is None else rng
    return 1.0 - 2.0 * rng.integers(0, 2, (g, draws)), False


class _World:
    """Everything linear in the null: scores at the null are those of the fit plus (beta - null) times a constant."""

    def __init__(self, one, j):
        blocks = one.blocks
        m, local = blocks.slot.shape[1], blocks.local(1)
        self.m, self.level, self.filled = m, blocks.level, blocks.slot >= 0
        self.levels = blocks.weight.shape[1]
        self.bread_j = blocks.bread[j]
        self.beta, self.scale = one.beta[j], blocks.bread[j, j]
        self.base = blocks.score(1)
        self.slope = local[:, :, m:] @ self.bread_j / self.scale
        self.pull = (local[:, m:, m:] @ self.bread_j) @ blocks.bread
        self.drag = np.einsum("gsp,p->gs", local[:, :m, m:], self.bread_j) * blocks.inverse_weight()
        self.error = np.sqrt(((blocks.xe[blocks.power(1)] @ self.bread_j) ** 2).sum())

    def observed(self, null):
        return (self.beta - null) / self.error

    def statistics(self, signs, null):
        score = self.base + (self.beta - null) * self.slope
        own = score[:, self.m :] @ self.bread_j
        out = np.empty(signs.shape[1])
        for start in range(0, signs.shape[1], CHUNK):
            v = signs[:, start : start + CHUNK]
            moved = score[:, self.m :].T @ v
            error = own[:, None] * v - self.pull @ moved
            if self.m:
                shift = np.zeros((self.levels, v.shape[1]))
                for s in range(self.m):
                    np.add.at(shift, self.level[:, s], np.where(self.filled[:, s], score[:, s], 0)[:, None] * v)
                for s in range(self.m):
                    error -= self.drag[:, s, None] * shift[self.level[:, s]]
            with np.errstate(divide="ignore", invalid="ignore"):
                out[start : start + CHUNK] = (self.bread_j @ moved) / np.sqrt((error**2).sum(0))
        return out


def _p(t, t_draws, exact):
    reached = int((np.abs(t_draws) >= abs(t) - 1e-10).sum())
    return reached / len(t_draws) if exact else (1 + reached) / (1 + len(t_draws))


def _edge(world, signs, exact, side, alpha):
    """The value farthest out on one side that is not rejected; infinite when nothing is ever rejected there."""
    kept = lambda null: _p(world.observed(null), world.statistics(signs, null), exact) > alpha  # noqa: E731
    step, inner = 2 * world.error, world.beta
    for _ in range(30):
        outer = world.beta + side * step
        if not kept(outer):
            break
        inner, step = outer, step * 2
    else:
        return side * np.inf
    for _ in range(30):
        middle = (inner + outer) / 2
        inner, outer = (middle, outer) if kept(middle) else (inner, middle)
    return float((inner + outer) / 2)
