"""The whole way of one clip, in this process: search, follow, decide, write, look again, seal. `protect` runs
it fenced."""

from __future__ import annotations

import gc
import hashlib
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np

from commonbeat import __version__
from commonbeat.errors import BadInput
from commonbeat.footage import mask
from commonbeat.footage.clip import Clip
from commonbeat.footage.decide import decide, hidden_at
from commonbeat.footage.faces import CenterFace, Detector
from commonbeat.footage.journal import Journal
from commonbeat.footage.order import PART, POSTER, Decision, Order
from commonbeat.footage.plan import Plan
from commonbeat.footage.record import FootageRecord, Leak, TrackLine
from commonbeat.footage.regions import follow
from commonbeat.footage.render import render
from commonbeat.footage.search import find
from commonbeat.footage.tracks import track

__all__ = ["carry_out", "painter", "sha256"]

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".webm": "webm"}


def sha256(path: str | Path) -> str:
    """The fingerprint of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def carry_out(
    order: Order, progress: Callable[..., None] | None = None, detector: Detector | None = None
) -> FootageRecord:
    """Protects one clip as ordered, into `order.desk`; the caller puts copy and poster in place.

    progress : called with (stage, frames done, frames in all or None, faces)
    Raises what `Clip` raises, and BadInput for an unknown track or ending.
    """
    tell, began = progress or (lambda *_: None), time.perf_counter()
    desk, container = order.desk, _container(Path(order.out))
    with Clip(order.source, order.limits) as clip:
        original = sha256(order.source)
        plan = _planned(order, clip, original, desk, tell, detector)
        hidden = decide(plan.tracks, order.decisions)
        written = _written(order, clip, desk / PART, plan, hidden, container, tell)
    leak = _checked(order, desk / PART, plan, hidden, tell, detector) if order.check else Leak()
    if order.poster:
        _poster(desk / PART, desk / POSTER, plan)
    return _record(order, clip, plan, hidden, written, leak, original, time.perf_counter() - began)


def _written(order: Order, clip: Clip, part: Path, plan: Plan, hidden, container: str, tell):
    return render(
        clip,
        part,
        painter(plan, hidden, order.style),
        sound=order.sound,
        muted=order.muted,
        container=container,
        threads=order.threads,
        expect=plan.frames,
        progress=lambda n: tell("writing", n, plan.frames, 0),
    )


def _checked(order: Order, part: Path, plan: Plan, hidden, tell, detector) -> Leak:
    from commonbeat.footage.check import look_again

    def told(done: int, of: int) -> None:
        tell("checking", done, of, 0)

    return look_again(order.source, part, plan, hidden, detector=detector, limits=order.limits, progress=told)


def _container(out: Path) -> str:
    if out.suffix.lower() not in CONTAINERS:
        raise BadInput(
            f'{out.name}: the copy is written as .mp4 or .webm, not "{out.suffix}". Give it one of these endings.'
        )
    return CONTAINERS[out.suffix.lower()]


def _planned(order: Order, clip: Clip, original: str, desk: Path, tell, detector) -> Plan:
    if order.plan is not None:
        plan = Plan.of(order.plan)
        if plan.original != original:
            raise BadInput(
                f"{clip.name}: the plan belongs to another file (its sha256 differs). Protect this clip without it."
            )
        found = plan.tracks, plan.regions, plan.whole
    else:
        plan = _searched(order, clip, original, desk, tell, detector)
        found = plan.tracks, {}, frozenset()
    boxes, whole = follow(clip, list(order.regions), plan.times)
    return Plan(
        original,
        plan.frames,
        plan.size,
        plan.fps,
        plan.times,
        found[0],
        _added(found[1], boxes),
        _added(plan.extra, order.extra),
        found[2] | whole,
        plan.looked,
        plan.light,
        plan.detector,
        clip.damaged,
    )


def _searched(order: Order, clip: Clip, original: str, desk: Path, tell, detector) -> Plan:
    journal = Journal(desk / f"looks-{original[:16]}-{order.turned}-{__version__}.jsonl")
    expected = round((clip.facts.seconds or 0) * clip.facts.rate) or None
    try:
        seen = find(
            clip,
            detector=detector or CenterFace(),
            turned=order.turned,
            threads=order.threads,
            journal=journal,
            progress=lambda n, faces: tell("searching", n, expected, faces),
        )
    finally:
        journal.close()
        gc.collect()  # the detector's memory goes before the encoder's comes
    return Plan(
        original,
        seen.frames,
        seen.size,
        seen.fps,
        tuple(seen.times),
        tuple(track(seen, seen.fps)),
        looked=tuple(seen.whole),
        light=float(np.mean(seen.bright)) if seen.bright else None,
        detector=seen.detector,
        damaged=seen.damaged,
    )


def _added(one: dict[int, list], other: dict[int, list]) -> dict[int, list]:
    frames = one.keys() | other.keys()
    return {f: [tuple(map(float, box)) for box in [*one.get(f, []), *other.get(f, [])]] for f in sorted(frames)}


def painter(plan: Plan, hidden, style: str) -> Callable[[int, np.ndarray], None]:
    """What hides everything the plan knows in one frame: `paint(frame, planes)`."""
    at = hidden_at(plan.tracks, hidden)

    def paint(frame: int, planes: np.ndarray) -> None:
        if frame in plan.whole:
            mask.cover_all(planes)
            return
        mask.cover(planes, at(frame), style)
        mask.cover(planes, plan.extra.get(frame, []), style)
        mask.cover(planes, plan.regions.get(frame, []), style, square=True)

    return paint


def _poster(part: Path, poster: Path, plan: Plan) -> None:
    """Writes one frame of the protected copy as a JPEG, a third into the clip."""
    import cv2

    with Clip(part) as clip:
        wanted = plan.frames // 3
        for number, frame in enumerate(clip.frames()):
            if number == wanted:
                picture = clip.picture(frame, clip.facts.width, clip.facts.height)
                cv2.imwrite(str(poster), picture[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
                return


def _record(
    order: Order, clip: Clip, plan: Plan, hidden, written, leak: Leak, original: str, seconds: float
) -> FootageRecord:
    lines = tuple(_line(t, hidden[t.id], order.decisions.get(t.id, Decision())) for t in plan.tracks)
    step = 1 / plan.fps if plan.fps else 0
    return FootageRecord(
        frames=written.frames,
        fps=round(plan.fps, 6),
        duration_seconds=round(written.times[-1] + step, 6),
        tracks=lines,
        muted=order.muted if written.sound else (),
        leak=leak,
        seconds=round(seconds, 3),
        versions=_versions(plan),
        original=original,
        output=sha256(order.desk / PART),
        sound=order.sound if written.sound else "drop",
        style=order.style,
        regions=len(order.regions),
        extra=sum(map(len, plan.extra.values())),
        cautions=_cautions(order, plan, clip),
        light=plan.light,
        plan=plan.to_dict(),
    )


def _line(t, hidden: np.ndarray, choice: Decision) -> TrackLine:
    reason = choice.reason
    if choice.keep and not choice.withdrawn and hidden.any():
        reason = "consent_unclear_frames_masked"
    return TrackLine(t.id, t.first, t.last, len(t.boxes), bool(hidden.all()), reason)


def _versions(plan: Plan) -> dict:
    import av

    codecs = av.library_versions
    return {
        "commonbeat": __version__,
        "detector": plan.detector,
        "av": av.__version__,
        "onnxruntime": metadata.version("onnxruntime"),
        "libavcodec": ".".join(map(str, codecs["libavcodec"])),
    }


def _cautions(order: Order, plan: Plan, clip: Clip) -> tuple[str, ...]:
    said = []
    if clip.facts.interlaced:
        said.append("The original was interlaced; the copy shows one whole picture for each of its frames.")
    if plan.damaged:
        said.append(
            f"{plan.damaged} damaged packets of the original could not be decoded and are missing from the copy."
        )
    if plan.size[0] % 2 or plan.size[1] % 2:
        said.append("The picture had an odd number of pixels; its last row or column was doubled.")
    if order.sound == "drop":
        said.append(
            "The sound was left out, since nobody said they had listened to it (--mute or --sound keep says so)."
        )
    sizes = [
        float(np.sqrt(np.median((t.boxes[:, 2] - t.boxes[:, 0]) * (t.boxes[:, 3] - t.boxes[:, 1]))))
        for t in plan.tracks
    ]
    if sizes and min(sizes) < 12:
        said.append("Some faces are smaller than 12 pixels; such faces are often not found at all.")
    return tuple(said)
