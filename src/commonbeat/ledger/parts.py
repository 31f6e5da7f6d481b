"""A table on disk is one or more parts: Parquet files that are written once and never touched again.

Beside every part lies its `.from` file: for each row, in the same order, the receipt it came with and the line in that
file. So adding rows writes only the new ones, and every row can say where it came from.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from commonbeat import codebook

__all__ = ["FROM", "Part", "PartWriter", "scan", "scan_from", "sha256"]

FROM = {"receipt_id": pl.String, "line": pl.Int64}  #: columns of a `.from` file


@dataclass(frozen=True, slots=True)
class Part:
    """One written part: the hashes of both its files, how many rows and bytes, and whether a row of it is simulated."""

    table: str
    rows: int
    sha256: str
    from_sha256: str
    bytes: int
    simulated: bool

    @property
    def file(self) -> str:
        return f"{self.table}-{self.sha256[:16]}-{self.from_sha256[:8]}.parquet"

    @property
    def from_file(self) -> str:
        return self.file.removesuffix(".parquet") + ".from.parquet"

    def to_dict(self) -> dict:
        return asdict(self)


class PartWriter:
    """Writes checked rows, batch by batch, into one part; a file of any size needs the memory of one batch."""

    def __init__(self, folder: Path, table: str):
        self.folder, self.table, self.rows, self.simulated = folder, table, 0, False
        self._paths = (folder / f"{table}.new", folder / f"{table}.from.new")
        self._writers: list[pq.ParquetWriter] = []

    def add(self, frame: pl.DataFrame, receipt_id: pl.Series | str, lines: pl.Series) -> None:
        """Adds checked rows with the receipt and the source line of each."""
        receipts = pl.lit(receipt_id) if isinstance(receipt_id, str) else receipt_id
        origin = pl.DataFrame({"line": lines.cast(pl.Int64)}).select(receipts.alias("receipt_id"), "line")
        for i, rows in enumerate((frame, origin)):
            arrow = rows.to_arrow()
            if len(self._writers) <= i:
                self._writers.append(_writer(self._paths[i], rows, arrow.schema))
            if len(arrow) or not self.rows:
                self._writers[i].write_table(arrow, row_group_size=262_144)
        self.rows += len(frame)
        if "simulated" in frame.columns:
            self.simulated |= bool(frame["simulated"].any())

    def close(self, *, simulated: bool | None = None) -> Part:
        """Finishes both files, puts them on the disk and gives them the names their hashes ask for."""
        for writer in self._writers:
            writer.close()
        for path in self._paths:
            _to_disk(path)
        size = sum(path.stat().st_size for path in self._paths)
        said = self.simulated if simulated is None else simulated
        part = Part(self.table, self.rows, *map(sha256, self._paths), size, said)
        for path, name in zip(self._paths, (part.file, part.from_file), strict=True):
            path.rename(self.folder / name)
        return part


def _writer(path: Path, rows: pl.DataFrame, schema) -> pq.ParquetWriter:
    """Words that come again are kept once, ids are not worth asking; only times are looked up by their range."""
    ids = [c for c in rows.columns if c.endswith("_id") and len(rows) and rows[c].n_unique() > len(rows) // 2]
    again = [c for c, dtype in rows.schema.items() if (dtype in (pl.String, pl.Enum)) and c not in ids]
    times = [c for c, dtype in rows.schema.items() if dtype.is_temporal()]
    return pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=again, write_statistics=times)


def scan(folder: Path, table: str, parts: tuple[Part, ...]) -> pl.LazyFrame:
    """The rows of a table, lazily, with today's columns: those the codebook has gained since are null."""
    wanted = {c: about.dtype for c, about in codebook.TABLES[table].columns().items()}
    if not parts:
        return pl.LazyFrame(schema=wanted)
    frames = []
    for part in parts:
        lazy = pl.scan_parquet(folder / part.file, glob=False)
        there = lazy.collect_schema()
        frames.append(lazy.select(_as_today(c, dtype, there) for c, dtype in wanted.items()))
    return pl.concat(frames) if len(frames) > 1 else frames[0]


def _as_today(c: str, dtype, there) -> pl.Expr:
    if c not in there:
        return pl.lit(None, dtype).alias(c)
    return pl.col(c) if there[c] == dtype else pl.col(c).cast(pl.String).cast(dtype)


def scan_from(folder: Path, parts: tuple[Part, ...]) -> pl.LazyFrame:
    """Receipt and source line of every row, in the order of `scan`."""
    if not parts:
        return pl.LazyFrame(schema=FROM)
    return pl.concat([pl.scan_parquet(folder / part.from_file, glob=False) for part in parts])


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _to_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
