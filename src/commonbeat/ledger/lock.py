"""One writer at a time: a second one waits, or is told who is writing since when."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.errors import Busy

__all__ = ["writing"]


@contextmanager
def writing(book: Path, *, who: str, wait: float):
    """Holds the book's writing lock; after `wait` seconds without it raises Busy. The system lets go if we crash."""
    with (book / "LOCK").open("a+", encoding="utf-8") as file:
        until = time.monotonic() + wait
        while not _taken(file):
            if time.monotonic() >= until:
                file.seek(0)
                raise Busy(
                    f"{file.read().strip() or 'Another program'} is writing into {book.name}. Nothing was changed; "
                    "wait for it and try again."
                )
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"{who} (process {os.getpid()}, since {datetime.now(UTC):%H:%M:%S} UTC)")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            fcntl.flock(file, fcntl.LOCK_UN)


def _taken(file) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
