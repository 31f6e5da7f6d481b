"""Any dataframe that speaks Arrow comes in here and leaves as a checked table of the codebook, or as a list of letters.

`check` raises; `examine` gives the rows and everything that is wrong with them, for those who write an errors file.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache

import dataframely as dy
import numpy as np
import polars as pl

from commonbeat import codebook
from commonbeat.casting import cast, held
from commonbeat.errors import BadInput, Problem

__all__ = ["LISTED", "WRONG", "as_polars", "check", "empty", "examine"]

LISTED = 10_000  #: problems that are listed one by one; beyond that only their number is said

#: columns of what `examine` finds: row from 0 (null: the header), column ("": the whole row), value, message
WRONG = {"row": pl.Int64, "column": pl.String, "value": pl.String, "message": pl.String}
_ROW = "row__"
_ZONE = r"(Z|z|[+-]\d\d:?\d\d)$"


def check(name: str, frame, *, file: str | None = None, first_line: int = 2, lines=None) -> pl.DataFrame:
    """Is this frame a proper `contacts` (or any other table)?  -> the table, columns in order, cast and checked.

    name       : a table of the codebook
    frame      : polars, pandas, pyarrow, DuckDB, a list of dicts, a dict of lists
    file       : what to call it in messages
    first_line : line of the first row in that file (2 under a header); `lines`: (rows,) instead, where rows span lines
    Missing columns that may be missing become null; yes/no, 5.0 and ISO times with a zone are cast; a naive time is not.
    Raises BadInput with one Problem per wrong cell: file, line, column, value, what is allowed, what to do.
    """
    checked, wrong = examine(name, frame)
    if len(wrong):
        raise BadInput(*_letter(wrong, file, first_line, lines))
    return checked


def examine(name: str, frame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """What is wrong with this frame, cell by cell?

    -> (checked, wrong): `checked` has every row, wrong cells null; `wrong` has row (from 0; null: the header), column,
    value, message. Raises BadInput only when there is no such table, or `frame` is no frame.
    """
    columns = _table(name).columns()
    given = as_polars(frame)
    header = _header(name, given.columns)
    given = given.select(c for c in columns if c in given.columns)
    rows = pl.DataFrame({_ROW: pl.arange(len(given), eager=True)})
    out = rows.hstack(cast(given, columns))
    wrong = [header, *(_not_cast(given, out, columns[c]) for c in given.columns)]
    absent = {c for c in columns if c not in given.columns}
    out = out.with_columns(pl.lit(None, columns[c].dtype).alias(c) for c in absent).select(_ROW, *columns)
    wrong.append(_against_rules(name, out, already=pl.concat(wrong)))
    return out.drop(_ROW), pl.concat(wrong).sort("row", nulls_last=False, maintain_order=True)


def empty(name: str) -> pl.DataFrame:
    """The table with its columns and no rows."""
    return pl.DataFrame(schema={c: about.dtype for c, about in _table(name).columns().items()})


def as_polars(frame) -> pl.DataFrame:
    """Any frame as a polars frame; raises BadInput when it is none."""
    if isinstance(frame, pl.DataFrame):
        return frame
    if isinstance(frame, pl.LazyFrame):
        return frame.collect()
    try:
        if hasattr(frame, "__arrow_c_stream__"):
            return pl.DataFrame(frame)
        if isinstance(frame, (Mapping, list, tuple)):
            return pl.DataFrame(_microseconds(frame), infer_schema_length=None, strict=False)
    except (pl.exceptions.PolarsError, ArithmeticError, TypeError, ValueError) as error:
        return _column_by_column(frame, error)
    raise BadInput(
        f"A {type(frame).__name__} is not a table. Give a polars, pandas, pyarrow or DuckDB frame, a dict of lists "
        "or a list of dicts."
    )


def _microseconds(frame):
    """polars knows numpy's moments to the milli-, micro- and nanosecond only."""
    if not isinstance(frame, Mapping):
        return frame
    moment = lambda v: isinstance(v, np.ndarray) and v.dtype.kind == "M"  # noqa: E731
    return {c: v.astype("datetime64[us]") if moment(v) else v for c, v in frame.items()}


