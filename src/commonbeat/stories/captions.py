"""Captions as WebVTT: read, checked, written."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from commonbeat.errors import Problem

__all__ = ["Cue", "read_vtt", "write_vtt"]

_TIME = r"(?:(\d{2,}):)?([0-5]\d):([0-5]\d)\.(\d{3})"
_CUE = re.compile(rf"^{_TIME}[ \t]+-->[ \t]+{_TIME}(?:[ \t].*)?$")
FASTEST = 25  #: characters a second beyond which hardly anybody can read along


@dataclass(frozen=True, slots=True)
class Cue:
    """Words on the screen from `start` to `end`, in seconds."""

    start: float
    end: float
    words: str


def read_vtt(text: str) -> tuple[tuple[Cue, ...], tuple[Problem, ...]]:
    """Which cues does a WebVTT text hold, and what is wrong with it?  -> (cues, problems); never raises.

    Cues must run forward, not overlap, have words, and be slow enough to read.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not lines or not lines[0].lstrip("\ufeff").startswith("WEBVTT"):
        return (), (Problem('the first line must be "WEBVTT"', line=1),)
    cues, problems = [], []
    for at, block in _blocks(lines):
        if block[0].startswith(("NOTE", "STYLE", "REGION", "WEBVTT")):
            continue
        if "-->" not in block[0] and len(block) > 1:  # a cue may carry a name of its own above its times
            at, block = at + 1, block[1:]
        found = _CUE.match(block[0])
        if not found:
            problems.append(Problem(f'"{block[0][:60]}" is not a time line such as 00:01.000 --> 00:03.500', line=at))
            continue
        numbers = found.groups()
        cue = Cue(_seconds(numbers[:4]), _seconds(numbers[4:]), "\n".join(block[1:]).strip())
        problems += _wrong(cue, cues[-1] if cues else None, at)
        cues.append(cue)
    if not cues and not problems:
        problems.append(Problem("it holds no captions", line=1))
    return tuple(cues), tuple(problems)


def write_vtt(cues: Iterable[Cue]) -> str:
    """The cues as a WebVTT file. Arrows inside words would end a cue early and are written with another sign."""
    parts = ["WEBVTT"]
    for cue in cues:
        words = "\n".join(line for line in cue.words.replace("-->", "→").splitlines() if line.strip())
        parts.append(f"{_clock(cue.start)} --> {_clock(cue.end)}\n{words}")
    return "\n\n".join(parts) + "\n"


def _wrong(cue: Cue, before: Cue | None, at: int):
    if cue.end <= cue.start:
        yield Problem("it ends before it begins", line=at)
    elif len(cue.words) / (cue.end - cue.start) > FASTEST:
        yield Problem(f"too fast to read: more than {FASTEST} characters a second", line=at)
    if not cue.words:
        yield Problem("it has no words", line=at)
    if before and cue.start < before.end:
        yield Problem("it begins before the one above has ended", line=at)


def _blocks(lines):
    start, block = 0, []
    for n, line in enumerate(lines, 1):
        if line.strip():
            start = start if block else n
            block.append(line)
        elif block:
            yield start, block
            block = []
    if block:
        yield start, block


def _seconds(parts) -> float:
    hours, minutes, seconds, thousandths = (int(p or 0) for p in parts)
    return 3600 * hours + 60 * minutes + seconds + thousandths / 1000


def _clock(seconds: float) -> str:
    thousandths = round(seconds * 1000)
    minutes, rest = divmod(thousandths, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"
