"""How long does it last, judged by drawing the same people (or clusters) again? Sums of each cluster are enough: no row is read twice."""

from __future__ import annotations

import numpy as np

from commonbeat.design import codes_of
from commonbeat.trust.decay import STEEP

__all__ = ["redraw_half_life"]

AT_ONCE = 20_000_000  # counts held in memory
RATES = 2_000  # rates tried; a parabola through the best three gives the digits between them


def redraw_half_life(r, z, times, w, covariance, *, draws, seed, level) -> tuple[float, float]:
    """(low, high) of log(2) / rate by percentiles; rates at or below zero count as endless.

    r : rows with y, and where there are any block, cluster, group_person, weights;  z, w: (n,) arm, position of the wave
    Method: clusters are redrawn; every redraw's effects come from its clusters' cross products, and its rate by minimum
    distance with the weights of the whole sample.
    """
    cross, right, wanted = _sums(r, z, times, w)
    rng, clusters = np.random.default_rng(seed), len(cross)
    root = np.linalg.cholesky(np.linalg.inv(covariance)).T
    found, left = [], draws
    while left:
        k = min(left, max(1, AT_ONCE // clusters))
        count = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=k).astype(float)
        q = right.shape[1]
        a, b = (count @ cross.reshape(clusters, -1)).reshape(k, q, q), count @ right
        effects = np.einsum("dij,dj->di", np.linalg.pinv(a, hermitian=True), b)[:, :wanted]
        found.append(_rates(effects, np.asarray(times, float), root))
        left -= k
    rate = np.concatenate(found)
    with np.errstate(divide="ignore"):
        half = np.where(rate > 0, np.log(2) / rate, np.inf)
    tail = (1 - level) / 2
    low, high = np.quantile(half, [tail, 1 - tail], method="inverted_cdf")
    return float(low), float(high)


def _sums(r, z, times, w):
    """Cross products by cluster (clusters, q, q), with y (clusters, q), and how many columns are effects."""
    group = r.get("cluster", r.get("group_person"))
    labels, g = codes_of(np.arange(len(z)) if group is None else group, "cluster")
    inside = (w[:, None] == np.arange(len(times))).astype(float)
    x = [inside * z[:, None], inside]
    if "block" in r:
        b = codes_of(r["block"], "block")[1]
        x.append((b[:, None] == np.arange(1, b.max() + 1)).astype(float))
    x = np.column_stack(x)
    weight = r["weights"] if "weights" in r else np.ones(len(z))
    q, size = x.shape[1], len(labels)
    cross, right = np.empty((size, q, q)), np.empty((size, q))
    for i in range(q):
        here = np.flatnonzero(x[:, i])  # most columns are zero for most rows
        side, at = (weight * x[:, i])[here], g[here]
        right[:, i] = np.bincount(at, side * r["y"][here], minlength=size)
        for j in range(i, q):
            cross[:, i, j] = cross[:, j, i] = np.bincount(at, side * x[here, j], minlength=size)
    return cross, right, len(times)


def _rates(effects, t, root):
    """(draws,) the rate whose exponential passes closest to each row of effects."""
    span = max(t.max(), np.ptp(t), 1e-9)
    grid = np.geomspace(STEEP[0], STEEP[-1], RATES) / span
    grid = np.r_[-grid[::-12][: RATES // 24], grid]
    x = root @ np.exp(-np.minimum(np.outer(t, grid), 700).clip(-700))
    x = x / np.linalg.norm(x, axis=0)
    fit = (effects @ root.T @ x) ** 2  # what the curve explains; the rest is the misfit
    best = np.clip(fit.argmax(1), 1, len(grid) - 2)
    rows = np.arange(len(effects))
    a, b, c = (fit[rows, best + k] for k in (-1, 0, 1))
    bend = a - 2 * b + c
    step = np.where(bend < 0, 0.5 * (a - c) / np.where(bend < 0, bend, 1), 0.0).clip(-1, 1)
    side = np.where(step > 0, grid[best + 1] - grid[best], grid[best] - grid[best - 1])
    return grid[best] + step * side
