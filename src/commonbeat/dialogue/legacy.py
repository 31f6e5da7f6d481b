"""What would a Polis server show on a cold start? Restated from published descriptions, so that its users can check us.

Rules (Small et al. 2021 and the project's own notes): statements that are self-descriptions or rejected become zero for
everyone and count as voted; seven votes place a person, and the most active fill up to fifteen; k-means twice, first to
at most 100 base clusters that start at the first distinct points in row order, then to k = 2..5 groups of those that
start at the first distinct base clusters; k by the silhouette over base clusters. Its groups depend on the order of the
rows: that is the fault this mode shows, and the reason it is not the default.
"""

from __future__ import annotations

import numpy as np

from commonbeat.dialogue.mapping import LEAST_VOTES, Table, directions, positions
from commonbeat.dialogue.votes import Votes

__all__ = ["polis_groups"]

BASE_CLUSTERS, FEWEST_PLACED = 100, 15


def polis_groups(votes: Votes) -> np.ndarray:
    """(P,) int8: the group Polis would give each person, in its own order of groups; -1 where it would give none."""
    out = np.full(len(votes.people), -1, np.int8)
    rows = (
        np.argsort([int(p) for p in votes.people], kind="stable")
        if _whole(votes)
        else np.argsort(votes.people.astype(str))
    )
    points, count = _projected(votes)
    placed = rows[_placed(count[rows], int(votes.voted_on.sum()))]
    if len(placed) < 2:
        return out
    spots = points[placed]
    base, centres = _lloyd(spots, _first_distinct(spots, BASE_CLUSTERS), np.ones(len(spots)), steps=100)
    weight = np.bincount(base, minlength=len(centres)).astype(float)
    most = min(5, 2 + len(centres) // 12)
    tried = [_lloyd(centres, _first_distinct(centres, k), weight, steps=20)[0] for k in range(2, most + 1)]
    best = max(tried, key=lambda g: _silhouette(centres, g))
    out[placed] = best[base]
    return out


def _whole(votes) -> bool:
    return all(str(p).isdecimal() for p in votes.people)


def _projected(votes):
    """Positions with the server's scaling: zeroed statements stay among the columns, and count as voted by everyone."""
    zeroed = votes.voted_on & ~votes.opinions
    columns = np.flatnonzero(votes.voted_on)
    new = np.cumsum(votes.voted_on, dtype=np.int32) - 1
    statement = new[votes.statement]
    value = np.where(zeroed[votes.statement], 0, votes.value).astype(np.int8)
    t = Table(votes.start, statement, value, columns)
    size = t.shape[1]
    points, _ = positions(t, directions(t))
    plain_scale = np.sqrt(size / np.maximum(np.diff(t.start), 1))
    count = np.diff(votes.start)
    live = np.bincount(votes.person, ~zeroed[votes.statement], minlength=len(votes.people))
    return points * (np.sqrt(size / np.maximum(live + zeroed.sum(), 1)) / plain_scale)[:, None], count


def _placed(count, statements):
    """Places (in row order) with enough votes; if fewer than fifteen, the most active are added."""
    enough = count >= min(LEAST_VOTES, statements)
    if enough.sum() < FEWEST_PLACED:
        busiest = np.argsort(-count, kind="stable")[:FEWEST_PLACED]
        enough[busiest] = True
    return np.flatnonzero(enough)


def _first_distinct(points, k):
    _, first = np.unique(points, axis=0, return_index=True)
    return points[np.sort(first)[:k]]


def _lloyd(points, centres, weight, steps):
    centres = centres.copy()
    for _ in range(steps):
        label = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
        mass = np.bincount(label, weight, minlength=len(centres))
        sums = np.column_stack([np.bincount(label, weight * points[:, d], minlength=len(centres)) for d in (0, 1)])
        moved = np.where(mass[:, None] > 0, sums / np.maximum(mass, 1e-300)[:, None], centres)
        still = np.sqrt(((moved - centres) ** 2).sum(1)).max() < 0.01
        centres = moved
        if still:
            break
    label = ((points[:, None] - centres[None]) ** 2).sum(-1).argmin(1)
    used, label = np.unique(label, return_inverse=True)
    return label.reshape(-1), centres[used]


def _silhouette(points, label):
    """Mean silhouette of base clusters, unweighted; those alone in their group count 0 (Rousseeuw 1987)."""
    far = np.sqrt(((points[:, None] - points[None]) ** 2).sum(-1))
    k = label.max() + 1
    if k < 2:
        return -1.0
    inside = np.column_stack([far[:, label == g].sum(1) for g in range(k)])
    size = np.bincount(label, minlength=k)
    own = size[label]
    a = inside[np.arange(len(label)), label] / np.maximum(own - 1, 1)
    others = np.where(np.arange(k) == label[:, None], np.inf, inside / size)
    b = others.min(1)
    s = np.where(own > 1, (b - a) / np.maximum(np.maximum(a, b), 1e-300), 0.0)
    return float(s.mean())
