"""Who can be heard? Sound is dropped, kept with spans muted to exact silence, or lowered in pitch; it stays in step.

Where nobody has listened it is dropped: a name said aloud identifies as surely as a face.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np

__all__ = ["Sound"]

AAC_FRAME = 1024
LOWER = 0.78  #: about four semitones down
RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


class Sound:
    """Decoded sound on one unbroken line of samples from the clip's start, silent where it must be.

    Feed decoded frames to `take`, then `end`; both give frames ready for the encoder. Gaps in the original become
    silence and overlaps are cut, so that the sound is always where its timestamp says.
    """

    def __init__(self, stream, start: float, muted, *, lower: bool = False):
        context = stream.codec_context
        self.rate = context.sample_rate if context.sample_rate in RATES else 48000
        self.layout = "mono" if (context.channels or 1) == 1 else "stereo"
        self.channels = 1 if self.layout == "mono" else 2
        self.start, self.graph = start, _lowering(self.rate, self.layout) if lower else None
        # the encoder's window reaches one frame to each side of the frame it writes
        pad = 2 * AAC_FRAME
        self.muted = [(int(a * self.rate) - pad, int(np.ceil(b * self.rate)) + pad) for a, b in muted]
        self.resampler = av.AudioResampler(format="fltp", layout=self.layout, rate=self.rate)
        self.held = np.zeros((self.channels, 0), np.float32)
        self.next = 0  # sample number of the first held sample
        self.filled = 0  # sample number after the last held sample

    def take(self, frame) -> Iterator[av.AudioFrame]:
        at = None if frame.pts is None else round((float(frame.pts * frame.time_base) - self.start) * self.rate)
        frame.pts = None  # the resampler would move samples to follow it; we place them ourselves
        for piece in self.resampler.resample(frame):
            self._place(piece.to_ndarray(), self.filled if at is None else at)
            at = None
        yield from self._ready(flush=False)

    def end(self) -> Iterator[av.AudioFrame]:
        for piece in self.resampler.resample(None):
            self._place(piece.to_ndarray(), self.filled)
        yield from self._ready(flush=True)

    def _place(self, samples: np.ndarray, at: int) -> None:
        if abs(at - self.filled) <= self.rate // 200:  # rounding of timestamps, not a gap
            at = self.filled
        if at > self.filled:
            silence = np.zeros((self.channels, min(at - self.filled, 3600 * self.rate)), np.float32)
            samples = np.concatenate([silence, samples], axis=1)
        samples = samples[:, max(0, self.filled - at) :]
        self.held = np.concatenate([self.held, samples], axis=1)
        self.filled += samples.shape[1]

    def _ready(self, flush: bool) -> Iterator[av.AudioFrame]:
        whole = self.held.shape[1] if flush else self.held.shape[1] // AAC_FRAME * AAC_FRAME
        for first in range(0, whole, AAC_FRAME):
            samples = self.held[:, first : min(first + AAC_FRAME, whole)].copy()
            yield from self._changed(self._frame(samples))
        self.held = self.held[:, whole:]
        if flush and self.graph is not None:
            self.graph.push(None)
            yield from self._pulled()

    def _frame(self, samples: np.ndarray) -> av.AudioFrame:
        for a, b in self.muted:
            samples[:, max(0, a - self.next) : max(0, b - self.next)] = 0
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), format="fltp", layout=self.layout)
        frame.sample_rate, frame.pts, frame.time_base = self.rate, self.next, Fraction(1, self.rate)
        self.next += samples.shape[1]
        return frame

    def _changed(self, frame) -> Iterator[av.AudioFrame]:
        if self.graph is None:
            yield frame
            return
        self.graph.push(frame)
        yield from self._pulled()

    def _pulled(self) -> Iterator[av.AudioFrame]:
        while True:
            try:
                yield self.graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return


def _lowering(rate: int, layout: str):
    """Plays slower, which lowers the pitch, then faster without raising it again: same length, lower voice."""
    graph = av.filter.Graph()
    chain = [
        graph.add_abuffer(sample_rate=rate, format="fltp", layout=layout, time_base=Fraction(1, rate)),
        graph.add("asetrate", str(round(rate * LOWER))),
        graph.add("atempo", f"{1 / LOWER:.6f}"),
        graph.add("aresample", str(rate)),
        graph.add("aformat", f"sample_fmts=fltp:channel_layouts={layout}"),
        graph.add("asetpts", "N"),
        graph.add("abuffersink"),
    ]
    for one, other in itertools.pairwise(chain):
        one.link_to(other)
    graph.configure()
    return graph
