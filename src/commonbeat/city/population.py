"""Who lives where, and how much do they trust the police before anything happens?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.city.town import SOURCE
from commonbeat.city.words import ADULT, AGE_SHARE, AGES, RACE_SHARE, RACES, ROLE_SHARE, stream

__all__ = ["Rates", "Residents", "build"]

#: per 1,000 residents and year, before the inequality between areas and groups
ENFORCEMENT, SERVICE, POSITIVE = 55.0, 150.0, 12.0
#: enforcement falls unequally on groups even within one area; positive contact leans the other way
ENFORCED = dict(zip(RACES, (0.6, 1.9, 1.4, 1.0, 0.8), strict=True))
GREETED = dict(zip(RACES, (1.0, 0.85, 0.9, 1.0, 1.1), strict=True))


@dataclass(frozen=True, slots=True)
class Rates:
    """True rates per resident and year, (areas, races), and how unequal the areas are: `heat` (areas,), mean about 1."""

    enforcement: np.ndarray
    service: np.ndarray
    positive: np.ndarray
    heat: np.ndarray


@dataclass(frozen=True, slots=True)
class Residents:
    """One entry per resident; small integers are positions in `RACES`, `AGES` and so on.

    patch, area, race, age, sex : (n,) int    role : (n,) how near a planned visit would be, position in `ROLES`
    trust  : (n,) true trust in points before anything happens
    recent : (n,) stopped, searched or cited in the last year
    asked  : (n,) trust as one earlier question measured it: what a study can know beforehand
    counts : (areas, races) residents
    """

    patch: np.ndarray
    area: np.ndarray
    race: np.ndarray
    age: np.ndarray
    sex: np.ndarray
    role: np.ndarray
    recent: np.ndarray
    trust: np.ndarray
    asked: np.ndarray
    counts: np.ndarray

    @property
    def adult(self) -> np.ndarray:
        return self.age >= ADULT


def build(seed: int, town, residents: int) -> tuple[Residents, Rates, pl.DataFrame]:
    """Fills the town  -> residents, the true contact rates, codebook table `population`."""
    rng = stream(seed, "population")
    areas, patches = len(town.areas), len(town.patch_area)
    mix = _mix(rng, town, areas)
    patch = np.sort(rng.choice(patches, residents, p=rng.dirichlet(np.full(patches, 60.0)))).astype(np.int32)
    area = town.patch_area[patch].astype(np.int32)
    race = (rng.random(residents)[:, None] > mix.cumsum(1)[area][:, :-1]).sum(1).astype(np.int8)
    age = rng.choice(len(AGES), residents, p=AGE_SHARE).astype(np.int8)
    sex = rng.choice(3, residents, p=(0.507, 0.487, 0.006)).astype(np.int8)
    role = np.searchsorted(np.cumsum(ROLE_SHARE)[:-1], rng.random(residents)).astype(np.int8)
    rates = _rates(rng, mix)
    recent = rng.random(residents) < np.where(age >= 1, 1 - np.exp(-2.2 * rates.enforcement[area, race]), 0)
    trust = _trust(rng, rates.heat[area], race, recent, patches, patch)
    asked = np.clip(trust + rng.normal(0, 7, residents), 0, 100).round(0)
    counts = np.bincount(area * len(RACES) + race, minlength=areas * len(RACES)).reshape(areas, -1)
    who = Residents(
        patch, area, race, age, sex, role, recent, trust.astype(np.float32), asked.astype(np.float32), counts
    )
    return who, rates, _table(town, area, race, age, sex)


def _mix(rng, town, areas):
    """Share of each group in each area: segregated, smoothly over the map."""
    direction = rng.normal(0, 1, (2, len(RACES)))
    lean = town.centre @ direction / 4 + rng.normal(0, 0.35, (areas, len(RACES)))
    mix = np.array(RACE_SHARE) * np.exp(0.7 * lean)
    return mix / mix.sum(1, keepdims=True)


def _rates(rng, mix) -> Rates:
    heat = np.exp(rng.normal(0, 0.45, len(mix)) + 1.6 * (mix[:, 1] - mix[:, 1].mean()))
    heat /= heat.mean()
    enforced, greeted = np.array([*ENFORCED.values()]), np.array([*GREETED.values()])
    warmth = heat**-0.5 * np.exp(rng.normal(0, 0.25, len(mix)))
    return Rates(
        enforcement=ENFORCEMENT / 1000 * heat[:, None] * enforced,
        service=np.repeat(SERVICE / 1000 * heat[:, None] ** 0.3, len(RACES), axis=1),
        positive=POSITIVE / 1000 * warmth[:, None] * greeted,
        heat=heat,
    )


def _trust(rng, heat, race, recent, patches, patch):
    """Beta-spread trust; lower where enforcement is dense, among the recently stopped, and by patch."""
    lift = np.array([1.0, -5.0, -1.0, -1.0, 3.0])[race]
    mean = 57.0 + lift - 5.0 * np.log(heat) - 9.0 * recent + rng.normal(0, 1.5, patches)[patch]
    mean = np.clip(mean, 15, 85) / 100
    return 100 * np.clip(rng.beta(mean * 8, (1 - mean) * 8), 0.02, 0.98)


def _table(town, area, race, age, sex) -> pl.DataFrame:
    shape = (len(town.areas), len(RACES), len(AGES), 3)
    cell = np.ravel_multi_index((area, race, age, sex), shape)
    count = np.bincount(cell, minlength=np.prod(shape))
    a, r, g, s = np.unravel_index(np.flatnonzero(count), shape)
    return pl.DataFrame(
        {
            "area_id": town.areas["area_id"].to_numpy()[a],
            "race": np.array(RACES)[r],
            "age_band": np.array(AGES)[g],
            "sex": np.array(("female", "male", "other"))[s],
            "residents": count[count > 0],
        }
    ).with_columns(source=pl.lit(SOURCE))
