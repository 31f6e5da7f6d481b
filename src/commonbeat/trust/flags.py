"""Who ran down the page? Straight lines and hurried answers are marked, counted and shown both ways; nobody is dropped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.trust.columns import matrix, numbers, turned
from commonbeat.trust.levels import Level
from commonbeat.trust.survey import estimate_level

__all__ = ["Flags", "Sensitivity", "flag_careless", "with_and_without"]

FEWEST_ITEMS = 4  #: a straight line through fewer questions says nothing


@dataclass(frozen=True, slots=True)
class Flags:
    """Marks, a person each.

    straight      : (people,) the same answer to every question
    contradictory : (people,) the same answer to a question and to its reverse, and not the middle one: both cannot be meant
    hurried       : (people,) page took less than `hurry` of the median time; all false when no times were given
    """

    straight: np.ndarray
    contradictory: np.ndarray
    hurried: np.ndarray
    judged: int
    cautions: tuple[str, ...]

    @property
    def any(self) -> np.ndarray:
        """(people,) contradictory or hurried. A straight line without a contradiction may well be meant."""
        return self.contradictory | self.hurried

    def to_dict(self) -> dict:
        names = ("straight", "contradictory", "hurried")
        counts = {name: int(getattr(self, name).sum()) for name in names}
        return plain({**counts, "flagged": int(self.any.sum()), "judged": self.judged, "cautions": self.cautions})


@dataclass(frozen=True, slots=True)
class Sensitivity:
    """A level with everybody and without those flagged; which of the two is right nobody can know."""

    everybody: Level
    without_flagged: Level
    flagged: int

    def to_dict(self) -> dict:
        return plain({"everybody": self.everybody, "without_flagged": self.without_flagged, "flagged": self.flagged})


def flag_careless(items, *, seconds=None, reverse=(), middle=None, hurry=1 / 3) -> Flags:
    """Which answers look as if nobody had read the questions?

    items   : (people, questions) as they were answered, before anything is reversed
    seconds : (people,) how long the page took
    reverse : questions worded the other way round; without one, a straight line is no contradiction
    middle  : the middle answer, which may be meant both ways
    hurry   : share of the median time below which a page counts as hurried (Greszki, Meyer & Schoen 2015 use 0.3 to 0.5)
    """
    x, names = matrix(items)
    answered = (~np.isnan(x)).sum(axis=1)
    judged = answered >= FEWEST_ITEMS
    low, high = (
        np.where(answered > 0, f(np.where(np.isnan(x), fill, x), axis=1), np.nan)
        for f, fill in ((np.min, np.inf), (np.max, -np.inf))
    )
    straight = judged & (low == high)
    turn = turned(names, reverse)
    both = (~np.isnan(x[:, turn])).any(axis=1) & (~np.isnan(x[:, ~turn])).any(axis=1)
    contradictory = straight & both & (low != middle if middle is not None else True)
    hurried, cautions = np.zeros(len(x), bool), []
    if seconds is not None:
        took = numbers(seconds, "seconds", rows=len(x), low=0)
        if not np.isfinite(took).any():
            raise BadInput("`seconds` holds no time at all.")
        with np.errstate(invalid="ignore"):
            hurried = took < hurry * np.nanmedian(took)
        cautions.append(f"Hurried is under {hurry:.0%} of the median {np.nanmedian(took):.0f} seconds.")
    if not turn.any():
        cautions.append("No question is worded the other way round, so a straight line may be what people meant.")
    return Flags(straight, contradictory, hurried, int(judged.sum()), tuple(cautions))


def with_and_without(y, flags: Flags, **design) -> Sensitivity:
    """Would the level be another without the hurried and the contradictory?  `design` as for `estimate_level`."""
    value = numbers(y, "y", rows=len(flags.straight))
    kept = np.where(flags.any, np.nan, value)
    return Sensitivity(estimate_level(value, **design), estimate_level(kept, **design), int(flags.any.sum()))
