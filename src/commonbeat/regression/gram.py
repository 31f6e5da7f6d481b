"""The table compressed: for every cluster its n, its sums and its cross products."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

import numpy as np

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, Refused, TooFew
from commonbeat.privacy import OFFICER_FLOOR
from commonbeat.regression.moments import Moments

__all__ = ["Gram", "gram"]

IN_NUMPY = 20_000_000  # rows x columns^2 up to which loading the compiler would take longer than numpy does
IF_LOADED = 500_000  # the same once it is loaded


@dataclass(frozen=True, slots=True)
class Gram:
    """Sums of one table by cluster; with them no row is needed again (but HC2/HC3).

    names   : q columns, in the order of every matrix below
    shift   : (q,) pilot mean subtracted inside every sum: without it large offsets eat all digits
    cluster : (cells,) code of the cluster; a cell is a cluster, or a cluster within a level of the fixed effect
    level   : (cells,) code of the fixed effect's level, all 0 without one
    count   : (cells,) rows
    total   : (powers, cells) sums of w^k, k = 0, 1, 2 when weighted, k = 0 alone when not
    first   : (powers, cells, q) sums of w^k x
    second  : (powers, clusters, q, q) sums of w^k x x'
    dropped : rows left out because a value was missing
    level_labels : what the levels are called, in the order of their codes
    """

    names: tuple[str, ...]
    shift: np.ndarray
    cluster: np.ndarray = field(repr=False)
    level: np.ndarray = field(repr=False)
    count: np.ndarray = field(repr=False)
    total: np.ndarray = field(repr=False)
    first: np.ndarray = field(repr=False)
    second: np.ndarray = field(repr=False)
    absorbed: str | None = None
    dropped: int = 0
    level_labels: tuple = field(default=(), repr=False)

    @property
    def n(self) -> int:
        return int(self.count.sum())

    @property
    def clusters(self) -> int:
        return self.second.shape[1]

    @property
    def levels(self) -> int:
        return int(self.level.max()) + 1 if self.absorbed else 0

    @property
    def weighted(self) -> bool:
        return len(self.total) == 3

    def index(self, names) -> np.ndarray:
        """Positions of columns; a name that was not summed is said."""
        missing = [name for name in names if name not in self.names]
        if missing:
            raise BadInput(f"{missing[0]!r} is not among the summed columns {', '.join(self.names)}")
        return np.array([self.names.index(name) for name in names], int)

    def to_dict(self) -> dict:
        """The sums as plain numbers, refused while a cluster is small enough to give its people back."""
        small = int(
            (np.bincount(self.cluster, self.count) < OFFICER_FLOOR).sum() + (self.count < OFFICER_FLOOR).sum()
        )
        if small:
            raise Refused(
                f"{small} clusters or cells hold fewer than {OFFICER_FLOOR} people: their sums are personal data "
                "(with one person they are that person's row). Merge them with neighbours before passing the sums on."
            )
        return {
            "names": list(self.names), "shift": self.shift.tolist(), "cluster": self.cluster.tolist(),
            "level": self.level.tolist(), "count": self.count.tolist(), "total": self.total.tolist(),
            "first": self.first.tolist(), "second": self.second.tolist(), "dropped": self.dropped,
        }  # fmt: skip


def gram(source, columns, *, cluster=None, fixed_effects=None, weights=None, shift=None, engine=None) -> Gram:
    """What must be kept of a table so that every regression among `columns` can be had, with cluster-robust errors?

    source  : (n, q) array with columns in the order of `columns`; or a Parquet path (globs allowed), a DuckDB relation,
              a polars / pandas / Arrow frame, an Ibis table (DuckDB or Spark): then names say the columns
    cluster, fixed_effects, weights : (n,) arrays with an array source, else column names; cluster None = one cluster
    shift   : (q,) centre to subtract, default the mean of a pilot of up to 1,000 rows
    engine  : "ibis" sends a Parquet path through the Ibis expression on DuckDB; by default files, relations and frames
              are read in batches and multiplied here, which takes half the processor time on large files
    Raises BadInput for weights that are negative, zero or missing, TooFew when no complete row is left.
    """
    names = tuple(columns)
    if len(set(names)) < len(names):
        raise BadInput(f"a column is named twice: {', '.join(names)}")
    if isinstance(source, np.ndarray):
        return _of_array(source, names, cluster, fixed_effects, weights, shift)
    if engine == "ibis" or type(source).__module__.split(".")[0] == "ibis":
        from commonbeat.relations import sums
    else:
        from commonbeat.regression.batches import sums
    parts = sums(source, names, cluster=cluster, level=fixed_effects, weights=weights, shift=shift)
    return _of_cells(names, fixed_effects, **parts)


def _of_cells(names, absorbed, *, shift, cluster, level, count, total, first, second, dropped):
    """Cells as they come from a GROUP BY (second still by cell) to a Gram."""
    if not len(count):
        raise TooFew("no complete row is left: every row misses one of " + ", ".join(names))
    _, cluster = codes_of(cluster, "cluster")
    labels, level = codes_of(level, "fixed effect") if absorbed else ((), np.zeros(len(cluster), np.int64))
    order = np.argsort(cluster, kind="stable")
    starts = np.flatnonzero(np.r_[True, np.diff(cluster[order]) > 0])
    by_cluster = np.add.reduceat(second[:, order], starts, axis=1)
    return Gram(
        names, shift, cluster[order], level[order], count[order], total[:, order], first[:, order], by_cluster,
        absorbed, int(dropped), labels,
    )  # fmt: skip


def _of_array(table, names, cluster, level, weights, shift):
    n, q = table.shape
    if q != len(names):
        raise BadInput(f"{q} columns are given and {len(names)} names")
    cluster = np.zeros(n, np.int64) if cluster is None else codes_of(cluster, "cluster")[1]
    absorbed = None if level is None else "fixed effects"
    level = np.zeros(n, np.int64) if level is None else codes_of(level, "fixed effect")[1]
    if not len(cluster) == len(level) == n:
        raise BadInput(f"table, cluster and fixed effects need the same length: {n}, {len(cluster)}, {len(level)}")
    if weights is not None:
        weights = np.asarray(weights, float)
        wrong = np.flatnonzero(~(weights > 0))
        if wrong.size:
            raise BadInput(f"weight {weights[wrong[0]]:g} in row {wrong[0]}: weights must be positive, drop the row")
    shift = table[:: max(1, n // 1000)].mean(0) if shift is None else np.asarray(shift, float)
    cell, row = _cells(cluster, level)
    kernel = _sums_numpy if n * q * q <= (IF_LOADED if "numba" in sys.modules else IN_NUMPY) else _sums_compiled
    total, first, second = kernel(table, shift, cell, cluster, len(row), int(cluster.max()) + 1, weights)
    return Gram(names, shift, cluster[row], level[row], np.bincount(cell), total, first, second, absorbed)


def _cells(cluster, level):
    """(n,) code of the (cluster, level) each row lies in, and the first row of every cell."""
    cell = cluster
    if level.any():
        _, cell = codes_of(cluster * (level.max() + 1) + level)
    row = np.empty(int(cell.max()) + 1, np.int64)
    row[cell[::-1]] = np.arange(len(cell))[::-1]
    return cell, row


def _sums_numpy(table, shift, cell, cluster, cells, clusters, w):
    whole = Moments(table.shape[1], 1 if w is None else 3)(table, shift, cluster, clusters, w)
    if cells == clusters:
        first, total = whole[:, :, :-1, -1], whole[:, :, -1, -1]
    else:
        powers = [None] if w is None else [None, w, w * w]
        total = np.stack([np.bincount(cell, p, cells).astype(float) for p in powers])
        moved = (table - shift).T
        first = np.stack([[np.bincount(cell, c if p is None else c * p, cells) for c in moved] for p in powers])
        first = first.swapaxes(1, 2)
    return total, first, whole[:, :, :-1, :-1]


def _sums_compiled(table, shift, cell, cluster, cells, clusters, w):
    from commonbeat.regression.kernels import cell_sums

    table = np.ascontiguousarray(table, float)
    powers = [np.ones(1)] if w is None else [np.ones(1), w, w * w]
    sums = [cell_sums(table, shift, cell, cluster, cells, clusters, p) for p in powers]
    return tuple(np.stack(part) for part in zip(*sums, strict=True))
