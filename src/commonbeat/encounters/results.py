"""What this room answers with: numbers that know no drawing and no sentence."""

from __future__ import annotations

from dataclasses import dataclass, field

from commonbeat.encounters.counting import Window
from commonbeat.estimate import Estimate, plain

__all__ = ["VERDICTS", "Cell", "Equity", "Rate", "Reach", "Versus"]

#: code -> what it means; `report` writes the sentence
VERDICTS = ("above_town", "not_clearly_above", "too_few", "no_denominator")


class _Plain:
    __slots__ = ()

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


@dataclass(frozen=True, slots=True)
class Rate(_Plain):
    """Contacts per 1,000 residents and year, with its exact interval; None where nobody knows how many live there.

    pooled  : (rate, low, high) when areas borrow strength from each other; None with fewer than three areas
    widened : (low, high) where monthly counts scatter more than chance would make them (clusters); None where they do not
    """

    count: int
    residents: int | None
    rate: float | None
    low: float | None
    high: float | None
    pooled: tuple[float, float, float] | None = None
    widened: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Cell(_Plain):
    """One area (None: outside every area; "all": the town) and one group (None: everybody).

    verdict    : a code of VERDICTS about enforcement against the rest of the town;  q: its false-discovery rate
    ratio      : positive for one of enforcement (value, low, high): for the appendix
    suppressed : hidden at the door because too few people stand behind it
    """

    area: str | None
    group: str | None
    positive: Rate
    service: Rate
    enforcement: Rate
    verdict: str
    q: float | None
    ratio: tuple[float | None, float | None, float | None]
    suppressed: bool = False

    def to_dict(self) -> dict:
        value, low, high = self.ratio
        body = {s: getattr(self, s) for s in self.__slots__ if s != "ratio"}
        return plain(body | {"appendix": {"positive_to_enforcement": {"value": value, "low": low, "high": high}}})


@dataclass(frozen=True, slots=True)
class Versus(_Plain):
    """One group against another over the town: `crude` mixes in who lives where, `within` compares inside areas."""

    group: str
    against: str
    kind: str
    crude: Estimate
    within: Estimate | None


@dataclass(frozen=True, slots=True)
class Equity(_Plain):
    """Who is met, where and how.

    town, cells : the whole, and every area (and group);  versus : groups against the one with most residents
    dispersion  : how much more monthly counts of enforcement scatter than chance alone would (1: not at all); verdicts and
                  widened intervals allow for it
    """

    window: Window
    by: str | None
    town: Cell
    town_groups: tuple[Cell, ...]
    cells: tuple[Cell, ...]
    versus: tuple[Versus, ...]
    dispersion: float | None
    simulated: bool
    level: float
    false_discovery_rate: float
    without_residents: tuple[str, ...]
    method: str
    cautions: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Reach(_Plain):
    """Does positive contact reach the places with the most enforcement?

    areas : those places, most enforced first, together home to `of_residents` of the town
    share : of all positive contacts that happened there;  index : -1 all in the least enforced, 0 spread like residents, +1 all there
    curve : (share of residents, share of positive contacts) from the most enforced area on
    """

    areas: tuple[str, ...]
    of_residents: float
    share: Estimate
    index: Estimate
    curve: tuple[tuple[float, float], ...]
    without_residents: tuple[str, ...]
