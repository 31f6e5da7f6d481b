"""The demo's town, built once for a folder: city, book, sealed study, clips, report. The site comes after."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from multiprocessing import active_children, get_context
from pathlib import Path

from commonbeat import __version__, city, footage, studies
from commonbeat.city import scenes
from commonbeat.cli.demo_truth import faces_left
from commonbeat.errors import BookError
from commonbeat.ledger import Book
from commonbeat.report.make import make

__all__ = ["CLIPS", "WORLDS", "Clip", "Town", "build", "clip", "plan"]

WORLDS = ("default", "null", "backfire")  #: the town of the demo, the one with no effect, the one where it backfires
CLIPS = ("stroller", "dance-off")
NAME = "Rivermeet"
STAMP = "built.json"


@dataclass(frozen=True, slots=True)
class Clip:
    """One drawn scene as filmed and as published. boxes: frame -> true face boxes; record: what `protect` wrote down."""

    kind: str
    original: Path
    protected: Path
    poster: Path
    record: dict
    boxes: dict


@dataclass(frozen=True, slots=True)
class Town:
    """What the site is filled from. findings and truths: world -> the study's answer, and what is true there."""

    folder: Path
    book: Path
    report: Path
    findings: dict
    truths: dict
    clips: dict


def plan() -> studies.Plan:
    """The plan that is sealed in the demo."""
    return studies.Plan.read(Path(studies.__file__).parent / "plans" / "visits.toml")


def build(folder: Path, *, seed: int, residents: int, step: Callable[[str], None]) -> Town:
    """Builds the town beside and swaps it in; a town that was built with the same seed and version is used as it is."""
    town = folder / "town"
    wanted = {"seed": seed, "residents": residents, "version": __version__}
    if not _same(town, wanted):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            fresh = Path(tempfile.mkdtemp(prefix=".building-", dir=folder))
        except OSError as error:
            raise BookError(
                f"the demo cannot write to {folder}: {error.strerror}. Choose another folder with --dir."
            ) from error
        try:
            _fill(fresh, seed, residents, step)
            (fresh / STAMP).write_text(json.dumps(wanted))
            fresh.chmod(0o755)
            _swap(fresh, town)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    _report_beside(town, folder)
    return _read(town)


def _fill(fresh: Path, seed: int, residents: int, step) -> None:
    """The clips are drawn and protected in processes of their own, beside the town: two cores, two kinds of work."""
    with ProcessPoolExecutor(max_workers=len(CLIPS), mp_context=get_context("spawn")) as aside:
        try:
            with _interrupts_for_us_alone():
                clips = [aside.submit(clip, fresh / "clips", kind, seed) for kind in CLIPS]
            asked, told = plan(), {}
            for world in WORLDS:
                told[world] = _town(fresh, world, seed, residents, asked, step)
            (fresh / "told.json").write_text(json.dumps(told, ensure_ascii=False, allow_nan=False))
            for kind, made in zip(CLIPS, clips, strict=True):
                step(f"hiding every face in the clip: {kind}")
                made.result()
        except BaseException:
            for child in active_children():
                child.terminate()
            raise


@contextmanager
def _interrupts_for_us_alone():
    """Processes started in here do not hear Ctrl-C: we do, and end them, so that they leave without a word."""
    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread hears signals, and may change who does
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _town(fresh: Path, world: str, seed: int, residents: int, asked, step) -> dict:
    first = world == "default"
    step(f"building a town of {residents:,}" if first else f"building the same town where the truth is: {world}")
    made = city.build(seed=seed, residents=residents, world=world, progress=step if first else None)
    book = _book(fresh / ("book" if first else f"book-{world}"), made, asked)
    step("answering the sealed question" if first else f"asking the same question there ({world})")
    # the two other towns are shown by ring only: their groups would be computed for nobody
    found = studies.released(
        studies.run(asked if first else replace(asked, groups=(), robustness=()), book, seed=seed)
    )
    if first:
        step("writing the report")
        make(book, fresh / "report", findings=[found], town=NAME, today=city.START.date() + timedelta(days=730))
    return {"findings": found.to_dict(), "truth": made.truth.to_dict()}


def _book(path: Path, made, asked) -> Book:
    """The plan is sealed on the town's own clock, on its first day: before anybody was asked anything."""
    opened = Book.create(path, at=city.START)
    studies.seal(asked, opened.chain, who="study desk (simulated)", at=city.START + timedelta(hours=1))
    tables = {name: frame for name, frame in made.tables.items() if frame.height}
    return opened.write(
        tables,
        importer="simulated city",
        note="everything here is simulated",
        simulated=True,
        at=city.START + timedelta(days=730),
    )


def clip(folder: Path, kind: str, seed: int) -> None:
    """Draws one scene and protects it; what the renderer knows of the faces is masked whatever the detector finds."""
    folder.mkdir(exist_ok=True)
    original, copy, poster = folder / f"{kind}-as-filmed.mp4", folder / f"{kind}.mp4", folder / f"{kind}.jpg"
    scene = scenes.render(kind, original, seed=seed, fps=20, seconds=5.0)
    record = footage.protect(original, copy, extra_boxes=scene.boxes, sound="keep", poster=poster, threads=1)
    left = faces_left(original, copy, scene.boxes)
    about = {
        "record": record.to_dict() | {"truth": left},
        "boxes": {str(f): b for f, b in scene.boxes.items()},
        "scene": scene.to_dict(),
    }
    (folder / f"{kind}.json").write_text(json.dumps(about, allow_nan=False, default=list))


def _same(town: Path, wanted: dict) -> bool:
    try:
        return json.loads((town / STAMP).read_text()) == wanted
    except (OSError, ValueError):
        return False


def _swap(fresh: Path, town: Path) -> None:
    old = town.with_name(".old-town")
    shutil.rmtree(old, ignore_errors=True)
    if town.exists():
        town.rename(old)
    fresh.rename(town)
    shutil.rmtree(old, ignore_errors=True)


def _report_beside(town: Path, folder: Path) -> None:
    """The report also stands under DIR/report, where a newcomer looks for it."""
    link = folder / "report"
    if link.is_symlink() or not link.exists():
        link.unlink(missing_ok=True)
        os.symlink(Path("town") / "report", link)


def _read(town: Path) -> Town:
    told = json.loads((town / "told.json").read_text())
    clips = {}
    for kind in CLIPS:
        about = json.loads((town / "clips" / f"{kind}.json").read_text())
        boxes = {int(f): b for f, b in about["boxes"].items()}
        base = town / "clips"
        clips[kind] = Clip(
            kind, base / f"{kind}-as-filmed.mp4", base / f"{kind}.mp4", base / f"{kind}.jpg", about["record"], boxes
        )
    findings = {w: t["findings"] for w, t in told.items()}
    truths = {w: t["truth"] for w, t in told.items()}
    return Town(town, town / "book", town / "report", findings, truths, clips)
