"""CR2 and its degrees of freedom from small matrices: Bell & McCaffrey (2002), Pustejovsky & Tipton (2018).

The df need sum_gh P_gh^2 over pairs of clusters; written as the norm of a small matrix it costs clusters x p^3 and not
clusters^2. A side gives, for the clusters it is handed, the scores X'WAe (G, p), |v|^2 (G, k) and z = F'v, under weights
[F'v, F'Wv], (G, width, k), where v = A W X M c belongs to a contrast c.
"""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput

__all__ = ["GONE", "cr2", "whole_bread"]

GONE = 1e-10  # an eigenvalue of I - H this small: the cluster determines a coefficient alone; take the pseudo-inverse


def cr2(blocks, contrast, members=None):
    """(scores (G, p), df (k,)); each cluster from whichever of its rows and its columns are fewer."""
    m, p = blocks.slot.shape[1], blocks.bread.shape[0]
    width, k = (2 if blocks.weighted else 1) * (m + p), contrast.shape[1]
    score, a, z = (
        np.empty((blocks.clusters, p)),
        np.empty((blocks.clusters, k)),
        np.empty((blocks.clusters, width, k)),
    )
    parts = _parts_of_gamma(blocks) if blocks.weighted else None
    small = np.zeros(blocks.clusters, bool) if members is None else members.size < m + p
    for which in members.groups(np.flatnonzero(small)) if small.any() else ():
        score[which], a[which], z[which] = members.side(blocks, which, contrast, parts)
    large = np.flatnonzero(~small)
    if len(large):
        some = blocks.take(large) if small.any() else blocks
        found = _by_columns_weighted(some, contrast, parts) if blocks.weighted else _by_columns(some, contrast)
        score[large], a[large], z[large] = found
    if blocks.weighted:
        return score, _satterthwaite_weighted(blocks, a, z, m, p, parts)
    return score, _satterthwaite(blocks, a, z, m)


def _root(matrix):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T


def _by_columns(blocks, contrast):
    """Working model I: A = (I - H_gg)^(-1/2).

    With Y = F B^(1/2) (B the whole bread), H_gg = YY' and A - I = Y V diag(((1 - t)^(-1/2) - 1) / t) V' Y' where V, t are
    the eigenvectors and values of Y'Y: no n_g x n_g matrix appears, and nothing is divided by a vanishing t.
    """
    m, local = blocks.slot.shape[1], blocks.local(0)
    half = np.zeros_like(local)
    at = np.arange(m)
    half[:, at, at] = np.sqrt(blocks.inverse_weight())
    half[:, m:, m:] = _root(blocks.bread)
    t, v = np.linalg.eigh(half @ local @ half)
    inside = half @ v
    shrink = (inside * _excess(t)[:, None, :]) @ inside.transpose(0, 2, 1)
    fe = blocks.score(0)
    score = fe + (local @ (shrink @ fe[:, :, None]))[:, :, 0]
    mc = blocks.bread @ contrast
    lift = shrink @ (local[:, :, m:] @ mc)
    lift[:, m:] += mc
    z = local @ lift
    return score[:, m:], (lift * z).sum(1), z


def _excess(t):
    """((1 - t)^(-1/2) - 1) / t, with 1 / 2 where t vanishes and the pseudo-inverse where t reaches 1."""
    t = np.clip(t, 0, 1)
    rest = 1 - t
    plain = np.divide(1, np.sqrt(rest), out=np.zeros_like(t), where=rest > GONE)
    small = t < 1e-8
    return np.where(small, 0.5 + 0.375 * t, (plain - 1) / np.where(small, 1, t))


def _by_columns_weighted(blocks, contrast, parts):
    """The same with sampling weights and working model I: I - H is no longer symmetric and needs powers 0, 1, 2 of w."""
    m, p = blocks.slot.shape[1], blocks.bread.shape[0]
    one, two, three = (blocks.local(k) for k in range(3))
    inverse, gamma = whole_bread(blocks), _gamma(blocks, parts)
    zero = np.zeros_like(inverse)
    both = np.block([[one, two], [two, three]])
    inner = np.block([[gamma, -inverse], [-inverse, zero]])
    value, vector = np.linalg.eigh(both)
    keep = value > 1e-12 * value[:, -1:]
    side = np.sqrt(np.where(keep, value, 0))
    back = np.divide(1, side, out=np.zeros_like(side), where=keep)
    turned = side[:, :, None] * (vector.transpose(0, 2, 1) @ inner @ vector) * side[:, None, :]
    t, v = np.linalg.eigh((turned + turned.transpose(0, 2, 1)) / 2)
    left = 1 + t
    change = np.divide(1, np.sqrt(np.maximum(left, 0)), out=np.zeros_like(t), where=left > GONE) - 1
    basis = (vector * back[:, None, :]) @ v
    shrink = (basis * change[:, None, :]) @ basis.transpose(0, 2, 1)
    ue = np.concatenate([blocks.score(0), blocks.score(1)], axis=1)
    wide = np.concatenate([two, three], axis=2)
    score = blocks.score(1) + (wide @ (shrink @ ue[:, :, None]))[:, :, 0]
    mc = blocks.bread @ contrast
    lift = shrink @ (wide.transpose(0, 2, 1)[:, :, m:] @ mc)
    lift[:, 2 * m + p :] += mc
    z = both @ lift
    return score[:, m:], (lift * z).sum(1), z


