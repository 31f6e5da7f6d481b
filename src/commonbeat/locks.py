"""Only one at a time: the system's lock on an open file, or, where a file system has none, a file that only one can make."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable
from pathlib import Path

__all__ = ["lock_of"]

_NONE_HERE = {errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL}


def lock_of(file, held: Path) -> tuple[Callable[[], bool], Callable[[], None]]:
    """How to take the lock of an open file, and how to give it back  -> (take: did we get it?, give)

    held : the file that stands for the lock on a file system without locks (some network shares). The system lets go of its
           own when we crash; this one then stays until somebody removes it.
    """

    def locked() -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def made() -> bool:
        try:
            os.close(os.open(held, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        return True

    try:
        if locked():
            fcntl.flock(file, fcntl.LOCK_UN)
    except OSError as error:
        if error.errno not in _NONE_HERE:
            raise
        return made, lambda: held.unlink(missing_ok=True)
    return locked, lambda: fcntl.flock(file, fcntl.LOCK_UN)
