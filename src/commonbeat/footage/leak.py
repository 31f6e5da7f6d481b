"""How much may still be visible, and what stands in the way of releasing this copy?

The second pass only estimates: it is a detector too, and shares blind spots with the first. The bound is
stated only after
a person has looked at frames drawn by chance, and it is the plain finite-population bound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.footage.record import FootageRecord

__all__ = ["DARK", "LIMIT", "after_review", "releasable", "sample_frames", "upper_bound"]

LIMIT = 0.03  #: above this share of face-frames a copy is not released; about what 100 clean frames can show
LONGEST = 1  #: a face visible in more frames in a row than this blocks the release, however rare
DARK = 32.0  #: mean brightness (0 to 255) under which too many faces are missed to promise anything


def upper_bound(leaking: int, looked: int, population: int, level: float = 0.95) -> float:
    """At most what share leaks, when `leaking` of `looked` frames drawn by chance from `population` did?

    The largest number of leaking frames under which so few (or fewer) would be seen with more than 1 - level chance,
    divided by the population. Exact hypergeometric bound (Konijn 1973); 0 of 100 from many gives about 0.03.
    """
    if not 0 <= leaking <= looked <= population or looked == 0:
        raise BadInput(
            f"A bound needs 0 <= leaking <= looked <= population and looked > 0, not {leaking}, {looked}, "
            f"{population}."
        )
    low, high = leaking, population - (looked - leaking)
    while low < high:
        middle = (low + high + 1) // 2
        if _chance_of_at_most(leaking, middle, looked, population) > 1 - level:
            low = middle
        else:
            high = middle - 1
    return low / population


def _chance_of_at_most(seen: int, leaking: int, looked: int, population: int) -> float:
    least = max(0, looked - (population - leaking))
    terms = [_log_choose(leaking, k) + _log_choose(population - leaking, looked - k) for k in range(least, seen + 1)]
    return sum(math.exp(t - _log_choose(population, looked)) for t in terms)


def _log_choose(n: int, k: int) -> float:
    return -math.inf if not 0 <= k <= n else math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def sample_frames(record: FootageRecord, n: int = 100, seed: int = 0) -> list[int]:
    """Which frames should a person look at?

    n frames without replacement, each as likely as any other, from all frames of the clip: a face the detector never
    found lies in no track, so drawing from tracks alone would never meet it. Sorted; all frames when there are fewer.
    """
    if n < 1:
        raise BadInput(f"At least one frame must be looked at, not {n}.")
    rng = np.random.default_rng(seed)
    return sorted(rng.choice(record.frames, size=min(n, record.frames), replace=False).tolist())


def track_frames(record: FootageRecord, each: int = 3, seed: int = 0) -> dict[int, list[int]]:
    """Which frames of every track should a person look at? {track: its first, its last, and `each` drawn between}.

    They show that the mask is on each person followed; the bound is stated from `sample_frames` alone.
    """
    rng, chosen = np.random.default_rng(seed), {}
    for t in record.tracks:
        inside = range(t.first + 1, t.last)
        drawn = rng.choice(inside, size=min(each, len(inside)), replace=False).tolist() if len(inside) else []
        chosen[t.id] = sorted({t.first, t.last, *drawn})
    return chosen


def no_faces(record: FootageRecord, which: Iterable[int], reviewer: str) -> FootageRecord:
    """The record after a person looked at some of `leak.visible` and saw that they are no faces.

    which : positions in `leak.visible`. Estimate and longest run are those of what is left.
    """
    leak, which = record.leak, set(which)
    if not which <= set(range(len(leak.visible))):
        raise BadInput(f"There are {len(leak.visible)} places to judge in this record, numbered from 0.")
    left = tuple(v for i, v in enumerate(leak.visible) if i not in which)
    share = len(left) / len(leak.visible) if leak.visible else 1.0
    words = f"; a person saw that {len(which)} of {len(leak.visible)} places the program pointed at are no faces"
    leak = replace(
        leak,
        visible=left,
        estimate=None if leak.estimate is None else leak.estimate * share,
        longest_run=longest_run(sorted({frame for frame, *_ in left})),
        method=leak.method + words,
    )
    return record.with_leak(leak, reviewer)


def longest_run(frames: list[int]) -> int:
    """How many of these sorted frames follow each other without a gap, at most?"""
    longest = run = 0
    for i, frame in enumerate(frames):
        run = run + 1 if i and frame == frames[i - 1] + 1 else 1
        longest = max(longest, run)
    return longest


def after_review(
    record: FootageRecord, looked: Iterable[int], leaking: Iterable[int], reviewer: str
) -> FootageRecord:
    """The record after a person looked at sampled frames and said in which a face could still be seen.

    `upper` becomes the bound on the share of frames with a visible face; reviewer is a role or number, never a name.
    """
    looked, leaking = set(looked), set(leaking)
    if not leaking <= looked or not looked <= set(range(record.frames)):
        raise BadInput("Leaking frames must be among those looked at, and all must be frames of this clip.")
    upper = upper_bound(len(leaking), len(looked), record.frames)
    words = (
        f"; a person looked at {len(looked)} of {record.frames} frames drawn by chance "
        f"and saw a face in {len(leaking)}"
    )
    leak = replace(
        record.leak,
        upper=upper,
        method=record.leak.method + words,
        estimate=max(record.leak.estimate or 0.0, len(leaking) / len(looked)),
    )
    return record.with_leak(leak, reviewer)


def releasable(record: FootageRecord, limit: float = LIMIT) -> list[str]:
    """What stands in the way of releasing this copy? An empty list: nothing that can be measured."""
    leak, why = record.leak, []
    if leak.checked_frames == 0:
        why.append(
            "The copy has not been looked at again by the program; protect it without switching the check off."
        )
    elif leak.estimate is None:
        why.append("The second look could not estimate a leak.")
    elif leak.estimate > limit:
        why.append(
            f"The second look found {leak.estimate:.2%} of face-frames still visible; at most {limit:.0%} "
            f"is released."
        )
    if leak.longest_run > LONGEST:
        why.append(
            f"A face is visible {leak.longest_run} frames in a row; at most {LONGEST} is released. Mark it "
            f"and write again."
        )
    if leak.visible:
        frames = sorted({frame for frame, *_ in leak.visible})
        some = ", ".join(map(str, frames[:8])) + (" ..." if len(frames) > 8 else "")
        why.append(f"Something like a face can be seen in frame {some}. Look there; mark it, or say that it is none.")
    if leak.upper is None:
        why.append("Nobody has looked yet: a person must look at sampled frames before a bound can be stated.")
    elif leak.upper > limit:
        why.append(
            f"After the person's look up to {leak.upper:.1%} of frames may show a face; at most {limit:.0%} "
            f"is released. "
            "Look at more frames."
        )
    why += _too_dark(record)
    return why


def _too_dark(record: FootageRecord) -> list[str]:
    if record.light is not None and record.light < DARK:
        return [
            f"The clip is too dark to promise anything (mean brightness {record.light:.0f} of 255, {DARK:.0f} is "
            "needed); "
            "hide the whole picture or do not release it."
        ]
    return []
