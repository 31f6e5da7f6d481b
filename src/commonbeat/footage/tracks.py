"""Which sightings are one person passing through the picture, and where was the face in frames nobody looked at?

Small and our own: kept libraries follow well, but need an older numpy. Tracks know only places and times, never who.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from commonbeat.footage.gaps import middle, pair
from commonbeat.footage.search import Sightings

__all__ = ["Track", "track"]

REACH = 1.6  #: farthest a face may be from where it was expected, in face sizes
STRONG = 0.35  #: score that claims a track before weaker sightings may


@dataclass(frozen=True, slots=True)
class Track:
    """One person's way through the picture, as far as it can be followed without recognising anybody.

    id        : 1, 2, ... by first frame, then by x
    first     : first masked frame; `boxes[i]` belongs to frame first + i
    boxes     : (frames, 4) x0, y0, x1, y1 in pixels of the upright picture
    seen      : (frames,) score where a detector saw it, 0 where the place was filled in
    ambiguous : (frames,) True where it may be mixed up with another track; no consent can show these frames
    """

    id: int
    first: int
    boxes: np.ndarray
    seen: np.ndarray
    ambiguous: np.ndarray

    @property
    def last(self) -> int:
        return self.first + len(self.boxes) - 1


@dataclass(slots=True)
class _Path:
    frames: list[int]
    boxes: list[np.ndarray]
    scores: list[float]

    def expected(self, frame: int) -> np.ndarray:
        """Where it would be now at the pace of its last quarter second, slowing to a stand."""
        last = self.boxes[-1]
        if len(self.frames) < 2:
            return last
        back = next((i for i in range(len(self.frames) - 2, -1, -1) if self.frames[-1] - self.frames[i] >= 4), 0)
        pace = (last - self.boxes[back]) / (self.frames[-1] - self.frames[back])
        shift = np.tile((pace[:2] + pace[2:]) / 2, 2)
        return last + shift * min(frame - self.frames[-1], 6)

    def add(self, frame: int, found: np.ndarray) -> None:
        self.frames.append(frame)
        self.boxes.append(found[:4])
        self.scores.append(float(found[4]))


def track(sightings: Sightings, fps: float) -> list[Track]:
    """Who passes through the picture, and where are they in every frame?

    sightings : what `find` saw; fps: frames per second (a gap of up to one second is bridged)
    Returns tracks with a box for every frame from first to last, lead-in and lead-out included.
    """
    edges = [0, *sightings.cuts, sightings.frames]
    tracks = []
    for start, stop in itertools.pairwise(edges):
        paths = _link(sightings, start, stop, bridge=max(2, round(fps)))
        believed = [p for p in paths if _believed(p) or _slipping(p, start, stop, sightings.size)]
        tracks += [_fill(path, sightings, start, stop, fps) for path in believed]
    tracks.sort(key=lambda t: (t.first, t.boxes[0][0]))
    return _mixed([Track(i + 1, t.first, t.boxes, t.seen, t.ambiguous) for i, t in enumerate(tracks)])


def _link(sightings: Sightings, start: int, stop: int, bridge: int) -> list[_Path]:
    live, done = [], []
    for frame in sorted(f for f in sightings.at if start <= f < stop):
        done += [p for p in live if frame - p.frames[-1] > bridge]
        live = [p for p in live if frame - p.frames[-1] <= bridge]
        found = sightings.at[frame]
        for group in (found[found[:, 4] >= STRONG], found[found[:, 4] < STRONG]):
            free = [p for p in live if p.frames[-1] != frame]
            expected = np.array([p.expected(frame) for p in free]).reshape(-1, 4)
            rows, columns, _ = pair(expected, group, REACH)
            for row, column in zip(rows, columns):
                free[row].add(frame, group[column])
            for column in set(range(len(group))) - set(columns.tolist()):
                live.append(_Path([frame], [group[column, :4]], [float(group[column, 4])]))
    return done + live


def _believed(path: _Path) -> bool:
    """Is there enough for a face? One clear look or several weaker ones; single weak looks are mostly lamps
    and wheels."""
    best, looks = max(path.scores), len(path.scores)
    return best >= 0.5 or (looks >= 3 and best >= 0.35) or (looks >= 6 and best >= 0.3)


def _slipping(path: _Path, start: int, stop: int, size: tuple[int, int]) -> bool:
    """Is this somebody half out of the picture just as a shot begins or ends? No other frame can confirm it."""
    ends = [end for end, frame in ((0, start), (-1, stop - 1)) if path.frames[end] == frame]
    return any(_at_edge(path.boxes[end], size) for end in ends)


def _at_edge(box: np.ndarray, size: tuple[int, int]) -> bool:
    near = 0.15 * max(box[2] - box[0], box[3] - box[1])
    return bool(min(box[0], box[1], size[0] - box[2], size[1] - box[3]) < near)


def _fill(path: _Path, sightings: Sightings, start: int, stop: int, fps: float) -> Track:
    before, after = (sightings.empty(path.frames[end] + step, path.boxes[end]) for end, step in ((0, -1), (-1, 1)))
    first = max(start, path.frames[0] - _lead(path, 0, before, sightings.size, fps))
    last = min(stop - 1, path.frames[-1] + _lead(path, -1, after, sightings.size, fps))
    frames = np.arange(first, last + 1)
    known = np.array(path.boxes)
    boxes = np.stack([np.interp(frames, path.frames, known[:, i]) for i in range(4)], axis=1)
    _carry_on(boxes, frames, path)
    seen = np.zeros(len(frames))
    seen[np.array(path.frames) - first] = path.scores
    return Track(0, first, boxes, seen, np.zeros(len(frames), bool))


def _lead(path: _Path, end: int, nothing_beside: bool, size: tuple[int, int], fps: float) -> int:
    """How many frames to mask before the first look, or after the last.

    A fifth of a second for a small face, which a detector loses early; half of that for one that fills the picture;
    two frames where the very next frame was looked at and showed nothing, four where it slips out at the edge, since
    a sliver of a face shows nothing to a detector and much to a person.
    """
    if nothing_beside:
        return 4 if _at_edge(path.boxes[end], size) else 2
    x0, y0, x1, y1 = path.boxes[end]
    small = (x1 - x0) * (y1 - y0) < 0.005 * size[0] * size[1]
    return max(2, round(fps / 5 if small else fps / 10))


def _carry_on(boxes: np.ndarray, frames: np.ndarray, path: _Path) -> None:
    """Moves the box on at its pace in the frames before the first look and after the last."""
    if len(path.frames) < 2:
        return
    for end, beside, outside in ((0, 1, frames < path.frames[0]), (-1, -2, frames > path.frames[-1])):
        a, b = path.frames[end], path.frames[beside]
        pace = (
            (middle(path.boxes[end][None])[0] - middle(path.boxes[beside][None])[0]) / (a - b),
            (middle(path.boxes[end][None])[1] - middle(path.boxes[beside][None])[1]) / (a - b),
        )
        shift = (frames[outside] - a)[:, None] * np.array([*pace, *pace]).reshape(1, 4)
        boxes[outside] += shift / 2  # half way: it may as well have stopped, and the mask is wider than the face


def _mixed(tracks: list[Track]) -> list[Track]:
    """Marks frames where two tracks come within one face of each other."""
    for i, a in enumerate(tracks):
        for b in tracks[i + 1 :]:
            first, last = max(a.first, b.first), min(a.last, b.last)
            if first > last:
                continue
            one, other = a.boxes[first - a.first : last + 1 - a.first], b.boxes[first - b.first : last + 1 - b.first]
            close = _near(one, other)
            a.ambiguous[first - a.first : last + 1 - a.first] |= close
            b.ambiguous[first - b.first : last + 1 - b.first] |= close
    return tracks


def _near(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    (ax, ay, asize), (bx, by, bsize) = middle(a), middle(b)
    return np.hypot(ax - bx, ay - by) < (asize + bsize) / 2 * 1.25
