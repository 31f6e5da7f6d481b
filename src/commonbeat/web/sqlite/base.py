"""SQLite whose writers queue fairly.

SQLite's own wait for a lock sleeps and tries again, so under load the unlucky wait a second or more while the lucky write
twice. Here a writer takes a ticket (threads of this process, first come first served) and an advisory file lock (other
processes) before BEGIN IMMEDIATE, and gives both back after COMMIT or ROLLBACK. It also means that no two connections of
ours ever write or checkpoint at the same instant, which older SQLite versions can answer with a damaged file.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections import deque

from django.db.backends.sqlite3 import base
from django.db.utils import OperationalError

PATIENCE = 20.0  #: seconds a writer waits before it says that the database is busy


class Queue:
    """First come, first served, across the threads of this process; a file lock keeps other processes out."""

    def __init__(self, path: str):
        self.path, self.guard, self.waiting, self.owner = path, threading.Lock(), deque(), None
        self.handle: int | None = None
        self.pid = os.getpid()

    def take(self) -> None:
        ticket = threading.Event()
        with self.guard:
            if self.owner is None:
                self.owner = ticket
                ticket.set()
            else:
                self.waiting.append(ticket)
        if not ticket.wait(PATIENCE):
            with self.guard:
                if self.owner is not ticket:
                    self.waiting.remove(ticket)
                    raise OperationalError(
                        "database is locked: other writers took longer than we were willing to wait"
                    )
        self._file()

    def _file(self) -> None:
        if self.handle is None:
            self.handle = os.open(f"{self.path}.writer", os.O_RDWR | os.O_CREAT, 0o600)
        deadline, pause = time.monotonic() + PATIENCE, 0.0005
        while True:
            try:
                fcntl.flock(self.handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                if time.monotonic() > deadline:
                    self._next()
                    raise OperationalError("database is locked: another process is writing") from None
                time.sleep(pause)
                pause = min(pause * 2, 0.01)

    def give(self) -> None:
        fcntl.flock(self.handle, fcntl.LOCK_UN)
        self._next()

    def _next(self) -> None:
        with self.guard:
            self.owner = self.waiting.popleft() if self.waiting else None
            if self.owner:
                self.owner.set()


_queues: dict[str, Queue] = {}
_making = threading.Lock()


def queue_for(path: str) -> Queue:
    with _making:
        queue = _queues.get(path)
        if queue is None or queue.pid != os.getpid():  # after a fork the parent's tickets mean nothing
            queue = _queues[path] = Queue(path)
        return queue


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's SQLite backend, with the queue around every transaction."""

    _queue: Queue | None = None

    def _start_transaction_under_autocommit(self):
        name = str(self.settings_dict["NAME"])
        if self._queue is None and name != ":memory:" and not name.startswith("file:"):
            queue = queue_for(name)
            queue.take()
            self._queue = queue
        try:
            super()._start_transaction_under_autocommit()
        except BaseException:
            self._leave()
            raise

    def _leave(self) -> None:
        queue, self._queue = self._queue, None
        if queue is not None:
            queue.give()

    def _commit(self):
        try:
            return super()._commit()
        finally:
            if not self.in_transaction_now():
                self._leave()

    def _rollback(self):
        try:
            return super()._rollback()
        finally:
            self._leave()

    def _close(self):
        try:
            return super()._close()
        finally:
            self._leave()

    def in_transaction_now(self) -> bool:
        """A failed COMMIT (disk full) leaves the transaction open: the queue is kept until the rollback that follows."""
        return self.connection is not None and self.connection.in_transaction
