"""What does one look at one picture find? Full size for far faces, halves for close ones, quarter turns for
rolled heads."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from commonbeat.footage.faces import BLOCK, Detector, apart, overlap

__all__ = ["ROLLED_FLOOR", "TURNED_FLOOR", "Look", "unseen"]

FLOOR = 0.2  #: weakest score that is kept; weak ones count only inside a track
TURNED_FLOOR = 0.45  #: a turned picture shows false faces; where nobody is known to roll only clear ones are taken
ROLLED_FLOOR = 0.22  #: where somebody does, or dance mode is on, weak ones too: rolled faces score about half as much
LONGEST = 2560  #: a larger picture is first shrunk to this many pixels along its longer side
SHORTEST = 320  #: the smallest copy of the picture that is looked at


class Look:
    """Sees faces of every size in a picture, and knows how to turn it. Holds the detector, no state of a clip."""

    def __init__(self, detector: Detector):
        self.detector = detector

    def see(
        self, picture: Callable[[int, int], np.ndarray], width: int, height: int, turned: str | None = None
    ) -> np.ndarray:
        """Faces (n, 5) in pixels of a width x height picture; `picture(w, h)` gives it as RGB in any size.

        turned : None, or "half"/"full" to look at quarter turns of the half or the full size too
        """
        found = self.together([self._once(picture(*size), width, height, FLOOR) for size in _sizes(width, height)])
        if turned:
            more = self.turned(picture, width, height, turned, ROLLED_FLOOR)
            found = np.concatenate([found, unseen(more, found)])
        return found

    def turned(self, picture, width: int, height: int, size: str, floor: float = TURNED_FLOOR) -> np.ndarray:
        """Faces that show when the picture is turned by 90, 180 and 270 degrees."""
        sizes = _sizes(width, height)
        found = []
        for copy in sizes[:2] if size == "full" else sizes[1:2] or sizes[:1]:
            flat = picture(*copy)
            for quarters in (1, 2, 3):
                seen = self.detector(np.ascontiguousarray(np.rot90(flat, quarters)), floor)
                found.append(_scaled(_turned_back(seen, quarters, *copy), copy, width, height))
        return self.together(found)

    def together(self, found: list[np.ndarray]) -> np.ndarray:
        return apart(np.concatenate(found)) if found else np.empty((0, 5))

    def _once(self, flat: np.ndarray, width: int, height: int, floor: float) -> np.ndarray:
        return _scaled(self.detector(flat, floor), flat.shape[1::-1], width, height)


def unseen(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Those of `found` that are none of the known faces."""
    return found[overlap(found, known).max(axis=1) < 0.25] if len(known) and len(found) else found


def _sizes(width: int, height: int) -> list[tuple[int, int]]:
    """Sizes of the copies that are looked at, largest first, sides in whole blocks of the network."""
    longest = max(width, height)
    scale = min(1.0, LONGEST / longest) if longest >= SHORTEST else SHORTEST / longest
    sizes = []
    while not sizes or longest * scale >= SHORTEST - 1:
        wide, high = (max(BLOCK, round(side * scale / BLOCK) * BLOCK) for side in (width, height))
        sizes.append((wide, high))
        scale /= 2
    return sizes


def _scaled(found: np.ndarray, size: tuple[int, int], width: int, height: int) -> np.ndarray:
    return found * [width / size[0], height / size[1], width / size[0], height / size[1], 1.0]


def _turned_back(found: np.ndarray, quarters: int, width: int, height: int) -> np.ndarray:
    """Boxes seen in np.rot90(picture, quarters) as boxes of the width x height picture."""
    x0, y0, x1, y1, score = found.T
    back = {
        1: (width - y1, x0, width - y0, x1),
        2: (width - x1, height - y1, width - x0, height - y0),
        3: (y0, height - x1, y1, height - x0),
    }[quarters]
    return np.stack([*back, score], axis=1)
