"""What leaves a book as a file: only columns the reader may see, and no cell that a spreadsheet would run."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from commonbeat import codebook
from commonbeat.errors import Refused

__all__ = ["export", "harmless"]

_RUNS = r"^[=@\t\r+-]"  #: how a cell begins that a spreadsheet may take for a formula
_NUMBER = r"^[+-]?\d+([.,]\d+)?([eE][+-]?\d+)?$"


def harmless(frame: pl.DataFrame) -> pl.DataFrame:
    """The same table with every cell that looks like a formula made plain text (an apostrophe in front)."""
    said = [c for c, t in frame.schema.items() if t in (pl.String, pl.Categorical) or isinstance(t, pl.Enum)]
    x = pl.col(said).cast(pl.String)
    return frame.with_columns(
        pl.when(x.str.contains(_RUNS) & ~x.str.contains(_NUMBER)).then(pl.lit("'") + x).otherwise(x).name.keep()
    )


def export(book, table: str, path, *, seen_by: str) -> int:
    """Writes a table as CSV for a records request  -> rows written.

    seen_by : public, staff, analyst or auditor; columns meant for fewer are left out, columns marked `never` always are
    Small public counts are the door's matter (`report`); this is the record itself, for those who may see it.
    """
    allowed = codebook.SEE.index(seen_by) if seen_by in codebook.SEE else -1
    if allowed < 0 or seen_by == "never":
        raise Refused(f'There is no export for "{seen_by}"; say public, staff, analyst or auditor.')
    may = [c.name for c in codebook.columns(table) if codebook.SEE.index(c.see) <= allowed]
    rows = book.scan(table).select(may).collect()
    harmless(rows.drop([c for c, t in rows.schema.items() if t == pl.Binary])).write_csv(Path(path))
    return len(rows)
