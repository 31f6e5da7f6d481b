"""The house's own spread table, as CSV or Parquet."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.ripple.sources.door import SpreadRead, enter

FORMAT = "codebook"


def fits(header: list[str]) -> bool:
    return {"event_id", "at"} <= set(header)


def read(path: Path, *, now=None, **_) -> SpreadRead:
    """Columns as in the codebook; a file about one story may leave out story_id, and kind where all are shares."""
    try:
        frame = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=0)
    except pl.exceptions.PolarsError as error:
        raise BadInput(f"{path.name} cannot be read as a table: {str(error).splitlines()[0]}") from None
    said = []
    if "story_id" not in frame.columns:
        frame = frame.with_columns(story_id=pl.lit(path.stem.replace(" ", "_")[:128]))
        said.append("The file names no story_id; all its events are taken as one story.")
    if "kind" not in frame.columns:
        frame = frame.with_columns(kind=pl.lit("share"))
        said.append("The file names no kind; all its events are taken as shares.")
    return enter(frame, format=FORMAT, file=path.name, now=now, warnings=said)
