"""Which groups were met in which cell, when millions of people stand in another order than their contacts?

Joining 64-bit hashes through one large table waits for memory at every row. Here both sides are first dealt into parts by
the top bits of the hash, so that the table of a part stays in the processor's cache (radix join, Manegold and others 2002).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

__all__ = ["MOST_GROUPS", "met_in_cells"]

MOST_GROUPS = 64  #: one bit each
PART = 8_192  #: contacts in a part, about: its table then needs some 300 kB


def met_in_cells(ids, cell, cells: int, wanted, group, groups: int, unknown: int, *, part=PART) -> np.ndarray:
    """(groups, cells) contacts in which anybody of the group was present, however many rows of people say so.

    ids, cell     : (contacts,) 64-bit hash of the id, and cell from 0 to `cells` (that last one is not counted)
    wanted, group : (people,) hash of the contact's id, and group from 0
    unknown       : the group of contacts of which nobody was told
    """
    bits = max(int(len(ids) // part).bit_length(), 1)
    half = 1 << (bits - 1)
    with ThreadPoolExecutor(2) as two:  # the kernels hold no lock, so both cores work
        sides = two.map(_dealt, (ids, wanted), (cell.astype(np.uint32), group.astype(np.uint32)), (bits, bits))
        dealt = [array for side in sides for array in side]
        parts = [two.submit(_counted, *dealt, a, b, cells, groups, unknown) for a, b in ((0, half), (half, 2 * half))]
        return sum(part.result() for part in parts)


@njit(cache=True, nogil=True)
def _dealt(keys, values, bits):
    """Keys and values in the order of the keys' top bits, and where each part begins."""
    shift = np.uint64(64 - bits)
    start = np.zeros((1 << bits) + 1, np.int64)
    for i in range(keys.size):
        start[np.int64(keys[i] >> shift) + 1] += 1
    start = np.cumsum(start)
    at, k, v = start[:-1].copy(), np.empty_like(keys), np.empty_like(values)
    for i in range(keys.size):
        part = np.int64(keys[i] >> shift)
        k[at[part]], v[at[part]] = keys[i], values[i]
        at[part] += 1
    return k, v, start


@njit(cache=True, nogil=True)
def _counted(ids, cell, start, wanted, group, begin, lowest, beyond, cells, groups, unknown):
    """The counts of the parts from `lowest` up to `beyond`."""
    counts = np.zeros((groups, cells + 1), np.int64)
    widest = 1
    for part in range(lowest, beyond):
        widest = max(widest, start[part + 1] - start[part])
    size = 2
    while size < 2 * widest:
        size *= 2
    slot, met = np.empty(size, np.int64), np.zeros(widest, np.uint64)
    for part in range(lowest, beyond):
        first, last = start[part], start[part + 1]
        room = 2
        while room < 2 * (last - first):
            room *= 2
        slot[:room] = -1
        met[: last - first] = np.uint64(0)
        for i in range(first, last):
            slot[_place(slot, room, ids, ids[i])] = i
        for j in range(begin[part], begin[part + 1]):
            i = slot[_place(slot, room, ids, wanted[j])]
            if i >= 0:
                met[i - first] |= np.uint64(1) << np.uint64(group[j])
        for i in range(first, last):
            said = met[i - first]
            if said == np.uint64(0):
                counts[unknown, cell[i]] += 1
            for g in range(groups):
                if said >> np.uint64(g) & np.uint64(1):
                    counts[g, cell[i]] += 1
    return counts[:, :cells]


@njit(cache=True, nogil=True)
def _place(slot, room, ids, key):
    """Where this key stands in the part's table, or the empty place where it would."""
    at = np.int64(key & np.uint64(room - 1))
    while slot[at] >= 0 and ids[slot[at]] != key:
        at = (at + 1) & (room - 1)
    return at
