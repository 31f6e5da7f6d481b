"""Small towns for rate checks: the map is drawn once, everything else anew for each seed."""

from functools import lru_cache

import numpy as np
import polars as pl

from commonbeat import city
from commonbeat.city import contacts, population, programme, survey, town

DAYS = 730


@lru_cache(maxsize=4)
def place(areas=8):
    return town.build(7, areas=areas)


def surveyed(seed, world="default", *, residents=6_000, panel=2_000, areas=8, **changes):
    """Respondents with their true and their ticked trust, wave by wave, of one small town."""
    w = city.world(world).but(**changes) if changes else city.world(world)
    who, _, _ = population.build(seed, place(areas), residents)
    plan = programme.build(seed, w, place(areas), who, days=DAYS, published=369.0)
    asked = survey.build(seed, w, place(areas), who, plan, start=city.START, days=DAYS, panel=panel)
    items = pl.col("item").is_in([name for name, item in survey.PULSE.items() if not item[3]])
    score = asked.answers.filter((pl.col("questionnaire") == "pulse-1") & items)
    score = score.group_by("respondent", "wave").agg(score=(25 * (pl.col("value") - 1)).mean())
    about = asked.respondents.select(
        "respondent", "plan_id", "ring", "arm", "block", "cluster", "weight", "prior_trust"
    )
    return asked.hidden.join(about, on="respondent").join(score, on=["respondent", "wave"], how="left"), w


def streets(seed, world="default", *, residents=20_000, areas=24, **changes):
    """Contacts of one small town: the frame, the hidden rows, the true rates, who lives there."""
    w = city.world(world).but(**changes) if changes else city.world(world)
    who, rates, _ = population.build(seed, place(areas), residents)
    nobody = (np.empty(0), np.empty(0, int), np.empty(0, bool))
    street = contacts.build(seed, w, place(areas), who, rates, start=city.START, days=DAYS, visits=nobody)
    return street, rates, who
