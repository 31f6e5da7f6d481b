"""The demo's town, built once for a folder: city, clips, book, sealed study; then its report and its site, side by side."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from multiprocessing import active_children, get_context
from pathlib import Path

import polars as pl

from commonbeat import __version__, city, footage, studies, tables
from commonbeat.city import scenes
from commonbeat.cli.demo_truth import faces_left
from commonbeat.errors import BookError
from commonbeat.ledger import Book
from commonbeat.report.make import make
from commonbeat.studies.registry import record_answer

__all__ = ["CLIPS", "WORLDS", "Clip", "Town", "build", "clip", "open_town", "plan"]

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


def open_town(folder: Path, *, seed: int, residents: int, step: Callable[[str], None]):
    """The town, its report under DIR/report and its site under DIR/site  -> (town, what the site says of its log-ins)."""
    from commonbeat.web import demo as site

    town = build(folder, seed=seed, residents=residents, step=step)
    step("writing the report and opening the site")
    with _aside(1) as start:
        report = start(_report, town, seed) if _report_is_old(town) else None
        ready = site.prepare(folder / "site", town)
        if report:
            report.result()
    return town, ready


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
    return _read(town)


def _fill(fresh: Path, seed: int, residents: int, step) -> None:
    """The clips are drawn and protected in processes of their own, beside the towns: two cores, two kinds of work.

    The town of the demo comes last: its book holds what was written down when its clips were protected.
    """
    with _aside(len(CLIPS)) as start:
        clips = {kind: start(clip, fresh / "clips", kind, seed) for kind in CLIPS}
        told = {world: _town(fresh, world, seed, residents, {}, step) for world in reversed(WORLDS[1:])}
        for kind, made in clips.items():
            step(f"hiding every face in the clip: {kind}")
            made.result()
    records = {kind: about["record"] for kind, about in _abouts(fresh / "clips").items()}
    told[WORLDS[0]] = _town(fresh, WORLDS[0], seed, residents, records, step)
    (fresh / "told.json").write_text(json.dumps(told, ensure_ascii=False, allow_nan=False))


@contextmanager
def _aside(workers: int):
    """`start(function, *arguments)` runs in a process beside us; all of them end with us, whatever ends us."""
    with ProcessPoolExecutor(max_workers=workers, mp_context=get_context("spawn")) as pool:

        def start(function, *arguments):
            with _interrupts_for_us_alone():
                return pool.submit(function, *arguments)

        try:
            yield start
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


def _town(fresh: Path, world: str, seed: int, residents: int, records: dict, step) -> dict:
    first = world == WORLDS[0]
    step(f"building a town of {residents:,}" if first else f"building the same town where the truth is: {world}")
    made = city.build(seed=seed, residents=residents, world=world, progress=step if first else None)
    book = _book(fresh / _folder(world), made, _footage(made.tables["footage"], records))
    step("answering the sealed question" if first else f"asking the same question there ({world})")
    found = _found(book, world, seed)
    record_answer(found, book.chain, who="study desk (simulated)", at=city.START + timedelta(days=730))
    return {"findings": found.to_dict(), "truth": made.truth.to_dict()}


def _folder(world: str) -> str:
    return "book" if world == WORLDS[0] else f"book-{world}"


def _found(book: Book, world: str, seed: int):
    """The other towns are shown by ring only: their groups would be computed for nobody."""
    asked = plan()
    asked = asked if world == WORLDS[0] else replace(asked, groups=(), robustness=())
    return studies.released(studies.run(asked, book, seed=seed))


def _report(town: Town, seed: int) -> None:
    book = Book.open(town.book)
    found = _found(book, WORLDS[0], seed)
    make(book, town.report, findings=[found], town=NAME, today=city.START.date() + timedelta(days=730))


def _report_is_old(town: Town) -> bool:
    snapshot = town.findings[WORLDS[0]]["snapshot"]
    first = town.report / "index.html"
    return not first.exists() or snapshot not in first.read_text(encoding="utf-8")


def _footage(rows: pl.DataFrame, records: dict) -> pl.DataFrame:
    """The city's clips as handed in; those that were protected say what was written down about it."""
    done = pl.DataFrame(
        [
            {
                "footage_id": f"f-{kind}", "output_sha256": record["output_sha256"], "seconds": record["duration_seconds"],
                "frames": record["frames"], "tracks": len(record["tracks"]), "masked": sum(t["masked"] for t in record["tracks"]),
                "leak_estimate": record["leak"]["estimate"], "longest_run": record["leak"]["longest_run"], "released": True,
                # no person looked; the renderer knows every face, and every frame was compared with what it knows
                "leak_upper": record["truth"]["frames_with_a_face_left"] / record["truth"]["frames"],
            }
            for kind, record in records.items()
        ]
    )  # fmt: skip
    return rows if done.is_empty() else tables.check("footage", rows.update(done, on="footage_id", how="left"))


def _book(path: Path, made, clips: pl.DataFrame) -> Book:
    """The plan is sealed on the town's own clock, on its first day: before anybody was asked anything."""
    opened = Book.create(path, at=city.START)
    studies.seal(plan(), opened.chain, who="study desk (simulated)", at=city.START + timedelta(hours=1))
    rows = {name: frame for name, frame in (made.tables | {"footage": clips}).items() if frame.height}
    return opened.write(
        rows,
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
        "record": record.to_dict() | {"truth": left, "output_sha256": sha256(copy.read_bytes()).hexdigest()},
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


def _abouts(folder: Path) -> dict:
    return {kind: json.loads((folder / f"{kind}.json").read_text()) for kind in CLIPS}


def _read(town: Path) -> Town:
    told, base, clips = json.loads((town / "told.json").read_text()), town / "clips", {}
    for kind, about in _abouts(base).items():
        boxes = {int(f): b for f, b in about["boxes"].items()}
        clips[kind] = Clip(
            kind, base / f"{kind}-as-filmed.mp4", base / f"{kind}.mp4", base / f"{kind}.jpg", about["record"], boxes
        )
    findings = {w: told[w]["findings"] for w in WORLDS}
    truths = {w: told[w]["truth"] for w in WORLDS}
    return Town(town, town / "book", town.parent / "report", findings, truths, clips)
