"""What may leave: the floor under every public cell, shares in bands where few people stand behind them, and tables in
which a hidden cell cannot be worked out from those beside it.

`report`, the command line and the site ask here before they show a number about people.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["BANDED_BELOW", "FLOOR", "OFFICER_FLOOR", "Released", "attack", "band_of_share", "release_table", "rounded_count", "shown_count"]  # fmt: skip

FLOOR = 5  #: fewest people behind a public cell
OFFICER_FLOOR = 10  #: fewest officers behind a public cell, and fewest people behind a Gram matrix
BANDED_BELOW = 20  #: a share behind fewer people is shown as a band

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
    left with a range at least `floor` wide (Fischetti & Salazar-Gonzalez 2000; one small cell after the other).
    Raises BadInput for what is no table of counts.
    """
    cells, shape, links = _with_margins(counts, earlier)
    small = cells < floor
    hidden = small.copy()
    for cell in np.flatnonzero(small)[np.argsort(-cells[small], kind="stable")]:
        low, high = _range(cell, cells, hidden, links)
        if high - low < floor - 1e-6:
            hidden |= _protecting(cell, cells, hidden, links, floor)
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


def _protecting(cell, cells, hidden, links, floor):
    """The cheapest further cells to hide so that two tables, both possible, put `cell` at least `floor` apart.

    Unknown: x (hide or not) and two moves of the table, up and down, which change hidden cells only and break no link.
    """
    from scipy import optimize, sparse

    a, _ = links
    n, most = len(cells), float(cells.max() + floor)
    cost = np.where(hidden, 0.0, 1 + np.log1p(cells))
    eye, none = sparse.identity(n, format="csr"), sparse.csr_matrix((n, n))
    aim = np.zeros((1, 3 * n))
    aim[0, n + cell], aim[0, 2 * n + cell] = 1, -1
    room = np.minimum(cells, most)
    blocks = [
        (sparse.hstack([sparse.csr_matrix(a.shape), a, sparse.csr_matrix(a.shape)]), 0, 0),
        (sparse.hstack([sparse.csr_matrix(a.shape), sparse.csr_matrix(a.shape), a]), 0, 0),
        (sparse.hstack([-most * eye, eye, none]), -np.inf, 0), (sparse.hstack([sparse.diags(room), eye, none]), 0, np.inf),
        (sparse.hstack([-most * eye, none, eye]), -np.inf, 0), (sparse.hstack([sparse.diags(room), none, eye]), 0, np.inf),
        (sparse.csr_matrix(aim), floor, np.inf),
    ]  # fmt: skip
    rules = [optimize.LinearConstraint(m, lo, hi) for m, lo, hi in blocks]
    bounds = optimize.Bounds(
        np.r_[hidden.astype(float), np.full(2 * n, -most)], np.r_[np.ones(n), np.full(2 * n, most)]
    )
    found = optimize.milp(np.r_[cost, np.zeros(2 * n)], constraints=rules, bounds=bounds, integrality=np.r_[np.ones(n), np.zeros(2 * n)])  # fmt: skip
    if found.x is None:
        return np.ones(n, bool)  # nothing less protects it: the whole table stays in
    return found.x[:n] > 0.5
