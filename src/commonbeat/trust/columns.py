"""What a caller hands in, as arrays: numbers with nan for missing, labels as codes, and a sentence for what does not fit."""

from __future__ import annotations

import numpy as np

from commonbeat.errors import BadInput, Problem

__all__ = ["labels", "matrix", "numbered", "numbers", "turned"]


def numbers(values, name: str, *, rows: int | None = None, low=None, high=None) -> np.ndarray:
    """Any column as floats, nan where nothing was given  -> (rows,).

    Raises BadInput naming the line (counted from 1) of the first value that is not a number or lies outside [low, high].
    """
    raw = _array(values)
    if raw.ndim != 1:
        raise BadInput(f"`{name}` has shape {raw.shape}: one column was needed.")
    try:
        out = raw.astype(float)
    except (TypeError, ValueError):
        out = np.array([_number(v, name, line) for line, v in enumerate(raw.tolist(), 1)], float)
    if rows is not None and len(out) != rows:
        raise BadInput(f"`{name}` has {len(out)} values where {rows} were needed: one for each row.")
    with np.errstate(invalid="ignore"):
        wrong = np.isinf(out)
        wrong |= (out < low) if low is not None else False
        wrong |= (out > high) if high is not None else False
    if wrong.any():
        raise BadInput(problems=_problems(wrong, out, name, low, high))
    return out


def labels(values, name: str, *, rows: int | None = None) -> tuple[np.ndarray, list[str]]:
    """Any column of groups as codes  -> (rows,) ints with -1 for missing, and the sorted names they stand for.

    Several columns (a frame, or an array with two dimensions) become one group each combination: "E / Yes".
    """
    raw = _array(values)
    if raw.ndim == 2:
        parts = [labels(raw[:, j], name) for j in range(raw.shape[1])]
        missing = np.any([codes < 0 for codes, _ in parts], axis=0)
        raw = np.array(
            [" / ".join(names[c] for c, names in zip(row, (p[1] for p in parts), strict=True)) for row in
             np.column_stack([p[0] for p in parts])], dtype=object,
        )  # fmt: skip
        raw[missing] = None
    if rows is not None and len(raw) != rows:
        raise BadInput(f"`{name}` has {len(raw)} values where {rows} were needed: one for each row.")
    if raw.dtype.kind in "iu" and len(raw):
        names, codes = numbered(raw)
        return codes, [str(n) for n in names.tolist()]
    if raw.dtype != object and raw.dtype.kind not in "fU":
        names, codes = np.unique(raw, return_inverse=True)
        return codes.reshape(-1), [str(n) for n in names.tolist()]
    missing = np.array([v is None or v != v for v in raw.tolist()], bool)  # v != v: nan
    codes = np.full(len(raw), -1)
    given = raw[~missing]
    if raw.dtype == object:
        kinds = {type(v) for v in given.tolist()}
        given = given.astype(str) if kinds - {int, float} else given.astype(float)
    names, codes[~missing] = np.unique(given, return_inverse=True)
    return codes, [str(int(n)) if isinstance(n, float) and n.is_integer() else str(n) for n in names.tolist()]


def numbered(values) -> tuple[np.ndarray, np.ndarray]:
    """Sorted distinct whole numbers, and which of them each value is. By counting where they lie close, else by sorting."""
    low, high = int(values.min()), int(values.max())
    if high - low > 4 * len(values) + 1_000:
        names, codes = np.unique(values, return_inverse=True)
        return names, codes.reshape(-1)
    shifted = values.astype(np.int64) - low
    met = np.flatnonzero(np.bincount(shifted))
    place = np.zeros(high - low + 1, np.int64)
    place[met] = np.arange(len(met))
    return met + low, place[shifted]


def matrix(items, *, names=None) -> tuple[np.ndarray, list[str]]:
    """Questions as columns, people as rows  -> (people, items) floats with nan, and the items' names."""
    columns = getattr(items, "column_names", None)  # Arrow; its `columns` are the columns themselves
    columns = getattr(items, "columns", None) if columns is None else columns
    if columns is not None:
        found = [str(c) for c in columns]
        return np.column_stack([numbers(items[c], str(c)) for c in columns]), found
    raw = _array(items)
    if raw.ndim != 2:
        raise BadInput(f"`items` has shape {raw.shape}: people in rows and questions in columns were needed.")
    found = list(names) if names is not None else [str(j) for j in range(raw.shape[1])]
    return np.column_stack([numbers(raw[:, j], found[j]) for j in range(raw.shape[1])]), found


def turned(names, reverse) -> np.ndarray:
    """Which questions are worded the other way round?  `reverse` holds names or column numbers  -> (items,) true or false."""
    wanted = [names[r] if isinstance(r, int | np.integer) and not isinstance(r, bool) else str(r) for r in reverse]
    unknown = sorted(set(wanted) - set(names))
    if unknown:
        raise BadInput(f'`reverse` names "{unknown[0]}", which is not among the questions {", ".join(names)}.')
    return np.array([n in wanted for n in names], bool)


def _array(values) -> np.ndarray:
    if hasattr(values, "to_numpy"):  # polars, pandas, narwhals; pyarrow below
        return np.asarray(values.to_numpy())
    return np.asarray(values)


def _number(value, name: str, line: int) -> float:
    if value is None or value == "":
        return np.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        problem = Problem(f'`{name}`: "{value}" is not a number.', line=line, column=name, value=value)
        raise BadInput(problems=[problem]) from None


def _problems(wrong, values, name, low, high):
    span = f"from {low} to {high}" if high is not None else f"at least {low}" if low is not None else "finite"
    for line in np.flatnonzero(wrong)[:20].tolist():
        value = float(values[line])
        yield Problem(f"`{name}`: {value:g} is not {span}.", line=line + 1, column=name, value=value)
