"""Calls the room `footage` for one film, and keeps what it gives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from commonbeat.web.media import store
from commonbeat.web.review.models import Blob, Clip


@dataclass(frozen=True, slots=True)
class Hidden:
    """The protected film, its poster, and the record of what was done."""

    film: Blob
    poster: Blob | None
    record: dict


def hide(clip: Clip, original: Blob, folder: Path, beat) -> Hidden:
    """Hides everybody but those who agreed to be seen, in a process with limits; `beat(share done)` keeps the job alive."""
    from commonbeat import footage

    source, target, poster = folder / "in.mp4", folder / "out.mp4", folder / "poster.jpg"
    store.copy_out(original, source)
    beat(0.02)
    record = footage.protect(
        source, target, decisions={int(t): _decision(clip, int(t)) for t in (clip.looked or {}).get("visible", [])},
        regions=[_region(r) for r in clip.extra_boxes], mute=[tuple(m) for m in clip.muted], sound=clip.sound, poster=poster,
        extra_boxes={int(f): [tuple(b) for b in boxes] for f, boxes in clip.known_boxes.items()},
        progress=lambda _step, done, of, *_: beat(0.02 + 0.9 * done / of) if of else beat(0.02),
    )  # fmt: skip
    film = store.keep(target, "video/mp4")
    return Hidden(film, store.keep(poster, "image/jpeg") if poster.exists() else None, record.to_dict())


def _decision(clip: Clip, track: int):
    from commonbeat.footage import Decision
    from commonbeat.web.tell.models import ConsentLink

    link = ConsentLink.objects.filter(clip=clip, track=track).first()
    return Decision(
        keep=True, consent="recorded", child=bool(link and link.child), guardian=bool(link and link.guardian)
    )


def _region(drawn: dict):
    from commonbeat.footage import Region

    at = (drawn["start"] + drawn["until"]) / 2
    return Region("other", at, (drawn["x0"], drawn["y0"], drawn["x1"], drawn["y1"]), drawn["start"], drawn["until"])
