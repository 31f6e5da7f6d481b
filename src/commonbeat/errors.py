"""What can go wrong, as letters to the person who can mend it.

    CommonbeatError            exit
    ├── BadInput                 2   a value, a file, a table is not what was asked for
    │   └── TooFew               4   the input is fine, there is not enough of it to answer
    ├── BookError                3   not a book, newer than this program, locked, no room to write
    ├── Refused                  5   we could, and will not: see docs/promises.md
    ├── Broken                   6   a check found something changed or missing
    ├── Missing                  7   a library, program or model this work needs is not installed
    └── Busy                     8   a port, a lock, a worker is taken; try again or choose another

Every message says what was found, what was needed and what to do. The command line prints it without a traceback and
exits with the family's number; the site shows it on the page that can mend it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "BadInput",
    "BookError",
    "Broken",
    "Busy",
    "CommonbeatError",
    "Missing",
    "Problem",
    "Refused",
    "TooFew",
]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one cell of one file. `str()` reads as a sentence with the place in front."""

    message: str
    file: str | None = None
    line: int | None = None
    column: str | None = None
    value: object = None

    def __str__(self) -> str:
        place = " ".join(p for p in (self.file, f"line {self.line}" if self.line is not None else None) if p)
        return f"{place}: {self.message}" if place else self.message


class CommonbeatError(Exception):
    """A sentence for the person who can mend it; `exit_code` is what the command line ends with."""

    exit_code = 1


class BadInput(CommonbeatError, ValueError):
    """The input is not what was asked for; `problems` lists every place that was found, not only the first."""

    exit_code = 2

    def __init__(self, message: str = "", problems: Iterable[Problem] = ()):
        self.problems = tuple(problems)
        if not message and self.problems:
            more = len(self.problems) - 1
            message = str(self.problems[0]) + (f" (and {more} more)" if more else "")
        super().__init__(message)


class TooFew(BadInput):
    """The input is well formed, but too small to answer the question honestly."""

    exit_code = 4


class BookError(CommonbeatError):
    """The folder is not a book, was written by a newer program, is locked, or cannot be written."""

    exit_code = 3


class Refused(CommonbeatError):
    """Commonbeat could do this and will not; the message says why and what it offers instead."""

    exit_code = 5


class Broken(CommonbeatError):
    """A check (hash, chain, signature, lease) found something changed or missing."""

    exit_code = 6


class Missing(CommonbeatError, ImportError):
    """Something this work needs is not installed; the message carries the command that installs it."""

    exit_code = 7


class Busy(CommonbeatError):
    """A port, lock or worker is taken."""

    exit_code = 8
