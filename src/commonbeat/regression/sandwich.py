"""Variances robust to clusters, from the matrices of `blocks` alone. Jackknife: MacKinnon, Nielsen & Webb (2023)."""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.regression.cr2 import GONE, cr2, whole_bread

__all__ = ["CLUSTERED", "cluster_variance"]

SAFE = 0.9  # a norm of H_g this small: I - H_g is far from singular, and need not be inverted to see it
CLUSTERED = ("CR0", "CR1", "CR2", "CR3", "CRV3")


def cluster_variance(blocks, se: str, contrast, *, n: int, rank: int, members=None):
    """(variance (p, p), df (k,)) of the coefficients; contrast (p, k) says for which combinations df are wanted.

    members : the rows of each cluster where they are at hand; CR2 of clusters smaller than p is quicker from them
    """
    g = blocks.clusters
    df = np.full(contrast.shape[1], g - 1.0)
    if se == "CR2":
        score, df = cr2(blocks, contrast, members)
    elif se in ("CR0", "CR1"):
        score = blocks.xe[blocks.power(1)]
    elif se in ("CR3", "CRV3"):
        score = _left_out(blocks)
    else:
        raise BadInput(f"se={se!r} is not a cluster-robust error: choose one of {', '.join(CLUSTERED)}")
    moved = score @ blocks.bread
    factor = {"CR1": g / (g - 1) * (n - 1) / max(n - rank, 1), "CRV3": (g - 1) / g}.get(se, 1.0)
    return factor * moved.T @ moved, df


def _left_out(blocks):
    """Scores whose bread-product is the change of the coefficients when a cluster is left out (the jackknife)."""
    m, local, bread = blocks.slot.shape[1], blocks.local(1), whole_bread(blocks)
    hat = local @ bread
    system = np.eye(local.shape[1]) - hat
    fe = blocks.score(1)[..., None]
    out = np.empty_like(fe)
    size = np.sqrt(np.maximum(np.einsum("gii->gi", bread), 0))
    size[size == 0] = 1
    doubtful = _norm(hat * size[:, :, None] / size[:, None, :]) > SAFE
    singular = np.zeros(len(system), bool)
    singular[doubtful] = _nearly_singular(system[doubtful])
    out[~singular] = np.linalg.solve(system[~singular], fe[~singular])
    if singular.any():
        out[singular] = np.linalg.pinv(system[singular], rcond=GONE) @ fe[singular]
    return out[:, m:, 0]


def _norm(matrices):
    return np.abs(matrices).sum(1).max(1)


def _nearly_singular(system):
    """(G,) by the condition number in the largest column sum, which costs an inverse and not a decomposition."""
    with np.errstate(all="ignore"):
        try:
            inverse = np.linalg.inv(system)
        except np.linalg.LinAlgError:
            return np.linalg.cond(system) > 1 / GONE
        return ~(_norm(system) * _norm(inverse) <= 1 / GONE)
