"""What is true in this town, and what would a naive method say? One fact per method, and the rows nobody else may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from commonbeat.city.worlds import World
from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["Fact", "Truth"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One true number beside the wrong one.

    method : room and function that should recover it    quantity : what it is    by : where it holds (ring, wave, group ...)
    value  : the truth in `unit`; None: no such number exists here (a town that plateaus has no half-life)
    naive  : what the naive method gives on this town;    naive_method : what that method is
    """

    method: str
    quantity: str
    value: float | None
    unit: str
    naive: float | None = None
    naive_method: str = ""
    by: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self):
        for name in ("value", "naive"):
            number = getattr(self, name)
            object.__setattr__(self, name, None if number is None or number != number else float(number))
        object.__setattr__(self, "by", MappingProxyType(dict(self.by)))

    def to_dict(self) -> dict:
        return plain({name: getattr(self, name) for name in self.__slots__} | {"by": dict(self.by)})


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything the dice hid: the world's parameters, the facts, and `rows`, hidden frames that never enter a book.

    rows : contacts (contact_id, padded, caused_by)    spread (event_id, true_parent)    voters (person, opinion_group)
           respondents (respondent, wave, y1, y0, reached, takes, answered): trust with and without what the plan gives;
             takes: would take part if invited
           rates (area_id, race, enforcement, service, positive): expected per resident and year, visits and padding left out
    """

    seed: int
    residents: int
    world: World
    facts: tuple[Fact, ...]
    rows: Mapping[str, pl.DataFrame]

    def find(self, method: str | None = None, quantity: str | None = None, **by) -> tuple[Fact, ...]:
        """Which facts are about this?  e.g. find("trust.difference_in_means", ring="participant", wave=21)"""
        return tuple(
            fact
            for fact in self.facts
            if method in (None, fact.method)
            and quantity in (None, fact.quantity)
            and all(name in fact.by and fact.by[name] == value for name, value in by.items())
        )

    def one(self, method: str | None = None, quantity: str | None = None, **by) -> Fact:
        """The one fact about this. Raises BadInput when there is none, or more than one."""
        found = self.find(method, quantity, **by)
        if len(found) != 1:
            raise BadInput(
                f"{len(found)} facts match {method or ''} {quantity or ''} {by}; say which, e.g. by ring and wave"
            )
        return found[0]

    def to_dict(self) -> dict:
        return plain(
            {
                "simulated": True,
                "seed": self.seed,
                "residents": self.residents,
                "world": self.world,
                "facts": [fact.to_dict() for fact in self.facts],
            }
        )
