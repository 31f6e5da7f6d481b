"""Against trying everything: the fewest cells, the cheapest cells, and what an attacker with two releases can work out.

On tables small enough to list every set of cells, and every table of whole numbers that agrees with what was published.
"""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import optimize

from commonbeat.privacy import FLOOR, attack, release_table


def with_margins(table):
    return np.block([[table, table.sum(1, keepdims=True)], [table.sum(0, keepdims=True), table.sum()]])


def spread(full, hidden, cell):
    """How far apart can two tables be in one cell, that agree with all that is shown? By our own little programme."""
    r, c = full.shape
    index = np.arange(r * c).reshape(r, c)
    rows = []
    for line in [*index, *index.T]:
        row = np.zeros(r * c)
        row[line[:-1]], row[line[-1]] = 1, -1
        rows.append(row)
    flat = full.ravel().astype(float)
    bounds = [(0, None) if h else (v, v) for h, v in zip(hidden, flat, strict=True)]
    ends = []
    for sign in (1, -1):
        aim = np.zeros(r * c)
        aim[cell] = sign
        found = optimize.linprog(aim, A_eq=np.array(rows), b_eq=np.zeros(len(rows)), bounds=bounds)
        ends.append(np.inf if found.status == 3 else sign * found.fun)
    return np.inf if np.inf in ends else ends[1] - ends[0]


def safe(full, hidden, small):
    return all(spread(full, hidden, s) >= FLOOR - 1e-6 for s in small)


def price(full, cells):
    """What hiding costs: one for each cell, and more for the large ones."""
    return sum(1 + np.log1p(full.ravel()[i]) for i in cells)


def cheapest(full):
    """(cells, cost) of the cheapest set of further cells that protects every small one, by trying all sets."""
    small = [i for i, v in enumerate(full.ravel()) if v < FLOOR]
    others = [i for i in range(full.size) if i not in small]
    best = None
    for k in range(len(others) + 1):
        for more in combinations(others, k):
            cost = price(full, more)
            if best is not None and cost >= best[1]:
                continue
            hidden = np.isin(np.arange(full.size), [*small, *more])
            lines = hidden.reshape(full.shape)
            if (lines.sum(0) == 1).any() or (lines.sum(1) == 1).any():
                continue  # alone in its line a hidden cell is what is left
            if safe(full, hidden, small):
                best = (set(more), cost)
        if best is not None and k > len(best[0]) + 1:
            break
    return best


def one_small(seed, shape):
    """A table in which exactly one cell is under the floor, where one programme decides all."""
    rng = np.random.default_rng(seed)
    table = rng.integers(FLOOR, 30, shape)
    table[tuple(rng.integers(0, shape))] = rng.integers(1, FLOOR)
    return table


@pytest.mark.parametrize("seed", range(5))
def test_with_one_small_cell_no_set_of_cells_is_cheaper(seed):
    table = one_small(seed, (2, 2) if seed % 2 else (2, 3))
    full = with_margins(table)
    shown = release_table(table)
    ours = np.flatnonzero(shown.hidden.ravel() & ~shown.small.ravel())
    assert safe(full, shown.hidden.ravel(), np.flatnonzero(shown.small.ravel()))
    assert price(full, ours) == pytest.approx(cheapest(full)[1], abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_with_several_small_cells_no_set_of_cells_is_cheaper_either(seed):
    """They are protected together: one after the other is dearer in a third of small tables."""
    table = np.random.default_rng(50 + seed).integers(1, 14, (2, 2))
    full = with_margins(table)
    best, shown = cheapest(full), release_table(table)
    small = np.flatnonzero(shown.small.ravel())
    if best is None or not len(small):
        assert not len(small) or shown.hidden.all()
        return
    ours = np.flatnonzero(shown.hidden.ravel() & ~shown.small.ravel())
    assert safe(full, shown.hidden.ravel(), small)
    assert price(full, ours) == pytest.approx(best[1], abs=1e-6)


def agreeing(shown):
    """Every 2 x 2 table of whole numbers that an attacker cannot rule out, margins shown: one number decides all."""
    row, column = shown.counts[:2, 2], shown.counts[2, :2]
    for t in range(int(min(row[0], column[0])) + 1):
        full = with_margins(np.array([[t, row[0] - t], [column[0] - t, row[1] - column[0] + t]]).astype(int))
        if (full >= 0).all() and (full[~shown.hidden] == shown.counts[~shown.hidden]).all():
            yield full


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=4, max_size=4))
def test_linear_programming_is_what_listing_every_table_finds(cells):
    shown = release_table(np.array(cells).reshape(2, 2))
    assume(not shown.hidden[-1].any() and not shown.hidden[:, -1].any())
    every = np.array(list(agreeing(shown)))
    low, high = attack(shown)
    assert (every.min(0) == np.ceil(low - 1e-6)).all()
    assert (every.max(0) == np.floor(high + 1e-6)).all()


def test_two_releases_of_a_table_that_lost_one_person_do_not_name_the_cell():
    """Differencing: the same table before and after an erasure. Cells shown in both give their difference away; a small
    cell must stay hidden in both, with its range, also when both sets of margins are subtracted."""
    before = np.array([[20, 3, 30], [40, 50, 60]])
    after = before.copy()
    after[0, 1] -= 1
    one, two = release_table(before), release_table(after)
    assert one.hidden[0, 1]
    assert two.hidden[0, 1]
    assert one.counts[-1, -1] - two.counts[-1, -1] == 1
    # what is left to guess: which hidden cell lost the person; every hidden inner cell of the row and column that fell agrees
    fell = [
        (i, j)
        for i in range(2)
        for j in range(3)
        if one.counts[i, -1] - two.counts[i, -1] == 1 and one.counts[-1, j] - two.counts[-1, j] == 1
    ]
    assert fell == [
        (0, 1)
    ]  # margins alone point at the cell: that is why a recomputed table says how many were erased ...
    low, high = attack(two)
    assert high[0, 1] - low[0, 1] >= FLOOR  # ... and never how many are in it
    low1, high1 = attack(one)
    joint = (max(low[0, 1], low1[0, 1] - 1), min(high[0, 1], high1[0, 1] - 1))
    assert joint[1] - joint[0] >= FLOOR


@pytest.mark.parametrize("seed", range(6))
def test_a_second_cut_of_the_same_people_does_not_open_the_first(seed):
    """The total by area was public already; then a table by area and group comes out that knows of it."""
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 25, (3, 3))
    public = [(np.eye(3, dtype=bool)[:, [k]] & np.ones((1, 3), bool), int(table[k].sum())) for k in range(3)]
    shown = release_table(table, earlier=public)
    low, high = attack(shown)
    small = shown.small.copy()
    assert (high - low)[small].min(initial=np.inf) >= FLOOR - 1e-6 or any(t < FLOOR for _, t in public)


def test_the_solver_says_nothing_where_our_json_stands(capfd):
    """It prints a line of its own in some of these tables, from C, past Python's own output."""
    rng = np.random.default_rng(5)
    for _ in range(12):
        release_table(
            rng.poisson(rng.choice([3, 8, 30], shape := (int(rng.integers(2, 6)), int(rng.integers(2, 5)))), shape)
        )
    assert capfd.readouterr().out == ""
