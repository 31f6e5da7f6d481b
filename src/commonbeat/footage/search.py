"""On which frames is it worth looking for faces, and what was seen there?

Neighbouring frames are nearly alike, so the detector looks at every k-th frame (key frames) and goes back
between two of
them only where they leave a doubt: a clear face on one side with no partner on the other, or one that moved or grew a
lot. The search halves the gap until the doubt is gone or no frame is left. About once a second the picture is
also turned
by quarter turns; where that finds a rolled head, or much moves, a second reading looks at that stretch turned
throughout.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from commonbeat.footage.clip import Clip
from commonbeat.footage.faces import CenterFace, Detector
from commonbeat.footage.look import ROLLED_FLOOR, TURNED_FLOOR, Look, unseen

__all__ = ["Journal", "Sightings", "find"]

CLEAR = 0.5  #: score from which a face without a partner is a reason to look again
MOVED = 0.7  #: centre movement and growth, in face sizes, that is a reason to look again
LOOKS_PER_SECOND = 6.0  #: key frames; the fewest that lost nobody on the clips measured
BUFFER_BYTES = 96e6  #: decoded frames kept while a gap is searched


@dataclass(slots=True)
class Sightings:
    """What was seen in a clip: `at[frame]` is (n, 5) x0, y0, x1, y1, score; frames not in it were not looked at.

    frames : how many frames the clip has; times: seconds of each from the clip's start
    size   : (width, height) upright, in pixels; fps: mean frames per second
    cuts   : first frames of new shots; turned: frames that were also looked at by quarter turns
    dark   : mean brightness of looked-at frames, 0 to 255
    detector, damaged : what looked, and how many packets of the file could not be decoded
    """

    frames: int = 0
    size: tuple[int, int] = (0, 0)
    fps: float = 25.0
    at: dict[int, np.ndarray] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)
    turned: set[int] = field(default_factory=set)
    bright: list[float] = field(default_factory=list)
    detector: str = ""
    damaged: int = 0

    def to_dict(self) -> dict:
        return {
            "frames": self.frames,
            "size": self.size,
            "fps": self.fps,
            "cuts": self.cuts,
            "turned": sorted(self.turned),
            "looked_at": {frame: found.round(2) for frame, found in sorted(self.at.items())},
            "detector": self.detector,
            "damaged": self.damaged,
        }


def find(
    source,
    *,
    detector: Detector | None = None,
    turned: str = "auto",
    threads: int = 2,
    progress: Callable[[int, int], None] | None = None,
    limits=None,
    journal: Journal | None = None,
) -> Sightings:
    """Where are faces in this video (or in this one picture)?

    source   : path of a video, an open Clip, or one RGB picture (height, width, 3) uint8
    turned   : "auto" looks for rolled heads once a second and follows where it finds one or much moves;
               "always" (dance mode) on every look; "never"
    threads  : looks taken side by side; the answer does not depend on it
    progress : called with (frames read, faces seen)
    journal  : remembers looks, so that a search that was killed goes on where it stopped
    Returns Sightings. Raises BadInput or Refused as `Clip` does, Missing without the model.
    """
    eye = Look(detector or CenterFace())
    if isinstance(source, np.ndarray):
        return _picture(source, eye, turned)
    if isinstance(source, (str, Path)):
        with Clip(source, limits) as clip:
            return _Search(clip, eye, turned, threads, progress, journal).run()
    return _Search(source, eye, turned, threads, progress, journal).run()


class Journal:
    """Looks already taken, one line each in a private file; None keeps nothing. A torn last line is passed over."""

    def __init__(self, path: Path | None):
        self._known: dict[str, tuple] = {}
        if path is not None and path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                with contextlib.suppress(ValueError):
                    key, boxes, *rest = json.loads(line)
                    self._known[key] = (np.array(boxes, float).reshape(-1, 5), *rest)
        self._file = path.open("a", encoding="utf-8") if path is not None else None
        self._lock = threading.Lock()

    def get(self, key: str) -> tuple | None:
        return self._known.get(key)

    def put(self, key: str, look: tuple) -> None:
        if self._file is not None:
            with self._lock:
                self._file.write(json.dumps([key, look[0].tolist(), *look[1:]]) + "\n")
                self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


def _picture(picture: np.ndarray, eye: Look, turned: str) -> Sightings:
    height, width = picture.shape[:2]
    found = eye.see(lambda w, h: _resized(picture, w, h), width, height, turned=None if turned == "never" else "full")
    return Sightings(1, (width, height), 1.0, {0: found}, [0.0], detector=eye.detector.name)


def _resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    import cv2

    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


class _Search:
    """One reading of a clip, window by window; results do not depend on how threads are scheduled."""

    def __init__(self, clip: Clip, eye: Look, turned: str, threads: int, progress, journal: Journal | None):
        facts = clip.facts
        self.clip, self.eye, self.turned, self.threads = clip, eye, turned, threads
        self.progress = progress or (lambda done, faces: None)
        self.journal = journal or Journal(None)
        self.seen = Sightings(size=(facts.width, facts.height), fps=facts.rate, detector=eye.detector.name)
        fits = int(BUFFER_BYTES / (facts.width * facts.height * 1.5 * 3))
        self.step = max(1, min(round(facts.rate / LOOKS_PER_SECOND), fits))
        self.probe = max(1, round(facts.rate / self.step))  # key frames in about one second
        self.restless: list[tuple[int, int]] = []
        self.rolled: list[int] = []
        self.cut_at: set[int] = set()
        self.near_rolled: list[tuple[int, int]] = []

    def run(self) -> Sightings:
        seen = self.seen
        with ThreadPoolExecutor(self.threads) as pool:
            self._read(pool, self._windows(cuts=True), self._first_look)
            seen.damaged = self.clip.damaged
            spans = self._spans() if self.turned == "auto" else []
            if spans:
                self.clip.rewind()
                self._read(pool, self._windows(cuts=False, spans=spans), self._turned_look)
        seconds = seen.times[-1] - seen.times[0] if len(seen.times) > 1 else 0
        seen.fps = (len(seen.times) - 1) / seconds if seconds > 0 else self.clip.facts.rate
        return seen

    def _windows(self, cuts: bool, spans=None) -> Iterator[tuple[list[int], dict]]:
        """Runs of frames between two looks: ([first, last], frames by number); a cut closes one and opens the
        next."""
        held, first, last_thumb, calm = {}, 0, None, 4.0
        for number, frame in enumerate(self.clip.frames()):
            if cuts:
                self._note(number, frame)
                thumb = _thumbnail(frame)
                step = _step(last_thumb, thumb)
                if last_thumb is not None and _is_cut(step, calm, last_thumb, thumb):
                    self.seen.cuts.append(number)
                    self.cut_at.add(number)
                calm, last_thumb = 0.8 * calm + 0.2 * min(step, 20.0), thumb
            elif not _within(number, spans):
                if held:
                    yield [first, max(held)], held
                held = {}
                continue
            if held and number in self.cut_at:
                yield [first, number - 1], held
                held = {}
            if not held:
                first = number
            held[number] = frame
            if number - first >= self.step:
                yield [first, number], held
                held, first = {number: frame}, number
        if held:
            yield [first, max(held)], held

    def _note(self, number: int, frame) -> None:
        self.seen.frames = number + 1
        self.seen.times.append(self.clip.seconds(frame, number))

    def _read(self, pool: ThreadPoolExecutor, windows, look) -> None:
        """Three windows in flight at most, taken in order, so that memory stays flat and answers stay the same."""
        keys: dict[int, Future] = {}
        flying: list[tuple[Future, list[int]]] = []
        count = 0
        for ends, held in windows:
            for end in dict.fromkeys(ends):
                if end not in keys:
                    keys[end] = pool.submit(look, end, held[end], count)
                    count += 1
            flying.append((pool.submit(self._settle, ends, held, [keys[end] for end in ends], look), ends))
            keys = {ends[1]: keys[ends[1]]}
            if len(flying) > 2:
                self._take(*flying.pop(0))
        for task in flying:
            self._take(*task)

    def _settle(self, ends, held, keys, look) -> tuple[dict, dict]:
        at = {end: key.result() for end, key in zip(ends, keys)}
        boxes = {end: found for end, (found, *_) in at.items()}

        def again(number: int) -> np.ndarray:
            at[number] = look(number, held[number], None)
            return at[number][0]

        between(ends[0], ends[1], boxes, again)
        return boxes, at

    def _take(self, task: Future, ends: list[int]) -> None:
        boxes, at = task.result()
        for number in sorted(boxes):
            before = self.seen.at.get(number)
            self.seen.at[number] = boxes[number] if before is None else self.eye.together([before, boxes[number]])
            _, rolled, was_turned, light = at[number]
            if was_turned:
                self.seen.turned.add(number)
            if rolled:
                self.rolled.append(number)
            self.seen.bright.append(light)
        if _fast([boxes[n] for n in sorted(boxes)]):
            self.restless.append((ends[0], ends[1]))
        self.progress(ends[1] + 1, sum(len(found) for found in boxes.values()))

    def _first_look(self, number: int, frame, count: int | None):
        """Upright; turned too at every key frame of the second, at full size at every third of those."""
        turn = None
        if self.turned == "always":
            turn = "full"
        elif self.turned == "auto" and count is not None and count % self.probe == 0:
            turn = "full" if count % (3 * self.probe) == 0 else "half"
        return self._see(number, frame, turn, ROLLED_FLOOR if self.turned == "always" else TURNED_FLOOR)

    def _turned_look(self, number: int, frame, count: int | None):
        near = _within(number, self.near_rolled)
        return self._see(number, frame, "full" if near else "half", ROLLED_FLOOR if near else TURNED_FLOOR)

    def _see(self, number: int, frame, turn: str | None, floor: float):
        key = f"{number} {turn} {floor}"
        known = self.journal.get(key)
        if known is None:
            known = self._look(frame, turn, floor)
            self.journal.put(key, known)
        return known

    def _look(self, frame, turn: str | None, floor: float):
        def sized(width: int, height: int) -> np.ndarray:
            return self.clip.picture(frame, width, height)

        width, height = self.seen.size
        straight = self.eye.see(sized, width, height)
        light = float(np.frombuffer(frame.planes[0], np.uint8)[::97].mean())
        if turn is None:
            return straight, False, False, light
        rolled = unseen(self.eye.turned(sized, width, height, turn, floor), straight)
        return np.concatenate([straight, rolled]), len(rolled) > 0, True, light

    def _spans(self) -> list[tuple[int, int]]:
        """Stretches to read again turned: a second and a half around rolled heads, and where much moved."""
        wide = round(1.5 * self.seen.fps) + self.step
        self.near_rolled = _merged([(n - wide, n + wide) for n in self.rolled], self.step)
        return _merged(self.near_rolled + self.restless, self.step)


def _fast(looks: list[np.ndarray]) -> bool:
    """Did a clear face move half its size or more between two of these looks? Heads roll when bodies move."""
    for a, b in itertools.pairwise(looks):
        a, b = a[a[:, 4] >= CLEAR], b[b[:, 4] >= CLEAR]
        rows, columns, _ = pair(a, b, reach=2.0)
        (ax, ay, asize), (bx, by, bsize) = middle(a[rows]), middle(b[columns])
        if (np.hypot(ax - bx, ay - by) > 0.5 * np.sqrt(asize * bsize)).any():
            return True
    return False


def _merged(spans, near: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if merged and a <= merged[-1][1] + near:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((max(a, 0), b))
    return merged


def _within(number: int, spans) -> bool:
    return any(a <= number <= b for a, b in spans)


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


def pair(a: np.ndarray, b: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which box of `a` became which box of `b`?

    Distance is between centres in mean face sizes, plus the absolute log ratio of sizes; pairs farther than
    `reach` are
    none. Returns row numbers in a, in b, and the distances. Assignment: Hungarian (scipy).
    """
    if not len(a) or not len(b):
        none = np.empty(0, int)
        return none, none, np.empty(0)
    apart = distance(a, b)
    rows, columns = linear_sum_assignment(np.minimum(apart, 4 * reach))
    near = apart[rows, columns] <= reach
    return rows[near], columns[near], apart[rows[near], columns[near]]


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far are boxes apart, in face sizes, with a change of size counted too? (n, m)."""
    (ax, ay, asize), (bx, by, bsize) = middle(a), middle(b)
    size = np.sqrt(asize[:, None] * bsize[None])
    gap = np.hypot(ax[:, None] - bx[None], ay[:, None] - by[None]) / size
    return gap + np.abs(np.log(asize[:, None] / bsize[None]))


def middle(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre x, centre y and size (geometric mean of the sides) of boxes."""
    x0, y0, x1, y1 = boxes[:, :4].T
    return (x0 + x1) / 2, (y0 + y1) / 2, np.sqrt(np.maximum((x1 - x0) * (y1 - y0), 1.0))


def doubtful(a: np.ndarray, b: np.ndarray) -> bool:
    """Do two looks leave a doubt about what happened between them?"""
    rows, columns, apart = pair(a, b, reach=2.0)
    if len(apart) and apart.max() > MOVED:
        return True
    lone_a, lone_b = np.ones(len(a), bool), np.ones(len(b), bool)
    lone_a[rows] = lone_b[columns] = False
    return bool((a[lone_a, 4] >= CLEAR).any() or (b[lone_b, 4] >= CLEAR).any())


def between(first: int, last: int, at: dict[int, np.ndarray], look: Callable[[int], np.ndarray]) -> None:
    """Looks between two frames already looked at, until no doubt is left; writes into `at`."""
    todo = [(first, last)]
    while todo:
        a, b = todo.pop()
        if b - a > 1 and doubtful(at[a], at[b]):
            middle_frame = (a + b) // 2
            at[middle_frame] = look(middle_frame)
            todo += [(middle_frame, b), (a, middle_frame)]
