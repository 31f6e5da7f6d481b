"""How do somebody's cells become what the codebook says?  A short way for what nearly every cell looks like, a long one for the rest.

Both ways mean the same: the short one only knows fewer spellings, and whatever it cannot read goes the long way.
"""

from __future__ import annotations

import dataframely as dy
import polars as pl

__all__ = ["cast", "held", "patiently"]

_YES, _NO = ("true", "yes", "y", "t", "1"), ("false", "no", "n", "f", "0")


def _offsets() -> dict[str, int]:
    """Every zone offset in use, as people write it -> microseconds."""
    minutes = range(-12 * 60, 14 * 60 + 1, 15)
    named = {
        f"{'-' if m < 0 else '+'}{abs(m) // 60:02}{colon}{abs(m) % 60:02}": m for m in minutes for colon in (":", "")
    }
    return {words: m * 60_000_000 for words, m in (named | {"Z": 0}).items()}


_OFFSETS = _offsets()


def cast(given: pl.DataFrame, columns: dict[str, dy.Column]) -> pl.DataFrame:
    """The same cells as the types of `columns`; what cannot be cast is null.

    given : any columns of the table, as they came;  the long way is walked only by the rows that need it
    """
    short = given.select(_quickly(c, given.schema[c], columns[c]) for c in given.columns)
    mended = []
    for c in given.columns:
        if short[c].null_count() == given[c].null_count():
            continue
        rows = pl.DataFrame({"at": pl.arange(len(given), eager=True)}).filter(held(given[c]) & short[c].is_null())[
            "at"
        ]
        if len(rows):
            again = given.select(c)[rows.to_list()].select(patiently(c, given.schema[c], columns[c]))[c]
            mended.append(short[c].scatter(rows, again) if again.null_count() < len(again) else short[c])
    return short.with_columns(mended)


def held(given: pl.Series) -> pl.Series:
    """Which cells hold something?  Blanks, nulls and nan hold nothing."""
    if given.dtype == pl.String:
        return (given.is_not_null()) & (given.str.strip_chars() != "")
    return given.is_not_null() & ~given.is_nan() if given.dtype.is_float() else given.is_not_null()


def patiently(c: str, given: pl.DataType, about: dy.Column) -> pl.Expr:
    """One column as its codebook type, in every spelling we read."""
    wanted, x = about.dtype, pl.col(c)
    if given == wanted and given != pl.String:
        return x.fill_nan(None) if wanted == pl.Float64 else x
    if isinstance(given, (pl.Categorical, pl.Enum)):
        given, x = pl.String(), x.cast(pl.String)
    if given == pl.String:
        x = _words(x, about)
    return _from(x, given, wanted).alias(c)


def _words(x: pl.Expr, about: dy.Column) -> pl.Expr:
    x = x.str.strip_chars()
    return pl.when(x != "").then(x.str.to_lowercase() if about.metadata.get("lower") else x)


def _quickly(c: str, given: pl.DataType, about: dy.Column) -> pl.Expr:
    """One column of words in the spelling that files nearly always use; null for any other."""
    wanted, x = about.dtype, pl.col(c)
    if given != pl.String:
        return patiently(c, given, about)
    if wanted == pl.String:
        return _words(x, about).alias(c)
    if isinstance(wanted, pl.Datetime):
        day = x.str.head(19).str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False, cache=False)
        ahead = x.str.slice(19).replace_strict(_OFFSETS, default=None, return_dtype=pl.Int64)
        return (day - pl.duration(microseconds=ahead)).dt.replace_time_zone("UTC").alias(c)
    if wanted == pl.Boolean:
        return pl.when(x == "true").then(True).when(x == "false").then(False).alias(c)
    if wanted == pl.Float64:
        return x.cast(wanted, strict=False).fill_nan(None).alias(c)
    return (x.str.to_date("%Y-%m-%d", strict=False) if wanted == pl.Date else x.cast(wanted, strict=False)).alias(c)


def _from(x: pl.Expr, given: pl.DataType, wanted: pl.DataType) -> pl.Expr:
    words = given == pl.String
    if isinstance(wanted, pl.Enum):
        return x.cast(pl.String, strict=False).str.to_lowercase().cast(wanted, strict=False)
    if wanted == pl.Boolean:
        said = x.cast(pl.Int64, strict=False) if given.is_numeric() else x
        said = said.cast(pl.String, strict=False).str.to_lowercase()
        return pl.when(said.is_in(_YES)).then(True).when(said.is_in(_NO)).then(False)
    if wanted.is_integer():
        number = x if given.is_integer() else x.cast(pl.Float64, strict=False).fill_nan(None)
        return pl.when(number == number.floor()).then(number.cast(wanted, strict=False))
    if wanted == pl.Float64:
        return x.cast(wanted, strict=False).fill_nan(None)
    if isinstance(wanted, pl.Datetime):
        return _moment(x, given)
    if wanted == pl.Date:
        return x.str.to_date("%Y-%m-%d", strict=False) if words else x.cast(wanted, strict=False)
    return x.cast(wanted, strict=False)


def _moment(x: pl.Expr, given: pl.DataType) -> pl.Expr:
    """A time with its zone, in UTC; a time without one is nobody's business to guess."""
    if given == pl.String:
        iso = x.str.replace(r"^(\d{4}-\d\d-\d\d) ", "${1}T").str.replace(r"[zZ]$", "+00:00").str.replace(" ", "")
        iso = iso.str.replace(r"T(\d\d:\d\d)([+-])", "T${1}:00${2}")
        return iso.str.to_datetime("%Y-%m-%dT%H:%M:%S%.f%#z", time_unit="us", time_zone="UTC", strict=False)
    if isinstance(given, pl.Datetime) and given.time_zone:
        return x.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
    return pl.lit(None, pl.Datetime("us", "UTC"))
