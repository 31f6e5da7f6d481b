"""What is true in this town, and what would a naive method say? One fact per method, and the rows nobody else may see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from commonbeat.city.worlds import World
from commonbeat.estimate import plain

__all__ = ["Fact", "Truth", "tell"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One true number beside the wrong one.

    method : room and function that should recover it    quantity : what it is    by : where it holds (ring, wave, group ...)
    value  : the truth in `unit`; None: nobody can tell, not even here
    naive  : what the naive method gives when it is handed this town's own rows;    naive_method : what that method is
    """

    method: str
    quantity: str
    value: float | None
    unit: str
    naive: float | None = None
    naive_method: str = ""
    by: Mapping[str, object] = field(default_factory=dict)

    def to_dict(self) -> dict:
        return plain({name: getattr(self, name) for name in self.__slots__} | {"by": dict(self.by)})


@dataclass(frozen=True, slots=True)
class Truth:
    """Everything the dice hid: the world's parameters, the facts, and `rows`, hidden frames that never enter a book.

    rows : contacts (contact_id, padded, caused_by), spread (event_id, true_parent), voters (person, opinion_group),
           respondents (respondent, wave, y1, y0, reached, answered)
    """

    seed: int
    residents: int
    world: World
    facts: tuple[Fact, ...]
    rows: Mapping[str, pl.DataFrame]

    def to_dict(self) -> dict:
        return plain(
            {
                "simulated": True,
                "seed": self.seed,
                "residents": self.residents,
                "world": self.world,
                "facts": [f.to_dict() for f in self.facts],
            }
        )


def tell(*, seed, residents, world, street, shared, talk, asked, **town) -> Truth:
    """Adds up what is true, from the potential outcomes and the rates that made the tables."""
    rows = {"contacts": street.hidden, "spread": shared.hidden, "voters": talk.hidden, "respondents": asked.hidden}
    return Truth(seed, residents, world, (), MappingProxyType(rows))
