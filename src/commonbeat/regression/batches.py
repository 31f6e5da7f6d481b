"""The cross products of a table that is read once, in batches of Arrow: Parquet files, DuckDB relations, frames.

The same sums as the Ibis expression in `commonbeat.relations`, which stays for DuckDB and Spark; here the reader
decodes in one thread while two others multiply, and no more than a few batches are in memory.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import SimpleQueue

import numpy as np

from commonbeat.design import codes_of
from commonbeat.errors import BadInput
from commonbeat.regression.feeds import batches_of
from commonbeat.regression.moments import Moments

__all__ = ["codes_among", "complete", "numbers", "sums"]

PILOT = 1000  # rows whose mean is subtracted inside every sum
COMPILED = 3_000_000  # rows from which the compiler repays its time and its 60 MB
THREADS = min(2, os.cpu_count() or 1)  # one reader feeds no more


@dataclass(frozen=True, slots=True)
class Cells:
    """Sums of some rows. cluster, level: (cells,) labels in order; count (cells,); moment (powers, cells, q+1, q+1)."""

    cluster: np.ndarray
    level: np.ndarray
    count: np.ndarray
    moment: np.ndarray

    def plus(self, other: Cells) -> Cells:
        """The sums of both; in place when they hold the same cells, which they do after a few batches."""
        if np.array_equal(self.cluster, other.cluster) and np.array_equal(self.level, other.level):
            np.add(self.moment, other.moment, out=self.moment)
            np.add(self.count, other.count, out=self.count)
            return self
        cluster, level, cell = _cells(*(_coded(getattr(self, k), getattr(other, k)) for k in ("cluster", "level")))
        mine, theirs = cell[: len(self.count)], cell[len(self.count) :]
        count = np.zeros(len(cluster), np.int64)
        moment = np.zeros((len(self.moment), len(cluster), *self.moment.shape[2:]))
        for part, at in ((self, mine), (other, theirs)):
            count[at] += part.count
            moment[:, at] += part.moment
        return Cells(cluster, level, count, moment)


def sums(source, names, *, cluster=None, level=None, weights=None, shift=None) -> dict:
    """Counts, sums and cross products of `names` by (cluster, level): the parts of a Gram, second moments still by cell.

    source : Parquet path (globs allowed), DuckDB relation, or a polars / pandas / Arrow frame
    Rows with a missing value are left out and counted; weights must be positive.
    """
    wanted = tuple(dict.fromkeys(c for c in (*names, cluster, level, weights) if c))
    batches, rows = batches_of(source, wanted)
    read: list = []
    if shift is None:
        shift = _pilot(batches, names, read)
    shift = np.asarray(shift, float)
    kind = _compiled() if rows >= COMPILED else Moments
    workers = [_Worker(kind, names, shift, cluster, level, weights) for _ in range(THREADS)]
    _share(_after(read, batches), workers)
    total = None
    for worker in workers:
        total = _plus(total, worker.total)
    return _parts(total, len(names), shift, sum(worker.dropped for worker in workers))


def _after(read, batches):
    """Those already read, let go one by one, then the others."""
    while read:
        yield read.pop(0)
    yield from batches


def _compiled():
    from commonbeat.regression.kernels import CompiledMoments

    return CompiledMoments


def _share(batches, workers):
    """Every batch to a worker that is idle; the reader stays in this thread, so that its memory is needed once."""
    idle, jobs = SimpleQueue(), []
    for worker in workers:
        idle.put(worker)

    def one(worker, batch):
        try:
            worker.add(batch)
        finally:
            idle.put(worker)

    with ThreadPoolExecutor(len(workers)) as pool:
        for batch in batches:
            jobs = [job for job in jobs if not job.done() or job.result()]  # a result is None, or raises
            jobs.append(pool.submit(one, idle.get(), batch))
    for job in jobs:
        job.result()


class _Worker:
    """Adds up batches: `total` the Cells so far, `dropped` the rows left out."""

    def __init__(self, kind, names, shift, cluster, level, weights):
        self.names, self.shift, self.keys, self.weights = names, shift, (cluster, level), weights
        self.moments = kind(len(names), 1 if weights is None else 3)
        self.total, self.dropped = None, 0

    def add(self, batch):
        full = complete(batch)
        self.dropped += len(batch) - len(full)
        if len(full):
            self.total = _plus(self.total, self.summed(full))

    def summed(self, batch) -> Cells:
        clusters, levels, cell = _cells(*(_keys(batch, name) for name in self.keys))
        columns = [numbers(batch.column(name), name) for name in self.names]
        w = None if self.weights is None else _positive(numbers(batch.column(self.weights), self.weights))
        count = np.bincount(cell, minlength=len(clusters))
        return Cells(clusters, levels, count, self.moments(columns, self.shift, cell, len(clusters), w))


def _plus(a, b):
    return a.plus(b) if a is not None and b is not None else a if b is None else b


def _cells(cluster, level):
    """(labels of cluster, labels of level) of each cell in order, and (n,) the cell of each row."""
    (clusters, c), (levels, v) = cluster, level
    if len(levels) == 1:
        return clusters, np.repeat(levels, len(clusters)), c
    pairs, cell = _coded(c * len(levels) + v)
    return clusters[pairs // len(levels)], levels[pairs % len(levels)], cell


def _coded(*labels):
    """(distinct labels in order, (n,) codes) of the arrays laid end to end."""
    labels = np.concatenate(labels) if len(labels) > 1 else labels[0]
    if labels.dtype.kind in "iu" and int(labels.max()) - (low := int(labels.min())) <= 8 * len(labels):
        at = labels.astype(np.int64) - low  # whole numbers not far apart are coded without sorting
        there = np.zeros(int(at.max()) + 1, bool)
        there[at] = True
        return np.flatnonzero(there) + low, (np.cumsum(there) - 1)[at]
    values, code = codes_of(labels)
    return np.asarray(values, labels.dtype), code


def _keys(batch, name):
    """The labels of a column and the code of every row; one label for all when there is no column."""
    return _labels(batch.column(name)) if name else (np.zeros(1, np.int64), np.zeros(len(batch), np.int64))


def _labels(column):
    import pyarrow as pa

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return _coded(np.from_dlpack(column))
    coded = column if pa.types.is_dictionary(column.type) else column.dictionary_encode()
    words = np.array(coded.dictionary.cast(pa.string()).to_pylist())
    values, rank = _coded(words)  # few distinct words: sort those, not the rows
    met, code = _coded(rank[np.from_dlpack(coded.indices)])  # a dictionary may hold words no row uses
    return values[met], code


def codes_among(column, labels):
    """(n,) the place of each row's label among the sorted `labels` of an earlier scan."""
    values, code = _labels(column)
    at = np.minimum(np.searchsorted(np.asarray(labels), values), len(labels) - 1)
    if (np.asarray(labels)[at] != values).any():
        raise BadInput("a level of the fixed effect was not in the first scan: give both the same table")
    return at[code]


