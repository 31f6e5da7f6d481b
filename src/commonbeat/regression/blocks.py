"""From sums to the matrices the sandwich needs: fixed effects taken out, regressors projected on instruments.

Notation of this folder: F = [D, X] with D the dummies of the absorbed factor and X the regressors after D is taken out
(weighted, so that X'WD = 0). Then (F'WF)^-1 is diag(1 / level weights) beside M = (X'WX)^-1, and a cluster touches D
only in the few levels it lies in: its slots.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

__all__ = ["Blocks", "independent", "residualised", "stable_inverse"]

COLLINEAR = 1e-10  # a regressor is dropped when the others explain all but this share of it


@dataclass(frozen=True, slots=True)
class Blocks:
    """Matrices by cluster. k is the power of the weight (0, 1, 2), m slots, p regressors.

    bread  : (p, p) M = (X'WX)^-1
    xx     : (powers, G, p, p)   X_g' W^k X_g
    xe     : (powers, G, p)      X_g' W^k e_g
    slot   : (G, m) index of the cell in each slot, -1 where empty
    level  : (G, m) level of each slot
    dx, de : (powers, cells, p), (powers, cells)   d_c' W^k X, d_c' W^k e by cell
    dd     : (powers, cells) sum of w^k by cell
    weight : (powers, levels) sum of w^k by level
    omega  : (levels, p)  D' W^2 X summed by level
    """

    bread: np.ndarray
    xx: np.ndarray
    xe: np.ndarray
    slot: np.ndarray
    level: np.ndarray
    dx: np.ndarray
    de: np.ndarray
    dd: np.ndarray
    weight: np.ndarray
    cell_cluster: np.ndarray
    cell_level: np.ndarray

    @property
    def clusters(self) -> int:
        return self.xx.shape[1]

    @property
    def weighted(self) -> bool:
        return len(self.xx) == 3

    def power(self, k: int) -> int:
        return k if self.weighted else 0

    def take(self, which) -> Blocks:
        """The same for some of the clusters."""
        return replace(
            self, xx=self.xx[:, which], xe=self.xe[:, which], slot=self.slot[which], level=self.level[which]
        )

    def local(self, k: int) -> np.ndarray:
        """(G, m+p, m+p)  F_g' W^k F_g."""
        k = self.power(k)
        g, m, p = self.clusters, self.slot.shape[1], self.bread.shape[0]
        out = np.zeros((g, m + p, m + p))
        out[:, m:, m:] = self.xx[k]
        if m:
            at = np.arange(m)
            out[:, at, at] = np.where(self.slot >= 0, self.dd[k][self.slot], 0)
            out[:, :m, m:] = np.where(self.slot[..., None] >= 0, self.dx[k][self.slot], 0)
            out[:, m:, :m] = out[:, :m, m:].transpose(0, 2, 1)
        return out

    def score(self, k: int) -> np.ndarray:
        """(G, m+p)  F_g' W^k e_g."""
        k = self.power(k)
        slots = (
            np.where(self.slot >= 0, self.de[k][self.slot], 0) if self.slot.shape[1] else np.zeros(self.slot.shape)
        )
        return np.concatenate([slots, self.xe[k]], axis=1)

    def inverse_weight(self) -> np.ndarray:
        """(G, m) one over the weight of each slot's level, 0 where the slot is empty."""
        if not self.slot.shape[1]:
            return np.zeros(self.slot.shape)
        return np.where(self.slot >= 0, 1 / self.weight[self.power(1)][self.level], 0)


def residualised(gram, use):
    """(second (powers, G, q, q), first (powers, cells, q)) of the columns `use`, fixed effect taken out.

    Without a fixed effect a column of ones is put in front instead, so that the intercept is an ordinary regressor.
    """
    second = gram.second[:, :, use[:, None], use]
    first = gram.first[:, :, use]
    if not gram.absorbed:
        count = np.stack([np.bincount(gram.cluster, t, gram.clusters) for t in gram.total])
        sums = np.stack([_by(gram.cluster, f, gram.clusters) for f in first])
        with_one = np.empty((len(second), gram.clusters, len(use) + 1, len(use) + 1))
        with_one[:, :, 0, 0], with_one[:, :, 0, 1:], with_one[:, :, 1:, 0] = count, sums, sums
        with_one[:, :, 1:, 1:] = second
        return with_one, np.zeros((len(first), 0, len(use) + 1))
    one = 1 if gram.weighted else 0
    weight = np.bincount(gram.level, gram.total[one])
    mean = (_by(gram.level, first[one], len(weight)) / weight[:, None])[gram.level]
    cross = first[:, :, :, None] * mean[:, None, :]
    taken = cross + cross.transpose(0, 1, 3, 2) - gram.total[:, :, None, None] * mean[:, :, None] * mean[:, None, :]
    second = second - np.stack([_by(gram.cluster, t, gram.clusters) for t in taken])
    return second, first - gram.total[:, :, None] * mean


def build(gram, second, first, project, error, bread, *, keep_single: bool):
    """Blocks of the regressors `columns @ project` and the residual `columns @ error`.

    keep_single: keep slots for levels that lie inside one cluster. Unweighted they drop out exactly (their projection is
    orthogonal to everything else in the cluster) and would only make the matrices large.
    """
    turned = project.T @ second
    xx, xe = turned @ project, turned @ error
    if gram.absorbed:
        weight = np.stack([np.bincount(gram.level, t) for t in gram.total])
        shared = np.bincount(gram.level) > 1
        cells = np.flatnonzero(np.ones(len(gram.level), bool) if keep_single else shared[gram.level])
    else:
        weight, cells = np.ones((len(gram.total), 1)), np.zeros(0, np.int64)
    slot = _slots(gram.cluster[cells], cells, gram.clusters)
    return Blocks(
        bread, xx, xe, slot, np.where(slot >= 0, gram.level[slot], 0) if slot.size else slot, first @ project, first @ error,
        gram.total, weight, gram.cluster, gram.level,
    )  # fmt: skip


def _slots(cluster, cells, clusters):
    held = np.bincount(cluster, minlength=clusters)
    out = np.full((clusters, held.max() if len(cells) else 0), -1, np.int64)
    if len(cells):
        order = np.argsort(cluster, kind="stable")
        place = np.arange(len(cells)) - np.repeat(np.cumsum(held) - held, held)
        out[cluster[order], place] = cells[order]
    return out


def _by(code, values, size):
    out = np.zeros((size, *values.shape[1:]))
    np.add.at(out, code, values)
    return out


def independent(cross, scale):
    """Which columns are not explained by those before them? cross: (p, p) cross products, scale: (p,) their raw squares.

    Later columns go first, as R does, so that the order of a formula says what is kept.
    """
    work, kept = cross.astype(float).copy(), []
    for j in range(len(work)):
        if work[j, j] > COLLINEAR * scale[j] and scale[j] > 0:
            kept.append(j)
            row = work[j] / np.sqrt(work[j, j])
            work = work - np.outer(row, row)
    return np.array(kept, int)


def stable_inverse(matrix):
    """The inverse of a cross-product matrix, columns first brought to one scale."""
    d = 1 / np.sqrt(np.diag(matrix))
    inverse = np.linalg.inv(matrix * np.outer(d, d)) * np.outer(d, d)
    return (inverse + inverse.T) / 2
