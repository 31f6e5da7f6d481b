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

    source, target = folder / "in.mp4", folder / "out.mp4"
    store.copy_out(original, source)
    beat(0.05)
    visible = (clip.looked or {}).get("visible", [])
    keep = {int(t): _decision(clip, int(t)) for t in visible}
    record = footage.protect(
        source, target, keep=keep, extra_boxes=clip.extra_boxes or (), muted=[tuple(m) for m in clip.muted],
        progress=lambda *a: None,
    )  # fmt: skip
    beat(0.9)
    film = store.keep(target, "video/mp4")
    poster = poster_of(target, folder)
    return Hidden(film, store.keep(poster, "image/jpeg") if poster else None, record.to_dict())


def _decision(clip: Clip, track: int):
    from commonbeat.footage import Decision
    from commonbeat.web.tell.models import ConsentLink

    link = ConsentLink.objects.filter(clip=clip, track=track).first()
    return Decision(
        keep=True, consent="recorded", child=bool(link and link.child), guardian=bool(link and link.guardian)
    )


def poster_of(film: Path, folder: Path) -> Path | None:
    """One picture from a third of the way into the protected film, written anew as JPEG."""
    import av

    with av.open(str(film)) as held:
        stream = held.streams.video[0]
        frames = list(held.decode(stream)) if (stream.frames or 0) < 400 else [next(held.decode(stream))]
    if not frames:
        return None
    out = folder / "poster.jpg"
    frames[len(frames) // 3].to_image().save(out, "JPEG", quality=86)
    return out
