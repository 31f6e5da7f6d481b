"""Where does each person stand? Two directions found from the votes that were cast, never from a dense table.

Fill every missing vote with its statement's mean and centre: all missing cells are then exactly zero. The principal
directions of that table are therefore those of the sparse table of (vote - mean), and nothing dense is ever needed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from commonbeat.dialogue.kernels import count_codes, encode, gram_times, project
from commonbeat.dialogue.votes import Votes
from commonbeat.estimate import plain

__all__ = ["LEAST_VOTES", "Fit", "OpinionMap", "Table", "directions", "opinion_map", "positions", "table", "tally"]

LEAST_VOTES = 7  #: opinion votes before a person is placed (Small et al. 2021 call the number arbitrary; so do we)
DENSE_UP_TO = 12  # statements; below, the small Gram matrix is solved outright


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """The votes that carry opinion, as one compressed sparse table.

    start (P+1,), statement (V,), value (V,): as in `Votes`, statements renumbered; columns (C,): place in `Votes`
    """

    start: np.ndarray
    statement: np.ndarray
    value: np.ndarray
    columns: np.ndarray

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.start) - 1, len(self.columns)

    @property
    def person(self) -> np.ndarray:
        return np.repeat(np.arange(len(self.start) - 1, dtype=np.int32), np.diff(self.start))

    def rows(self, people: np.ndarray) -> Table:
        """The same statements for some people, given by their places."""
        count = np.diff(self.start)[people]
        start = np.concatenate([[0], np.cumsum(count)])
        at = np.repeat(self.start[people] - start[:-1], count) + np.arange(start[-1])
        return Table(start, self.statement[at], self.value[at], self.columns)


@dataclass(frozen=True, slots=True, eq=False)
class OpinionMap:
    """Where each person stands, on two axes found from the votes alone.

    points    : (P, 2) position, NaN for people not placed yet; placed (P,) bool
    axes      : (C, 2) what each opinion statement adds to each axis; columns (C,) its place in `Votes`
    explained : (2,) share of the variation of the votes along each axis
    least     : opinion votes a person needs to be placed
    """

    points: np.ndarray
    placed: np.ndarray
    axes: np.ndarray
    columns: np.ndarray
    explained: np.ndarray
    least: int
    statement_ids: tuple

    def to_dict(self) -> dict:
        """The map without people: positions stay in Python, because a table of persons does not leave."""
        return plain(
            {
                "people_placed": int(self.placed.sum()),
                "not_placed_yet": int((~self.placed).sum()),
                "votes_needed_to_be_placed": self.least,
                "explained": self.explained,
                "axes": [
                    {"statement_id": self.statement_ids[c], "x": x, "y": y}
                    for c, (x, y) in zip(self.columns.tolist(), self.axes.tolist())
                ],
            }
        )


def opinion_map(votes: Votes, *, least: int = LEAST_VOTES) -> OpinionMap:
    """Where does each person stand among the others?

    votes : from `read_polis` or `votes_from_frame`; attributes and rejected statements stay out
    least : opinion votes needed to be placed, or all opinion statements if there are fewer
    Nobody voted, or everyone voted alike: a map with everybody at the origin, never an error.
    Method: truncated singular value decomposition of the sparse centred votes (Lanczos, fixed start), sign fixed so
    that the statement with the largest weight points to the right (up); a person's coordinates are divided by the
    share of statements they voted on, as in Polis (Small et al. 2021).
    """
    t = table(votes)
    fit = directions(t)
    spots, count = positions(t, fit)
    need = min(least, t.shape[1]) if t.shape[1] else 1
    placed = count >= max(need, 1)
    points = np.where(placed[:, None], spots, np.nan)
    explained = fit.power / fit.total if fit.total > 0 else np.zeros(2)
    return OpinionMap(points, placed, fit.axes, t.columns, explained, max(need, 1), votes.statement_ids)


def table(votes: Votes) -> Table:
    """The opinion votes alone: attributes, rejected and unvoted statements are gone, not zero."""
    live = votes.opinions
    columns = np.flatnonzero(live)
    if live.all():
        return Table(votes.start, votes.statement, votes.value, columns)
    keep = live[votes.statement]
    start = np.concatenate([[0], np.cumsum(keep, dtype=np.int64)])[votes.start]
    new = np.cumsum(live, dtype=np.int32) - 1
    return Table(start, new[votes.statement[keep]], votes.value[keep], columns)


def tally(place: np.ndarray, size: int, chunk: int = 1 << 20) -> np.ndarray:
    """How often does each place occur? In pieces: numpy widens what it counts to 8 bytes, all at once."""
    out = np.zeros(size, np.int64)
    for a in range(0, len(place), chunk):
        out += np.bincount(place[a : a + chunk], minlength=size)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Two directions and what is needed to place people on them.

    axes (C, 2), power (2,) and total: variation along each and in all; mean (C,) of the votes used; code (V,) see `encode`
    """

    axes: np.ndarray
    power: np.ndarray
    total: float
    mean: np.ndarray
    code: np.ndarray


