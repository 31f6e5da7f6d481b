"""What is in this video file, may we work on it, and what do its frames look like upright?"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from commonbeat.errors import BadInput, Refused
from commonbeat.footage.fields import Fields
from commonbeat.footage.order import Limits

__all__ = ["Clip", "Facts"]

#: containers a camera, a phone or an editor writes; playlists, device inputs and text "players" are never opened
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,asf,flv,ogg,mxf,gif"
HDR_TRANSFERS = {16: "PQ (HDR10)", 18: "HLG"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the file says about itself, before a frame is decoded.

    width, height : upright, in pixels; turn : (transpose, flip left-right, flip up-down) that makes it upright
    seconds       : None when the file does not say; rate : frames per second, for spacing only, timestamps rule
    start         : first timestamp of the container in seconds; everything is shifted so that it is 0
    full_range, colour : as the encoder wants them; aspect : of one pixel; interlaced : its frames are woven of two fields
    """

    width: int
    height: int
    turn: tuple[bool, bool, bool]
    seconds: float | None
    rate: float
    start: float
    time_base: Fraction
    full_range: bool
    colour: tuple[int, int, int]
    aspect: Fraction
    audio: str | None
    interlaced: bool = False


class Clip:
    """An opened video: `facts`, and `frames()` in the order they are shown.

    Use as a context manager. Raises BadInput when it is not a video we can read, Refused for what we will not
    do (HDR,
    too long, too large). `damaged` counts packets that could not be decoded and were left out.
    """

    def __init__(self, path: str | Path, limits: Limits | None = None):
        self.path, self.limits, self.damaged = Path(path), limits or Limits(), 0
        self.first: av.VideoFrame | None = None
        self.name = self.path.name
        self._shrinking = threading.Lock()  # two threads that scale the same frame wait for each other for ever
        if not self.path.is_file():
            raise BadInput(f"{self.name}: there is no such file. Give the path of a video.")
        if self.path.stat().st_size == 0:
            raise BadInput(f"{self.name}: the file is empty. Copy it again from the camera.")
        try:
            options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
            self.container = av.open(str(self.path), options=options, metadata_errors="ignore")
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise BadInput(
                f"{self.name}: this is not a video file we can read ({_short(error)}). Give an MP4, MOV, "
                "MKV, WebM or AVI file, or open it in a player and export it again."
            ) from None
        try:
            self.stream = self._video_stream()
            self.first = self._first_frame()
            self.facts = self._facts()
            self._allowed()
        except BaseException:
            self.container.close()
            raise

    def __enter__(self) -> Clip:
        return self

    def __exit__(self, *_) -> None:
        self.container.close()

    def _video_stream(self):
        real = [s for s in self.container.streams.video if not int(s.disposition) & 0x400]  # 0x400: cover art
        if not real:
            what = "only sound" if self.container.streams.audio else "no pictures"
            raise BadInput(f"{self.name}: there is {what} in this file. Give a video.")
        real[0].thread_type = "AUTO"
        real[0].thread_count = 1  # one decoding thread gives the same frames every time, damaged files too
        return real[0]

    def _first_frame(self):
        frame = next((f for _, f in self.decoded()), None)
        if frame is None:
            raise BadInput(
                f"{self.name}: no frame of the video can be decoded; the file is damaged or cut short. "
                "Copy it again from the camera."
            )
        self.rewind()
        return frame

    def _facts(self) -> Facts:
        frame, stream = self.first, self.stream
        transpose, across, down = _turn(frame)
        width, height = (frame.height, frame.width) if transpose else (frame.width, frame.height)
        known = [float(self.container.duration / av.time_base)] if self.container.duration else []
        rate = float(stream.average_rate or stream.guessed_rate or 25)
        aspect = Fraction(stream.sample_aspect_ratio or 1) or Fraction(1)
        start = min(
            [
                float(s.start_time * s.time_base)
                for s in self.container.streams
                if s.type in ("video", "audio") and s.start_time is not None
            ]
            or [0.0]
        )
        audio = self.container.streams.audio
        return Facts(
            width=width,
            height=height,
            turn=(transpose, across, down),
            seconds=known[0] if known else None,
            rate=rate if 1 <= rate <= 1000 else 25.0,
            start=start,
            time_base=stream.time_base or Fraction(1, 90_000),
            full_range=int(frame.color_range) == 2 or frame.format.name.startswith("yuvj"),
            colour=(_code(frame.color_primaries), _code(frame.color_trc), _code(frame.colorspace)),
            aspect=1 / aspect if transpose else aspect,
            audio=audio[0].codec_context.name if audio else None,
            interlaced=bool(frame.interlaced_frame),
        )

    def _allowed(self) -> None:
        facts, limits = self.facts, self.limits
        for source in (self.first, self.stream.codec_context):
            curve = HDR_TRANSFERS.get(_code(source.color_trc))
            if curve:
                raise Refused(
                    f"{self.name}: this is HDR video ({curve}); writing it as ordinary video would change its "
                    "colours unseen. Export it as SDR (Rec. 709) and give that file."
                )
        if facts.seconds and facts.seconds > limits.seconds:
            raise Refused(
                f"{self.name}: the video lasts {facts.seconds / 3600:.1f} hours; at most "
                f"{limits.seconds / 3600:.1f} are taken at once. Cut it into parts."
            )
        if facts.width * facts.height > limits.megapixels * 1e6:
            raise Refused(
                f"{self.name}: the picture is {facts.width} x {facts.height}; at most {limits.megapixels:.0f} "
                "megapixels are taken. Export it smaller."
            )
        if min(facts.width, facts.height) < 16:
            raise BadInput(f"{self.name}: the picture is {facts.width} x {facts.height}; at least 16 x 16 is needed.")

    def decoded(self, streams=None) -> Iterator[tuple]:
        """(stream, frame) of every packet that decodes; what does not is counted. Woven fields come out as whole pictures."""
        whole = Fields(self.first) if self.first is not None and self.first.interlaced_frame else None
        for packet in self._packets(streams or [self.stream]):
            try:
                for frame in packet.decode():
                    ready = [frame] if whole is None or packet.stream is not self.stream else whole.take(frame)
                    yield from ((packet.stream, picture) for picture in ready)
            except av.error.FFmpegError:
                self.damaged += 1
        if whole is not None:
            yield from ((self.stream, picture) for picture in whole.end())

    def _packets(self, streams) -> Iterator:
        packets = self.container.demux(streams)
        while True:
            try:
                yield next(packets)
            except StopIteration:
                return
            except av.error.FFmpegError:  # the index ends in the middle of a packet
                self.damaged += 1
                return

    def frames(self) -> Iterator[av.VideoFrame]:
        """Every frame, in the order shown, of one size; frames stay as decoded until `planes` or `picture`."""
        for _, frame in self.decoded():
            yield self.sized(frame)

    def rewind(self) -> None:
        """Back to the first frame."""
        self.container.seek(0)
        self.stream.codec_context.flush_buffers()

    def seconds(self, frame: av.VideoFrame, number: int) -> float:
        """When is this frame shown, from the clip's start? Counted by the frame rate where the file does not say."""
        if frame.pts is None:
            return number / self.facts.rate
        return float(frame.pts * (frame.time_base or self.facts.time_base)) - self.facts.start

    def sized(self, frame: av.VideoFrame) -> av.VideoFrame:
        """The frame in the first frame's size: a stream may change its size midway."""
        first = self.first
        if (frame.width, frame.height) == (first.width, first.height):
            return frame
        made = frame.reformat(width=first.width, height=first.height)
        made.pts, made.time_base = frame.pts, frame.time_base
        return made

    def picture(self, frame: av.VideoFrame, width: int, height: int) -> np.ndarray:
        """The upright frame as RGB (height, width, 3), in the size asked for."""
        if self.facts.turn[0]:
            width, height = height, width
        with self._shrinking:
            made = frame.reformat(width=width, height=height, format="rgb24").to_ndarray()
        return upright(made, self.facts.turn)

    def planes(self, frame: av.VideoFrame) -> np.ndarray:
        """The upright frame as 8-bit 4:2:0 planes under each other (3/2 height, width), sides rounded up to even.

        Always a copy: a decoder still needs the frame it gave out to build the next one.
        """
        if frame.format.name not in ("yuv420p", "yuvj420p"):
            frame = frame.reformat(format="yuv420p")
        turned = [upright(_plane(plane), self.facts.turn) for plane in frame.planes[:3]]
        height, width = (-(-side // 2) * 2 for side in turned[0].shape)
        out = np.empty((height * 3 // 2, width), np.uint8)
        for part, plane in zip(split(out), turned):
            part[: plane.shape[0], : plane.shape[1]] = plane[: part.shape[0], : part.shape[1]]
            part[plane.shape[0] :] = part[plane.shape[0] - 1 : plane.shape[0]]
            part[:, plane.shape[1] :] = part[:, plane.shape[1] - 1 : plane.shape[1]]
        return out


def split(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Views of brightness (h, w) and the two colour planes (h/2, w/2) in planes laid under each other."""
    height, width = planes.shape[0] * 2 // 3, planes.shape[1]
    colour = planes[height:].reshape(2, height // 2, width // 2)
    return planes[:height], colour[0], colour[1]


def upright(picture: np.ndarray, turn: tuple[bool, bool, bool]) -> np.ndarray:
    """The picture as a viewer sees it; contiguous."""
    transpose, across, down = turn
    if transpose:
        picture = picture.swapaxes(0, 1)
    if across:
        picture = picture[:, ::-1]
    if down:
        picture = picture[::-1]
    return np.ascontiguousarray(picture)


def _turn(frame: av.VideoFrame) -> tuple[bool, bool, bool]:
    """The display matrix of the frame as a quarter turn with flips: x' = a x + c y, y' = b x + d y."""
    for side in frame.side_data:
        if side.type.name == "DISPLAYMATRIX":  # type: ignore[attr-defined]  # the stubs say str
            a, b, _, c, d = np.frombuffer(side, "<i4")[:5].tolist()
            if abs(b) + abs(c) > abs(a) + abs(d):
                return True, c < 0, b < 0
            return False, a < 0, d < 0
    return False, False, False


def _plane(plane) -> np.ndarray:
    rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def _code(value) -> int:
    return int(value) if value is not None else 2


def _short(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error).split(";")[0].strip().rstrip(".").lower()
