"""A CSV file as columns of text that remember their line, so that every complaint can name one."""

from __future__ import annotations

import csv
import sys
from dataclasses import dataclass

from commonbeat.errors import BadInput, Problem

__all__ = ["Sheet", "read_sheet"]

csv.field_size_limit(min(sys.maxsize, 1 << 24))  # a statement longer than 16 MB is a broken quote, not a statement


@dataclass(frozen=True, slots=True)
class Sheet:
    """columns : name -> texts;  lines : where each row ends in the file (statements may hold line breaks)."""

    columns: dict[str, list[str]]
    lines: list[int]

    def __getitem__(self, column: str) -> list[str]:
        return self.columns[column]

    def get(self, column: str) -> list[str] | None:
        return self.columns.get(column)


def read_sheet(path, needed: tuple[str, ...]) -> Sheet:
    """The file's columns as text. Raises BadInput naming each line with too few or too many fields."""
    rows, lines, problems = [], [], []
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            reader = csv.reader(handle, strict=True)
            header = [h.strip() for h in next(reader, [])]
            _check_header(path, header, needed)
            for row in reader:
                if not row:
                    continue
                if len(row) != len(header):
                    problems.append(_ragged(path, reader.line_num, row, header))
                    continue
                rows.append(row)
                lines.append(reader.line_num)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{path.name}: byte {error.start} is not UTF-8 text; save the file as UTF-8 and read again."
        ) from error
    except csv.Error as error:
        raise BadInput(
            problems=[
                Problem(
                    f"the file breaks off or is garbled here ({error}); a quoted text may not be closed. Export it again.",
                    path.name,
                    reader.line_num,
                )
            ]
        ) from error
    if problems:
        raise BadInput(problems=problems)
    turned = list(zip(*rows)) if rows else [()] * len(header)
    return Sheet({name: list(column) for name, column in zip(header, turned)}, lines)


def _check_header(path, header, needed) -> None:
    if not header:
        raise BadInput(f"{path.name} is empty: not even the line of column names is there. Export it again.")
    lost = [c for c in needed if c not in header]
    if lost:
        raise BadInput(
            f"{path.name} line 1: the column {', '.join(lost)} is missing; found {', '.join(header[:8])}. "
            "The first line must hold the export's column names."
        )
    twice = {h for h in header if header.count(h) > 1} if len(set(header)) < len(header) else set()
    if twice:
        raise BadInput(f"{path.name} line 1: the column {sorted(twice)[0]} stands there twice; keep one.")


def _ragged(path, line, row, header) -> Problem:
    return Problem(
        f"{len(row)} fields where the first line has {len(header)}: the line is cut short or garbled. Export it again.",
        path.name,
        line,
    )
