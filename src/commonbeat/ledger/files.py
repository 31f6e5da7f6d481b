"""Any file of records as rows of words with their line numbers: CSV, Excel, Parquet, GeoJSON and GeoPackage."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from commonbeat.errors import BadInput, Missing
from commonbeat.ledger.border_files import read_borders
from commonbeat.ledger.parts import sha256
from commonbeat.ledger.textfile import look_at, rows_of

__all__ = ["UNPACKED", "Opened", "open_file"]

UNPACKED = 500 * 2**20  #: bytes an .xlsx may unpack to; more is refused
BATCH = 262_144  #: rows at once from Parquet


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that was looked at: its hash, its columns, and a way to read the wanted ones in batches with their lines."""

    path: Path
    sha256: str
    columns: tuple[str, ...]
    rows: Callable[[set[str]], Iterator[tuple[pl.DataFrame, pl.Series]]]


def open_file(path: str | Path, *, encoding: str | None = None) -> Opened:
    """Opens a file of records by its ending. Raises BadInput for one that is not there, or not what its ending says."""
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    ending = path.suffix.lower()
    if ending in (".csv", ".tsv", ".txt"):
        text = look_at(path, encoding=encoding)
        return Opened(path, text.sha256, text.header, lambda wanted: rows_of(text, wanted))
    readers = {".xlsx": _excel, ".parquet": _parquet, ".geojson": _geometries, ".gpkg": _geometries}
    if ending not in readers:
        raise BadInput(
            f"{path.name} ends in {ending or 'nothing'}; give a .csv, .xlsx, .parquet, .geojson or .gpkg file."
        )
    return readers[ending](path)


def _excel(path: Path) -> Opened:
    _refuse_bomb(path)
    try:
        import fastexcel
    except ImportError:
        raise Missing("Excel files need two more packages: pip install 'commonbeat[intake]'.") from None
    try:
        sheet = fastexcel.read_excel(path).load_sheet(0, dtypes="string", header_row=0)
        frame = sheet.to_polars()
    except Exception as error:
        raise BadInput(f"{path.name} is not an Excel workbook that can be read: {error}.") from error
    return _at_once(path, frame, first_line=2)


def _refuse_bomb(path: Path) -> None:
    """Unpacks every member, counting, and stops at the limit: the sizes a zip declares may lie."""
    said = (
        f"{path.name} unpacks to more than {UNPACKED // 2**20} MB, which no sheet of records needs. Save it as CSV."
    )
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(m.file_size for m in archive.infolist()) > UNPACKED:
                raise BadInput(said)
            total = 0
            for member in archive.infolist():
                with archive.open(member) as data:
                    while block := data.read(1 << 20):
                        total += len(block)
                        if total > UNPACKED:
                            raise BadInput(said)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError) as error:
        raise BadInput(f"{path.name} is not an Excel workbook (.xlsx): {error}.") from error


def _parquet(path: Path) -> Opened:
    try:
        file = pq.ParquetFile(path)
    except Exception as error:
        raise BadInput(f"{path.name} is not a Parquet file: {error}.") from error

    def rows(wanted):
        row = 1
        for batch in file.iter_batches(BATCH, columns=[c for c in file.schema_arrow.names if c in wanted]):
            frame = pl.DataFrame(batch)
            yield frame, pl.int_range(row, row + len(frame), eager=True)
            row += len(frame)

    return Opened(path, sha256(path), tuple(file.schema_arrow.names), rows)


def _geometries(path: Path) -> Opened:
    return _at_once(path, read_borders(path), first_line=1)


def _at_once(path: Path, frame: pl.DataFrame, *, first_line: int) -> Opened:
    lines = pl.int_range(first_line, first_line + len(frame), eager=True)

    def rows(wanted):
        yield frame.select(c for c in frame.columns if c in wanted), lines

    return Opened(path, sha256(path), tuple(frame.columns), rows)
