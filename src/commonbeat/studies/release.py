"""Findings as they may leave: nothing that stands for fewer people than the floor, nor what subtraction would give back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from commonbeat.estimate import Estimate
from commonbeat.privacy import FLOOR, OFFICER_FLOOR, release_table, shown_count
from commonbeat.studies.effects import SHORT
from commonbeat.studies.erasures import in_public
from commonbeat.studies.findings import Attrition, Finding, Findings, Flow, untold
from commonbeat.studies.story import SampleRatio

__all__ = ["WITHHELD", "released"]

WITHHELD = "withheld: too few people stand behind it, or behind what it could be subtracted from"


def released(found: Findings) -> Findings:
    """What of a study's answer may be public?

    A finding behind fewer people than the floor (10 for officers) loses its numbers and its n. Groups of one question add
    up to the whole, so when one is withheld a second goes with it (`privacy.release_table`); so do their effects.
    """
    floor = max(int(found.plan.get("floor", FLOOR)), FLOOR)
    groups: list[Finding] = []
    for name in dict.fromkeys(f.group for f in found.groups):
        groups += map(
            _uncounted, _together([f for f in found.groups if f.group == name], found.primary.effect.n, floor)
        )
    one = lambda fs: tuple(_hidden(f) if _few(f, floor) else _uncounted(f) for f in fs)  # noqa: E731
    rings = one(found.rings)
    primary = one([found.primary])[0]
    hidden = primary is not found.primary  # withheld, or an arm of it
    gone = in_public(found.erasure, floor)
    said = {found.erasure.sentence: gone.sentence} if found.erasure and gone else {}
    return replace(
        found, primary=primary, rings=rings, groups=tuple(groups), curves=_curves(found, floor), robustness=one(found.robustness), exploratory=_apart(found, floor),
        attrition=_flow(found.attrition, floor, hidden), running=tuple(d for d in found.running if shown_count(d.n, floor=floor)),
        naive=tuple(n for n in found.naive if not hidden and shown_count(n.effect.n, floor=floor)), sample_ratio=_ratio(found.sample_ratio, floor),
        persistence=None if hidden else found.persistence, balance=None if hidden else found.balance,
        cannot_tell=untold(primary, rings),
        erasure=gone, cautions=tuple(said.get(c, c) for c in found.cautions if not hidden or c in primary.effect.cautions or c not in found.primary.effect.cautions),
    )  # fmt: skip


def _floor_of(f: Finding, floor: int) -> int:
    return max(floor, OFFICER_FLOOR) if f.ring == "officer" else floor


def _few(f: Finding, floor: int) -> bool:
    return shown_count(f.effect.n, floor=_floor_of(f, floor)) is None and f.effect.n is not None


def _uncounted(f: Finding) -> Finding:
    """Where an arm was too small, n goes too: less the other arm, which the flow diagram shows, it would be that arm."""
    short = any(c.startswith(SHORT) for c in f.effect.cautions)
    return replace(f, effect=replace(f.effect, n=None)) if short else f


def _hidden(f: Finding) -> Finding:
    e = Estimate(None, level=f.effect.level, unit=f.effect.unit, cautions=(WITHHELD,))
    return replace(f, effect=e, verdict="too_few", how="not_identified")


def _together(group: Sequence[Finding], whole: int | None, floor: int) -> list[Finding]:
    """One question's values, of which those who gave none are a further, unpublished part of the whole."""
    sizes = [f.effect.n or 0 for f in group]
    silent = max((whole or 0) - sum(sizes), 0)
    counts = [*sizes, silent] if silent else sizes
    hidden = release_table(np.array(counts), floor=max(_floor_of(f, floor) for f in group)).hidden
    return [_hidden(f) if hide else f for f, hide in zip(group, hidden, strict=False)]


def _curves(found: Findings, floor: int) -> tuple[Finding, ...]:
    """At every point the values of the group are parts of the ring's whole, which is published too."""
    whole = {(f.ring, f.wave): f.effect.n for f in found.rings}
    out = []
    for point in dict.fromkeys((f.ring, f.wave) for f in found.curves):
        parts = [f for f in found.curves if (f.ring, f.wave) == point]
        out += map(_uncounted, _together(parts, whole.get(point), floor))
    return tuple(out)


def _apart(found: Findings, floor: int) -> tuple[Finding, ...]:
    """Exploratory groups are cells of a table like those that were planned."""
    out = []
    for name in dict.fromkeys(f.group for f in found.exploratory):
        part = [f for f in found.exploratory if f.group == name]
        out += (
            _together(part, found.primary.effect.n, floor)
            if name
            else [_hidden(f) if _few(f, floor) else f for f in part]
        )
    return tuple(out)


def _ratio(ratio: SampleRatio | None, floor: int) -> SampleRatio | None:
    return (
        None
        if ratio is None
        else replace(ratio, counts=tuple((arm, shown_count(n, floor=floor)) for arm, n in ratio.counts))
    )


def _flow(attrition: Attrition | None, floor: int, hidden: bool) -> Attrition | None:
    """Boxes of the flow diagram are cells too. Those who did not answer are the rest of a box: under the floor it is not told."""
    if attrition is None:
        return None
    boxes = []
    for box in attrition.flow:
        least = max(floor, OFFICER_FLOOR) if box.ring == "officer" else floor
        answered = tuple((w, shown_count(n, floor=least)) for w, n in box.answered)
        boxes.append(Flow(box.ring, box.arm, shown_count(box.asked, floor=least), answered))
    if hidden:  # what stands for the same few people as the primary answer
        nothing = replace(attrition.difference, value=None, std_error=None, df=None, low=None, high=None, n=None)
        return Attrition(tuple(boxes), nothing, attrition.differential, None)
    return replace(attrition, flow=tuple(boxes))
