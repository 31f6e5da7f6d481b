"""May today's numbers stand beside yesterday's? Whoever holds both can subtract: one edition follows another only when enough people changed.

The rows of somebody who asks to be erased go at once. The published numbers follow with the next edition, which comes when in
every cell that changes at least as many people changed as the floor says. Until then the edition before stands, and says so.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
import math
import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from commonbeat.errors import Broken, Refused
from commonbeat.estimate import plain
from commonbeat.ledger import Book
from commonbeat.privacy import FLOOR, OFFICER_FLOOR
from commonbeat.studies.erasures import ASKED, ERASED, Erasure
from commonbeat.studies.findings import Finding, Findings
from commonbeat.studies.release import released

__all__ = ["RELEASED", "Cell", "cells_of", "published", "subtractable"]

RELEASED = "plan.released"
FOLDER = "editions"  #: in the book: what was published last of each plan, and of every cell that ever was


@dataclass(frozen=True, slots=True)
class Cell:
    """One published number about people: how many stand behind it, and what it says (None for a plain count)."""

    n: int
    value: float | None
    floor: int


def published(found: Findings, book: Book, *, who: str, at: dt.datetime | None = None) -> tuple[Findings, bool]:
    """What may be shown of an answer today  -> findings, are they today's?

    The edition is kept in the book and named in its audit chain. False: too few people changed since the last one, whose
    numbers are given back. Raises Refused when the book cannot remember an edition, Broken when its memory was changed.
    """
    public = released(found)
    day = (at or dt.datetime.now(dt.UTC)).isoformat()
    path = book.path / FOLDER / f"{public.plan['plan_id']}.json"
    held = _last(path, book, public.plan["plan_id"])
    now = cells_of(public)
    if held and subtractable(
        held["cells"],
        now,
        growing=public.plan["design"] == "story_experiment",
        same=_as_asked(public) == held["asked"],
    ):
        return _earlier(held, book), False
    text = json.dumps({"at": day, "asked": _as_asked(public), "cells": {**(held["cells"] if held else {}), **{k: dataclasses.asdict(c) for k, c in now.items()}},
                       "findings": plain(_raw(public))}, sort_keys=True)  # fmt: skip
    if held is None or json.loads(text)["findings"] != held["findings"]:
        _keep(path, text, book, public, who, at)
    return public, True


def subtractable(
    before: dict[str, dict], now: dict[str, Cell], *, growing: bool = False, same: bool = True
) -> list[str]:
    """Which cells would give a few people away to somebody who holds both editions?

    growing : of a page that is read daily, people may join one by one (its sequence of intervals shows them anyway)
    same    : the same plan, seed and program: then a number that moved while n stayed tells of a swap
    """
    close = []
    for key, cell in now.items():
        old = before.get(key)
        if old is None:
            continue
        changed = cell.n - old["n"]
        few = 0 < abs(changed) < max(cell.floor, old["floor"]) and not (growing and changed > 0)
        swapped = same and changed == 0 and not _equal(old["value"], cell.value)
        if few or swapped:
            close.append(key)
    return close


def cells_of(public: Findings) -> dict[str, Cell]:
    """Every number of released findings that stands for countable people; what is withheld is no cell."""
    floor = max(int(public.plan.get("floor", FLOOR)), FLOOR)
    return {
        key: Cell(n, value, max(floor, OFFICER_FLOOR) if officer else floor)
        for key, n, value, officer in _cells(public)
        if n is not None
    }


def _cells(f: Findings) -> Iterator[tuple]:
    parts: tuple[tuple[str, tuple[Finding, ...]], ...] = (
        ("primary", (f.primary,)), ("ring", f.rings), ("group", f.groups), ("curve", f.curves), ("method", f.robustness), ("explored", f.exploratory),
    )  # fmt: skip
    for part, found in parts:
        for x in found:
            yield (
                f"{part}|{x.ring}|{x.wave}|{x.group}|{x.value}|{x.estimator}",
                x.effect.n,
                x.effect.value,
                x.ring == "officer",
            )
    for box in f.attrition.flow if f.attrition else ():
        yield f"asked|{box.ring}|{box.arm}", box.asked, None, box.ring == "officer"
        for wave, n in box.answered:
            yield f"answered|{box.ring}|{box.arm}|{wave}", n, None, box.ring == "officer"
    for usual in f.naive:
        yield f"naive|{usual.what}", usual.effect.n, usual.effect.value, False


def _equal(a, b) -> bool:
    return a is None or b is None or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)


def _as_asked(public: Findings) -> list:
    return [public.plan_hash, public.seed, [list(v) for v in public.versions]]


def _earlier(held: dict, book: Book) -> Findings:
    """The last edition, with a sentence on why it stands still, and that people were erased since where they were."""
    found, day = _revived(Findings, held["findings"]), held["at"][:10]
    gone = [
        e for e in book.chain if e.what == ERASED and e.at > held["at"] and any(t in e.about["erased"] for t in ASKED)
    ]
    why = f"these are the numbers of the edition of {day}: so few people changed since that the two could be subtracted; the next edition comes when more did"
    erased = Erasure(None, None, None, day, False) if gone else None
    said = (erased.sentence, why) if erased else (why,)
    return replace(found, erasure=erased or found.erasure, cautions=(*found.cautions, *said))


# -- the book's memory ------------------------------------------------------------------------------------------------


def _last(path: Path, book: Book, plan_id: str) -> dict | None:
    """The last edition of a plan, whose hash stands in the chain; None: never published."""
    told = [e.about["edition"] for e in book.chain if e.what == RELEASED and e.about["plan_id"] == plan_id]
    if not told:
        return None
    for file in (path, _beside(path)):  # beside: a run that was killed between the chain's entry and the swap
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        if hashlib.sha256(text.encode()).hexdigest() == told[-1]:
            return json.loads(text)
    raise Broken(
        f"the edition that was published last of {plan_id} ({FOLDER}/{path.name}) is {'not what the audit chain says' if path.exists() else 'missing'}: "
        "without it nobody can tell whether new numbers would give somebody away. Restore it from a backup"
    )


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _keep(path, text, book, public, who, at):
    fresh = _beside(path)
    about = {"plan_id": public.plan["plan_id"], "plan_hash": public.plan_hash, "snapshot": public.snapshot,
             "edition": hashlib.sha256(text.encode()).hexdigest()}  # fmt: skip
    try:
        path.parent.mkdir(exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"this book cannot remember what is published ({error.strerror}), so nothing new may be; use --analyst for work"
        ) from error
    book.chain.append(RELEASED, who=who, about=about, at=at)
    fresh.replace(path)


def _raw(thing):
    """Fields by name, nested; `_revived` is its inverse."""
    if dataclasses.is_dataclass(thing):
        return {f.name: _raw(getattr(thing, f.name)) for f in dataclasses.fields(thing)}
    if isinstance(thing, list | tuple):
        return [_raw(v) for v in thing]
    return thing


def _revived(kind, data):
    """A frozen record from its fields, by the types it declares."""
    if data is None:
        return None
    if isinstance(kind, types.UnionType):
        kind = next(k for k in typing.get_args(kind) if k is not types.NoneType)
    if dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        return kind(**{f.name: _revived(hints[f.name], data[f.name]) for f in dataclasses.fields(kind)})  # type: ignore[operator]
    if typing.get_origin(kind) is tuple:
        inner = typing.get_args(kind)
        each = [inner[0]] * len(data) if inner[1:] == (...,) else list(inner)
        return tuple(_revived(k, v) for k, v in zip(each, data, strict=True))
    return data
