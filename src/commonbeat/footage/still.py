"""What does the copy look like at these frames? Pictures for a person to look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2

from commonbeat.footage.clip import Clip

__all__ = ["stills"]


def stills(copy: str | Path, frames: Iterable[int], *, longest: int = 720) -> Iterator[tuple[int, bytes]]:
    """(frame, JPEG) for each of `frames` of a protected copy, at most `longest` pixels on its longer side.

    Decodes in this process: give it copies this room wrote, never an unknown original.
    """
    wanted = set(frames)
    with Clip(copy) as clip:
        facts = clip.facts
        scale = min(1.0, longest / max(facts.width, facts.height))
        size = round(facts.width * scale), round(facts.height * scale)
        for number, frame in enumerate(clip.frames()):
            if number in wanted:
                picture = clip.picture(frame, *size)[:, :, ::-1]
                yield number, cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
