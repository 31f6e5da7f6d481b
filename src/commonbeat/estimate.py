"""The atom of every answer: a number that carries its uncertainty, its n, its unit and its method."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

__all__ = ["Estimate", "plain"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """One number and everything needed to believe or doubt it.

    value, std_error, low, high : in `unit`; None when it cannot be told (never NaN without a word in `cautions`)
    df       : degrees of freedom behind the interval; None for exact, Bayesian or bootstrap intervals
    level    : coverage the interval promises, 0.95
    n        : how many people (or rows, or clusters: the method says) it rests on; None = published without n
    method   : one line a statistician can check
    cautions : sentences a reader must see beside the number
    """

    value: float | None
    std_error: float | None = None
    df: float | None = None
    low: float | None = None
    high: float | None = None
    level: float = 0.95
    n: int | None = None
    unit: str = ""
    method: str = ""
    cautions: tuple[str, ...] = ()

    def __post_init__(self):
        for name in ("value", "std_error", "df", "low", "high"):
            number = getattr(self, name)
            if number is not None:
                number = float(number)
                object.__setattr__(self, name, None if math.isnan(number) else number)
        if self.n is not None:
            object.__setattr__(self, "n", int(self.n))
        object.__setattr__(self, "cautions", tuple(self.cautions))

    @property
    def known(self) -> bool:
        """Is there a value with an interval around it?"""
        return self.value is not None and self.low is not None and self.high is not None

    def with_caution(self, *sentences: str) -> Estimate:
        """The same number with more to be said beside it."""
        return replace(self, cautions=(*self.cautions, *sentences))

    def to_dict(self) -> dict:
        return plain(asdict(self))


def plain(thing):
    """Any result as plain Python that JSON can hold: arrays to lists, NaN and infinity to None, numpy numbers to Python's.

    Results call this from their own `.to_dict()`, so that no NaN ever leaves in JSON.
    """
    if hasattr(thing, "to_dict") and not isinstance(thing, dict):
        return plain(thing.to_dict())
    if isinstance(thing, dict):
        return {str(k): plain(v) for k, v in thing.items()}
    if isinstance(thing, (list, tuple, set, frozenset)):
        return [plain(v) for v in thing]
    if hasattr(thing, "tolist"):  # numpy scalars and arrays
        return plain(thing.tolist())
    if isinstance(thing, float):
        return thing if math.isfinite(thing) else None
    if hasattr(thing, "isoformat"):
        return thing.isoformat()
    return thing
