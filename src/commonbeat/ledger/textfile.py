"""What kind of text is this file?  One pass over its bytes: hash, encoding, quotes; then its header, and rows in batches."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.csv as pc

from commonbeat.errors import BadInput, Problem
from commonbeat.tables import LISTED

__all__ = ["TextFile", "look_at", "rows_of"]

BLOCK = 1 << 23  #: bytes read at once: a file of any size is read in this much memory, times a few
WIDEST = 2_000  #: columns; more than this is not a table


@dataclass(frozen=True, slots=True)
class TextFile:
    """A text table as found: its hash, encoding, delimiter, header and on which line it stands, and whether it has quotes."""

    path: Path
    sha256: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_lines: int
    quoted: bool


def look_at(path: Path, *, encoding: str | None = None) -> TextFile:
    """Hash, encoding, delimiter and header of a text table, in one pass; a byte that does not fit is told with its line.

    encoding : what the file is written in; None: UTF-8 (with or without its mark) or UTF-16 with its mark
    """
    with path.open("rb") as file:
        start = file.read(4)
    if encoding is None:
        encoding = "utf-16" if start[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    sha, quoted = _pass(path, encoding)
    header, lines, delimiter = _header(path, encoding)
    return TextFile(path, sha, encoding, delimiter, header, lines, quoted)


def rows_of(text: TextFile, wanted: set[str]) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
    """The rows as words, in batches, with the line each begins on.

    wanted : columns to read; others are passed over, so that a file with 300 costs what the needed ones cost
    Raises BadInput with every row that has too many or too few cells.
    """
    columns = [c for c in text.header if c in wanted] or list(text.header[:1])
    line = text.header_lines + 1
    try:
        for batch in _open(text, columns):
            frame = pl.DataFrame(pa.Table.from_batches([batch]))
            if frame.is_empty():
                continue
            lines = pl.int_range(line, line + len(frame), eager=True)
            breaks = _breaks(frame) if text.quoted else None
            if breaks is not None:
                lines += breaks.cum_sum().shift(1, fill_value=0)
            line = int(lines[-1]) + 1 + (int(breaks[-1]) if breaks is not None else 0)
            if frame[columns[0]].null_count():  # perhaps a blank line
                said = frame.select(pl.any_horizontal(pl.all().is_not_null()).alias("said"))["said"]
                frame, lines = frame.filter(said), lines.filter(said)
            yield frame.select(c for c in columns if c in wanted), lines
    except pa.ArrowInvalid as error:
        raise BadInput(problems=_ragged(text)) if "column" in str(error) else _unreadable(text, error) from error


def _open(text: TextFile, columns):
    options = dict(
        read_options=pc.ReadOptions(
            encoding=text.encoding.replace("-sig", ""), skip_rows=text.header_lines, column_names=list(text.header),
            block_size=BLOCK, use_threads=False,
        ),
        parse_options=pc.ParseOptions(
            delimiter=text.delimiter, newlines_in_values=text.quoted, ignore_empty_lines=False,
        ),
        convert_options=pc.ConvertOptions(
            column_types={c: pa.string() for c in columns}, include_columns=columns, strings_can_be_null=True,
            quoted_strings_can_be_null=True, null_values=[""],
        ),
    )  # fmt: skip
    try:
        return pc.open_csv(text.path, **options)
    except pa.ArrowInvalid as error:
        if "Empty CSV" in str(error):
            return iter(())
        raise


def _unreadable(text: TextFile, error: Exception) -> BadInput:
    return BadInput(f"{text.path.name} cannot be read as a table: {error}.")


def _pass(path: Path, encoding: str) -> tuple[str, bool]:
    """SHA-256 and whether there are quotes; nearly every block of a record is plain ASCII and needs no decoding."""
    decoder = _known(encoding)
    plain = codecs.lookup(encoding).name.startswith(
        ("utf-8", "cp125", "iso8859")
    )  # ASCII bytes mean themselves there
    sha, quoted, between, where = hashlib.sha256(), False, False, 0
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            sha.update(block)
            quoted = quoted or b'"' in block
            if between or not plain or b"\0" in block or not block.isascii():
                between = _decode(path, decoder, block, where)
            where += len(block)
    _decode(path, decoder, b"", where, final=True)
    return sha.hexdigest(), quoted


def _decode(path: Path, decoder, block: bytes, where: int, *, final=False) -> bool:
    """Reads one block as text  -> does a character begin in it that the next block ends?"""
    try:
        text = decoder.decode(block, final=final)
    except UnicodeDecodeError as error:
        raise _not_encoded(path, error, where) from error
    if "\0" in text:
        raise BadInput(f"{path.name} is not a text file: it holds NUL bytes. Give a CSV, .xlsx or .parquet file.")
    return bool(decoder.getstate()[0])


def _known(encoding: str):
    try:
        return codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise BadInput(
            f'"{encoding}" is not an encoding; use utf-8, utf-16, windows-1252, iso-8859-1 or another.'
        ) from None


def _not_encoded(path: Path, error: UnicodeDecodeError, where: int) -> BadInput:
    """The letter about a byte; `where`: how many bytes were read before this block."""
    with path.open("rb") as file:
        before = sum(file.read(min(BLOCK, where - at)).count(b"\n") for at in range(0, where, BLOCK))
    at = 1 + before + error.object[: error.start].count(b"\n")
    byte = error.object[error.start]
    return BadInput(
        problems=[
            Problem(
                f"the byte {byte:#04x} is not {error.encoding}; save the file as UTF-8, or say what it is written in "
                "(often windows-1252): --encoding windows-1252",
                path.name, at, None, f"{byte:#04x}",
            )
        ]
    )  # fmt: skip


def _header(path: Path, encoding: str) -> tuple[tuple[str, ...], int, str]:
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(1 << 20)
    if not start.strip():
        raise BadInput(f"{path.name} is empty; its first line must name the columns.")
    line = start.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(",;\t|", key=line.count)
    rows = csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)
    header = next(row for row in rows if row)
    names = tuple(name.strip() for name in header)
    if len(names) > WIDEST:
        raise BadInput(f"{path.name} has {len(names):,} columns; more than {WIDEST:,} is not a table of records.")
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise BadInput(
            problems=[
                Problem(f'the column "{n}" stands twice in the header; rename one', path.name, 1, n) for n in twice
            ]
        )
    return names, rows.line_num, delimiter


def _ragged(text: TextFile) -> list[Problem]:
    """Every row with too many or too few cells, by a second and slower reading that counts lines exactly."""
    found, wanted = [], len(text.header)
    with text.path.open(encoding=text.encoding, newline="") as file:
        rows = csv.reader(file, delimiter=text.delimiter)
        line = 1
        for row in rows:
            if len(row) not in (0, wanted):
                how = "more" if len(row) > wanted else "fewer"
                found.append(
                    Problem(
                        f"this row has {len(row)} cells and the header has {wanted}: {how} than there should be; look for "
                        "a missing quote or a stray delimiter",
                        text.path.name, line, None, text.delimiter.join(row)[:80],
                    )
                )  # fmt: skip
                if len(found) == LISTED:
                    break
            line = rows.line_num + 1
    return found


def _breaks(frame: pl.DataFrame) -> pl.Series:
    """(rows,) line breaks inside the cells of each row."""
    counts = pl.all().str.count_matches("\n", literal=True).fill_null(0)
    return frame.select(pl.sum_horizontal(counts).cast(pl.Int64).alias("n"))["n"]
