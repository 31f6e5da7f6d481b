"""What was known beforehand, as numbers: a column of words becomes one column for each word but the first."""

from __future__ import annotations

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.studies.plan import Plan

__all__ = ["complete", "known_before", "unknown_here"]

MOST_WORDS = 30  #: different words above which a column is a name or an address, and explains everything by chance


def known_before(plan: Plan, rows: pl.DataFrame) -> pl.DataFrame:
    """The plan's covariates of these rows, as floats (null where unknown); those that do not vary are left out.

    Raises BadInput for a column of words with more than thirty of them.
    """
    out = {}
    for name in plan.covariates:
        if name in rows.columns:
            out |= _numbers(name, rows[name])
    return pl.DataFrame({k: v for k, v in out.items() if v.drop_nulls().n_unique() > 1}) if out else pl.DataFrame()


def complete(plan: Plan, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of which every covariate is known, and their covariates."""
    beside = known_before(plan, rows)
    if not beside.width:
        return rows, beside
    whole = beside.select(pl.all_horizontal(pl.all().is_not_null()))[:, 0]
    return rows.filter(whole), beside.filter(whole)


def unknown_here(plan: Plan, rows: pl.DataFrame) -> list[str]:
    """Covariates that the plan names and these rows do not have at all."""
    return [c for c in plan.covariates if c not in rows.columns or rows[c].null_count() == rows.height]


def _numbers(name: str, column: pl.Series) -> dict[str, pl.Series]:
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return {name: column.cast(pl.Float64).fill_nan(None)}
    number = column.cast(pl.String).cast(pl.Float64, strict=False)
    if number.null_count() == column.null_count():
        return {name: number}
    words = sorted(column.drop_nulls().cast(pl.String).unique().to_list())
    if len(words) > MOST_WORDS:
        raise BadInput(
            f'the covariate "{name}" holds {len(words)} different words, more than {MOST_WORDS}; name one that sorts people into few kinds'
        )
    return {f"{name}: {w}": (column.cast(pl.String) == w).cast(pl.Float64) for w in words[1:]}
