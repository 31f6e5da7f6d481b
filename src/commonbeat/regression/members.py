"""The other side of CR2: clusters with fewer rows than columns, from n_g x n_g matrices, stacked by size."""

from __future__ import annotations

import numpy as np

from commonbeat.regression.cr2 import GONE

__all__ = ["Members"]

STACK = 4_000_000  # numbers in one stack of matrices


class Members:
    """Rows by cluster: regressors x (n, p) and residual e (n,) as in `Blocks`, weight w (n,), level (n,) or None."""

    def __init__(self, x, e, w, cluster, level):
        self.x, self.e, self.w, self.level = x, e, w, level
        self.size = np.bincount(cluster)
        self.order = np.argsort(cluster, kind="stable")
        self.start = np.cumsum(self.size) - self.size

    def groups(self, clusters):
        """Clusters of one size, at most as many together as fit a stack."""
        for size in np.unique(self.size[clusters]):
            alike = clusters[self.size[clusters] == size]
            many = max(1, STACK // (size * (size + self.x.shape[1])))
            yield from (alike[i : i + many] for i in range(0, len(alike), many))

    def side(self, blocks, which, contrast, parts):
        """Scores, |v|^2 and z of clusters of one size, A being the inverse root of (I - H)_g (I - H)_g'."""
        at = self.order[self.start[which][:, None] + np.arange(self.size[which[0]])]
        x, e, w = self.x[at], self.e[at], self.w[at] if blocks.weighted else np.ones(at.shape)
        a = _inverse_root(self._left(blocks, at, x, w, parts))
        wx = x * w[:, :, None]
        score = (wx.transpose(0, 2, 1) @ (a @ e[:, :, None]))[:, :, 0]
        v = a @ (wx @ (blocks.bread @ contrast))
        z = self._turned(blocks, which, at, x, v)
        if blocks.weighted:
            z = np.concatenate([z, self._turned(blocks, which, at, x, v * w[:, :, None])], axis=1)
        return score, (v**2).sum(1), z

    def _left(self, blocks, at, x, w, parts):
        """(I - H)_g (I - H)_g', which is (I - H)_gg without weights."""
        hat = x @ blocks.bread @ x.transpose(0, 2, 1)
        same = level = None
        if self.level is not None:
            level = self.level[at]
            same = level[:, :, None] == level[:, None, :]
            hat = hat + same * _inverse_weight(blocks)[level][:, None, :]
        left = np.eye(at.shape[1]) - hat * w[:, None, :]
        if not blocks.weighted:
            return left
        dd, dx, xx = parts
        left = left - w[:, :, None] * hat + x @ xx @ x.transpose(0, 2, 1)
        if same is not None:
            across = dx[level] @ x.transpose(0, 2, 1)
            left = left + same * dd[level][:, None, :] + across + across.transpose(0, 2, 1)
        return left

    def _turned(self, blocks, which, at, x, v):
        """F'v with the slots of the absorbed levels in front."""
        inside = x.transpose(0, 2, 1) @ v
        if not blocks.slot.shape[1]:
            return inside
        held = (blocks.level[which][:, :, None] == self.level[at][:, None, :]) & (blocks.slot[which] >= 0)[:, :, None]
        return np.concatenate([held @ v, inside], axis=1)


def _inverse_weight(blocks):
    """One over the weight of each level; 0 for levels that were left out because they lie inside one cluster."""
    out = np.zeros(blocks.weight.shape[1])
    kept = np.unique(blocks.level[blocks.slot >= 0]) if blocks.slot.size else []
    out[kept] = 1 / blocks.weight[blocks.power(1)][kept]
    return out


def _inverse_root(matrix):
    value, vector = np.linalg.eigh((matrix + matrix.transpose(0, 2, 1)) / 2)
    root = np.divide(1, np.sqrt(np.maximum(value, 0)), out=np.zeros_like(value), where=value > GONE)
    return (vector * root[:, None, :]) @ vector.transpose(0, 2, 1)
