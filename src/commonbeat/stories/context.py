"""What else happened in the same place in the same year?  A good hour is told beside the whole year, or not at all."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import polars as pl

from commonbeat.estimate import plain
from commonbeat.privacy import shown_count

__all__ = ["Context", "context_box"]


@dataclass(frozen=True, slots=True)
class Context:
    """Counts for one area and year; None where a count stands for too few, `known` says which tables had any row.

    contacts : kind -> how many;  complaints, force : how many;  source : who counted
    """

    area_id: str
    year: int
    contacts: dict
    complaints: int | None
    force: int | None
    known: tuple[str, ...]
    source: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def context_box(area_id: str, year: int, *, contacts=None, complaints=None, force=None) -> Context:
    """What should stand beside a story from this area and year?

    contacts, complaints, force : codebook tables (polars); a table that is None or has no row there is not known, which
    is said, and is not a zero.
    """
    kinds, known = {}, []
    here = _here(contacts, area_id, year, "at")
    if here is not None:
        known.append("contacts")
        counted = dict(here.group_by("kind").len().iter_rows())
        kinds = {str(k): shown_count(n) for k, n in sorted(counted.items(), key=lambda p: str(p[0]))}
    totals = {}
    for name, table, column in (("complaints", complaints, "complaints"), ("force", force, "uses")):
        rows = _here(table, area_id, year, "month")
        if rows is not None:
            known.append(name)
            totals[name] = shown_count(int(rows[column].sum()))
    sources = {
        s
        for t in (complaints, force)
        if t is not None and "source" in t.columns
        for s in t["source"].drop_nulls().unique()
    }
    return Context(
        area_id, year, kinds, totals.get("complaints"), totals.get("force"), tuple(known), "; ".join(sorted(sources))
    )


def _here(table, area_id: str, year: int, when: str):
    if table is None:
        return None
    rows = table.filter((pl.col("area_id") == area_id) & (pl.col(when).dt.year() == year))
    return rows if rows.height else None
