"""A file whose beginning is written last, so that it cannot be played before it is whole."""

from __future__ import annotations

from pathlib import Path

__all__ = ["Held"]

FIRST = 4096  #: bytes held back: the whole header of a WebM file, without which nothing says what follows


class Held:
    """What a muxer writes to, in any order; nothing of the first bytes is on the disk before `finish`."""

    def __init__(self, path: Path):
        self._file, self._first, self._at, self._end = open(path, "wb"), bytearray(FIRST), 0, 0  # noqa: SIM115

    def write(self, data: bytes) -> int:
        inside = min(max(0, FIRST - self._at), len(data))
        self._first[self._at : self._at + inside] = data[:inside]
        self._file.seek(self._at + inside)
        self._file.write(data[inside:])
        self._at += len(data)
        self._end = max(self._end, self._at)
        return len(data)

    def seek(self, to: int, whence: int = 0) -> int:
        self._at = to + (0, self._at, self._end)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def finish(self) -> None:
        self._file.seek(0)
        self._file.write(self._first[: self._end])
        self._file.close()
