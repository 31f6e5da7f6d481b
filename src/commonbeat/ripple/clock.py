"""When did each event happen?  Seconds, from any way in which people and programs write times."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import polars as pl

from commonbeat.errors import BadInput

__all__ = ["NAIVE", "seconds"]

NAIVE = "The times carry no zone; only the differences between them are used."
_WRITE = "write times with their zone, like 2026-03-01T14:30:00-06:00, or seconds as numbers"


def seconds(at: pl.Series) -> tuple[pl.Series, bool]:
    """Seconds of each event, null where no time is known, and whether the times lack a zone.

    at : date-times, dates, numbers (seconds; above 1e11 milli- or microseconds since 1970) or text holding either
    Raises BadInput with the row for a time that is none, and where some times have a zone and others none.
    """
    if at.dtype.is_temporal():
        return _of_dates(at), getattr(at.dtype, "time_zone", None) is None and at.dtype in (pl.Datetime, pl.Date)
    if at.dtype == pl.String:
        return _of_text(at)
    if at.dtype == pl.Object:
        return _one_by_one(at.to_list())
    if at.dtype == pl.Null:
        return at.cast(pl.Float64), False
    if not (at.dtype.is_numeric() or at.dtype == pl.Boolean):
        raise BadInput(f"at holds {at.dtype}; {_WRITE}.")
    return _of_numbers(at.cast(pl.Float64).fill_nan(None)), False


def _of_dates(at):
    if at.dtype == pl.Time:
        raise BadInput(f"at holds a time of day without its day; {_WRITE}.")
    if at.dtype == pl.Duration:
        return at.dt.total_microseconds() / 1e6
    return (at.cast(pl.Datetime("us")) if at.dtype == pl.Date else at).dt.timestamp("us") / 1e6


def _of_numbers(when):
    if when.is_infinite().any():
        row = int(when.is_infinite().arg_true()[0])
        raise BadInput(f"at is {when[row]:g} in row {row}; {_WRITE}, or leave it empty where nobody knows.")
    for _ in range(2):  # the largest says which unit it is: no story is followed for three thousand years
        if (when.abs().max() or 0.0) > 1e11:
            when = when / 1000
    return when


def _of_text(at):
    at = at.str.strip_chars()
    at = at.set(at == "", None)
    number = at.cast(pl.Float64, strict=False)
    if number.null_count() == at.null_count():
        return _of_numbers(number.fill_nan(None)), False
    read = at.str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
    if read.null_count() == at.null_count():
        return read.dt.timestamp("us") / 1e6, False
    return _one_by_one(at.to_list())


def _one_by_one(values):
    """Slow and patient: each value may be written in its own way, but all have a zone or none has."""
    out, naive, aware = [], [], False
    for row, value in enumerate(values):
        if value is None or value is pl.Null or value != value:
            out.append(None)
            continue
        moment = _moment(value, row)
        if moment.tzinfo is None:
            naive.append((row, value))
            moment = moment.replace(tzinfo=UTC)
        else:
            aware = True
        out.append(moment.timestamp())
    if naive and aware:
        row, value = naive[0]
        raise BadInput(f'at is "{value}" in row {row}, which has no time zone, while others have one; add it.')
    return pl.Series("when", out, dtype=pl.Float64), bool(naive)


def _moment(value, row):
    try:
        if isinstance(value, str):
            return datetime.fromisoformat(value.strip())
        if isinstance(value, np.datetime64):
            return value.astype("datetime64[us]").item()
        if isinstance(value, datetime):
            return value
        if isinstance(value, date):
            return datetime(value.year, value.month, value.day)
    except ValueError:
        pass
    raise BadInput(f'at is "{value}" in row {row}; {_WRITE}.')