def _column_by_column(frame, error) -> pl.DataFrame:
    """A frame whose cells do not share one type (times in several zones, ids of two kinds), or a letter about it."""
    if isinstance(frame, (list, tuple)) and all(isinstance(row, Mapping) for row in frame):
        frame = {c: [row.get(c) for row in frame] for c in dict.fromkeys(c for row in frame for c in row)}
    if not hasattr(frame, "keys"):
        raise BadInput(f"This is no table: {str(error).splitlines()[0]}") from None
    columns = {c: list(frame[c]) if np.ndim(frame[c]) else frame[c] for c in frame.keys()}  # noqa: SIM118 (pandas)
    lengths = {c: len(v) for c, v in columns.items() if isinstance(v, list)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{c} {n}" for c, n in lengths.items())
        raise BadInput(f"The columns differ in length: {told}. A table has one value in each for every row.")
    return pl.DataFrame([_column(c, v) if isinstance(v, list) else pl.Series(c, [v]) for c, v in columns.items()])


def _column(name, values):
    """One column; where its cells share no type they stay what they are, for the reader to take one by one."""
    try:
        return pl.Series(name, values, strict=False)
    except (pl.exceptions.PolarsError, ArithmeticError, TypeError, ValueError):
        return pl.Series(name, values, dtype=pl.Object)


def _table(name: str) -> type[dy.Schema]:
    if name not in codebook.TABLES:
        near = difflib.get_close_matches(name, codebook.TABLES, n=1)
        hint = f' Did you mean "{near[0]}"?' if near else ""
        raise BadInput(f'There is no table "{name}".{hint} The tables are {", ".join(codebook.TABLES)}.')
    return codebook.TABLES[name]


def _header(name: str, given: list[str]) -> pl.DataFrame:
    """Columns nobody knows, and columns that must be there and are not."""
    columns = _table(name).columns()
    found = []
    for c in given:
        if c not in columns:
            near = difflib.get_close_matches(c, columns, n=1)
            hint = f'did you mean "{near[0]}"?' if near else f"its columns are {', '.join(columns)}"
            found.append((None, c, None, f'{name} has no column "{c}"; {hint} Rename it or leave it out'))
    for c, about in columns.items():
        if c not in given and not about.nullable:
            found.append((None, c, None, f'the column "{c}" ({about.description}) is missing and must be there'))
    return pl.DataFrame(found, schema=WRONG, orient="row")


def _not_cast(given: pl.DataFrame, out: pl.DataFrame, about: dy.Column) -> pl.DataFrame:
    """Cells that held something and hold nothing after the cast."""
    c = about.name
    if out[c].null_count() == given[c].null_count():
        return pl.DataFrame(schema=WRONG)
    lost = held(given[c]) & out[c].is_null()
    values = given[c].filter(lost).cast(pl.String, strict=False)
    return _wrong(out[_ROW].filter(lost), c, values, [_use(about, v) for v in values])


def _use(about: dy.Column, value: str | None) -> str:
    said = f'{about.name} is "{(value or "")[:80]}"'
    if isinstance(about.dtype, pl.Datetime):
        if value and value[:4].isdigit() and not _has_zone(value):
            return f'{said}, which has no time zone; write it like "{value[:19]}-06:00", or state the zone it is kept in (--zone)'
        return f"{said}; write a time that exists, with its zone, like 2026-03-01T14:30:00-06:00"
    why = f". {about.metadata['why']}" if about.metadata.get("why") else ""
    return f"{said}; use {_allowed(about)}{why}"


def _has_zone(value: str) -> bool:
    return bool(pl.Series([value.strip()]).str.contains(_ZONE)[0])


def _allowed(about: dy.Column) -> str:
    if isinstance(about, dy.Enum):
        *most, last = about.categories
        return f"{', '.join(most)} or {last}" if most else last
    return about.metadata.get("allowed") or "what the codebook allows"


@cache
def _with_rows(name: str) -> type[dy.Schema]:
    """The table's schema with a row number, so that a broken rule can say where."""
    return type(f"{name}WithRows", (_table(name),), {_ROW: dy.Int64()})


def _against_rules(name: str, out: pl.DataFrame, *, already: pl.DataFrame) -> pl.DataFrame:
    """Everything the schema itself asks: empty cells, limits, spellings, keys, and rules across columns."""
    schema = _with_rows(name)
    if schema.is_valid(out):
        return pl.DataFrame(schema=WRONG)
    told = already.select("row", "column").unique()
    missing = told.filter(pl.col("row").is_null())["column"].implode()
    details = schema.filter(out)[1].details()
    rules = [c for c in details.columns if c not in out.columns]
    found = [_broken(name, rule, details.filter(pl.col(rule) == "invalid")) for rule in rules]
    return (
        pl.concat(found)
        .join(told, on=["row", "column"], how="anti", nulls_equal=True, maintain_order="left")
        .filter(
            ~pl.col("column").is_in(missing), (pl.col("column") != "") | ~pl.col("row").is_in(told["row"].implode())
        )
    )


def _broken(name: str, rule: str, rows: pl.DataFrame) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=WRONG)
    columns = _table(name).columns()
    if rule == "primary_key":
        keys = [c for c in columns if columns[c].primary_key]
        values = rows.select(pl.concat_str(pl.col(keys).cast(pl.String), separator=" / "))[keys[0]]
        texts = [f'{" / ".join(keys)} "{v}" stands in more than one row; each row needs its own' for v in values]
        return _wrong(rows[_ROW], keys[0], values, texts)
    if "|" not in rule:
        sentence = rule.replace("_", " ") + "; mend this row"
        return _wrong(rows[_ROW], "", pl.Series([None] * len(rows), dtype=pl.String), [sentence] * len(rows))
    c, kind = rule.split("|")[:2]
    values = (
        rows[c].cast(pl.String, strict=False) if rows[c].dtype != pl.Binary else rows[c].is_null().cast(pl.String)
    )
    if kind == "nullability":
        return _wrong(rows[_ROW], c, values, [f"{c} is empty; it needs {_allowed(columns[c])}"] * len(rows))
    return _wrong(rows[_ROW], c, values, [f'{c} is "{(v or "")[:80]}"; use {_allowed(columns[c])}' for v in values])


def _wrong(row: pl.Series, column: str, value: pl.Series, message: list[str]) -> pl.DataFrame:
    return pl.DataFrame({"row": row, "column": [column] * len(row), "value": value, "message": message}, schema=WRONG)


def _letter(wrong: pl.DataFrame, file, first_line, lines) -> tuple[str, list[Problem]]:
    def line(row):
        if row is None:
            return None if lines is not None else first_line - 1
        return int(lines[row]) if lines is not None else first_line + row

    problems = [
        Problem(message, file, line(row), column or None, value)
        for row, column, value, message in wrong.head(LISTED).iter_rows()
    ]
    if len(wrong) <= LISTED:
        return "", problems
    return f"{problems[0]} (and {len(wrong) - 1:,} more; the first {LISTED:,} are listed)", problems
