"""A picture turned by eighths of a circle, counter-clockwise, and boxes found in it turned back."""

from __future__ import annotations

import cv2
import numpy as np

__all__ = ["QUARTERS", "TILTS", "turn", "turn_back"]

QUARTERS = (2, 4, 6)
TILTS = (1, 3, 5, 7)


def turn(picture: np.ndarray, eighths: int) -> np.ndarray:
    """The picture (height, width, 3) turned; a tilted one lies on black ground large enough to hold it."""
    if eighths % 2 == 0:
        return np.ascontiguousarray(np.rot90(picture, eighths // 2))
    matrix, size = _matrix(eighths, *picture.shape[1::-1])
    return cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR)


def turn_back(found: np.ndarray, eighths: int, width: int, height: int) -> np.ndarray:
    """Boxes (n, 5) seen in `turn(picture, eighths)` as upright boxes of the width x height picture.

    A tilted box becomes the box around the ellipse it holds, since heads are round.
    """
    if eighths % 2 == 0:
        return _quarters_back(found, eighths // 2 % 4, width, height)
    inverse = cv2.invertAffineTransform(_matrix(eighths, width, height)[0])
    x0, y0, x1, y1, score = found.T
    x, y = inverse @ np.stack([(x0 + x1) / 2, (y0 + y1) / 2, np.ones(len(found))])
    half = np.sqrt(((x1 - x0) ** 2 + (y1 - y0) ** 2) / 2) / 2
    return np.stack([x - half, y - half, x + half, y + half, score], axis=1)


def _matrix(eighths: int, width: int, height: int) -> tuple[np.ndarray, tuple[int, int]]:
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), 45.0 * eighths, 1.0)
    side = int(np.ceil((width + height) / np.sqrt(2)))
    matrix[:, 2] += (side - width) / 2, (side - height) / 2
    return matrix, (side, side)


def _quarters_back(found: np.ndarray, quarters: int, width: int, height: int) -> np.ndarray:
    x0, y0, x1, y1, score = found.T
    back = {
        0: (x0, y0, x1, y1),
        1: (width - y1, x0, width - y0, x1),
        2: (width - x1, height - y1, width - x0, height - y0),
        3: (y0, height - x1, y1, height - x0),
    }[quarters]
    return np.stack([*back, score], axis=1)
