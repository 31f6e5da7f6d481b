"""Towns with nothing but their surveys, for rate checks: the map is drawn once, everything else anew for each seed."""

from functools import lru_cache
from pathlib import Path

import numpy as np
import polars as pl

from commonbeat import city, studies
from commonbeat.city import population, programme, survey, town
from commonbeat.studies.plan import Plan

DAYS, PUBLISHED = 730, 369.0


@lru_cache(maxsize=4)
def the_map(areas):
    return town.build(7, areas=areas)


def the_plan(**changes) -> Plan:
    """The packaged plan, with some entries changed."""
    shipped = Plan.read(Path(studies.__file__).parent / "plans" / "visits.toml")
    return Plan.from_dict(shipped.to_dict() | {"robustness": [], "groups": []} | changes)


def surveyed(seed, world="default", *, residents=10_000, panel=2_500, areas=16, **changes):
    """(tables respondents and answers, hidden truth) of one town."""
    place = the_map(areas)
    w = city.world(world).but(**changes) if changes else city.world(world)
    who, _, _ = population.build(seed, place, residents)
    ran = programme.build(seed, w, place, who, days=DAYS, published=PUBLISHED)
    asked = survey.build(seed, w, place, who, ran, start=city.START, days=DAYS, panel=panel)
    return {"respondents": asked.respondents, "answers": asked.answers}, asked.hidden


def true_effect(tables, hidden, ring: str, wave: int, plan_id="visits") -> float:
    """The intention-to-treat effect among all who were asked in this ring: what the draw alone would have done."""
    people = tables["respondents"].filter((pl.col("plan_id") == plan_id) & (pl.col("ring") == ring))
    both = people.join(hidden.filter(pl.col("wave") == wave), on="respondent")
    weight = both["weight"].fill_null(1.0)
    return float(np.average(both["y1"] - both["y0"], weights=weight))
