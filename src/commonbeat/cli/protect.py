"""`commonbeat protect IN OUT`: hide the people in a video, or in a folder of them."""

from __future__ import annotations

import json as jsonlib
import os
from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, progress, show
from commonbeat.errors import BadInput, CommonbeatError

In = Annotated[Path, typer.Argument(metavar="IN", help="A video, or a folder of videos.", show_default=False)]
Out = Annotated[
    Path, typer.Argument(metavar="OUT", help="The copy (.mp4 or .webm), or a folder.", show_default=False)
]
Keep = Annotated[str, typer.Option("--keep", help="Tracks to show, since a consent is recorded: 3,5.")]
Regions = Annotated[Path | None, typer.Option("--regions", help="JSON of rectangles drawn by hand.")]
Mute = Annotated[
    str, typer.Option("--mute", help="Seconds to silence: 3.2-4.5 or 3.2-4.5,10-12. Keeps the rest of the sound.")
]
SoundIs = Annotated[
    str | None, typer.Option("--sound", help="drop (when nobody listened), keep, or lower (all voices).")
]
Style = Annotated[str, typer.Option("--style", help="solid or mosaic.")]
RecordFile = Annotated[Path | None, typer.Option("--record", help="Write the detached record here (JSON).")]
PlanFile = Annotated[
    Path | None,
    typer.Option("--plan", help="Private file of boxes: written after a search, read instead of one if it is there."),
]
Sign = Annotated[
    tuple[Path, Path] | None,
    typer.Option("--sign", metavar="CERT KEY", help="PEM chain and key: signs the copy offline."),
]
Turned = Annotated[str, typer.Option("--turned", help="Rolled heads: auto, always (dance mode), never.")]
Check = Annotated[
    bool, typer.Option("--check/--no-check", help="Look at the copy again and estimate what can be seen.")
]
Captions = Annotated[Path | None, typer.Option("--captions", help="WebVTT to carry beside the copy.")]
Poster = Annotated[Path | None, typer.Option("--poster", help="Write one frame of the copy as a JPEG.")]


def command(
    source: In,
    out: Out,
    keep: Keep = "",
    regions: Regions = None,
    mute: Mute = "",
    sound: SoundIs = None,
    style: Style = "solid",
    record: RecordFile = None,
    plan: PlanFile = None,
    sign: Sign = None,
    turned: Turned = "auto",
    check: Check = True,
    captions: Captions = None,
    poster: Poster = None,
    json: Json = False,
    quiet: Quiet = False,
):
    """Hide the people in a video, in every frame, and measure what is left.

    Everybody is masked unless --keep names a track whose consent is recorded. A copy is not ready for release
    when this
    ends: a person must look at sampled frames before a bound on the leak can be stated.
    """
    from commonbeat.footage import keeps, spans

    asked = {"style": style, "sound": sound, "turned": turned, "check": check, "mute": spans(mute) if mute else ()}
    if source.is_dir():
        single = {
            "--keep": keep,
            "--regions": regions,
            "--record": record,
            "--plan": plan,
            "--captions": captions,
            "--poster": poster,
        }
        _folder(source, out, asked, sign, [name for name, value in single.items() if value], json, quiet)
        return
    if out.is_dir():
        raise BadInput(f"{out} is a folder and {source.name} is a file: give two files or two folders.")
    asked |= {"decisions": keeps(keep), "regions": regions or (), "captions": captions, "poster": poster}
    done = _one(source, out, asked, sign, plan, quiet)
    if record is not None:
        from commonbeat.footage.provenance import write_statement

        write_statement(done, record)
    show(done, json=json, quiet=quiet, words=lambda console: _say(console, done, out))


def _one(source: Path, out: Path, asked: dict, sign, plan: Path | None, quiet: bool):
    from commonbeat.footage import protect

    if plan is not None and plan.exists():
        asked = {**asked, "plan": _plan(plan)}
    with progress(quiet=quiet) as bar:
        done = protect(source, out, progress=_teller(bar, source.name), **asked)
    if plan is not None and not plan.exists():
        plan.touch(mode=0o600)
        plan.write_text(jsonlib.dumps(done.plan), encoding="utf-8")
    return _signed(out, done, sign)


def _signed(out: Path, done, sign):
    if not sign:
        return done
    from commonbeat.footage.provenance import sign as put_credentials

    return put_credentials(out, done, *sign)


def _plan(path: Path) -> dict:
    try:
        return jsonlib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path.name}: this is not a plan written by `commonbeat protect --plan` ({error}).") from None


def _teller(bar, name: str):
    tasks: dict[str, int] = {}

    def tell(stage: str, done: int, of: int | None, faces: int) -> None:
        if stage not in tasks:
            tasks[stage] = bar.add_task(f"{name}: {stage}", total=of)
        words = f"{name}: {stage}" + (f", {faces} faces in view" if stage == "searching" else "")
        bar.update(tasks[stage], completed=done, description=words)

    return tell


def _folder(source: Path, out: Path, asked: dict, sign, single: list[str], json: bool, quiet: bool) -> None:
    from commonbeat.footage.batch import protect_folder

    if single:
        raise BadInput(f"{', '.join(single)}: this speaks of one video and cannot be given for a folder.")
    if out.exists() and not out.is_dir():
        raise BadInput(f"{source} is a folder and {out.name} is a file: give two files or two folders.")
    out.mkdir(parents=True, exist_ok=True)
    outcomes = []
    with progress(quiet=quiet) as bar:
        tellers: dict[str, object] = {}

        def tell(path: Path, *what) -> None:
            tellers.setdefault(str(path), _teller(bar, path.name))(*what)

        for outcome in protect_folder(source, out, progress=tell, **asked):
            if outcome.record is not None:
                copy = (out / outcome.name).with_suffix(".mp4")
                done = _signed(copy, outcome.record, sign)
                _beside(copy, done)
            outcomes.append(outcome)
    _report(outcomes, json, quiet)


def _beside(copy: Path, done) -> None:
    from commonbeat.footage.provenance import write_statement

    write_statement(done, copy.with_suffix(".record.json"))


def _report(outcomes, json: bool, quiet: bool) -> None:
    rows = [
        {"file": o.name, "skipped": o.skipped, "error": o.error, "record": o.record.to_dict() if o.record else None}
        for o in outcomes
    ]

    def words(console) -> None:
        for o in outcomes:
            what = (
                "was there already"
                if o.skipped
                else o.error or f"{len(o.record.tracks)} tracks, {o.record.frames} frames"
            )
            console.print(f"{o.name}: {what}", markup=False, highlight=False)

    show({"files": rows}, json=json, quiet=quiet, words=words)
    failed = sum(o.error is not None for o in outcomes)
    if failed:
        raise CommonbeatError(
            f"{failed} of {len(outcomes)} videos could not be protected; the sentences above say why. "
            f"The same command does only the rest."
        )


def _say(console, done, out: Path) -> None:
    from commonbeat.footage.leak import releasable

    masked = sum(t.masked for t in done.tracks)
    console.print(
        f"{os.fspath(out)}: {done.frames} frames, {done.duration_seconds:.1f} s, {len(done.tracks)} people followed, "
        f"{masked} masked throughout.",
        markup=False,
        highlight=False,
    )
    for line in done.tracks:
        if not line.masked:
            console.print(
                f"  track {line.id} is shown (frames {line.first} to {line.last}): {line.reason}", highlight=False
            )
    for caution in done.cautions:
        console.print(f"  {caution}", markup=False, highlight=False)
    console.print("Not yet releasable:", highlight=False)
    for why in releasable(done):
        console.print(f"  {why}", markup=False, highlight=False)
