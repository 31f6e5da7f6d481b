"""Compiled redraws of complete randomisation: sums over the treated for thousands of assignments, none of them stored."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np

__all__ = ["treated_sums"]

RARE = 1 / 32  # below this share treated (or control) a partial shuffle touches less than random words do
THREADS = 2
BATCH = 512


def treated_sums(columns, m: int, draws: int, seed: int) -> np.ndarray:
    """(draws, k) sums of each column over m people drawn without replacement, draws times.

    columns: (k, n). Each draw has its own random stream from (seed, draw).
    """
    k, n = columns.shape
    even = min(m, n - m) / n > RARE
    padded = np.zeros((k, -(-n // 64) * 64)) if even else np.ascontiguousarray(columns.T, float)
    if even:
        padded[:, :n] = columns
    kernel = _by_words if even else _by_shuffle
    chance = max(1, min(255, round(256 * m / n)))
    out = np.empty((draws, k))
    edges = np.linspace(0, draws, THREADS + 1).astype(int)
    with ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(
                lambda i: kernel(padded, n, m, edges[i], edges[i + 1], np.uint64(seed), out, chance), range(THREADS)
            )
        )
    return out


@numba.njit(inline="always")
def _mix(state):
    """One step of splitmix64 (Steele, Lea & Flood 2014): (new state, 64 random bits)."""
    state = state + np.uint64(0x9E3779B97F4A7C15)
    z = state
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return state, z ^ (z >> np.uint64(31))


@numba.njit(inline="always")
def _below(bits, size):
    """A number in 0..size-1 from 64 bits; the bias is below size / 2^32."""
    return np.int64(((bits >> np.uint64(32)) * np.uint64(size)) >> np.uint64(32))


@numba.njit(inline="always")
def _ones(v):
    """How many bits are set."""
    v = v - ((v >> np.uint64(1)) & np.uint64(0x5555555555555555))
    v = (v & np.uint64(0x3333333333333333)) + ((v >> np.uint64(2)) & np.uint64(0x3333333333333333))
    v = (v + (v >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((v * np.uint64(0x0101010101010101)) >> np.uint64(56))


@numba.njit(cache=True, nogil=True)
def _by_words(columns, n, m, start, stop, seed, out, chance):
    """64 people per random word, then uniform swaps until exactly m are treated: uniform over all m-subsets.

    People are first treated independently with chance / 256, by AND or OR of one random word per binary digit of it
    (one word for an even split). Given how many that treats, all subsets of that size are alike, and a swap keeps it so.

    The sum over a word is eight look-ups in tables of the 256 sums eight people can have, shared by BATCH draws.
    """
    words = columns.shape[1] // 64
    word, state = np.empty((words, BATCH), np.uint64), np.empty(BATCH, np.uint64)
    treated, table = np.empty(BATCH, np.int64), np.empty((8, 256))
    last = np.uint64(0xFFFFFFFFFFFFFFFF) >> np.uint64(words * 64 - n)
    lowest = 0
    while not (chance >> lowest) & 1:
        lowest += 1
    for first in range(start, stop, BATCH):
        batch = min(BATCH, stop - first)
        for d in range(batch):
            state[d] = _mix(seed + np.uint64(first + d) * np.uint64(0xD1342543DE82EF95))[1]
            treated[d] = 0
        for i in range(words):
            use = last if i == words - 1 else np.uint64(0xFFFFFFFFFFFFFFFF)
            for d in range(batch):
                state[d], bits = _mix(state[d])
                for digit in range(lowest + 1, 8):
                    state[d], more = _mix(state[d])
                    bits = bits | more if (chance >> digit) & 1 else bits & more
                word[i, d] = bits & use
                treated[d] += _ones(bits & use)
        for d in range(batch):
            _swap(word, d, state[d], treated[d], n, m)
        for c in range(columns.shape[0]):
            for d in range(batch):
                out[first + d, c] = 0.0
            for i in range(words):
                _fill(table, columns, c, i * 64)
                for d in range(batch):
                    w, total = word[i, d], 0.0
                    for b in range(8):
                        total += table[b, (w >> np.uint64(8 * b)) & np.uint64(255)]
                    out[first + d, c] += total


@numba.njit(cache=True, nogil=True)
def _swap(word, d, state, treated, n, m):
    one = np.uint64(1)
    wanted = one if treated > m else np.uint64(0)
    step = -1 if treated > m else 1
    while treated != m:
        state, bits = _mix(state)
        at = _below(bits, n)
        if (word[at >> 6, d] >> np.uint64(at & 63)) & one == wanted:
            word[at >> 6, d] ^= one << np.uint64(at & 63)
            treated += step


@numba.njit(cache=True, nogil=True)
def _fill(table, columns, c, base):
    for b in range(8):
        table[b, 0] = 0.0
        for j in range(8):
            half, value = 1 << j, columns[c, base + 8 * b + j]
            for i in range(half):
                table[b, half + i] = table[b, i] + value


@numba.njit(cache=True, nogil=True)
def _by_shuffle(rows, n, m, start, stop, seed, out, chance):
    """The first min(m, n - m) steps of a shuffle; the order left by one draw is a fine start for the next."""
    k = rows.shape[1]
    few = min(m, n - m)
    total = np.zeros(k)
    for i in range(n):
        for c in range(k):
            total[c] += rows[i, c]
    order = np.arange(n)
    for d in range(start, stop):
        state = _mix(seed + np.uint64(d) * np.uint64(0xD1342543DE82EF95))[1]
        for c in range(k):
            out[d, c] = 0.0
        for i in range(few):
            state, bits = _mix(state)
            j = i + _below(bits, n - i)
            order[i], order[j] = order[j], order[i]
            for c in range(k):
                out[d, c] += rows[order[i], c]
        if few < m:
            for c in range(k):
                out[d, c] = total[c] - out[d, c]
