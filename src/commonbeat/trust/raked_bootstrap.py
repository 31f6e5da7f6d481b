"""How sure is a raked mean, when the raking itself is done again in every bootstrap draw? Draws are counted, never stored."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from scipy import stats

from commonbeat.errors import BadInput
from commonbeat.trust.cells import fold
from commonbeat.trust.columns import numbers
from commonbeat.trust.levels import Level
from commonbeat.trust.margins import read_margins
from commonbeat.trust.weights import rake

__all__ = ["raked_level"]

NEAR = 1e-7  #: relative distance to which every draw meets its margins: far below the noise between draws
MOST_CELLS = 4_000_000
MOST_PEOPLE = 1 << 24  #: a draw spends 32 random bits on a person, which is even to one part in 256 up to here


@dataclass(frozen=True, slots=True)
class Table:
    """People as a table: the margin with most categories across, all combinations of the others down.

    start  : (rows * columns + 1,) where each cell's people begin, once they are laid out cell by cell
    code   : (rows, other margins) category of a row in each, laid end to end; goals : what those should sum to
    across : (columns,) what the columns should sum to
    """

    start: np.ndarray
    code: np.ndarray
    goals: np.ndarray
    across: np.ndarray


def raked_level(y, frame, margins, *, kind="mean", weights=None, draws=100, rng=None, level=0.95) -> Level:
    """Where does an answer stand after raking, and how sure is that when raking is part of every draw?  -> Level

    y       : (people,) nan where there is no answer; the people are raked all the same
    frame, margins, weights : as for `rake`
    kind    : "mean" or "total"
    draws   : bootstrap draws of n - 1 people each (Rao, Wu & Yue 1992), each raked anew
    For people drawn one by one; for clusters and strata use `replicate_weights(...).reweighted(...)`.
    Memory is a byte for each person and draw at work, whatever the number of draws.
    """
    if kind not in ("mean", "total"):
        raise BadInput(f'`kind` is "{kind}"; a raked bootstrap gives a mean or a total.')
    if draws < 20:
        raise BadInput(f"{draws} draws cannot show how much an answer varies; at least 20 are needed.")
    full = rake(frame, margins, weights=weights)
    value = numbers(y, "y", rows=len(full))
    told = ~np.isnan(value)
    value = np.where(told, value, 0.0)
    top = float(full.weights @ value)
    at = top if kind == "total" else top / float(full.weights @ told)
    drawn = _draws(read_margins(frame, margins), full.base, value, told, draws, rng, kind)
    met = ~np.isnan(drawn)
    if met.sum() < 20:
        raise BadInput(
            "In nearly every draw some category has nobody, so the margins cannot be met again. Join small categories."
        )
    error = float(np.std(drawn[met], ddof=1))
    half = stats.t.ppf((1 + level) / 2, met.sum() - 1) * error
    words = f"{full.method}; {draws} bootstrap draws, each raked anew"
    return Level(
        at, error, int(met.sum()) - 1, at - half, at + half, level, int(told.sum()), "answer", words,
        tuple(_cautions(met, told)), design_effect=full.design_effect, effective_n=told.sum() / full.design_effect,
        answered=int(told.sum()), asked=len(value),
    )  # fmt: skip


def _cautions(met, told):
    if not met.all():
        yield f"In {int((~met).sum())} of {len(met)} draws some category had nobody; those draws are left out."
    if not told.all():
        yield f"{int((~told).sum()):,} of {len(told):,} gave no answer and are left out."


def _draws(margins, base, value, told, draws, rng, kind):
    table, index = _table(margins)
    if len(base) > MOST_PEOPLE:
        raise BadInput(f"{len(base):,} people; this bootstrap draws evenly from up to {MOST_PEOPLE:,}.")
    # single precision is a thousand times finer than the noise between draws, and half the memory to read
    mass, product, answered = _laid_out(index, table.start, base, value, told)
    seeds = np.random.default_rng(rng).integers(1, 2**63 - 1, size=(draws, 2), dtype=np.uint64)
    total, all_told = kind == "total", bool(told.all())

    def work(mine):
        scratch = np.zeros(len(base), np.uint8)
        return [
            _one(
                table.start,
                table.code,
                table.goals,
                table.across,
                mass,
                product,
                answered,
                a,
                b,
                total,
                all_told,
                scratch,
            )
            for a, b in mine
        ]

    threads = max(1, min(os.cpu_count() or 1, 8))
    with ThreadPoolExecutor(threads) as pool:
        parts = list(pool.map(work, np.array_split(seeds, threads)))
    return np.array([v for part in parts for v in part])


def _table(margins):
    *down, across = sorted(margins, key=lambda m: len(m.categories))
    size = int(np.prod([float(len(m.categories)) for m in margins]))
    if size > MOST_CELLS:
        raise BadInput(
            f"These margins make {size:,} cells; up to {MOST_CELLS:,} fit. Use replicate weights, or fewer categories."
        )
    index = np.zeros(len(across.codes), np.int32)
    for m in (*down, across):
        fold(index, m.codes, len(m.categories))
    rows, start = size // len(across.categories), sum(len(m.categories) for m in down)
    code, rest = np.empty((rows, len(down)), np.int64), np.arange(rows)
    for j in range(len(down) - 1, -1, -1):
        k = len(down[j].categories)
        start -= k
        rest, here = np.divmod(rest, k)
        code[:, j] = here + start
    goals = np.concatenate([m.totals for m in down]) if down else np.empty(0)
    ends = np.concatenate([[0], np.cumsum(np.bincount(index, minlength=size))])
    return Table(ends.astype(np.uint64), code, goals, across.totals), index


@numba.njit(cache=True, nogil=True)
def _laid_out(index, start, base, value, told):
    """People cell by cell, so that every draw reads memory in one sweep."""
    place = start[:-1].copy()
    mass, product = np.empty(len(index), np.float32), np.empty(len(index), np.float32)
    answered = np.empty(len(index), np.float32)
    for i in range(len(index)):
        k = place[index[i]]
        place[index[i]] += np.uint64(1)
        mass[k] = base[i]
        product[k] = base[i] * value[i]
        answered[k] = base[i] if told[i] else 0.0
    return mass, product, answered


@numba.njit(cache=True, nogil=True)
def _one(start, code, goals, across, mass, product, answered, seed, stream, total, all_told, times):
    """One draw: n - 1 people with replacement, their cells summed, the table raked."""
    _deal(times, seed, stream)
    cells = len(start) - 1
    held, top, heard = np.empty(cells), np.empty(cells), np.empty(0 if all_told else cells)
    _sum(start, times, mass, product, held, top)
    if not all_told:
        _sum(start, times, answered, answered, heard, heard)
    u, v, worst = _rake(held.reshape(-1, len(across)), code, goals, across)
    if worst > 1e-3:
        return np.nan
    value = _weighted(top, u, v)
    if total:
        return value
    under = across.sum() if all_told else _weighted(heard, u, v)
    return value / under if under > 0.0 else np.nan


@numba.njit(cache=True, nogil=True)
def _deal(times, seed, stream):
    """How often is each person drawn?  xoroshiro128+ (Blackman & Vigna 2018), two people from each word."""
    times[:] = 0
    n, half, low = np.uint64(len(times)), np.uint64(32), np.uint64(0xFFFFFFFF)
    a, b, one = seed, stream, np.uint8(1)
    for k in range(len(times) // 2):
        r = a + b
        b ^= a
        a = ((a << np.uint64(24)) | (a >> np.uint64(40))) ^ b ^ (b << np.uint64(16))
        b = (b << np.uint64(37)) | (b >> np.uint64(27))
        times[((r >> half) * n) >> half] += one
        if 2 * k + 1 < len(times) - 1:
            times[((r & low) * n) >> half] += one


@numba.njit(cache=True, nogil=True, fastmath=True)
def _sum(start, times, first, second, first_out, second_out):
    for c in range(len(first_out)):
        s = t = 0.0
        for i in range(start[c], start[c + 1]):
            m = np.float64(times[i])
            s += m * np.float64(first[i])
            t += m * np.float64(second[i])
        first_out[c] = s
        second_out[c] = t


@numba.njit(cache=True, nogil=True, fastmath=True)
def _rake(held, code, goals, across):
    """Factors of rows (a product over the smaller margins) and columns: the two blocks take turns, so the whole table is
    read twice a turn however many margins there are."""
    rows, columns = held.shape
    u, v = np.ones(rows), np.ones(columns)
    sums, mass, col = np.empty(len(goals)), np.empty(rows), np.empty(columns)
    worst = 0.0
    for _ in range(200):
        col[:] = 0.0
        for s in range(rows):
            us = u[s]
            for a in range(columns):
                col[a] += us * held[s, a]
        worst = 0.0
        for a in range(columns):
            if across[a] > 0.0:
                if col[a] <= 0.0:
                    return u, v, 1e9
                worst = max(worst, abs(v[a] * col[a] / across[a] - 1.0))
                v[a] = across[a] / col[a]
        for s in range(rows):
            t = 0.0
            for a in range(columns):
                t += held[s, a] * v[a]
            mass[s] = t
        gap = _small(mass, u, sums, code, goals)
        if gap > 1e8:
            return u, v, gap
        worst = max(worst, gap)
        if worst < NEAR:
            break
    return u, v, worst


@numba.njit(cache=True, nogil=True, fastmath=True)
def _small(mass, u, sums, code, goals):
    """Sweeps over the smaller margins, given the columns; -> how far they were off before."""
    first = 0.0
    for turn in range(100):
        gap = 0.0
        for j in range(code.shape[1]):
            low, high = code[:, j].min(), code[:, j].max() + 1
            sums[low:high] = 0.0
            for s in range(len(u)):
                sums[code[s, j]] += mass[s] * u[s]
            for k in range(low, high):
                if goals[k] > 0.0:
                    if sums[k] <= 0.0:
                        return 1e9
                    gap = max(gap, abs(sums[k] / goals[k] - 1.0))
                    sums[k] = goals[k] / sums[k]
            for s in range(len(u)):
                u[s] *= sums[code[s, j]]
        if turn == 0:
            first = gap
        if gap < 1e-8:
            break
    return first


@numba.njit(cache=True, nogil=True, fastmath=True)
def _weighted(cells, u, v):
    columns, out = len(v), 0.0
    for s in range(len(u)):
        row = 0.0
        for a in range(columns):
            row += cells[s * columns + a] * v[a]
        out += u[s] * row
    return out
