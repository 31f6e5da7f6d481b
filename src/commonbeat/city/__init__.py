"""What would we see if we knew the truth? A simulated town from one seed: every codebook table, and the truth that made it.

    town = city.build(seed=7, residents=20_000, years=2, world="default")
    town.tables["contacts"], town.truth.to_dict()

Everything here is simulated and says so in its rows. No table holds the truth; it stays beside, in `.truth`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from commonbeat.city import contacts, dialogue, office, population, programme, spread, stories, survey, town
from commonbeat.city.telling import tell
from commonbeat.city.truth import Fact, Truth
from commonbeat.city.worlds import WORLDS, World, world
from commonbeat.codebook import TABLES
from commonbeat.errors import BadInput

__all__ = ["START", "WORLDS", "City", "Fact", "Truth", "World", "build", "check", "world"]

START = datetime(2024, 10, 1, tzinfo=UTC)  #: the town keeps UTC


@dataclass(frozen=True, slots=True)
class City:
    """A town: `tables` name -> frame as the codebook wants it, `truth` what made it, `map` river and streets to draw."""

    tables: dict[str, pl.DataFrame]
    truth: Truth
    map: town.Town


def build(seed=7, residents=20_000, years=2, world="default", *, start=START, panel=None, progress=None) -> City:
    """What would we see, in every table, in a town of which we know everything?

    seed : the same seed and arguments give the same tables    residents : 2,000 to 5,000,000    years : 1 to 10
    world : a name of `WORLDS` or a `World`    panel : people asked in the visit study    progress : called with each step's name
    """
    chosen, days = check(seed, residents, years, world)
    say = progress or (lambda step: None)
    say("drawing the map")
    place = town.build(seed, areas=int(min(max(residents // 800, 8), 48)))
    say("moving people in")
    who, rates, people = population.build(seed, place, int(residents))
    published = round(days * 0.5) + 4.0
    plan = programme.build(seed, chosen, place, who, days=days, published=published)
    say("two years on the street" if years == 2 else "on the street")
    street = contacts.build(
        seed, chosen, place, who, rates, start=start, days=days, visits=_visits(seed, place, who, plan)
    )
    told = stories.build(seed, street.contacts, street.hidden, residents=int(residents), start=start, days=days)
    say("telling and sharing")
    public = told.stories["published_at"].is_not_null().to_numpy()
    shared = spread.build(seed, chosen, told.stories.filter(pl.Series(public)), told.size[public])
    talk = dialogue.build(seed, residents=int(residents), start=start, days=days)
    say("asking people")
    asked = survey.build(seed, chosen, place, who, plan, start=start, days=days, panel=panel)
    counted = office.build(seed, chosen, place, who, rates, start=start, days=days)
    found = {
        "areas": place.areas, "population": people, "contacts": told.contacts, "people": street.people,
        "complaints": counted.complaints, "closings": counted.closings, "trainings": counted.trainings, "force": counted.force, "commitments": counted.commitments,
        "footage": told.footage, "consents": told.consents, "stories": told.stories, "spread": shared.spread,
        "statements": talk.statements, "votes": talk.votes, "respondents": asked.respondents, "answers": asked.answers,
        "assignments": pl.concat([asked.assignments, counted.assignments], how="diagonal_relaxed"),
        "invitations": asked.invitations, "ties": place.ties,
    }  # fmt: skip
    tables = {name: _shaped(name, found.get(name)) for name in TABLES}
    say("writing down the truth")
    truth = tell(
        seed=seed, residents=int(residents), days=days, start=start, world=chosen, town=place, who=who, rates=rates, plan=plan,
        street=street, stories=told, shared=shared, talk=talk, asked=asked, counted=counted, tables=tables,
    )  # fmt: skip
    return City(tables, truth, place)


def check(seed, residents, years, chosen):
    """Can such a town be built?  -> its World, its days. Raises BadInput with the limits."""
    for name, value, low, high in (
        ("residents", residents, 2_000, 5_000_000),
        ("years", years, 1, 10),
        ("seed", seed, 0, 2**63),
    ):
        if not low <= value <= high:
            raise BadInput(f"{name} is {value}; the city needs {low:,} to {high:,}")
    return world(chosen), round(years * 365.25) - 1


def _shaped(name, frame) -> pl.DataFrame:
    """The columns of the codebook in its order; what the city does not know is null; a table it does not fill is empty."""
    schema = TABLES[name]
    if frame is None:
        return schema.create_empty()
    missing = [pl.lit(None).alias(c) for c in schema.column_names() if c not in frame.columns]
    return schema.cast(frame.with_columns(missing).select(schema.column_names()))


def _visits(seed, place, who, plan):
    """Doorstep visits: one row per two or three participants of a visited patch; some find nobody in."""
    import numpy as np

    from commonbeat.city.words import stream

    rng = stream(seed, "visits")
    homes = np.flatnonzero((who.role == 0) & plan.visited[who.patch] & who.adult)
    homes = homes[rng.random(len(homes)) < 0.45]
    day = plan.day[who.patch[homes]] + np.floor(rng.uniform(0, 5, len(homes))) + rng.uniform(15, 20, len(homes)) / 24
    return day, who.patch[homes], plan.opens[homes]
