"""A chain in a file of JSON lines: appended by one program at a time, its end set right after a power failure."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.audit.entries import Entry, Head, Verdict, canonical, entry_after, head_of, verify
from commonbeat.errors import Broken, Busy
from commonbeat.locks import lock_of

__all__ = ["Chain"]

WAIT = 60.0  #: seconds to wait for another program, which needs a few thousandths of one


class Chain:
    """A chain in a file: one JSON line per entry, only ever added to, on the disk (fsync) before `append` returns."""

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)

    def append(self, what: str, *, who: str, about: Mapping | None = None, at: datetime | None = None) -> Entry:
        """Adds one entry and returns it. Two programs appending at once wait for each other."""
        with self._open() as file:
            entry = entry_after(self._last(file), what, who=who, about=about, at=at or datetime.now(UTC))
            file.seek(0, os.SEEK_END)
            end = file.tell()
            try:
                file.write(canonical(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), end)
                raise
        return entry

    def __iter__(self) -> Iterator[Entry]:
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for n, line in enumerate(lines, 1):
                yield _read(line, n, self.path)

    def head(self) -> Head | None:
        """Number and hash of the newest entry; None for an empty chain. Reads only the end of the file."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return head_of(self._last(file))

    def verify(self, *heads: Head) -> Verdict:
        """Is the file whole, and does it pass through these heads? Any changed byte is found. Never raises for content."""
        good = []  # only the last whole entry is kept

        def entries():
            for entry in self:
                good[:] = [entry]
                yield entry

        try:
            return verify(entries(), *heads)
        except Broken as broken:
            n = good[0].n if good else 0
            return Verdict(n, head_of(good[0] if good else None), n + 1, str(broken), len(heads))

    @contextmanager
    def _open(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b", buffering=0) as file:
            held = self.path.with_name(f"{self.path.name}.held")
            take, give = lock_of(file, held)
            until = time.monotonic() + WAIT
            while not take():
                if time.monotonic() >= until:
                    raise Busy(f"Another program writes into {self.path}. If it is no more, remove {held}.")
                time.sleep(0.01)
            try:
                self._set_torn_end_aside(file)
                yield file
            finally:
                give()

    def _set_torn_end_aside(self, file) -> None:
        """A line without its end was never confirmed to anybody (power failed in the middle): kept beside, then cut."""
        end = file.seek(0, os.SEEK_END)
        if not end or _byte_at(file, end - 1) == b"\n":
            return
        start = _start_of_last_line(file, end)
        file.seek(start)
        self.path.with_suffix(self.path.suffix + ".torn").write_bytes(file.read())
        os.ftruncate(file.fileno(), start)

    def _last(self, file) -> Entry | None:
        end = file.seek(0, os.SEEK_END)
        if not end:
            return None
        start = _start_of_last_line(file, end - 1)
        file.seek(start)
        return _read(file.read(end - start), None, self.path)


def _byte_at(file, where: int) -> bytes:
    file.seek(where)
    return file.read(1)


def _start_of_last_line(file, end: int) -> int:
    """Byte where the line that ends at `end` begins."""
    while end > 0:
        step = min(4096, end)
        file.seek(end - step)
        found = file.read(step).rfind(b"\n")
        if found >= 0:
            return end - step + found + 1
        end -= step
    return 0


def _read(line: bytes, n: int | None, path: Path) -> Entry:
    """One line as an entry; it must be written in the one canonical way, so that no byte can change unseen."""
    try:
        entry = Entry(**json.loads(line))
        same = canonical(entry).encode() + b"\n" == line
    except (ValueError, TypeError):
        same = False
    if not same:
        raise Broken(f"{path.name} line {n or 'at the end'} is not an entry as it was written.")
    return entry
