"""Can a face still be seen in the copy? A second, different pass over the pixels that were written.

Three looks: every frame, is the fine content of each tracked face gone; around the ends and gaps of every
track, where a
face slips out, is somebody left; and at frames spread over the clip, other than the key frames, the whole
picture again at
other sizes and mirrored. None of them trusts the plan's masks; all read the finished file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from commonbeat.errors import Broken
from commonbeat.footage.clip import Clip, Limits
from commonbeat.footage.decide import hidden_at
from commonbeat.footage.faces import BLOCK, CenterFace, Detector, apart, overlap
from commonbeat.footage.leak import longest_run
from commonbeat.footage.plan import Plan
from commonbeat.footage.record import Leak

__all__ = ["look_again", "survives"]

SAME = 0.6  #: correlation of fine content from which a face is still there
BESIDE = 6  #: frames looked at beyond each end of a track
SURE = 0.5  #: score from which something in the copy counts as a visible face
CROP = 96  #: pixels of the square a place is looked at in
WHOLE = 40  #: whole pictures looked at again


def look_again(
    source: str | Path,
    out: str | Path,
    plan: Plan,
    hidden,
    *,
    detector: Detector | None = None,
    limits: Limits | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Leak:
    """How much of the people can still be seen in `out`?

    source, out : the original and its protected copy; plan, hidden: who is where, and who was to be hidden
    Returns Leak with upper=None: only a person's look gives a bound. Raises Broken when the copy has other frames.
    """
    eye, tell = detector or CenterFace(), progress or (lambda *_: None)
    masks, shown = hidden_at(plan.tracks, hidden), hidden_at(plan.tracks, {k: ~v for k, v in hidden.items()})
    suspects, whole = _beside(plan), set(_spread(plan))
    visible: list[tuple[int, tuple]] = []
    face_frames = 0
    with Clip(source, limits) as before, Clip(out, limits) as after:
        size = before.facts.width, before.facts.height
        pairs = zip(before.frames(), after.frames(), strict=True)
        try:
            for number, (old, new) in enumerate(pairs):
                hide, keep = masks(number), shown(number)
                face_frames += len(hide)
                visible += [(number, box) for box in _still_there(before.planes(old), after.planes(new), hide)]
                places = suspects.get(number, [])
                if places:
                    visible += [(number, box) for box in _at(eye, after.picture(new, *size), places, keep)]
                if number in whole:
                    visible += [(number, box) for box in _anywhere(eye, after, new, size, keep)]
                tell(number + 1, plan.frames)
        except ValueError:
            raise Broken("The copy has another number of frames than the original; protect it again.") from None
    return _told(visible, face_frames, plan)


def survives(before: np.ndarray, after: np.ndarray) -> float:
    """How much of the fine content of one patch is left in the other? Correlation of what a 2 pixel blur takes
    away."""
    fine = [
        patch - cv2.GaussianBlur(patch, (0, 0), 2) for patch in (before.astype(np.float32), after.astype(np.float32))
    ]
    a, b = (patch - patch.mean() for patch in fine)
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 1e-6 else 0.0


def _still_there(before: np.ndarray, after: np.ndarray, boxes) -> list[tuple]:
    height, width = before.shape[0] * 2 // 3, before.shape[1]
    left = []
    for box in boxes:
        x0, y0, x1, y1 = _clipped(box, width, height)
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        if survives(before[y0:y1, x0:x1], after[y0:y1, x0:x1]) > SAME:
            left.append(tuple(map(float, box)))
    return left


def _clipped(box, width: int, height: int) -> tuple[int, int, int, int]:
    x0, y0, x1, y1 = (round(float(v)) for v in box)
    return max(0, x0), max(0, y0), min(width, x1), min(height, y1)


def _beside(plan: Plan) -> dict[int, list[np.ndarray]]:
    """Places to look at beyond both ends of every track, moved on at its pace."""
    places: dict[int, list[np.ndarray]] = {}
    for t in plan.tracks:
        strong = t.seen.max() >= SURE
        for end, step in ((0, -1), (-1, 1)):
            near = t.boxes[end]
            inner = t.boxes[min(4, len(t.boxes) - 1)] if end == 0 else t.boxes[max(-5, -len(t.boxes))]
            pace = (near - inner) / max(1, min(4, len(t.boxes) - 1))
            shift = np.tile((pace[:2] + pace[2:]) / 2, 2)
            for away in range(1, BESIDE + 1) if strong else ():
                frame = (t.first if end == 0 else t.last) + step * away
                if 0 <= frame < plan.frames:
                    places.setdefault(frame, []).append(near + shift * away)
    return places


def _spread(plan: Plan) -> list[int]:
    """Frames over the whole clip, none of them a frame the first pass looked at where that can be helped."""
    wanted = np.linspace(0, plan.frames - 1, min(WHOLE, plan.frames)).astype(int)
    looked = set(plan.looked)
    return sorted(
        {
            next((f for f in (w, w + 1, w + 2, w - 1) if 0 <= f < plan.frames and f not in looked), int(w))
            for w in wanted.tolist()
        }
    )


def _at(eye: Detector, picture: np.ndarray, places, keep) -> list[tuple]:
    """Faces left at places, each looked at in a square three faces wide, enlarged or shrunk to one size."""
    found = []
    height, width = picture.shape[:2]
    for x0, y0, x1, y1 in places:
        half = 1.5 * max(x1 - x0, y1 - y0, 8)
        a, b, c, d = _clipped(
            ((x0 + x1) / 2 - half, (y0 + y1) / 2 - half, (x0 + x1) / 2 + half, (y0 + y1) / 2 + half), width, height
        )
        if c - a < 8 or d - b < 8:
            continue
        scale = CROP / max(c - a, d - b)
        size = max(BLOCK, round((c - a) * scale)), max(BLOCK, round((d - b) * scale))
        flat = cv2.resize(picture[b:d, a:c], size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
        seen = eye(flat, SURE)[:, :4] * np.tile([(c - a) / size[0], (d - b) / size[1]], 2) + [a, b, a, b]
        found += [box for box in seen if _near_place(box, (x0, y0, x1, y1))]
    return _faces_left(found, keep)


def _near_place(box, place) -> bool:
    size = max(place[2] - place[0], place[3] - place[1])
    off = np.hypot(box[0] + box[2] - place[0] - place[2], box[1] + box[3] - place[1] - place[3]) / 2
    return off < size and 0.4 < (box[2] - box[0]) / max(place[2] - place[0], 1) < 2.5


def _anywhere(eye: Detector, clip: Clip, frame, size: tuple[int, int], keep) -> list[tuple]:
    """Faces anywhere in the copy, at sizes between those of the first pass, once mirrored."""
    width, height = size
    found = []
    for scale, mirrored in ((0.75, False), (0.375, True)):
        scale *= min(1.0, 1920 / max(size))
        w, h = (max(BLOCK, round(side * scale / BLOCK) * BLOCK) for side in size)
        flat = clip.picture(frame, w, h)
        seen = eye(np.ascontiguousarray(flat[:, ::-1]) if mirrored else flat, SURE)
        if mirrored:
            seen[:, [0, 2]] = w - seen[:, [2, 0]]
        found.append(seen * [width / w, height / h, width / w, height / h, 1])
    return _faces_left(apart(np.concatenate(found))[:, :4], keep)


def _faces_left(found, keep) -> list[tuple]:
    """Without those who are shown with consent."""
    return [
        tuple(map(float, box)) for box in found if not len(keep) or overlap(box[None], np.array(keep)).max() < 0.3
    ]


def _told(visible, face_frames: int, plan: Plan) -> Leak:
    left = _once(visible)
    total = face_frames + len(left)
    sizes = [
        float(np.sqrt(max(1.0, (b[2] - b[0]) * (b[3] - b[1])))) for t in plan.tracks for b in t.boxes[t.seen > 0]
    ]
    frames = sorted({frame for frame, _ in left})
    return Leak(
        estimate=round(len(left) / total, 6) if total else 0.0,
        upper=None,
        longest_run=longest_run(frames),
        checked_frames=plan.frames,
        smallest_face=round(min(sizes), 1) if sizes else None,
        visible=tuple((frame, *(round(v, 1) for v in box)) for frame, box in left[:500]),
        method=f"fine content of {face_frames} masked face-frames compared with the original, ends of "
        f"tracks looked at again, "
        f"{min(WHOLE, plan.frames)} whole frames looked at again in other sizes and mirrored",
    )


def _once(visible) -> list[tuple[int, tuple]]:
    kept: list[tuple[int, tuple]] = []
    for frame, box in visible:
        same = [b for f, b in kept[-40:] if f == frame]
        if not same or overlap(np.array([box]), np.array(same)).max() < 0.3:
            kept.append((frame, box))
    return kept
