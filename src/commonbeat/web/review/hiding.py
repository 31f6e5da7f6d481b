"""Calls the room `footage` for one film, and keeps what it gives."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

from commonbeat.web.media import store
from commonbeat.web.review.models import Blob, Clip

LOOKED_AT = 100  #: frames a person is asked to look at; clean, they say "at most about 3 %"


@dataclass(frozen=True, slots=True)
class Hidden:
    """The protected film, its poster, the record, and what a person looks at. Field names are columns of `Clip`."""

    protected: str
    poster: str
    record: dict
    papers: str
    sheet: str
    sample: dict
    sha256: str


def hide(clip: Clip, original: Blob, folder: Path, beat) -> Hidden:
    """Hides everybody but those who agreed to be seen, in a process with limits; `beat(share done)` keeps the job alive.

    A film that was searched before is not searched again: its sealed papers say where everybody is.
    """
    from commonbeat import footage

    source, target, poster = folder / "in.mp4", folder / "out.mp4", folder / "poster.jpg"
    store.copy_out(original, source)
    beat(0.02)
    record = footage.protect(
        source, target, decisions=_decisions(clip),
        regions=[_region(r) for r in clip.extra_boxes], mute=[tuple(m) for m in clip.muted], sound=clip.sound, poster=poster,
        extra_boxes={int(f): [tuple(b) for b in boxes] for f, boxes in clip.known_boxes.items()}, plan=_searched(clip),
        progress=lambda _step, done, of, *_: beat(0.02 + 0.9 * done / of) if of else beat(0.02),
    )  # fmt: skip
    sample = {
        "frames": footage.sample_frames(record, LOOKED_AT, seed=int(record.output[:8], 16)),
        "tracks": footage.track_frames(record, 3),
    }
    papers, sheet = folder / "papers.json", folder / "sheet.zip"
    sent = record.sent()
    papers.write_text(json.dumps(sent.pop("plan")), encoding="utf-8")
    _pictures(target, sheet, sample, record)
    film = store.keep(target, "video/mp4")
    return Hidden(
        protected=film.blob, sha256=film.sha256, poster=store.keep(poster, "image/jpeg").blob if poster.exists() else "",
        record=sent, papers=store.keep(papers, "application/json").blob, sheet=store.keep(sheet, "application/zip").blob,
        sample=sample,
    )  # fmt: skip


def _searched(clip: Clip) -> dict | None:
    """Where people were found; what was drawn by hand is given anew each time, so that it can be taken back."""
    plan = plan_of(clip)
    return plan and plan | {"regions": {}, "extra": {}, "whole": []}


def plan_of(clip: Clip) -> dict | None:
    """The sealed papers: who was found where. None before the first search, and when they were erased with the film."""
    if not Blob.objects.filter(pk=clip.papers).exists():
        return None
    return json.loads(store.read_all(clip.papers))


def _pictures(copy: Path, sheet: Path, sample: dict, record) -> None:
    """One JPEG of the copy for each frame a person may be asked about."""
    from commonbeat import footage

    wanted = {*sample["frames"], *(f for frames in sample["tracks"].values() for f in frames)}
    wanted |= {frame for frame, *_ in record.leak.visible}
    with zipfile.ZipFile(sheet, "w", zipfile.ZIP_STORED) as held:
        for number, jpeg in footage.stills(copy, wanted):
            held.writestr(f"{number}.jpg", jpeg)


def _decisions(clip: Clip) -> dict:
    """Who is shown, and who was and took it back; the record gives the reason for each."""
    from commonbeat.footage import Decision

    held = clip.looked or {}
    gone = {t: Decision(keep=True, consent="recorded", withdrawn=True) for t in held.get("withdrawn", [])}
    return gone | {int(t): _decision(clip, int(t)) for t in held.get("visible", [])}


def _decision(clip: Clip, track: int):
    from commonbeat.footage import Decision
    from commonbeat.web.tell.models import ConsentLink

    link = ConsentLink.objects.filter(clip=clip, track=track).first()
    return Decision(
        keep=True, consent="recorded", child=bool(link and link.child), guardian=bool(link and link.guardian)
    )


def _region(drawn: dict):
    from commonbeat.footage import Region

    at = drawn.get("at", (drawn["start"] + drawn["until"]) / 2)
    box = (drawn["x0"], drawn["y0"], drawn["x1"], drawn["y1"])
    return Region(drawn.get("kind", "other"), at, box, drawn["start"], drawn["until"])
