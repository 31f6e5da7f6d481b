"""Interlaced video: two moments woven into one picture. A face in it is a comb, which neither a detector nor a mask serves."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import av

__all__ = ["Fields"]


class Fields:
    """Makes one whole picture of each frame of two fields (bwdif), with the frame's own timestamp; others pass as they are.

    Give frames to `take` in the order shown, then call `end`; a picture comes out when the next frame is known.
    """

    def __init__(self, first: av.VideoFrame):
        self._graph = av.filter.Graph()
        source = self._graph.add_buffer(
            width=first.width, height=first.height, format=first.format, time_base=first.time_base
        )
        steps = [source, self._graph.add("bwdif", "mode=send_frame:deint=interlaced"), self._graph.add("buffersink")]
        for one, other in itertools.pairwise(steps):
            one.link_to(other)
        self._graph.configure()
        self._size = first.width, first.height

    def take(self, frame: av.VideoFrame) -> Iterator[av.VideoFrame]:
        if (frame.width, frame.height) != self._size:  # a stream may change its size midway; the filter cannot
            made = frame.reformat(width=self._size[0], height=self._size[1])
            made.pts, made.time_base = frame.pts, frame.time_base
            frame = made
        self._graph.push(frame)
        yield from self._pulled()

    def end(self) -> Iterator[av.VideoFrame]:
        self._graph.push(None)
        yield from self._pulled()

    def _pulled(self) -> Iterator[av.VideoFrame]:
        while True:
            try:
                yield self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
