"""What does one look at one picture find? Full size for far faces, halves for close ones, turned for rolled heads."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from commonbeat.footage.faces import BLOCK, Detector, apart, overlap
from commonbeat.footage.gaps import middle
from commonbeat.footage.turns import QUARTERS, TILTS, turn, turn_back

__all__ = ["ROLLED_FLOOR", "TURNED_FLOOR", "Look", "unseen", "vacant"]

FLOOR = 0.2  #: weakest score that is kept; weak ones count only inside a track
TURNED_FLOOR = 0.45  #: a turned picture shows false faces; where nobody is known to roll only clear ones are taken
ROLLED_FLOOR = 0.22  #: where somebody does, or dance mode is on, weak ones too: rolled faces score about half as much
LONGEST = 2560  #: a larger picture is first shrunk to this many pixels along its longer side
NEAR_FACE = 40  #: pixels a face is shrunk to in a look at one place
NEAR_LEAST = 48  #: half the side of the smallest square looked at
AROUND = 2.0  #: half that side, in faces
SHORTEST = 320  #: the smallest copy of the picture that is looked at


class Look:
    """Sees faces of every size in a picture, and knows how to turn it. Holds the detector, no state of a clip."""

    def __init__(self, detector: Detector):
        self.detector = detector

    def see(
        self, picture: Callable[[int, int], np.ndarray], width: int, height: int, *, smaller: bool = False
    ) -> np.ndarray:
        """Faces (n, 5) in pixels of a width x height picture; `picture(w, h)` gives it as RGB in any size.

        smaller : leave the largest size out, which costs three quarters and shows the far faces
        """
        sizes = _sizes(width, height)
        sizes = sizes[1:] or sizes if smaller else sizes
        return self.together([self._once(picture(*size), 0, width, height, FLOOR) for size in sizes])

    def turned(self, picture, width: int, height: int, how: str, floor: float = TURNED_FLOOR) -> np.ndarray:
        """Faces that show when the picture is turned.

        how : "half" by quarter turns at half size; "full" at full size too; "tilted" tilted at half size as well;
              "all" every eighth of a circle at both sizes, which found each of 30 whole faces at each of 12 angles
        """
        large, half = (_sizes(width, height) * 2)[:2]
        ways = {"half": [(half, QUARTERS)], "full": [(large, QUARTERS), (half, QUARTERS)]}
        ways["tilted"] = [(large, QUARTERS), (half, QUARTERS + TILTS)]
        ways["all"] = [(large, QUARTERS + TILTS), (half, QUARTERS + TILTS)]
        found = []
        for size, eighths in ways[how]:
            flat = picture(*size)
            found += [self._once(flat, eighth, width, height, floor) for eighth in eighths]
        return self.together(found)

    def near(
        self, picture: np.ndarray, places: np.ndarray, floor: float = FLOOR, turns: tuple[int, ...] = (0,)
    ) -> np.ndarray:
        """Faces around (m, 4) places in a whole RGB picture, each looked at in a square of its own.

        The square is four faces wide and a face in it about 40 pixels at most, a size the detector sees best.
        """
        found = [np.empty((0, 5))]
        for x0, y0, x1, y1, scale in self._squares(picture, places):
            patch = picture[y0:y1, x0:x1]
            size = max(BLOCK, round((x1 - x0) * scale)), max(BLOCK, round((y1 - y0) * scale))
            if scale < 1:
                patch = cv2.resize(patch, size, interpolation=cv2.INTER_AREA)
            for eighth in turns:
                seen = self._once(patch, eighth, x1 - x0, y1 - y0, floor) + [x0, y0, x0, y0, 0]
                found.append(seen[_uncut(seen, (x0, y0, x1, y1), picture.shape)])
        return self.together(found)

    def reach(self, places: np.ndarray) -> np.ndarray:
        """The squares (m, 4) that `near` looks at."""
        x, y, half = _square(places)
        return np.stack([x - half, y - half, x + half, y + half], axis=1)

    def _squares(self, picture: np.ndarray, places: np.ndarray) -> list[tuple]:
        height, width = picture.shape[:2]
        cut = []
        for (x0, y0, x1, y1), half in zip(self.reach(places), _square(places)[2]):
            a, b, c, d = max(0, round(x0)), max(0, round(y0)), min(width, round(x1)), min(height, round(y1))
            if c - a >= 8 and d - b >= 8:
                cut.append((a, b, c, d, min(1.0, NEAR_FACE * AROUND / half)))
        return list(dict.fromkeys(cut))

    def together(self, found: list[np.ndarray]) -> np.ndarray:
        return apart(np.concatenate(found)) if found else np.empty((0, 5))

    def _once(self, flat: np.ndarray, eighth: int, width: int, height: int, floor: float) -> np.ndarray:
        size = flat.shape[1::-1]
        found = self.detector(turn(flat, eighth) if eighth else flat, floor)
        return _scaled(turn_back(found, eighth, *size), size, width, height)


def _square(places: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    x0, y0, x1, y1 = places[:, :4].T
    half = np.maximum(AROUND * np.maximum(x1 - x0, y1 - y0), NEAR_LEAST)
    return (x0 + x1) / 2, (y0 + y1) / 2, half


def _uncut(found: np.ndarray, square: tuple, shape: tuple) -> np.ndarray:
    """Which faces does the square not cut through? Half a face gives a wrong box; the picture's own edge may cut."""
    margin = 0.06 * (square[2] - square[0])
    inner = [edge + margin if edge > 0 else -np.inf for edge in square[:2]]
    outer = [edge - margin if edge < side else np.inf for edge, side in zip(square[2:], shape[1::-1])]
    return np.logical_and((found[:, :2] >= inner).all(axis=1), (found[:, 2:4] <= outer).all(axis=1))


def unseen(found: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Those of `found` that are none of the known faces, nor lie on one: a turned picture shows false faces in hair
    and collars."""
    if not len(known) or not len(found):
        return found
    (x, y, _), (kx, ky, size) = middle(found), middle(known)
    beside = np.hypot(x[:, None] - kx, y[:, None] - ky) > 0.6 * size
    return found[(overlap(found, known).max(axis=1) < 0.25) & beside.all(axis=1)]


def vacant(places: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Those of (m, 4) places where no known face looks out: only there may a head be turned."""
    if not len(places) or not len(known):
        return places
    x, y, _ = middle(known)
    x0, y0, x1, y1 = (side[:, None] for side in places.T)
    return places[~((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)).any(axis=1)]


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
