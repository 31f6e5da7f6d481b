"""What is drawn over a face, so that nothing of it is left in the pixels?

Solid: one grey for everybody, so not even the tone of the skin remains. Mosaic: so few cells that no face
survives them.
A light blur is not offered for people: trained recognisers read blurred faces.
"""

from __future__ import annotations

import cv2
import numpy as np

from commonbeat.errors import BadInput
from commonbeat.footage.clip import split
from commonbeat.footage.order import STYLES

__all__ = ["cover", "cover_all"]

WIDER = 1.5  #: mask over face box; an ellipse must be 1.42 times as wide to hold the corners of the box
MARGIN = 1.0  #: pixels more on every side, for the detector's cell of four pixels on small faces
GREY = (104, 128, 128)


def shapes(boxes, wider: float = WIDER) -> list[tuple[float, float, float, float]]:
    """Ellipses (centre x, centre y, half width, half height) that hide boxes."""
    return [
        ((x0 + x1) / 2, (y0 + y1) / 2, (x1 - x0) / 2 * wider + MARGIN, (y1 - y0) / 2 * wider + MARGIN)
        for x0, y0, x1, y1 in (tuple(box)[:4] for box in boxes)
    ]


def cover(planes: np.ndarray, boxes, style: str = "solid", *, square: bool = False) -> None:
    """Hides boxes in a picture, in place; `planes` as `Clip.planes` gives them, boxes in its pixels.

    style  : "solid" or "mosaic"; square: the whole box itself (regions drawn by hand), not an ellipse around it
    Raises BadInput for another style.
    """
    if style not in STYLES:
        raise BadInput(
            f'There is no mask style "{style}". Choose solid or mosaic; blur is not offered for people, '
            "because trained recognisers read blurred faces."
        )
    for x, y, a, b in shapes(boxes, 1.0 if square else WIDER):
        if a > 0 and b > 0:
            (_solid if style == "solid" else _mosaic)(planes, x, y, a, b, square)


def cover_all(planes: np.ndarray) -> None:
    """Hides the whole picture."""
    for plane, value in zip(split(planes), GREY):
        plane[:] = value


def _solid(planes: np.ndarray, x: float, y: float, a: float, b: float, square: bool) -> None:
    for plane, value, half in zip(split(planes), GREY, (1, 2, 2)):
        _draw(plane, (x / half, y / half, a / half, b / half), value, square)


def _draw(plane: np.ndarray, shape, value, square: bool) -> None:
    x, y, a, b = shape
    if square:
        x0, y0, x1, y1 = _inside(plane, x, y, a, b)
        plane[y0:y1, x0:x1] = value
        return
    # fixed point with four bits below the pixel; pixel centres lie at half past
    centre = (round((x - 0.5) * 16), round((y - 0.5) * 16))
    cv2.ellipse(plane, centre, (round(a * 16), round(b * 16)), 0, 0, 360, value, cv2.FILLED, cv2.LINE_8, 4)


def _mosaic(planes: np.ndarray, x: float, y: float, a: float, b: float, square: bool) -> None:
    """Cells relative to the face: 2 x 3 below 64 pixels, 4 x 5 above; each cell its own mean."""
    across, down = (2, 3) if 2 * max(a, b) < 64 else (4, 5)
    for plane, half in zip(split(planes), (1, 2, 2)):
        x0, y0, x1, y1 = _inside(plane, x / half, y / half, a / half, b / half)
        if x1 <= x0 or y1 <= y0:
            continue
        patch = plane[y0:y1, x0:x1]
        cells = cv2.resize(patch, (min(across, x1 - x0), min(down, y1 - y0)), interpolation=cv2.INTER_AREA)
        coarse = cv2.resize(cells, (x1 - x0, y1 - y0), interpolation=cv2.INTER_NEAREST)
        hidden = np.zeros(plane.shape, np.uint8)
        _draw(hidden, (x / half, y / half, a / half, b / half), 1, square)
        inside = hidden[y0:y1, x0:x1].astype(bool)
        patch[inside] = coarse[inside]


def _inside(plane: np.ndarray, x: float, y: float, a: float, b: float) -> tuple[int, int, int, int]:
    height, width = plane.shape
    return (
        max(0, int(np.floor(x - a))),
        max(0, int(np.floor(y - b))),
        min(width, int(np.ceil(x + a))),
        min(height, int(np.ceil(y + b))),
    )
