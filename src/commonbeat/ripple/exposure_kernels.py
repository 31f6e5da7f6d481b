"""64 random assignments in one machine word: who would have had a treated neighbour, counted by bits."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit

__all__ = ["agreements", "conditions", "count_bits", "draw_complete", "observed", "pack", "sums_by_draw"]


@njit(cache=True)
def _next(state):
    """SplitMix64 (Steele, Lea & Flood 2014): one 64-bit word per step, from a seed the caller's generator gave."""
    state += np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, z ^ (z >> np.uint64(31))


@njit(cache=True)
def draw_complete(members, starts, treated, units, draws, seed):
    """(units, words) bits of complete randomisation within blocks; bit d of word w is draw 64 w + d.

    members : unit numbers, block after block; starts (blocks + 1,); treated (blocks,) how many of each block
    Floyd's sampling needs one random number per treated unit; where more than half are treated the others are drawn.
    Drawn by place in `members` and handed to the units at the end, so that the row written to is all the cache must hold.
    """
    words = (draws + 63) // 64
    out = np.empty((units, words), np.uint64)
    row = np.empty(units, np.uint64)
    state = np.uint64(seed)
    one, half = np.uint64(1), np.uint64(32)
    for w in range(words):
        row[:] = 0
        for d in range(min(64, draws - 64 * w)):
            bit = one << np.uint64(d)
            for b in range(starts.size - 1):
                a, n = starts[b], starts[b + 1] - starts[b]
                m = treated[b] if 2 * treated[b] <= n else n - treated[b]
                for j in range(n - m, n):
                    state, z = _next(state)
                    # the upper 32 bits times j + 1, without a division: off by less than j / 2^32
                    k = a + np.int64(((z >> half) * np.uint64(j + 1)) >> half)
                    if row[k] & bit:
                        row[a + j] |= bit
                    else:
                        row[k] |= bit
                if 2 * treated[b] > n:
                    for j in range(a, a + n):
                        row[j] ^= bit
        for j in range(units):
            out[members[j], w] = row[j]
    return out


def pack(assignments) -> np.ndarray:
    """(units, words) bits of (draws, units) zeros and ones."""
    z = np.asarray(assignments) > 0
    draws, units = z.shape
    padded = np.zeros((units, (draws + 63) // 64 * 64), np.uint8)
    padded[:, :draws] = z.T
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def observed(z, starts, neighbours, nearest):
    """(units,) condition of each unit under one assignment z (units,) bool; being near is mutual.

    Where few are treated they tell their neighbours; where many are, each unit soon finds a treated one.
    """
    rings = starts.shape[0] if nearest else 1
    found = _told(z, starts, neighbours, rings) if z.mean() < 0.2 else _asked(z, starts, neighbours, rings)
    if nearest:
        return np.where(z, 0, found + 1)
    return np.where(z, 0, 2) + (found == rings)


@njit(cache=True)
def _told(z, starts, neighbours, rings):
    """(units,) nearest ring with somebody treated, `rings` where there is none."""
    out = np.full(z.size, rings, np.int64)
    for i in range(z.size):
        if z[i]:
            for r in range(rings):
                for k in range(starts[r, i], starts[r, i + 1]):
                    out[neighbours[k]] = min(out[neighbours[k]], r)
    return out


@njit(cache=True)
def _asked(z, starts, neighbours, rings):
    out = np.full(z.size, rings, np.int64)
    for i in range(z.size):
        for r in range(rings):
            for k in range(starts[r, i], starts[r, i + 1]):
                if z[neighbours[k]]:
                    out[i] = r
                    break
            if out[i] == r:
                break
    return out


def conditions(z, rings, nearest, draws):
    """(conditions, units, words) bits: in which draws each unit is in each condition.

    z : (units, words) packed draws; rings: a Neighbourhood
    nearest : True: own, ring 1, ring 2, ..., none (the nearest that is treated); False: own and near, own only, near only, none
    Two threads take half of the town each; every unit is written by one of them only.
    """
    units, words = z.shape
    kinds = rings.near_starts.shape[0] + 2 if nearest else 4
    out = np.empty((kinds, units, words), np.uint64)
    mask = np.full(words, ~np.uint64(0))
    if draws % 64:
        mask[-1] = (1 << draws % 64) - 1
    near = z[rings.visit]
    halves = (0, units // 2, units)
    with ThreadPoolExecutor(2) as pool:
        work = [
            pool.submit(_conditions, near, rings.near_starts, rings.near, rings.visit, nearest, mask, out, *half)
            for half in itertools.pairwise(halves)
        ]
    for half in work:
        half.result()
    return out


@njit(cache=True, nogil=True)
def _conditions(z, starts, neighbours, unit, nearest, mask, out, first, last):
    """z, starts, neighbours by place, so that near units' draws are read together; `out` by unit, unit[place].

    Rows are taken as views first: indexed word by word the inner loop is not vectorised and takes twice as long.
    """
    words = z.shape[1]
    rings = starts.shape[0] if nearest else 1
    near, free = np.empty(words, np.uint64), np.empty(words, np.uint64)
    for place in range(first, last):
        i, own = unit[place], z[place]
        for w in range(words):
            free[w] = mask[w] & ~own[w]
            out[0, i, w] = own[w]
        for r in range(rings):
            near[:] = 0
            for k in range(starts[r, place], starts[r, place + 1]):
                other = z[neighbours[k]]
                for w in range(words):
                    near[w] |= other[w]
            if nearest:
                for w in range(words):
                    out[r + 1, i, w] = near[w] & free[w]
                    free[w] &= ~near[w]
        if nearest:
            for w in range(words):
                out[rings + 1, i, w] = free[w]
        else:
            for w in range(words):
                out[0, i, w] = own[w] & near[w]
                out[1, i, w] = own[w] & ~near[w]
                out[2, i, w] = free[w] & near[w]
                out[3, i, w] = free[w] & ~near[w]


@njit(cache=True)
def _ones(x):
    x -= (x >> np.uint64(1)) & np.uint64(0x5555555555555555)
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((x * np.uint64(0x0101010101010101)) >> np.uint64(56))


@njit(cache=True)
def count_bits(bits):
    """(conditions, units) in how many draws."""
    kinds, units, words = bits.shape
    out = np.zeros((kinds, units), np.int64)
    for k in range(kinds):
        for i in range(units):
            for w in range(words):
                out[k, i] += _ones(bits[k, i, w])
    return out


@njit(cache=True)
def agreements(a, b):
    """(m, n) in how many draws row i of a and row j of b both hold; a (m, words), b (n, words)."""
    out = np.zeros((a.shape[0], b.shape[0]), np.int32)
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            total = 0
            for w in range(a.shape[1]):
                total += _ones(a[i, w] & b[j, w])
            out[i, j] = total
    return out


@njit(cache=True)
def sums_by_draw(bits, values, draws):
    """(conditions, draws) sum of `values` over the units in each condition, draw by draw; values (conditions, units)."""
    kinds, units, words = bits.shape
    out = np.zeros((kinds, draws))
    for k in range(kinds):
        for i in range(units):
            for w in range(words):
                x = bits[k, i, w]
                v = values[k, i]
                while x:
                    low = x & (~x + np.uint64(1))
                    out[k, 64 * w + _ones(low - np.uint64(1))] += v
                    x ^= low
    return out
