"""Is a face found whatever way the head is rolled? Real faces turned about their centre by 12 angles.

    python benchmarks/footage_roll.py

30 faces: of every track that has one, the largest whole face (its box with half its size around it lies in the picture, 12
pixels high or more), then the middle one of the first tracks until there are 30. The picture is turned in steps of 15
degrees and looked at upright only; looks that turn the picture by eighths are read off the same scores.
"""

from __future__ import annotations

import json

import av
import cv2
import numpy as np
from footage import DATA

from commonbeat import footage
from commonbeat.footage.faces import overlap
from commonbeat.footage.look import ROLLED_FLOOR, _sizes

FACES, STEPS = 30, 24
CLIPS = {"selfie": (640, 480), "walkers": (640, 480), "juggle": (1280, 720)}
QUARTERS, TILTS = (0, 6, 12, 18), (3, 9, 15, 21)  # in steps of 15 degrees


def whole(name: str) -> list[list[tuple]]:
    """Whole faces of each track, largest first: (clip, frame, box)."""
    width, height = CLIPS[name]
    tracks = []
    for track in json.loads((DATA / "footage" / "gt" / f"{name}.gt.json").read_text())["tracks"].values():
        kept = []
        for frame, (x0, y0, x1, y1) in track.items():
            w, h = (x1 - x0) / 2, (y1 - y0) / 2
            if min(x0 - w, y0 - h, width - x1 - w, height - y1 - h) >= 0 and 2 * h >= 12:
                kept.append((w * h, int(frame), (x0, y0, x1, y1)))
        tracks.append([(name, frame, box) for _, frame, box in sorted(kept, reverse=True)])
    return [t for t in tracks if t]


def chosen() -> list[tuple]:
    tracks = [t for name in CLIPS for t in whole(name)]
    return [*(t[0] for t in tracks), *(t[len(t) // 2] for t in tracks)][:FACES]


def pictures(faces) -> dict:
    found = {}
    for name in CLIPS:
        frames = {frame for clip, frame, _ in faces if clip == name}
        with av.open(str(DATA / "footage" / f"{name}.mp4")) as clip:
            for number, frame in enumerate(clip.decode(video=0)):
                if number in frames:
                    found[name, number] = frame.to_ndarray(format="rgb24")
    return found


def scores(faces) -> np.ndarray:
    """Best score over the face, (faces, 24 angles, full and half size), from a cut-out of three faces around it."""
    eye, shots, best = footage.CenterFace(), pictures(faces), np.zeros((len(faces), STEPS, 2))
    for i, (name, frame, (x0, y0, x1, y1)) in enumerate(faces):
        picture = shots[name, frame]
        height, width = picture.shape[:2]
        x, y, size = (x0 + x1) / 2, (y0 + y1) / 2, np.sqrt((x1 - x0) * (y1 - y0))
        box = np.array([[x - size / 2, y - size / 2, x + size / 2, y + size / 2]])
        for step in range(STEPS):
            matrix = cv2.getRotationMatrix2D((x, y), 15 * step, 1)
            turned = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
            for k, flat_size in enumerate(_sizes(width, height)[:2]):
                best[i, step, k] = _best(eye, cv2.resize(turned, flat_size, interpolation=cv2.INTER_AREA), box, width)
    return best


def _best(eye, flat: np.ndarray, box: np.ndarray, width: int) -> float:
    scale = flat.shape[1] / width
    x0, y0, x1, y1 = box[0] * scale
    reach = max(128, 3 * (x1 - x0))
    left, top = max(0, int((x0 + x1) / 2 - reach)), max(0, int((y0 + y1) / 2 - reach))
    cut = flat[top : int((y0 + y1) / 2 + reach), left : int((x0 + x1) / 2 + reach)]
    seen = eye(np.ascontiguousarray(cut), 0.05)
    hit = seen[overlap(box * scale - [left, top, left, top], seen)[0] > 0.3, 4] if len(seen) else seen[:, 4]
    return float(hit.max(initial=0.0))


def turned_by(found: np.ndarray, steps) -> np.ndarray:
    return np.max([np.roll(found, step, axis=1) for step in steps], axis=0)


def main() -> None:
    best = scores(chosen())
    full, half = (best[:, :, k] > ROLLED_FLOOR for k in (0, 1))
    ways = {
        "upright": full | half,
        "quarter turns": turned_by(full | half, QUARTERS),
        "dance mode: quarters, tilted at half size": turned_by(full | half, QUARTERS) | turned_by(half, TILTS),
        "stills: every eighth": turned_by(full | half, QUARTERS + TILTS),
    }
    for name, found in ways.items():
        share = found[:, ::2].mean(axis=0)  # 12 angles
        print(f"{name:44} average {share.mean():6.1%}   worst angle {share.min():6.1%}")


if __name__ == "__main__":
    main()
