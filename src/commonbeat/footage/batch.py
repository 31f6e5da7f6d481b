"""A whole folder of videos: each protected on its own, one failure never stops the others, a second run does
only the rest."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.footage.door import protect
from commonbeat.footage.record import FootageRecord

__all__ = ["Outcome", "jobs", "on_spark", "protect_folder"]

ENDINGS = {
    ".mp4",
    ".mov",
    ".m4v",
    ".mkv",
    ".webm",
    ".avi",
    ".mts",
    ".m2ts",
    ".ts",
    ".mpg",
    ".mpeg",
    ".wmv",
    ".flv",
    ".3gp",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One file of a batch: its record, or the sentence that says why there is none. `skipped`: the copy was
    there already."""

    name: str
    record: FootageRecord | None = None
    error: str | None = None
    skipped: bool = False


def jobs(folder: str | Path, out: str | Path, ending: str = ".mp4") -> list[tuple[Path, Path]]:
    """Which files become which copies? Every video in the folder and below; same places, same names, one ending.

    Raises BadInput when there is none, when `out` lies inside `folder`, or when two would get the same name.
    """
    folder, out = Path(folder), Path(out)
    if out.resolve().is_relative_to(folder.resolve()):
        raise BadInput(f"{out}: the folder for the copies lies inside the folder of originals; choose one beside it.")
    found = sorted(
        p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS and p.is_file() and not p.name.startswith(".")
    )
    if not found:
        raise BadInput(f"{folder}: there is no video in this folder ({', '.join(sorted(ENDINGS))}).")
    pairs = [(p, out / p.relative_to(folder).with_suffix(ending)) for p in found]
    names = [copy for _, copy in pairs]
    twice = next((copy for copy in names if names.count(copy) > 1), None)
    if twice is not None:
        raise BadInput(f"Two originals would both become {twice.name}; rename one of them.")
    return pairs


def protect_folder(
    folder,
    out,
    *,
    progress: Callable[[Path, str, int, int | None, int], None] | None = None,
    spread: Callable[[Callable, list], Iterable[Outcome]] = map,
    **asked,
) -> Iterator[Outcome]:
    """Protects every video of a folder; yields an Outcome for each, in the order of their names.

    A copy that is there already was finished (copies appear whole) and is passed over, so the same call resumes.
    spread : anything that maps a function over a list: `map` for one after the other, an executor's `map`, or
             `on_spark(session)`; workers elsewhere must see the same two folders. progress only where the work stays
             in this process. `asked` as `protect` takes it.
    """
    one = functools.partial(_one, Path(folder), progress=progress, asked=asked)
    yield from spread(one, jobs(folder, out))


def _one(folder: Path, pair: tuple[Path, Path], *, progress, asked: dict) -> Outcome:
    source, copy = pair
    name = str(source.relative_to(folder))
    if copy.exists():
        return Outcome(name, skipped=True)
    copy.parent.mkdir(parents=True, exist_ok=True)
    tell = None if progress is None else functools.partial(progress, source)
    try:
        return Outcome(name, protect(source, copy, progress=tell, **asked))
    except CommonbeatError as error:
        return Outcome(name, error=str(error))


def on_spark(session) -> Callable[[Callable, list], Iterable[Outcome]]:
    """A `spread` that gives every video to a Spark cluster as a task of its own, for a department's archive.

    session : a SparkSession whose workers run a Python with this package and its `video` extra (`PYSPARK_PYTHON`
              names it) and see the folders under the same paths.
    """

    def spread(work: Callable, pairs: list) -> Iterable[Outcome]:
        context = session.sparkContext
        return context.parallelize(pairs, max(1, len(pairs))).map(work).toLocalIterator()

    return spread
