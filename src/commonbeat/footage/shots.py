"""Where does a new shot begin? Tracks must not be followed across a cut."""

from __future__ import annotations

import numpy as np

__all__ = ["Shots"]


class Shots:
    """Watches frames in order; `cut(frame)` says whether this one begins a new shot."""

    def __init__(self):
        self.before: np.ndarray | None = None
        self.calm = 4.0  # how much frames usually change, slowly forgotten

    def cut(self, frame) -> bool:
        now = _thumbnail(frame)
        step = _step(self.before, now)
        new = self.before is not None and _is_cut(step, self.calm, self.before, now)
        self.calm, self.before = 0.8 * self.calm + 0.2 * min(step, 20.0), now
        return new


def _thumbnail(frame) -> np.ndarray:
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    step = max(1, plane.height // 36)
    return rows[step // 2 :: step, step // 2 : plane.width : step].astype(np.int16)


def _step(before: np.ndarray | None, now: np.ndarray) -> float:
    return 0.0 if before is None or before.shape != now.shape else float(np.abs(now - before).mean())


def _is_cut(step: float, calm: float, before: np.ndarray, now: np.ndarray) -> bool:
    """A new shot changes much more than the frames before it, and changes the mix of light, which a pan does not."""
    if step < max(18.0, 4 * calm):
        return False
    old, new = (np.histogram(t, bins=16, range=(0, 256))[0] / t.size for t in (before, now))
    return float(np.minimum(old, new).sum()) < 0.75
