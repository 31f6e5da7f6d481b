"""One writer at a time: a second one waits, or is told who is writing since when."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.errors import Busy
from commonbeat.locks import lock_of

__all__ = ["writing"]

HELD = "LOCK.held"  #: stands while somebody writes, on a file system without locks


@contextmanager
def writing(book: Path, *, who: str, wait: float):
    """Holds the book's writing lock; after `wait` seconds without it raises Busy. The system lets go if we crash.

    On a file system without locks (some network shares) a file that only one can make stands for it; after a crash it stays,
    and Busy says which file to remove.
    """
    with (book / "LOCK").open("a+", encoding="utf-8") as file:
        take, give = lock_of(file, book / HELD)
        until = time.monotonic() + wait
        while not take():
            if time.monotonic() >= until:
                raise Busy(_who(file, book))
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"{who} (process {os.getpid()}, since {datetime.now(UTC):%H:%M:%S} UTC)")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
            give()


def _who(file, book: Path) -> str:
    file.seek(0)
    crashed = f" If that program is no more, remove {book / HELD}." if (book / HELD).exists() else ""
    return (
        f"{file.read().strip() or 'Another program'} is writing into {book.name}. Nothing was changed; wait for it and try "
        f"again.{crashed}"
    )
