"""Many small writes that arrive at once, kept by one commit.

With synchronous=FULL each commit waits for the disk, so a hundred votes that arrive together would wait a hundred times.
Here the first to come leads: it waits for its turn to write, then takes along every row that has arrived meanwhile, writes
them in one transaction and commits once. The others need no thread to wait in: each holds a promise that is kept after that
commit, and only then may its visitor be answered. Nobody leads for others for long: after one commit whoever comes next
takes over, and if nobody comes the last rows are soon written.

On PostgreSQL, and inside a transaction of the caller's own, rows are written at once by the caller: the former gathers
commits itself, and the latter's promise is the caller's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from django.db import connection, transaction
from django.db.utils import OperationalError

__all__ = ["Together"]

MOST = 256  #: rows in one commit


class Together:
    """Keeps rows through `write(rows)`, many callers at a time.

    write : writes a list of rows within the transaction it is called in -> one word for each row (was it kept?)
    A row's promise holds that word, or raises what `write` raised for this very row: when rows cannot be written together,
    each is tried alone.
    """

    def __init__(self, write: Callable[[list], list]):
        self.write, self.guard = write, threading.Lock()
        self.waiting: deque[tuple[object, Future]] = deque()
        self.leader: object = None  # who commits now
        self.tired = False  # the leader's own row is kept: whoever comes may take over

    def __call__(self, row):
        """The word for this row, when it is on the disk."""
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            with transaction.atomic():
                return self.write([row])[0]
        return self.later(row, lambda lead, me: lead(me)).result()

    def later(self, row, run: Callable[..., object]) -> Future:
        """The promise of a row that is on the disk, for a caller with no time to wait (on SQLite only).

        run : `run(function, argument)` runs the commit, in another thread if the caller may not be held up
        """
        kept: Future = Future()
        kept.set_running_or_notify_cancel()  # a visitor who leaves takes no vote back
        with self.guard:
            self.waiting.append((row, kept))
            leads = self.leader is None or self.tired
            if leads:
                self.leader, self.tired = kept, False
        if leads:
            run(self._lead, kept)
        return kept

    def _lead(self, me: Future) -> None:
        while not self._done(me):
            rows: list[tuple[object, Future]] = []
            try:
                with transaction.atomic():  # waits for its turn; whoever comes meanwhile is taken along
                    rows = self._arrived()
                    words = self.write([row for row, _kept in rows]) if rows else []
            except Exception as error:
                self._alone(rows or self._arrived(), error)
            else:
                for (_row, kept), word in zip(rows, words, strict=True):
                    kept.set_result(word)

    def _done(self, me: Future) -> bool:
        """Has somebody else taken over, or is nothing left to write?"""
        with self.guard:
            if self.leader is not me:
                return True
            self.tired = me.done()
            if not self.waiting:
                self.leader = None
            return self.leader is None

    def _arrived(self) -> list:
        with self.guard:
            return [self.waiting.popleft() for _ in range(min(MOST, len(self.waiting)))]

    def _alone(self, rows: list, error: Exception) -> None:
        """Each row by itself, so that one bad row does not take the others down; unless the disk or the file is the trouble."""
        for row, kept in rows:
            try:
                if len(rows) == 1 or isinstance(error, OperationalError):
                    raise error
                with transaction.atomic():
                    word = self.write([row])[0]
            except Exception as own:
                kept.set_exception(own)
            else:
                kept.set_result(word)
