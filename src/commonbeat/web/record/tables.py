"""Encounters as the codebook's table `contacts`."""

from __future__ import annotations

import polars as pl

from commonbeat.codebook import TABLES
from commonbeat.web.record.models import Encounter

COLUMNS = ("contact_id", "at", "area_id", "place", "kind", "activity", "began_by", "free_to_leave_officer", "free_to_leave_resident",
           "opening_words", "people", "children", "onlookers", "happened", "made_positive", "would_rather_not", "footage", "unit",
           "recorded_at", "simulated")  # fmt: skip


def contacts() -> pl.DataFrame:
    """Every record that stands; what was taken back is not counted."""
    rows = Encounter.objects.filter(undone_at=None).values(*COLUMNS)
    return shaped("contacts", [{k: None if v == "" else v for k, v in row.items()} for row in rows])


def shaped(table: str, rows: list[dict]) -> pl.DataFrame:
    """Rows with the codebook's columns, in its order and types; what the site does not know is null."""
    schema = TABLES[table]
    names = schema.column_names()
    if not rows:
        return schema.create_empty()
    frame = pl.DataFrame([{name: row.get(name) for name in names} for row in rows], infer_schema_length=None)
    return schema.cast(frame.select(names))
