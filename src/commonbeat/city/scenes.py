"""Two short clips, drawn: the stroller and the dance-off. The renderer writes down where every face truly is.

scene = scenes.render("stroller", "stroller.mp4", seed=7)
scene.boxes[0]      # [(x0, y0, x1, y1), ...] in pixels, of every face of frame 0
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonbeat.city.canvas import HEIGHT, WIDTH, Canvas
from commonbeat.city.melody import RATE, play
from commonbeat.city.plays import PLAYS
from commonbeat.city.stage import backdrop
from commonbeat.city.words import stream
from commonbeat.errors import BadInput, Missing
from commonbeat.estimate import plain

__all__ = ["KINDS", "Scene", "frames", "render"]

KINDS = tuple(PLAYS)
FPS, SECONDS = 24, 6.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A drawn clip and its truth. boxes : frame -> [(x0, y0, x1, y1)] pixels, forehead to chin; who : frame -> names of roles."""

    path: Path
    kind: str
    seed: int
    width: int
    height: int
    fps: int
    frames: int
    boxes: dict[int, list[tuple[float, float, float, float]]]
    who: dict[int, list[str]]

    def to_dict(self) -> dict:
        return plain(
            {name: getattr(self, name) for name in self.__slots__ if name != "path"}
            | {"path": self.path.name, "simulated": True}
        )


def frames(kind: str, seed: int, *, height: int = 540, fps: int = FPS, seconds: float = SECONDS):
    """Draws the clip picture by picture: yields ((height, width, 3) uint8, [(who, box)])."""
    if kind not in PLAYS:
        raise BadInput(f'there is no drawn clip "{kind}"; clips are {", ".join(KINDS)}')
    if not 90 <= height <= 1080 or height % 2 or not 0 < seconds <= 60 or not 1 <= fps <= 60:
        raise BadInput(
            f"a clip of height {height}, {seconds} s at {fps} pictures a second: the height is even and 90 to 1080, at most 60 s and 60 a second"
        )
    width = round(height * WIDTH / HEIGHT / 2) * 2
    rng = stream(seed, f"scene {kind}")
    painted = backdrop(kind, rng, min(2400, round(1.6 * width)))
    play_ = PLAYS[kind](rng)
    for k in range(round(seconds * fps)):
        t = k / fps
        canvas = Canvas(np.empty((height, width, 3), np.uint8), play_.camera(t / seconds * SECONDS))
        canvas.backdrop(painted)
        play_.draw(canvas, t / seconds * SECONDS)
        yield canvas.pixels, canvas.seen


def render(
    kind: str, path, seed: int = 7, *, height: int = 540, fps: int = FPS, seconds: float = SECONDS, progress=None
) -> Scene:
    """Draws a clip, its music and the true place of every face, into an mp4 that appears only when it is whole.

    kind : "stroller" or "dance-off"    height : pixels; the width follows, 16 to 9    progress : called with frames done, of all
    Raises Missing without PyAV. The same seed draws the same pictures.
    """
    try:
        import av
    except ImportError:
        raise Missing("Drawing a clip needs PyAV: `pip install av`.") from None
    path = Path(path)
    part = path.with_name(f".{path.name}.part.mp4")
    boxes, who, total = {}, {}, round(seconds * fps)
    try:
        with av.open(str(part), "w", options={"movflags": "faststart"}) as out:
            out.metadata["title"] = f"{kind} (drawn by the simulated city)"
            video = out.add_stream("libx264", rate=fps, options={"crf": "19", "preset": "veryfast"})
            video.pix_fmt, sound = "yuv420p", out.add_stream("aac", rate=RATE)
            sound.layout, video.thread_count = "stereo", 1
            for k, (pixels, seen) in enumerate(frames(kind, seed, height=height, fps=fps, seconds=seconds)):
                if not k:
                    video.height, video.width = pixels.shape[:2]
                boxes[k], who[k] = [box for _, box in seen], [name for name, _ in seen]
                out.mux(video.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
                if progress:
                    progress(k + 1, total)
            out.mux(video.encode())
            _music(av, out, sound, play(kind, seconds, stream(seed, f"music {kind}")))
            size = video.width, video.height
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
    return Scene(path, kind, seed, *size, fps, len(boxes), boxes, who)


def _music(av, out, stream_, samples):
    for k in range(0, len(samples), 1024):
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(samples[k : k + 1024].T), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = RATE, k
        out.mux(stream_.encode(frame))
    out.mux(stream_.encode())
