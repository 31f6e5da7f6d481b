"""Where everything to be hidden is, frame by frame: what one search found, kept so that a copy can be written again.

A plan tells where people are in a picture nobody may see. It stays private, beside the original.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.footage.tracks import Track

__all__ = ["Plan"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Tracks with a box for every frame, and hand-drawn or handed-in boxes.

    original  : sha256 of the file it belongs to; frames, size, fps, times as in `Sightings`
    regions   : {frame: [(x0, y0, x1, y1), ...]} rectangles hidden whoever consents
    extra     : the same for faces known from elsewhere (a renderer's truth, a reviewer's mark)
    whole     : frames hidden altogether
    looked    : frames the detector looked at; weak: frames with faces too faint to follow; light: mean brightness
    """

    original: str
    frames: int
    size: tuple[int, int]
    fps: float
    times: tuple[float, ...]
    tracks: tuple[Track, ...]
    regions: dict[int, list] = field(default_factory=dict)
    extra: dict[int, list] = field(default_factory=dict)
    whole: frozenset[int] = frozenset()
    looked: tuple[int, ...] = ()
    light: float | None = None
    detector: str = ""
    damaged: int = 0

    def to_dict(self) -> dict:
        tracks = [
            {
                "id": t.id,
                "first": t.first,
                "boxes": _packed(np.round(t.boxes, 1), "<f4"),
                "seen": _packed(np.round(t.seen, 2), "<f4"),
                "ambiguous": _packed(t.ambiguous, "u1"),
            }
            for t in self.tracks
        ]
        named = {name: getattr(self, name) for name in self.__slots__ if name not in ("tracks", "whole")}
        return plain({"version": VERSION, **named, "tracks": tracks, "whole": sorted(self.whole)})

    def save(self, path: str | Path) -> None:
        Path(path).write_text(json.dumps(self.to_dict(), allow_nan=False), encoding="utf-8")

    @classmethod
    def load(cls, path: str | Path) -> Plan:
        """Reads a saved plan; raises BadInput when it is none."""
        try:
            return cls.of(json.loads(Path(path).read_text(encoding="utf-8")))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BadInput(
                f"{Path(path).name}: this is not a plan written by `commonbeat protect` ({error})."
            ) from None

    @classmethod
    def of(cls, data: dict) -> Plan:
        if data.get("version") != VERSION:
            raise BadInput(
                f"This plan has version {data.get('version')}; version {VERSION} is read. Protect the clip again."
            )
        tracks = tuple(
            Track(
                t["id"],
                t["first"],
                _unpacked(t["boxes"], "<f4").astype(float).reshape(-1, 4),
                _unpacked(t["seen"], "<f4").astype(float),
                _unpacked(t["ambiguous"], "u1").astype(bool),
            )
            for t in data["tracks"]
        )
        by_frame = {
            name: {int(k): [tuple(b) for b in v] for k, v in data[name].items()} for name in ("regions", "extra")
        }
        return cls(
            original=data["original"],
            frames=data["frames"],
            size=tuple(data["size"]),
            fps=data["fps"],
            times=tuple(data["times"]),
            tracks=tracks,
            whole=frozenset(data["whole"]),
            light=data["light"],
            looked=tuple(data["looked"]),
            detector=data["detector"],
            damaged=data["damaged"],
            **by_frame,
        )


def _packed(values: np.ndarray, kind: str) -> str:
    """Numbers as text: half an hour with ten faces would be 100 MB of Python lists."""
    return base64.b64encode(np.ascontiguousarray(values, kind)).decode()


def _unpacked(value, kind: str) -> np.ndarray:
    """What `_packed` wrote; plans written by earlier versions hold lists."""
    return np.frombuffer(base64.b64decode(value), kind) if isinstance(value, str) else np.array(value)