def _satterthwaite(blocks, a, z, m):
    """(sum_g P_gg)^2 / sum_gh P_gh^2 with P = diag(a) - L L', L = [X'v M^(1/2), D'v / sqrt(weight)].  a (G, k), z (G, m+p, k)."""
    x = _root(blocks.bread) @ z[:, m:]
    d = z[:, :m] * np.sqrt(blocks.inverse_weight())[:, :, None]
    own = (x**2).sum(1) + (d**2).sum(1)
    xx = x.transpose(2, 1, 0) @ x.transpose(2, 0, 1)
    square = (a**2).sum(0) - 2 * (a * own).sum(0) + (xx**2).sum((1, 2))
    if m:
        square = square + _dummies_part(blocks, x, d)
    return (a - own).sum(0) ** 2 / square


def _dummies_part(blocks, x, d):
    """What the absorbed levels add to the norm: 2 |x'd|^2 + |d'd|^2, d being (G, levels) with m entries per row."""
    levels, filled = blocks.weight.shape[1], blocks.slot >= 0
    row, place = np.nonzero(filled)
    level = blocks.level[row, place]
    out = np.zeros(d.shape[2])
    for k in range(d.shape[2]):
        value = d[row, place, k]
        cross = np.zeros((levels, x.shape[1]))
        np.add.at(cross, level, value[:, None] * x[row, :, k])
        out[k] = 2 * (cross**2).sum()
        if d.shape[1] == 1:
            out[k] += (np.bincount(level, value**2, levels) ** 2).sum()
        else:
            from scipy import sparse

            by_level = sparse.csr_array((value, (row, level)), shape=(len(d), levels))
            out[k] += ((by_level.T @ by_level).data ** 2).sum()
    return out


def whole_bread(blocks):
    """(G, m+p, m+p) the bread of a cluster's slots and of X."""
    g, m, p = blocks.clusters, blocks.slot.shape[1], blocks.bread.shape[0]
    out = np.zeros((g, m + p, m + p))
    out[:, np.arange(m), np.arange(m)] = blocks.inverse_weight()
    out[:, m:, m:] = blocks.bread
    return out


def _parts_of_gamma(blocks):
    """Pieces of B F'W^2F B (B the whole bread): by level its diagonal, level x p, and p x p."""
    levels = blocks.weight.shape[1]
    w1, w2 = blocks.weight[1], blocks.weight[2]
    omega = np.zeros((levels, blocks.bread.shape[0]))
    if len(blocks.dx[2]):
        np.add.at(omega, blocks.cell_level, blocks.dx[2])
    return w2 / w1**2, (omega / w1[:, None]) @ blocks.bread, blocks.bread @ blocks.xx[2].sum(0) @ blocks.bread


def _gamma(blocks, parts):
    g, m, p = blocks.clusters, blocks.slot.shape[1], blocks.bread.shape[0]
    dd, dx, xx = parts
    out = np.zeros((g, m + p, m + p))
    out[:, m:, m:] = xx
    if m:
        at, filled = np.arange(m), blocks.slot >= 0
        out[:, at, at] = np.where(filled, dd[blocks.level], 0)
        out[:, :m, m:] = np.where(filled[..., None], dx[blocks.level], 0)
        out[:, m:, :m] = out[:, :m, m:].transpose(0, 2, 1)
    return out


def _satterthwaite_weighted(blocks, a, z, m, p, parts):
    """P = diag(a) + L N L', L = [F'v, F'Wv] over all levels, N = [[B F'W^2F B, -B], [-B, 0]]."""
    levels = blocks.weight.shape[1] if m else 0
    width = levels + p
    if blocks.clusters * width > 40_000_000:
        raise BadInput(
            f"{blocks.clusters} clusters with {levels} levels and weights are too large for CR2: use se='CR1', "
            "or absorb a factor with fewer levels"
        )
    dd, dx, xx = parts
    middle = np.zeros((2 * width, 2 * width))
    middle[levels:width, levels:width] = xx
    bread = np.zeros((width, width))
    bread[levels:, levels:] = blocks.bread
    if m:
        middle[:levels, :levels] = np.diag(dd)
        middle[:levels, levels:width], middle[levels:width, :levels] = dx, dx.T
        bread[:levels, :levels] = np.diag(1 / blocks.weight[1])
    middle[:width, width:], middle[width:, :width] = -bread, -bread
    row, place = np.nonzero(blocks.slot >= 0)
    level = blocks.level[row, place] if m else row
    out = np.empty(a.shape[1])
    for k in range(a.shape[1]):
        wide = np.zeros((blocks.clusters, 2 * width))
        for start, part in ((0, z[:, : m + p, k]), (width, z[:, m + p :, k])):
            wide[:, start + levels : start + width] = part[:, m:]
            if m:
                np.add.at(wide, (row, start + level), part[row, place])
        turned = wide @ middle
        own = (turned * wide).sum(1)
        core = wide.T @ turned
        square = (a[:, k] ** 2).sum() + 2 * (a[:, k] * own).sum() + (core * core.T).sum()
        out[k] = (a[:, k] + own).sum() ** 2 / square
    return out
