"""How does the protected copy come into being? Frame by frame into a fresh container that carries nothing else
over."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from commonbeat.errors import Broken
from commonbeat.footage.clip import Clip, Facts
from commonbeat.footage.held import Held
from commonbeat.footage.sound import Sound

__all__ = ["Written", "render"]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written: frames, seconds of each from the start, and whether sound went with them."""

    frames: int
    times: list[float]
    sound: bool


def render(
    clip: Clip,
    out: Path,
    paint: Callable[[int, np.ndarray], None],
    *,
    sound: str = "drop",
    muted=(),
    quality: int = 23,
    container: str = "mp4",
    threads: int = 2,
    expect: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> Written:
    """Writes the clip again with `paint(frame number, planes)` applied to every frame.

    Timestamps are those of the original, shifted to begin at 0; rotation is already in the pixels; no
    metadata, chapter,
    subtitle, cover or other track is carried over. H.264 baseline 8-bit 4:2:0 with AAC in MP4, or VP9 with
    Opus in WebM.
    `expect` frames must come out, or Broken is raised: a file that decodes differently twice cannot be masked safely.
    """
    clip.rewind()
    # an MP4 cannot be played before its index is there, which comes last; a WebM can, so its beginning is held back
    held = Held(out) if container == "webm" else None
    with av.open(held or str(out), "w", format=container, options=_muxing(container, clip.facts)) as target:
        video = _video(target, clip.facts, container, quality, threads)
        hearing = _hearing(clip, target, sound, muted, container)
        written = _copy(clip, target, video, hearing, paint, progress)
    if expect is not None and written.frames != expect:
        raise Broken(
            f"{clip.name}: the file gave {expect} frames when it was searched and {written.frames} when it was "
            "written; it is damaged. Repair or export it again, then protect that copy."
        )
    if held:
        held.finish()
    return written


def _muxing(container: str, facts: Facts) -> dict:
    # bitexact keeps program names and dates out of the file; the movie counts in the clip's own ticks, since a first
    # frame that is shown late would be rounded to a millisecond
    ticks = {"movflags": "+faststart", "movie_timescale": str(facts.time_base.denominator)}
    return {"fflags": "+bitexact", **(ticks if container == "mp4" else {})}


def _video(target, facts: Facts, container: str, quality: int, threads: int):
    width, height = (-(-side // 2) * 2 for side in (facts.width, facts.height))
    if container == "mp4":
        stream = target.add_stream("libx264", rate=Fraction(facts.rate).limit_denominator(1001))
        stream.options = {
            "preset": "veryfast",
            "crf": str(quality),
            "profile": "baseline",
            "x264-params": "nal-hrd=none",
        }
    else:
        stream = target.add_stream("libvpx-vp9", rate=Fraction(facts.rate).limit_denominator(1001))
        stream.options = {"crf": str(quality + 12), "b": "0", "deadline": "realtime", "cpu-used": "7", "row-mt": "1"}
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    stream.time_base = context.time_base = facts.time_base
    context.thread_count = threads
    context.sample_aspect_ratio = facts.aspect
    context.color_range = 2 if facts.full_range else 1
    context.color_primaries, context.color_trc, context.colorspace = facts.colour
    return stream


def _hearing(clip: Clip, target, sound: str, muted, container: str):
    """(original stream, new stream, Sound), or None where sound is dropped or cannot be decoded."""
    streams = clip.container.streams.audio
    if sound == "drop" or not streams:
        return None
    hearing = Sound(streams[0], clip.facts.start, muted, lower=sound == "lower")
    if container == "webm":
        hearing.rate = 48000
        hearing = Sound(_Rate(streams[0], 48000), clip.facts.start, muted, lower=sound == "lower")
    made = target.add_stream("aac" if container == "mp4" else "libopus", rate=hearing.rate)
    made.codec_context.layout = hearing.layout
    made.codec_context.bit_rate = 64_000 * hearing.channels
    return streams[0], made, hearing


class _Rate:
    """A stream's channels at a rate the encoder can take."""

    def __init__(self, stream, rate: int):
        self.codec_context = type("_", (), {"sample_rate": rate, "channels": stream.codec_context.channels})()


def _copy(clip: Clip, target, video, hearing, paint, progress) -> Written:
    times, last = [], None
    streams = [clip.stream] + ([hearing[0]] if hearing else [])
    for stream, frame in clip.decoded(streams):
        if stream is not clip.stream:
            _mux_sound(target, hearing[1], hearing[2].take(frame))
            continue
        number, planes = len(times), clip.planes(clip.sized(frame))
        paint(number, planes)
        made = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        made.time_base, made.pts = clip.facts.time_base, _tick(clip, frame, number, last)
        made.color_range, last = 2 if clip.facts.full_range else 1, made.pts
        times.append(float(made.pts * made.time_base))
        target.mux(video.encode(made))
        if progress:
            progress(len(times))
    target.mux(video.encode(None))
    if hearing:
        _mux_sound(target, hearing[1], hearing[2].end())
        target.mux(hearing[1].encode(None))
    return Written(len(times), times, hearing is not None)


def _mux_sound(target, stream, frames) -> None:
    for frame in frames:
        target.mux(stream.encode(frame))


def _tick(clip: Clip, frame, number: int, last: int | None) -> int:
    """The frame's own timestamp from the clip's start, in ticks; never before or on the frame shown last."""
    tick = round(clip.seconds(frame, number) / clip.facts.time_base)
    return max(tick, 0) if last is None else max(tick, last + 1)
