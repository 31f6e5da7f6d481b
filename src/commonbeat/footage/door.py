"""Hide the people in this video: the door of the room. Light to import; the work happens behind the fence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.footage.fence import fenced
from commonbeat.footage.order import PART, POSTER, SOUNDS, STYLES, Decision, Limits, Order, Region, read_regions
from commonbeat.footage.record import FootageRecord
from commonbeat.footage.walls import walls

__all__ = ["protect", "rerender"]


def protect(
    in_path,
    out_path,
    *,
    keep: Iterable[int] = (),
    decisions: Mapping[int, Decision] | None = None,
    regions=(),
    mute: Iterable[tuple[float, float]] = (),
    style: str = "solid",
    sound: str | None = None,
    extra_boxes: Mapping[int, list] | None = None,
    turned: str = "auto",
    check: bool = True,
    captions=None,
    poster=None,
    plan: dict | None = None,
    limits: Limits | None = None,
    threads: int = 2,
    isolated: bool = True,
    detector=None,
    progress: Callable[[str, int, int | None, int], None] | None = None,
) -> FootageRecord:
    """Who is in this video, and are they hidden in every frame of the copy?

    in_path, out_path : the original, never changed, and the copy to write (.mp4 or .webm)
    keep, decisions   : track numbers to show because a consent is recorded, or {track: Decision} with the reason
    regions           : rectangles drawn by hand (`Region`s or a file `read_regions` reads); extra_boxes:
    {frame: [box]}
    mute              : [(from, to)] seconds of silence; sound: "drop" (when nobody listened), "keep", "lower"
    style, turned     : "solid" or "mosaic"; "auto", "always" (dance mode), "never"
    check             : look at the copy again and estimate what can still be seen
    captions, poster  : a WebVTT file to carry beside the copy; a JPEG to write from it
    plan              : boxes of an earlier run of the same file (`record.plan`), so that nothing is searched again
    isolated          : decode behind the fence; False only where the caller is fenced already. detector needs False
    Returns FootageRecord. Raises BadInput, Refused, Missing, Broken, each with a sentence; nothing is then
    left at out_path.
    """
    source, out = Path(in_path), Path(out_path)
    _sensible(source, out, style, sound, turned)
    chosen = {**{int(k): Decision(keep=True, consent="given") for k in keep}, **(decisions or {})}
    drawn = tuple(regions) if isinstance(regions, (list, tuple)) else tuple(read_regions(regions))
    muted = tuple(sorted((float(a), float(b)) for a, b in mute))
    order = Order(
        source=str(source.resolve()),
        out=str(out.resolve()),
        decisions=chosen,
        regions=drawn,
        muted=muted,
        extra={
            int(f): [tuple(map(float, box)) for box in boxes]
            for f, boxes in (extra_boxes or {}).items()
            if len(boxes)
        },
        style=style,
        sound=sound or ("keep" if muted else "drop"),
        turned=turned,
        check=check,
        poster=poster is not None,
        plan=plan,
        threads=threads,
        limits=limits or Limits(),
    )
    if captions:
        _carry_captions(Path(captions), out)
    try:
        order.desk.mkdir(mode=0o700, exist_ok=True)  # its journal tells where people are
        record = _run(order, isolated and detector is None, detector, progress)
        _into_place(order.desk / PART, out)
        if poster and (order.desk / POSTER).exists():
            _into_place(order.desk / POSTER, Path(poster))
    except CommonbeatError:  # it would fail again; only a crash leaves something to go on from
        shutil.rmtree(order.desk, ignore_errors=True)
        raise
    shutil.rmtree(order.desk, ignore_errors=True)
    return record


def rerender(
    original,
    out_path,
    record: FootageRecord,
    decisions: Mapping[int, Decision],
    *,
    regions: Iterable[Region] = (),
    extra_boxes: Mapping[int, list] | None = None,
    **more,
) -> FootageRecord:
    """The same clip written again after decisions changed: a consent withdrawn, a missed face marked, a region drawn.

    Nothing is searched again. `more` as `protect` takes it (mute, sound, style, poster, check ...).
    """
    if record.plan is None:
        raise BadInput("This record has no plan of where people are; protect the original again.")
    return protect(
        original,
        out_path,
        decisions=decisions,
        plan=record.plan,
        regions=list(regions),
        extra_boxes=extra_boxes,
        **more,
    )


def _sensible(source: Path, out: Path, style: str, sound: str | None, turned: str) -> None:
    for name, value, allowed in (
        ("style", style, STYLES),
        ("sound", sound, (None, *SOUNDS)),
        ("turned", turned, ("auto", "always", "never")),
    ):
        if value not in allowed:
            why = (
                "; blur is not offered for people, because trained recognisers read blurred faces"
                if value == "blur"
                else ""
            )
            raise BadInput(f'{name} "{value}" is none of {", ".join(filter(None, allowed))}{why}.')
    if not source.is_file():
        raise BadInput(f"{source.name}: there is no such file. Give the path of a video.")
    if not out.resolve().parent.is_dir():
        raise BadInput(f"{out.parent}: there is no such folder to write the copy to. Make it first.")
    if out.exists() and os.path.samefile(source, out):
        raise BadInput(
            f"{out.name}: the copy would overwrite the original, which is never changed. Give another name."
        )
    if out.suffix.lower() not in (".mp4", ".m4v", ".webm"):
        raise BadInput(
            f'{out.name}: the copy is written as .mp4 or .webm, not "{out.suffix}". Give it one of these endings.'
        )


def _carry_captions(captions: Path, out: Path) -> None:
    text = captions.read_text(encoding="utf-8-sig", errors="replace") if captions.is_file() else ""
    if not text.startswith("WEBVTT"):
        raise BadInput(
            f"{captions.name}: captions are carried as WebVTT, whose first word is WEBVTT. Export them as .vtt."
        )
    shutil.copyfile(captions, out.with_suffix(".vtt"))


def _run(order: Order, isolated: bool, detector, progress) -> FootageRecord:
    if not isolated:
        from commonbeat.footage.work import carry_out

        record, how = carry_out(order, progress, detector), "none"
    else:
        # wall time: the CPU limit inside counts first; this ends a process that sleeps
        patience = 600 + 40 * order.limits.seconds
        record, how = (
            FootageRecord.of(fenced(order.to_dict(), order.desk, patience=patience, progress=progress)),
            walls(),
        )
    return replace(record, versions={**record.versions, "fence": how})


def _into_place(part: Path, name: Path) -> None:
    """The name appears when every byte is on the disk. The poster's folder may be another file system."""
    with open(part, "rb") as file:
        os.fsync(file.fileno())
    beside = name.with_name(f".{name.name}.part")
    shutil.move(part, beside)
    os.replace(beside, name)
