"""What else identifies: plates, papers, screens, tattoos, house numbers. Drawn once by hand, followed through
time."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from commonbeat.footage.clip import Clip
from commonbeat.footage.order import Region

__all__ = ["follow"]

SMALL = 480  #: following happens on a copy with this many pixels along its longer side
BACKWARD = 20.0  #: seconds a region can be followed backward, since those frames must be held


def follow(clip: Clip, regions: list[Region], times) -> tuple[dict[int, list], frozenset[int]]:
    """Where is each region in every frame? ({frame: [boxes]}, frames hidden altogether).

    Moves with the picture points inside it (pyramidal Lucas-Kanade, checked forward and backward); when they are lost
    it stays, grown by a tenth, rather than vanish.
    """
    boxes: dict[int, list] = {}
    whole: set[int] = set()
    times = np.asarray(times)
    for region in regions:
        inside = np.flatnonzero((times >= region.start - 1e-6) & (times <= region.until + 1e-6))
        if region.box is None:
            whole |= set(inside.tolist())
        elif not region.follow:
            for frame in inside.tolist():
                boxes.setdefault(frame, []).append(region.box)
    moving = [r for r in regions if r.follow and r.box is not None]
    for region in moving:
        for frame, box in _followed(clip, region, times):
            boxes.setdefault(frame, []).append(box)
    return boxes, frozenset(whole)


def _followed(clip: Clip, region: Region, times: np.ndarray) -> Iterator[tuple[int, tuple]]:
    drawn = int(np.abs(times - region.at).argmin())
    first = max(0, int(np.searchsorted(times, max(region.start, region.at - BACKWARD) - 1e-6)))
    last = int(np.searchsorted(times, region.until + 1e-6)) - 1
    clip.rewind()
    earlier: list[np.ndarray] = []
    scale = min(1.0, SMALL / max(clip.facts.width, clip.facts.height))
    now, drawn_box = None, _roomy(region)
    box = drawn_box
    for number, frame in enumerate(clip.frames()):
        if number > last:
            break
        if number < first:
            continue
        grey = _grey(clip, frame, scale)
        if number <= drawn:
            earlier.append(grey)
        if number == drawn:
            yield drawn, tuple(box)
        elif number > drawn:
            box = _moved(now, grey, box, scale)
            yield number, tuple(box)
        now = grey
    box = drawn_box
    for back in range(len(earlier) - 1, 0, -1):
        box = _moved(earlier[back], earlier[back - 1], box, scale)
        yield first + back - 1, tuple(box)


def _roomy(region: Region) -> np.ndarray:
    """The box as drawn; a missed face gets a fifth more on each side, since people draw close and heads turn."""
    box = np.array(region.box, float)
    wide, high = (0.2 * (box[2:] - box[:2])) if region.kind == "face" else (0.0, 0.0)
    return box + [-wide, -high, wide, high]


def _grey(clip: Clip, frame, scale: float) -> np.ndarray:
    size = max(16, round(clip.facts.width * scale)), max(16, round(clip.facts.height * scale))
    return cv2.cvtColor(clip.picture(frame, *size), cv2.COLOR_RGB2GRAY)


def _moved(before: np.ndarray, now: np.ndarray, box: np.ndarray, scale: float) -> np.ndarray:
    small = box * scale
    field = np.zeros(before.shape, np.uint8)
    x0, y0, x1, y1 = np.clip(small, 0, [before.shape[1], before.shape[0]] * 2).astype(int)
    field[y0 : y1 + 1, x0 : x1 + 1] = 255
    points = cv2.goodFeaturesToTrack(before, 40, 0.01, 2, mask=field)
    if points is None:
        return box
    there, ok, _ = cv2.calcOpticalFlowPyrLK(before, now, points, None, winSize=(15, 15), maxLevel=3)
    back, ok_back, _ = cv2.calcOpticalFlowPyrLK(now, before, there, None, winSize=(15, 15), maxLevel=3)
    good = (ok.ravel() == 1) & (ok_back.ravel() == 1) & (np.abs(back - points).reshape(-1, 2).max(axis=1) < 1.0)
    if good.sum() < 3:
        wide, high = (box[2] - box[0]) * 0.05, (box[3] - box[1]) * 0.05
        limit = np.array([-0.5, -0.5, 1.5, 1.5]) * np.tile([before.shape[1] / scale, before.shape[0] / scale], 2)
        grown = box + [-wide, -high, wide, high]
        return np.array([*np.maximum(grown[:2], limit[:2]), *np.minimum(grown[2:], limit[2:])])
    shift = np.median((there - points).reshape(-1, 2)[good], axis=0) / scale
    return box + np.tile(shift, 2)
