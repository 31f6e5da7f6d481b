"""Times as files keep them: in words, often without their zone, and with an hour that comes twice a year."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

__all__ = ["in_zone", "moments"]


_OFFSET = r"^\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*\d ?(Z|z|[+-]\d\d:?\d\d)\s*$"


def moments(values: pl.Series, spec: Mapping, zone: str | None) -> pl.Series:
    """Times in words; with their own zone as they are, naive ones in the zone that was stated."""
    forms = spec.get("format") or []
    forms = [forms] if isinstance(forms, str) else forms
    if forms and "%z" in forms[0]:
        return _first_that_fits(values, forms, time_zone="UTC")
    if forms and not values.str.contains(_OFFSET).any():
        return in_zone(
            _first_that_fits(values, forms), spec, zone
        )  # without a zone the codebook's own check asks for it
    if forms or not (spec.get("zone") or zone):
        return values
    if values.str.contains(_OFFSET).any():
        return values  # they carry their zone
    iso = values.str.strip_chars().str.replace(" ", "T", literal=True)
    naive = iso.str.replace(r"T(\d\d:\d\d)$", "T${1}:00").str.to_datetime(
        "%Y-%m-%dT%H:%M:%S%.f", time_unit="us", strict=False
    )
    return in_zone(naive, spec, zone)


def _first_that_fits(values: pl.Series, forms: list[str], **zone) -> pl.Series:
    x = pl.col(values.name)
    read = [x.str.to_datetime(form, time_unit="us", strict=False, **zone) for form in forms]
    return values.to_frame().select(pl.coalesce(read))[values.name]


def in_zone(naive: pl.Series, spec: Mapping, zone: str | None) -> pl.Series:
    named = spec.get("zone") or zone
    if not named:
        return naive
    told = naive.dt.replace_time_zone(named, ambiguous=spec.get("ambiguous", "null"), non_existent="null")
    return told.dt.convert_time_zone("UTC").dt.cast_time_unit("us")
