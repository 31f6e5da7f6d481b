"""Who is near whom?  Rings around each unit, by distance or by ties."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree

from commonbeat.codebook import RINGS
from commonbeat.errors import BadInput

__all__ = ["Neighbourhood", "rings_by_distance", "rings_by_ties"]


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Rings around each unit, nearest first.

    labels : one name per ring; starts (rings, units + 1) and neighbours: ring r of unit i is
             neighbours[starts[r, i] : starts[r, i + 1]]; being near is mutual
    visit  : (units,) units in an order in which near ones follow one another; any order is right, this one is faster
    near_starts, near : the same lists in that order, units named by their place in it: what lies near in the town then
             lies near in memory, which more than halves the time of a thousand draws
    """

    labels: tuple[str, ...]
    starts: np.ndarray = field(repr=False)
    neighbours: np.ndarray = field(repr=False)
    visit: np.ndarray = field(repr=False)
    near_starts: np.ndarray = field(repr=False)
    near: np.ndarray = field(repr=False)

    @property
    def units(self) -> int:
        return self.starts.shape[1] - 1


def rings_by_distance(x, y, radii) -> Neighbourhood:
    """Who lives how near to whom?  radii: {ring: outer radius in the unit of x and y}, e.g. {"onlooker": 50, "neighbour": 400}."""
    points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    if not np.isfinite(points).all():
        raise BadInput("Every unit needs its place before rings can be drawn; leave the others out and say how many.")
    names = sorted(radii, key=radii.get)
    _check_names(names)
    if any(radii[n] <= 0 for n in names) or len(set(radii.values())) < len(names):
        raise BadInput("radii are above 0, and each ring has its own.")
    pairs = cKDTree(points).sparse_distance_matrix(cKDTree(points), max(radii.values()), output_type="coo_matrix")
    i, j, d = pairs.row, pairs.col, pairs.data
    other = i != j
    inner, tables = -1.0, []
    for name in names:
        inside = other & (d <= radii[name]) & (d > inner)
        tables.append(_lists(i[inside], j[inside], len(points)))
        inner = radii[name]
    cell = np.floor(points / (4 * max(radii.values())))
    return _joined(names, tables, np.lexsort((cell[:, 1], cell[:, 0])))


def rings_by_ties(source, target, units: int, *, labels=("onlooker", "neighbour")) -> Neighbourhood:
    """Who is how many steps away from whom?  source, target: (ties,) unit numbers, in both directions; ring k is k steps."""
    source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
    if source.size and (min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= units):
        raise BadInput(f"ties name units from 0 to {units - 1}.")
    _check_names(labels)
    apart = source != target
    a, b = np.r_[source[apart], target[apart]], np.r_[target[apart], source[apart]]
    one = sparse.csr_matrix((np.ones(a.size, np.int8), (a, b)), shape=(units, units)) > 0
    known, reach, tables = sparse.identity(units, dtype=bool, format="csr"), one, []
    for _ in labels:
        new = sparse.csr_matrix(reach > known)
        tables.append(_lists(*new.nonzero(), units))
        known = known + new
        reach = (new.astype(np.int32) @ one.astype(np.int32)) > 0
    return _joined(labels, tables, np.arange(units))


def _check_names(names):
    wrong = [n for n in names if n not in RINGS or n in ("participant", "viewer")]
    if wrong or not names:
        raise BadInput(
            f'ring "{wrong[0] if wrong else ""}": the rings around a participant are {", ".join(r for r in RINGS if r not in ("participant", "viewer"))}.'
        )


def _lists(i, j, units):
    order = np.argsort(i, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(i, minlength=units))]).astype(np.int64), j[order].astype(
        np.int32
    )


def _joined(names, tables, visit) -> Neighbourhood:
    starts, neighbours = _one_after_another(tables)
    place = np.empty(visit.size, np.int32)
    place[visit] = np.arange(visit.size, dtype=np.int32)
    near = []
    for begins, them in tables:
        long = np.diff(begins)[visit]
        ends = np.cumsum(long)
        picked = np.repeat(begins[visit] - (ends - long), long) + np.arange(them.size)
        near.append((np.concatenate([[0], ends]).astype(np.int64), place[them[picked]]))
    return Neighbourhood(tuple(names), starts, neighbours, visit, *_one_after_another(near))


def _one_after_another(tables):
    before = np.cumsum([0, *(len(n) for _, n in tables)])
    return np.stack([s + b for (s, _), b in zip(tables, before)]), np.concatenate([n for _, n in tables])
