"""What the public pages are drawn from: one dated edition, made in the background from a snapshot, swapped in whole.

    SITE/editions/<hash>.json     everything the square shows, already suppressed, with n and interval beside each number
    SITE/editions/CURRENT         the hash of the one that is out

A page never computes; it prints what the edition says, so that a heavy question never makes a visitor wait and every
number can name the snapshot it came from.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.estimate import plain
from commonbeat.web.read.door import released

__all__ = ["Edition", "current", "publish"]


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition. Each part is plain data; an empty part means: nothing can be told yet.

    areas       [{area_id, name, rings [[[lon, lat]...]], residents, positive, enforcement, positive_rate, enforcement_rate}]
    trust       [{label, value, low, high, n}] in points 0-100, oldest first, and `trust_how` in words
    trust_moved {kind, since, until, value, low, high}: the last change beyond chance, or the whole way where there was none
    ripple      [{study, ring, days, value, low, high, n, design}]
    answers     {study: {ring, wave, verdict, value, low, high, n, smallest, together}}: what the study turns on, said first
    spread      {story_id: {views, shares, places, low, high, days [[day, count]]}}
    talk        {conversation: result of the dialogue room}
    commitments [{promise, by, until, indicator, words, status, because, on, value, low, high, n, target}]
    context     {area_id: {year: {contacts, complaints, force, source}}}
    studies     {plan_id: what a story experiment says today};  register: every sealed study of the town, silent ones too
    moments     what the pages under /moments/ show (demonstration only)
    """

    hash: str = ""
    made_at: str = ""
    snapshot: str = ""
    areas: list = field(default_factory=list)
    trust: list = field(default_factory=list)
    trust_how: str = ""
    trust_moved: dict = field(default_factory=dict)
    ripple: list = field(default_factory=list)
    answers: dict = field(default_factory=dict)
    spread: dict = field(default_factory=dict)
    talk: dict = field(default_factory=dict)
    commitments: list = field(default_factory=list)
    context: dict = field(default_factory=dict)
    studies: dict = field(default_factory=dict)
    register: list = field(default_factory=list)
    moments: dict = field(default_factory=dict)


_held: dict[Path, tuple[int, Edition]] = {}


def current(root: Path) -> Edition:
    """The edition that is out; an empty one before the first."""
    pointer = Path(root) / "editions" / "CURRENT"
    try:
        stamp = pointer.stat().st_mtime_ns
    except FileNotFoundError:
        return Edition()
    held = _held.get(pointer)
    if held is None or held[0] != stamp:
        name = pointer.read_text().strip()
        found = json.loads((pointer.parent / f"{name}.json").read_text(encoding="utf-8"))
        held = _held[pointer] = (stamp, Edition(hash=name, **found))
    return held[1]


def publish(root: Path, *, at: datetime | None = None, **parts) -> Edition:
    """Writes a new edition beside the old one and swaps it in; half an edition is never read."""
    folder = Path(root) / "editions"
    folder.mkdir(parents=True, exist_ok=True)
    held = {name: part if name == "moments" else released(plain(part)) for name, part in parts.items()}
    body = plain({"made_at": (at or datetime.now(UTC)).isoformat(timespec="seconds"), **held})
    text = json.dumps(body, ensure_ascii=False, sort_keys=True, allow_nan=False)
    name = hashlib.sha256(text.encode()).hexdigest()[:24]
    Edition(hash=name, **body)  # an unknown part is a mistake here, not on the page
    _write(folder / f"{name}.json", text)
    _write(folder / "CURRENT", name)
    return current(root)


def _write(path: Path, text: str) -> None:
    beside = path.with_suffix(".new")
    with beside.open("w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    beside.replace(path)
