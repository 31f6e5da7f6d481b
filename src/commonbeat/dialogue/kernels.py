"""The few loops that touch every vote, compiled. Each adds in one fixed order, so the last bit is always the same."""

from __future__ import annotations

from numba import njit

__all__ = ["count_codes", "encode", "gram_times", "project", "reorder", "split"]


@njit(cache=True)
def split(key, size, salt, start, statement, value, mark):  # pragma: no cover (compiled)
    """Sorted keys ((person * size + statement) << 2 | value + 1) into rows; `mark` adds up a salt for every vote.

    Returns False, half done, as soon as a person and a statement meet twice.
    """
    person, low, last = 0, 0, -1
    for i in range(len(key)):
        pair = key[i] >> 2
        if pair == last:
            return False
        last = pair
        while pair >= low + size:
            person += 1
            low += size
            start[person] = i
        s, v = pair - low, (key[i] & 3) - 1
        statement[i], value[i] = s, v
        mark[person] += salt[3 * s + v + 1]
    for p in range(person + 1, len(start)):
        start[p] = len(key)
    return True


@njit(cache=True)
def reorder(start, statement, value, order, new_start, new_statement, new_value):  # pragma: no cover (compiled)
    """The rows of a compressed table in another order; rows not named are left out."""
    at = 0
    for r in range(len(order)):
        new_start[r] = at
        for i in range(start[order[r]], start[order[r] + 1]):
            new_statement[at], new_value[at] = statement[i], value[i]
            at += 1
    new_start[len(order)] = at


@njit(cache=True)
def encode(statement, value, used, nothing, code):  # pragma: no cover (compiled)
    """One number a vote, 3 * statement + value + 1, and `nothing` for votes put aside: its table entry is zero."""
    for i in range(len(statement)):
        code[i] = 3 * statement[i] + value[i] + 1 if used[i] else nothing


@njit(cache=True)
def count_codes(code, counts):  # pragma: no cover (compiled)
    for i in range(len(code)):
        counts[code[i]] += 1


@njit(cache=True)
def gram_times(start, code, worth, back):  # pragma: no cover (compiled)
    """For each person: add up what their votes are worth, and give that sum back to each vote's entry.

    With worth = (value - mean) x this is S'(S x) without S ever being written down: 4 bytes a vote, read while they
    are still in the cache. Four sums side by side, because one alone waits for each addition to finish.
    """
    for p in range(len(start) - 1):
        a, b = start[p], start[p + 1]
        y0, y1, y2, y3 = 0.0, 0.0, 0.0, 0.0
        i = a
        while i + 3 < b:
            y0 += worth[code[i]]
            y1 += worth[code[i + 1]]
            y2 += worth[code[i + 2]]
            y3 += worth[code[i + 3]]
            i += 4
        while i < b:
            y0 += worth[code[i]]
            i += 1
        y = (y0 + y1) + (y2 + y3)
        for i in range(a, b):
            back[code[i]] += y


@njit(cache=True)
def project(start, code, across, along, nothing, points, seen):  # pragma: no cover (compiled)
    """Where each person's votes add up to on two axes, and how many of them were used."""
    for p in range(len(start) - 1):
        x, y, n = 0.0, 0.0, 0
        for i in range(start[p], start[p + 1]):
            x += across[code[i]]
            y += along[code[i]]
            n += code[i] != nothing
        points[p, 0], points[p, 1], seen[p] = x, y, n
