"""Many small writes that arrive at once, kept by one commit.

With synchronous=FULL each commit waits for the disk, so a hundred votes that arrive together would wait a hundred times.
Here the first to come leads: it waits for its turn to write, then takes along every row that has arrived meanwhile, writes
them in one transaction and commits once. Each caller returns after that commit, so what is acknowledged is on the disk.
Nobody leads for others for ever: after one commit the first of those still waiting leads the next.

On PostgreSQL, and inside a transaction of the caller's own, rows are written at once by the caller: the former gathers
commits itself, and the latter's promise is the caller's.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from django.db import connection, transaction
from django.db.utils import OperationalError

from commonbeat.web.sqlite.base import PATIENCE

__all__ = ["Together"]

MOST = 256  #: rows in one commit


class _Waiting:
    __slots__ = ("error", "kept", "row", "woken")

    def __init__(self, row):
        self.row, self.woken, self.kept, self.error = row, threading.Event(), False, None


class Together:
    """Keeps rows through `write(rows)`, many callers at a time. Calling it returns when the row is on the disk.

    write : writes a list of rows within the transaction it is called in
    Raises what `write` raises for this very row: when rows cannot be written together, each is tried alone.
    """

    def __init__(self, write: Callable[[list], object]):
        self.write, self.guard, self.waiting, self.led = write, threading.Lock(), deque(), False

    def __call__(self, row) -> None:
        if connection.vendor != "sqlite" or connection.in_atomic_block:
            with transaction.atomic():
                self.write([row])
            return
        mine = _Waiting(row)
        with self.guard:
            self.waiting.append(mine)
            leads, self.led = not self.led, True
        if not leads and not mine.woken.wait(2 * PATIENCE) and self._left(mine):
            raise OperationalError("database is locked: other writers took longer than we were willing to wait")
        if not (mine.kept or mine.error):
            self._lead()
        if mine.error:
            raise mine.error

    def _left(self, mine: _Waiting) -> bool:
        """Gives up waiting; False when a leader has the row in hand already, whose answer is then awaited."""
        with self.guard:
            if mine in self.waiting and not mine.woken.is_set():
                self.waiting.remove(mine)
                return True
        mine.woken.wait()
        return False

    def _lead(self) -> None:
        rows: list[_Waiting] = []
        try:
            with transaction.atomic():  # waits for its turn; whoever comes meanwhile is taken along
                rows = self._arrived(MOST)
                self.write([w.row for w in rows])
            for w in rows:
                w.kept = True
        except Exception as error:
            rows = rows or self._arrived(1)
            self._alone(rows, error)
        finally:
            self._hand_on(rows)

    def _arrived(self, most: int) -> list[_Waiting]:
        with self.guard:
            return [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]

    def _alone(self, rows: list[_Waiting], error: Exception) -> None:
        """Each row by itself, so that one bad row does not take the others down; unless the disk or the file is the trouble."""
        for w in rows:
            try:
                if len(rows) == 1 or isinstance(error, OperationalError):
                    raise error
                with transaction.atomic():
                    self.write([w.row])
                w.kept = True
            except Exception as own:
                w.error = own

    def _hand_on(self, rows: list[_Waiting]) -> None:
        with self.guard:
            following = self.waiting[0] if self.waiting else None
            self.led = following is not None
        for w in rows:
            w.woken.set()
        if following:
            following.woken.set()
