"""Tables as record batches of Arrow, a few rows at a time: Parquet files, DuckDB relations, frames."""

from __future__ import annotations

from glob import glob
from itertools import chain
from pathlib import Path

from commonbeat.errors import BadInput, Missing

__all__ = ["batches_of"]

ROWS = 131_072  # rows in a batch
FEW_ROWS, SMALL_FILE = 16_384, 3_000_000  # a small file is read in small batches: decoding is most of its memory


def batches_of(source, wanted):
    """(iterator of record batches with the columns `wanted`, rows in all or 0 where the source does not say)."""
    if isinstance(source, (str, Path)):
        return _of_files(str(source), wanted)
    if type(source).__module__.split(".")[0] in ("_duckdb", "duckdb"):
        return _of_relation(source, wanted)
    import narwhals as nw

    frame = nw.from_native(source).lazy().collect("polars").to_native()
    _there(wanted, frame.columns)
    return iter(frame.select(wanted).fill_nan(None).to_arrow().to_batches(max_chunksize=ROWS)), frame.height


def _of_files(path, wanted):
    import pyarrow as pa
    import pyarrow.parquet as pq

    if "://" in path:
        return _of_relation(_duckdb(path), wanted)
    try:  # columns are not fetched ahead: that would hold every row group twice
        files = [pq.ParquetFile(p, pre_buffer=False) for p in sorted(glob(path, recursive=True)) or [path]]
    except (FileNotFoundError, IsADirectoryError):
        raise BadInput(
            f"{path} does not exist: give a Parquet file, or a pattern such as answers-*.parquet"
        ) from None
    except pa.ArrowInvalid as error:
        raise BadInput(f"{path} cannot be read as Parquet ({error}): write it as Parquet first") from None
    if any(set(wanted) - set(f.schema_arrow.names) for f in files):
        return _of_relation(_duckdb(path), wanted)  # DuckDB also knows columns that stand in the names of folders
    total = sum(f.metadata.num_rows for f in files)
    rows = min(ROWS, FEW_ROWS) if total < SMALL_FILE else ROWS
    return chain.from_iterable(f.iter_batches(rows, columns=list(wanted), use_threads=False) for f in files), total


def _duckdb(path):
    try:
        import duckdb
    except ImportError:
        raise Missing("reading this table needs DuckDB: pip install 'duckdb<2'") from None
    return duckdb.connect().read_parquet(path, hive_partitioning=True)


def _of_relation(relation, wanted):
    _there(wanted, relation.columns)
    quoted = ", ".join('"' + c.replace('"', '""') + '"' for c in wanted)
    return iter(relation.project(quoted).to_arrow_reader(ROWS)), 0


def _there(wanted, columns):
    missing = [c for c in wanted if c not in columns]
    if missing:
        raise BadInput(f"there is no column {missing[0]!r}; there are {', '.join(columns)}")
