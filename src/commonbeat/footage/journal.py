"""Which looks were already taken? So that a search that was killed goes on where it stopped."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np

__all__ = ["Glance", "Journal"]


@dataclass(frozen=True, slots=True)
class Glance:
    """What one look gave: found (n, 5); rolled: how many at its end show only in the turned picture; turned: it was looked at by
    quarter turns too; light: mean brightness, None for a look at places only."""

    found: np.ndarray
    rolled: int = 0
    turned: bool = False
    light: float | None = None


class Journal:
    """Looks already taken, one line each in a private file; None keeps nothing. A torn last line is passed over."""

    def __init__(self, path: Path | None):
        self._known: dict[str, Glance] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError, TypeError):
                    key, boxes, *rest = json.loads(line)
                    self._known[key] = Glance(np.array(boxes, float).reshape(-1, 5), *rest)
        self._file = path.open("a", encoding="utf-8") if path is not None else None
        self._lock = threading.Lock()

    def get(self, key: str) -> Glance | None:
        return self._known.get(key)

    def put(self, key: str, look: Glance) -> None:
        if self._file is not None:
            line = json.dumps([key, look.found.tolist(), look.rolled, look.turned, look.light])
            with self._lock:
                self._file.write(line + "\n")
                self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
