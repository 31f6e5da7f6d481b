"""Columns as people give them, brought to arrays: missing rows counted, wrong values named by their row."""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput, TooFew

__all__ = ["Rows", "left_out", "matrix", "numbers", "rows"]


class Rows(dict):
    """Arrays of equal length after incomplete rows were dropped; `kept` (n,) bool, `dropped` how many went."""

    kept: np.ndarray
    dropped: int


def numbers(values, name: str, endless=False) -> np.ndarray:
    """(n,) floats, nan where missing; words are refused with the row they stand in, and infinity unless `endless`."""
    array = np.asarray(values.to_numpy() if hasattr(values, "to_numpy") else values)
    if array.ndim != 1:
        raise BadInput(f"{name} needs one value per person, it has shape {array.shape}")
    if array.dtype.kind in "fiub":
        out = array.astype(float)
    else:
        out = np.array([_number(value, name, i) for i, value in enumerate(array)], float)
    without_end = np.isinf(out)
    if without_end.any() and not endless:
        row = int(np.flatnonzero(without_end)[0])
        raise BadInput(
            f"{name} in row {row} is {out[row]}: give a finite number, or leave it empty where it is missing"
        )
    return out


def _number(value, name, row):
    try:
        return np.nan if value is None else float(value)
    except (TypeError, ValueError):
        raise BadInput(f"{name} in row {row} is {str(value)!r}: a number is needed") from None


def labels(values, name: str) -> np.ndarray:
    """(n,) labels as given, None kept as missing."""
    array = np.asarray(values.to_list() if hasattr(values, "to_list") else values)
    if array.ndim != 1:
        raise BadInput(f"{name} needs one label per person, it has shape {array.shape}")
    return array


def matrix(x, name: str = "X") -> tuple[np.ndarray, list[str]]:
    """(n, p) floats and p names, from an array, a frame (polars, pandas, Arrow), a dict of columns or one column."""
    if isinstance(x, dict):
        return np.column_stack([numbers(v, k) for k, v in x.items()]), [str(k) for k in x]
    columns = getattr(x, "columns", None) if not hasattr(x, "column_names") else x.column_names
    if columns is not None:
        return matrix({str(c): x[c] for c in columns})
    array = np.asarray(x.to_numpy() if hasattr(x, "to_numpy") else x)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim == 2 and not len(array):
        raise TooFew(f"{name} has no rows: there is nobody to compare")
    if array.ndim != 2:
        raise BadInput(f"{name} needs people in rows and covariates in columns, it has shape {array.shape}")
    given = getattr(x, "name", None)
    names = [given] if given and array.shape[1] == 1 else [f"x{i + 1}" for i in range(array.shape[1])]
    return np.column_stack(
        [np.empty((len(array), 0)), *(numbers(array[:, i], names[i]) for i in range(array.shape[1]))]
    ), names


def rows(*, weights=None, **columns) -> Rows:
    """Complete rows of the columns that are not None; weights must be positive.

    Labels stay labels (block, cluster, arm, group), everything else becomes numbers.
    """
    out, n, kept = Rows(), None, None
    columns = {name: value for name, value in (columns | {"weights": weights}).items() if value is not None}
    for name, value in columns.items():
        array = value if isinstance(value, np.ndarray) and value.ndim == 2 else None
        if array is None:
            array = (labels if name.split("_")[0] in LABELS else numbers)(value, name)
        n = len(array) if n is None else n
        if len(array) != n:
            raise BadInput(f"{name} has {len(array)} rows, the columns before it have {n}")
        present = np.isfinite(array).reshape(n, -1).all(1) if array.dtype.kind == "f" else _present(array)
        kept = present if kept is None else kept & present
        out[name] = array
    if n == 0 or not kept.any():
        raise TooFew("no complete row: every row misses one of " + ", ".join(columns))
    for name, array in out.items():
        out[name] = array[kept]
    out.kept, out.dropped = kept, int(n - kept.sum())
    if "weights" in out and (out["weights"] <= 0).any():
        row = int(np.flatnonzero(kept)[np.flatnonzero(out["weights"] <= 0)[0]])
        raise BadInput(
            f"weight {float(np.asarray(weights)[row]):g} in row {row}: weights must be positive, drop the row"
        )
    return out


LABELS = ("arm", "block", "cluster", "group", "unit", "pair", "fe", "wave")


def left_out(dropped: int) -> tuple[str, ...]:
    """The sentence that goes beside a number when rows were incomplete."""
    return (f"{dropped} rows left out because a value was missing",) if dropped else ()


def _present(array):
    if array.dtype == object:
        return np.array([v is not None and v == v for v in array], bool)
    return np.ones(len(array), bool)
