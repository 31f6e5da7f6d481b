"""Is every drawn face hidden in the published copy? The renderer knows where each of them is, so all are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import av

from commonbeat.footage.check import SAME, survives

__all__ = ["faces_left"]

LEAST = 10  #: pixels of height under which a drawn face has no features to hide


def faces_left(original: Path, copy: Path, boxes: Mapping[int, Sequence]) -> dict:
    """How many true faces can still be made out, over all frames?  -> faces, visible, frames, frames_with_a_face_left

    Both clips are compared picture by picture: a face is still there when the fine content of its box, as published,
    correlates with the content as filmed.
    """
    faces = visible = frames = touched = 0
    with av.open(str(original)) as before, av.open(str(copy)) as after:
        for number, (a, b) in enumerate(zip(before.decode(video=0), after.decode(video=0), strict=True)):
            was, now = a.to_ndarray(format="gray"), b.to_ndarray(format="gray")
            left = sum(_still_there(was, now, box) for box in boxes.get(number, ()) if box[3] - box[1] >= LEAST)
            faces += sum(box[3] - box[1] >= LEAST for box in boxes.get(number, ()))
            visible, frames, touched = visible + left, frames + 1, touched + (left > 0)
    return {"faces": faces, "visible": visible, "frames": frames, "frames_with_a_face_left": touched}


def _still_there(was, now, box) -> bool:
    x0, y0 = (max(0, int(v)) for v in box[:2])
    x1, y1 = (round(float(v)) for v in box[2:])
    before, after = was[y0:y1, x0:x1], now[y0:y1, x0:x1]
    return min(before.shape, default=0) >= 4 and survives(before, after) > SAME