def directions(t: Table, *, used: np.ndarray | None = None, tolerance: float = 1e-8) -> Fit:
    """The two directions along which votes differ most.

    used : (V,) bool; votes left out of the fit (held out) count as not cast
    """
    size = t.shape[1]
    code = np.empty(len(t.value), np.int32)
    encode(t.statement, t.value, np.ones(len(t.value), bool) if used is None else used, 3 * size, code)
    counts = np.zeros(3 * size + 1, np.int64)
    count_codes(code, counts)
    down, _, up = counts[:-1].reshape(-1, 3).T
    n = counts[:-1].reshape(-1, 3).sum(axis=1)
    mean = (up - down) / np.maximum(n, 1)
    total = float((up + down - n * mean**2).sum())
    if size == 0 or total <= 1e-9:
        return Fit(np.zeros((size, 2)), np.zeros(2), 0.0, mean, code)
    centred = _centred(mean)

    def times(x):
        back = np.zeros(3 * size + 1)
        gram_times(t.start, code, _worth(centred, np.asarray(x).reshape(-1)), back)
        return (centred * back[:-1].reshape(-1, 3)).sum(axis=1)

    if size <= DENSE_UP_TO:
        power, axes = np.linalg.eigh(np.column_stack([times(e) for e in np.eye(size)]))
    else:
        power, axes = _lanczos(LinearOperator((size, size), matvec=times, dtype=float), size, tolerance)
    return _turned(power, axes, total, mean, code)


def _centred(mean):
    """(C, 3): what disagree, pass and agree are once the statement's mean is taken away."""
    return np.array([-1.0, 0.0, 1.0]) - mean[:, None]


def _worth(centred, x):
    """(3 C + 1,): each kind of vote times the statement's weight; the last entry is for votes put aside."""
    return np.append((centred * x[:, None]).reshape(-1), 0.0)


def _turned(power, axes, total, mean, code) -> Fit:
    """The larger direction first, each turned so that its heaviest statement is positive."""
    order = np.argsort(-power, kind="stable")[:2]
    power, axes = power[order], axes[:, order]
    if len(power) < 2:
        power, axes = np.append(power, 0.0), np.hstack([axes, np.zeros((len(axes), 1))])
    heavy = np.abs(axes).argmax(axis=0)
    sign = np.where(axes[heavy, [0, 1]] < 0, -1.0, 1.0)
    there = power > 1e-9 * total
    return Fit(np.ascontiguousarray(axes * sign * there), np.maximum(power, 0) * there, total, mean, code)


def _lanczos(gram, size, tolerance):
    begin = np.random.default_rng(1).standard_normal(size)
    try:
        return eigsh(gram, k=2, v0=begin, tol=tolerance, ncv=min(size, 10))
    except ArpackNoConvergence:  # a flat spectrum (no structure at all): a coarser answer is as good
        return eigsh(gram, k=2, v0=begin, tol=1e-3, ncv=min(size, 60), maxiter=100 * size)


def positions(t: Table, fit: Fit) -> tuple[np.ndarray, np.ndarray]:
    """Where the votes put each person  -> (P, 2), (P,) votes used; the square root lets short voters reach as far."""
    points, seen = np.empty((t.shape[0], 2)), np.empty(t.shape[0], np.int64)
    across, along = (_worth(_centred(fit.mean), fit.axes[:, d]) for d in (0, 1))
    project(t.start, fit.code, across, along, 3 * t.shape[1], points, seen)
    points *= np.sqrt(t.shape[1] / np.maximum(seen, 1))[:, None]
    return points, seen
