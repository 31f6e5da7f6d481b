"""On which frames is it worth looking for faces, and what was seen there?

Neighbouring frames are nearly alike, so the detector looks at every k-th frame (key frames) and goes back between two
of them only where they leave a doubt, and only around that doubt. About once a second the picture is also turned by
quarter turns; where that finds a rolled head, or somebody moves fast, a second reading looks there turned.
"""

from __future__ import annotations

import bisect
import functools
import itertools
import math
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from commonbeat.footage.clip import Clip
from commonbeat.footage.faces import CenterFace, Detector
from commonbeat.footage.gaps import CLEAR, between, middle, pair
from commonbeat.footage.journal import Glance, Journal
from commonbeat.footage.look import ROLLED_FLOOR, TURNED_FLOOR, Look, unseen, vacant
from commonbeat.footage.shots import Shots
from commonbeat.footage.turns import QUARTERS, TILTS

__all__ = ["Sightings", "find"]

KEYS_PER_SECOND = 3.0  #: whole looks; half way between two, one at half size and around every face known
BUFFER_BYTES = 128e6  #: decoded frames kept while a gap is searched


@dataclass(slots=True)
class Sightings:
    """What was seen in a clip: `at[frame]` is (n, 5) x0, y0, x1, y1, score; frames not in it were not looked at.

    frames : how many frames the clip has; times: seconds of each from the clip's start
    size   : (width, height) upright, in pixels; fps: mean frames per second
    places : frames looked at only around these (m, 4) places; whole: those looked at altogether
    cuts   : first frames of new shots; turned: frames that were also looked at by quarter turns
    bright : mean brightness of looked-at frames, 0 to 255
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
    places: dict[int, np.ndarray] = field(default_factory=dict)

    @property
    def whole(self) -> list[int]:
        return sorted(self.at.keys() - self.places.keys())

    def empty(self, frame: int, box: np.ndarray) -> bool:
        """Was this frame looked at where the box is? (So that what was not seen was not there.)"""
        if frame not in self.at or frame not in self.places:
            return frame in self.at
        x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        x0, y0, x1, y1 = self.places[frame].T
        return bool(((x0 <= x) & (x <= x1) & (y0 <= y) & (y <= y1)).any())

    def to_dict(self) -> dict:
        return {
            "frames": self.frames,
            "size": self.size,
            "fps": self.fps,
            "cuts": self.cuts,
            "turned": sorted(self.turned),
            "looked_at": {frame: found.round(2) for frame, found in sorted(self.at.items())},
            "looked_at_whole": self.whole,
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
    turned   : "auto" looks for rolled heads once a second and follows where it finds one or somebody moves fast;
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


def _picture(picture: np.ndarray, eye: Look, turned: str) -> Sightings:
    (height, width), sized = picture.shape[:2], functools.partial(_resized, picture)
    found = eye.see(sized, width, height)
    if turned != "never":
        found = np.concatenate([found, unseen(eye.turned(sized, width, height, "all", ROLLED_FLOOR), found)])
    return Sightings(1, (width, height), 1.0, {0: found}, [0.0], detector=eye.detector.name)


def _resized(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    import cv2

    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


class _Search:
    """One or two readings of a clip, window by window; results do not depend on how threads are scheduled."""

    def __init__(self, clip: Clip, eye: Look, turned: str, threads: int, progress, journal: Journal | None):
        facts = clip.facts
        self.clip, self.eye, self.turned, self.threads = clip, eye, turned, threads
        self.progress = progress or (lambda done, faces: None)
        self.journal = journal or Journal(None)
        self.seen = Sightings(size=(facts.width, facts.height), fps=facts.rate, detector=eye.detector.name)
        fits = int(BUFFER_BYTES / (facts.width * facts.height * 1.5 * 4))
        self.step = max(1, min(round(facts.rate / KEYS_PER_SECOND), fits))
        self.probe = max(1, round(facts.rate / self.step))  # key frames in about one second
        self.windows: list[tuple[int, int]] = []
        self.filled: dict[int, np.ndarray] = {}  # what is known of a looked-at frame, sure places filled in
        self.known: dict[int, np.ndarray] = {}  # the same, after the first reading
        self.fast: dict[tuple[int, int], np.ndarray] = {}  # window -> places where somebody moves fast
        self.fast_at: dict[int, list[np.ndarray]] = {}  # key frame -> the same
        self.rolled: list[tuple[int, np.ndarray]] = []  # key frame, places where a head shows only turned
        self.wide = round(1.5 * facts.rate) + self.step  # frames around it that are read again
        self.near_rolled: list[tuple[int, int]] = []

    def run(self) -> Sightings:
        seen = self.seen
        with ThreadPoolExecutor(self.threads) as pool:
            self._read(pool, self._windows(), self._first_key, self._first_half, self._first_near)
            seen.damaged = self.clip.damaged
            if self.turned == "auto":
                self.near_rolled = _merged([(n - self.wide, n + self.wide) for n, _ in self.rolled])
                again = [w for w in self.windows if w in self.fast or _within(w, self.near_rolled)]
                if again:
                    self.known, self.filled = self.filled, {}
                    self.clip.rewind()
                    self._read(pool, self._again(again), self._second_key, self._second_half, self._second_near)
        seconds = seen.times[-1] - seen.times[0] if len(seen.times) > 1 else 0
        seen.fps = (len(seen.times) - 1) / seconds if seconds > 0 else self.clip.facts.rate
        return seen

    def _windows(self) -> Iterator[tuple[tuple[int, int], dict]]:
        """(first, last) and the frames from one look to the next; a cut closes a window and opens the next."""
        held, first, shots, seen = {}, 0, Shots(), self.seen
        for number, frame in enumerate(self.clip.frames()):
            seen.frames = number + 1
            seen.times.append(self.clip.seconds(frame, number))
            if shots.cut(frame):
                seen.cuts.append(number)
                if held and not self._known_end(first, held):
                    yield self._kept((first, number - 1)), held
                held = {}
            if not held:
                first = number
            held[number] = frame
            if number - first >= self.step:
                yield self._kept((first, number)), held
                held, first = {number: frame}, number
        if held and not self._known_end(first, held):
            yield self._kept((first, max(held))), held

    def _known_end(self, first: int, held: dict) -> bool:
        """Is this one frame alone, which the window before looked at already?"""
        return len(held) == 1 and bool(self.windows) and self.windows[-1][1] == first

    def _kept(self, window: tuple[int, int]) -> tuple[int, int]:
        self.windows.append(window)
        return window

    def _again(self, windows: list[tuple[int, int]]) -> Iterator[tuple[tuple[int, int], dict]]:
        """The same windows read a second time; two that touch share a frame."""
        waiting, held = list(windows), {}
        for number, frame in enumerate(self.clip.frames()):
            if not waiting:
                return
            if number >= waiting[0][0]:
                held[number] = frame
            if number == waiting[0][1]:
                yield waiting.pop(0), held
                held = {number: frame} if waiting and waiting[0][0] == number else {}

    def _read(self, pool: ThreadPoolExecutor, windows, key, half, near) -> None:
        """Four windows in flight at most, taken in order, so that memory stays flat and answers stay the same."""
        keys: dict[int, Future] = {}
        waiting: list[tuple] = []
        flying: list[tuple[Future, tuple[int, int]]] = []
        count = 0

        def settle(window, held, ends) -> None:
            flying.append((pool.submit(self._settle, window, held, ends, half, near), window))
            if len(flying) > 2:
                self._take(*flying.pop(0))

        for window, held in windows:
            for end in dict.fromkeys(window):
                if end not in keys:
                    keys[end] = pool.submit(key, end, held[end], count)
                    count += 1
            waiting.append((window, held, [keys[end] for end in window]))
            keys = {window[1]: keys[window[1]]}
            if len(waiting) > 1:  # one window behind its keys, else a thread would stand and wait for the other's key
                settle(*waiting.pop(0))
        for rest in waiting:
            settle(*rest)
        for task in flying:
            self._take(*task)

    def _settle(self, window, held, keys, half, near) -> tuple[dict, dict, dict]:
        glances = {end: key.result() for end, key in zip(window, keys)}
        boxes = {end: self._with_known(end, glance.found) for end, glance in glances.items()}
        places: dict[int, np.ndarray] = {}

        def again(number: int, around: np.ndarray) -> np.ndarray:
            glances[number], places[number] = near(number, held[number], around), self.eye.reach(around)
            return self._with_known(number, glances[number].found)

        middle_frame = (window[0] + window[1]) // 2
        if window[1] - window[0] > self.step // 2:
            known = self.eye.together([boxes[end] for end in window])
            glances[middle_frame] = half(middle_frame, held[middle_frame], known[:, :4])
            boxes[middle_frame] = self._with_known(middle_frame, glances[middle_frame].found)
        for a, b in itertools.pairwise(sorted(boxes)):
            between(a, b, boxes, again)
        return boxes, glances, places

    def _with_known(self, number: int, found: np.ndarray) -> np.ndarray:
        return np.concatenate([self.known[number], found]) if number in self.known else found

    def _take(self, task: Future, window: tuple[int, int]) -> None:
        boxes, glances, places = task.result()
        seen = self.seen
        for number, glance in sorted(glances.items()):
            before = seen.at.get(number)
            if before is None and number in places:
                seen.places[number] = places[number]
            seen.at[number] = glance.found if before is None else self.eye.together([before, glance.found])
            self.filled[number] = boxes[number]
            if glance.turned:
                seen.turned.add(number)
            if glance.rolled:
                self.rolled.append((number, _grown(glance.found[-glance.rolled :, :4])))
            if glance.light is not None:
                seen.bright.append(glance.light)
        fast = _fast([boxes[n] for n in sorted(boxes)])
        if len(fast):
            self.fast[window] = fast
            for end in window:
                self.fast_at.setdefault(end, []).append(fast)
        self.progress(window[1] + 1, sum(len(found) for found in boxes.values()))

    def _first_key(self, number: int, frame, count: int) -> Glance:
        """The whole picture upright; turned too once a second, at full size every third time. Dance mode turns every
        key frame, and every third at full size."""
        turn, every = None, 1 if self.turned == "always" else self.probe
        if self.turned != "never" and count % every == 0:
            turn = "half" if count % (3 * every) else "tilted" if self.turned == "always" else "full"
        floor = ROLLED_FLOOR if self.turned == "always" else TURNED_FLOOR
        return self._once(f"{number} {turn}", lambda: self._whole(frame, turn, floor))

    def _whole(self, frame, turn: str | None, floor: float) -> Glance:
        sized, (width, height) = self._sized(frame), self.seen.size
        straight = self.eye.see(sized, width, height)
        light = float(np.frombuffer(frame.planes[0], np.uint8)[::97].mean())
        if turn is None:
            return Glance(straight, light=light)
        rolled = unseen(self.eye.turned(sized, width, height, turn, floor), straight)
        return Glance(np.concatenate([straight, rolled]), len(rolled), True, light)

    def _first_half(self, number: int, frame, known: np.ndarray) -> Glance:
        """The whole picture at half size, for who is new and large; and a look at each face the two keys know."""

        def look() -> Glance:
            sized, (width, height) = self._sized(frame), self.seen.size
            there = self.eye.near(sized(width, height), known)
            return Glance(self.eye.together([there, self.eye.see(sized, width, height, smaller=True)]))

        return self._once(f"{number} half", look)

    def _second_half(self, number: int, frame, known: np.ndarray) -> Glance:
        return self._second_key(number, frame, 0)

    def _first_near(self, number: int, frame, places: np.ndarray) -> Glance:
        def look() -> Glance:
            picture = self._sized(frame)(*self.seen.size)
            straight = self.eye.near(picture, places)
            if self.turned != "always":
                return Glance(straight)
            rolled = unseen(self.eye.near(picture, places, ROLLED_FLOOR, QUARTERS + TILTS), straight)
            return Glance(np.concatenate([straight, rolled]), len(rolled), True)

        return self._once(f"{number} near {places.round().tolist()}", look)

    def _second_key(self, number: int, frame, count: int) -> Glance:
        """What shows only turned: around those who move fast; near rolled heads around them, and everywhere at half size."""

        def look() -> Glance:
            width, height = self.seen.size
            rolled = self._rolled_near(number)
            fast = vacant(np.concatenate([*self.fast_at.get(number, []), np.empty((0, 4))]), self.known[number])
            sized, floor = self._sized(frame), ROLLED_FLOOR if rolled else TURNED_FLOOR
            more = self.eye.near(sized(width, height), np.concatenate([fast, *rolled]), floor, QUARTERS)
            if rolled:
                more = self.eye.together([more, self.eye.turned(sized, width, height, "half", floor)])
            return Glance(unseen(more, self.known[number]), turned=True)

        return self._once(f"{number} again", look)

    def _rolled_near(self, number: int) -> list[np.ndarray]:
        first = bisect.bisect_left(self.rolled, number - self.wide, key=lambda r: r[0])
        last = bisect.bisect_right(self.rolled, number + self.wide, key=lambda r: r[0])
        return [places for _, places in self.rolled[first:last]]

    def _second_near(self, number: int, frame, places: np.ndarray) -> Glance:
        known = self.known.get(number, np.empty((0, 5)))
        floor = ROLLED_FLOOR if _within((number, number), self.near_rolled) else TURNED_FLOOR

        def look() -> Glance:
            picture = self._sized(frame)(*self.seen.size)
            straight = np.empty((0, 5)) if number in self.known else self.eye.near(picture, places)
            seen = np.concatenate([known, straight])
            rolled = unseen(self.eye.near(picture, vacant(places, seen), floor, QUARTERS + TILTS), seen)
            return Glance(np.concatenate([straight, rolled]), turned=True)

        return self._once(f"{number} again near {places.round().tolist()}", look)

    def _sized(self, frame) -> Callable[[int, int], np.ndarray]:
        return lambda width, height: self.clip.picture(frame, width, height)

    def _once(self, key: str, look: Callable[[], Glance]) -> Glance:
        known = self.journal.get(key)
        if known is None:
            known = look()
            self.journal.put(key, known)
        return known


def _fast(looks: list[np.ndarray]) -> np.ndarray:
    """Where did a clear face move half its size or more between two of these looks? Heads roll when bodies move."""
    moved = [np.empty((0, 4))]
    for a, b in itertools.pairwise(looks):
        a, b = a[a[:, 4] >= CLEAR], b[b[:, 4] >= CLEAR]
        rows, columns, _ = pair(a, b, reach=2.0)
        (ax, ay, asize), (bx, by, bsize) = middle(a[rows]), middle(b[columns])
        far = np.hypot(ax - bx, ay - by) > 0.5 * np.sqrt(asize * bsize)
        moved += [a[rows[far], :4], b[columns[far], :4]]
    return np.concatenate(moved)


def _grown(places: np.ndarray) -> np.ndarray:
    """Boxes twice as wide and high: somebody who dances is elsewhere a second later."""
    half = np.tile((places[:, 2:] - places[:, :2]) / 2, 2) * [-1, -1, 1, 1]
    return places + half


def _merged(spans) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for a, b in sorted(spans):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((max(a, 0), b))
    return merged


def _within(window: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    """Does the window touch one of these sorted spans, none of which overlap?"""
    last = bisect.bisect_right(spans, (window[1], math.inf)) - 1
    return last >= 0 and spans[last][1] >= window[0]