def complete(batch):
    """The rows in which nothing is missing."""
    return batch.drop_null() if any(column.null_count for column in batch.columns) else batch


def _pilot(batches, names, read):
    """(q,) means of the first complete rows; the batches that had to be looked at are kept in `read`."""
    for batch in batches:
        read.append(batch)
        if len(some := complete(batch).slice(0, PILOT)):
            return np.array([numbers(some.column(n), n).mean() for n in names])
    return np.zeros(len(names))


def numbers(column, name):
    """(n,) numbers of a column; text and dates are refused by name."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.from_dlpack(column)  # `to_numpy` would load pandas
    if pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        return np.from_dlpack(column.cast(pa.float64()))
    raise BadInput(f"column {name!r} holds {kind}, and sums need numbers: turn it into numbers or 0/1 columns first")


def _positive(weight):
    if not (weight > 0).all():
        raise BadInput(f"the smallest weight is {weight.min():g}: weights must be positive, drop those rows")
    return weight


def _parts(total, q, shift, dropped):
    if total is None:
        none = np.zeros(0)
        return {"shift": shift, "cluster": none, "level": none, "count": none, "total": none, "first": none,
                "second": none, "dropped": dropped}  # fmt: skip
    if np.isnan(total.moment).any():
        raise BadInput(
            "a column holds NaN: write missing values as null, so that their rows are left out and counted"
        )
    return {
        "shift": shift, "cluster": total.cluster, "level": total.level, "count": total.count,
        "total": total.moment[:, :, q, q], "first": total.moment[:, :, :q, q], "second": total.moment[:, :, :q, :q],
        "dropped": dropped,
    }  # fmt: skip
