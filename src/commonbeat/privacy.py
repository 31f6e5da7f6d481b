"""What may leave: the floor under every public cell, shares in bands where few people stand behind them, and tables in
which a hidden cell cannot be worked out from those beside it.

`report`, the command line and the site ask here before they show a number about people.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["BANDED_BELOW", "FLOOR", "OFFICER_FLOOR", "Released", "attack", "band_of_share", "release_table", "rounded_count", "shown_count"]  # fmt: skip

FLOOR = 5  #: fewest people behind a public cell
OFFICER_FLOOR = 10  #: fewest officers behind a public cell, and fewest people behind a Gram matrix
BANDED_BELOW = 20  #: a share behind fewer people is shown as a band

TOGETHER = 600  #: small cells times all cells, up to which they are protected together
NODES = 500  #: of the search tree
_ONE_AT_A_TIME = threading.Lock()

_BANDS = (
    (0.0, 0.2, "few"),
    (0.2, 0.4, "a minority"),
    (0.4, 0.6, "about half"),
    (0.6, 0.8, "most"),
    (0.8, 1.01, "nearly all"),
)


def shown_count(n: int | None, *, floor: int = FLOOR) -> int | None:
    """The count itself, or None where it stands for fewer people than the floor (0 is hidden too: it tells of everyone)."""
    return None if n is None or n < floor else int(n)


def band_of_share(share: float | None, n: int | None) -> str | None:
    """A share behind fewer than 20 people in words, since an exact share and n invert to the exact count; under the floor None."""
    if share is None or n is None or n < FLOOR:
        return None
    return next(word for low, high, word in _BANDS if low <= share < high)


def rounded_count(n: int, *, key: str, base: int = FLOOR) -> int:
    """A count rounded up or down to a multiple of `base`, by chance but always the same way for the same key.

    key : names the cell (table, row, column) and a secret of the book, so that asking again teaches nothing
    The mean over many keys is n itself. For tables that many people cut in ways nobody can foresee.
    """
    if n < 0 or base < 2:
        raise BadInput(f"n = {n}, base = {base}: a count is 0 or more, a base 2 or more")
    drawn = int.from_bytes(hashlib.sha256(f"commonbeat rounding\n{key}".encode()).digest()[:8], "big") / 2**64
    below, left = divmod(n, base)
    return base * (below + (drawn < left / base))


@dataclass(frozen=True, slots=True)
class Released:
    """A table that may leave. All arrays have its margins as a last row and column (a list: its total as a last value).

    counts : nan where hidden      hidden : bool      small : bool, below the floor; the rest of `hidden` protects them
    low, high : what anybody can still work out about each cell;  floor : no hidden small cell is known more closely
    """

    counts: np.ndarray
    hidden: np.ndarray
    small: np.ndarray
    low: np.ndarray
    high: np.ndarray
    floor: int
    earlier: tuple = field(default=(), repr=False)

    def to_dict(self) -> dict:
        return plain({"counts": self.counts, "hidden": self.hidden, "floor": self.floor})


def release_table(counts, *, floor: int = FLOOR, earlier: Sequence[tuple[np.ndarray, int]] = ()) -> Released:
    """Which cells of a table with margins must be hidden so that no count below the floor can be worked out?

    counts  : (c,) or (r, c) whole numbers of people, without margins; zeros are small too: they tell of everyone
    earlier : what is public already about the same people, as (bool array of the shape of counts, sum over it)
    Chooses the cells whose loss costs least (log of the count, so that large cells and margins stay) by linear
    programming with whole-number choices, so that for each small cell an attacker who knows all published cells and margins is
    left with a range at least `floor` wide (Fischetti & Salazar-Gonzalez 2000), for all small cells together; in tables too
    large for that one small cell after the other.
    Raises BadInput for what is no table of counts.
    """
    cells, shape, links = _with_margins(counts, earlier)
    small = cells < floor
    hidden = _hiding(cells, small, links, floor)
    shown = np.where(hidden, np.nan, cells)
    bounds = np.array([_range(i, cells, hidden, links) if hidden[i] else (cells[i], cells[i]) for i in range(len(cells))])  # fmt: skip
    back = lambda v: v.reshape(shape)  # noqa: E731
    return Released(
        back(shown), back(hidden), back(small), back(bounds[:, 0]), back(bounds[:, 1]), floor, tuple(earlier)
    )


def attack(released: Released) -> tuple[np.ndarray, np.ndarray]:
    """What can somebody work out who has only what was published?  -> (low, high) of every cell, by linear programming.

    Uses the published cells, that margins are sums, that counts are not negative, and every earlier release.
    """
    shape = released.counts.shape
    links = _links(shape, released.earlier)
    known = np.where(released.hidden, 0.0, released.counts).ravel()
    hidden = released.hidden.ravel()
    low, high = known.copy(), known.copy()
    for i in np.flatnonzero(hidden):
        low[i], high[i] = _range(i, known, hidden, links)
    return low.reshape(shape), high.reshape(shape)


def _with_margins(counts, earlier):
    table = np.asarray(counts, float)
    if table.ndim not in (1, 2) or not table.size or (table < 0).any() or (table != np.floor(table)).any():
        raise BadInput(
            "a table to release holds whole numbers of people, in one or two dimensions, without its margins"
        )
    for mask, total in earlier:
        if np.shape(mask) != table.shape or table[np.asarray(mask, bool)].sum() != total:
            raise BadInput("an earlier release does not add up to what it said: give its cells as true and its sum")
    full = np.append(table, table.sum())
    shape = (table.size + 1,)
    if table.ndim == 2:
        full = np.block([[table, table.sum(1, keepdims=True)], [table.sum(0, keepdims=True), table.sum()]])
        shape = full.shape
    return full.ravel(), shape, _links(shape, earlier)


def _links(shape, earlier):
    """(A, b) with A cells = b: every margin is the sum of its parts, every earlier release the sum of its cells."""
    at = np.arange(np.prod(shape)).reshape(shape)
    lines = [at] if len(shape) == 1 else [*at, *at.T]
    rows = np.zeros((len(lines) + len(earlier), at.size))
    right = np.zeros(len(rows))
    for row, line in zip(rows, lines, strict=False):
        row[line[:-1]], row[line[-1]] = 1, -1
    inner = at[:-1] if len(shape) == 1 else at[:-1, :-1]
    for k, (mask, total) in enumerate(earlier, len(lines)):
        rows[k, inner[np.asarray(mask, bool)]] = 1
        right[k] = total
    return rows, right


def _range(cell, cells, hidden, links):
    """Least and largest value of one hidden cell that agree with everything shown."""
    from scipy import optimize  # not above: most who ask for a floor never hide a cell

    free = np.flatnonzero(hidden)
    a, right = links
    left = right - a[:, ~hidden] @ cells[~hidden]
    aim = (free == cell).astype(float)
    ends = []
    for sign in (1, -1):
        found = optimize.linprog(sign * aim, A_eq=a[:, free], b_eq=left, bounds=(0, None), method="highs")
        ends.append(sign * found.fun if found.status == 0 else np.inf * -sign)
    return ends[0], ends[1]


def _hiding(cells, small, links, floor):
    """(cells,) bool: small cells and what protects them, all together where that can be computed, and never dearer than one by one."""
    open_ = [
        c
        for c in np.flatnonzero(small)[np.argsort(-cells[small], kind="stable")]
        if _width(c, cells, small, links) < floor - 1e-6
    ]
    if not open_:
        return small.copy()
    hidden = small.copy()
    for cell in open_:
        if _width(cell, cells, hidden, links) < floor - 1e-6:
            hidden |= _protecting([cell], cells, hidden, links, floor)
    if len(open_) == 1 or len(open_) * len(cells) > TOGETHER:
        return hidden
    joint = _protecting(open_, cells, small, links, floor)
    return joint if _cost(cells)[joint].sum() < _cost(cells)[hidden].sum() - 1e-9 else hidden


def _width(cell, cells, hidden, links) -> float:
    low, high = _range(cell, cells, hidden, links)
    return high - low


def _cost(cells):
    """What is lost when a cell is hidden: large cells and margins tell more."""
    return 1 + np.log1p(cells)


def _protecting(targets, cells, hidden, links, floor):
    """The cheapest further cells to hide so that for each target two tables, both possible, put it at least `floor` apart.

    Unknown: x (hide or not) and for each target two moves of the table, up and down, which change hidden cells only and break
    no link. The search stops after a number of steps and not of seconds: the same table has to give the same cells everywhere.
    """
    from scipy import optimize, sparse

    a, _ = links
    n, k, most = len(cells), 2 * len(targets), 2.0 * floor  # no cell has to move further than the targets together
    cost = np.where(hidden, 0.0, _cost(cells))
    eye, room = sparse.identity(n, format="csr"), sparse.diags(np.minimum(cells, most))
    moves = sparse.identity(k, format="csr")
    every = sparse.csr_matrix(np.ones((k, 1)))
    aim = sparse.lil_matrix((len(targets), n * (1 + k)))
    for t, cell in enumerate(targets):
        aim[t, n * (1 + 2 * t) + cell], aim[t, n * (2 + 2 * t) + cell] = 1, -1
    still = sparse.csr_matrix((k * len(a), n))
    blocks = [
        (sparse.hstack([still, sparse.kron(moves, a)]), 0, 0),
        (sparse.hstack([sparse.kron(every, -most * eye), sparse.kron(moves, eye)]), -np.inf, 0),
        (sparse.hstack([sparse.kron(every, room), sparse.kron(moves, eye)]), 0, np.inf),
        (aim.tocsr(), floor, np.inf),
    ]
    rules = [optimize.LinearConstraint(m.tocsr(), lo, hi) for m, lo, hi in blocks]
    bounds = optimize.Bounds(
        np.r_[hidden.astype(float), np.full(k * n, -most)], np.r_[np.ones(n), np.full(k * n, most)]
    )
    with _quiet_solver():
        found = optimize.milp(np.r_[cost, np.zeros(k * n)], constraints=rules, bounds=bounds, integrality=np.r_[np.ones(n), np.zeros(k * n)],
                              options={"node_limit": NODES})  # fmt: skip
    if found.x is None:
        return np.ones(n, bool)  # nothing less protects it: the whole table stays in
    return found.x[:n] > 0.5


@contextmanager
def _quiet_solver():
    """HiGHS prints a line of its own now and then, whatever it is told; on the standard output it would stand inside our JSON."""
    with _ONE_AT_A_TIME:
        kept, nothing = os.dup(1), os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nothing, 1)
            yield
        finally:
            ctypes.CDLL(None).fflush(None)  # what it printed may wait in the C library's buffer
            os.dup2(kept, 1)
            os.close(kept)
            os.close(nothing)
