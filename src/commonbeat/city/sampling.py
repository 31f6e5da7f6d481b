"""How a survey of the town is made: whom a sample draws, who answers, and what they tick."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from commonbeat.city.words import AGES, RACES

__all__ = ["ESS", "PULSE", "Part", "answering", "choose", "days_after", "described", "part", "stratified", "week_of"]

#: item -> (steps of its scale, lowest code, how much easier than average in points, worded the other way round)
PULSE = {
    "respect": (4, 1, 3.0, False), "fairness": (4, 1, -2.0, False), "voice": (4, 1, -4.0, False),
    "safety": (4, 1, 4.0, False), "cooperation": (4, 1, 5.0, False), "belonging": (4, 1, -1.0, False),
    "understanding": (4, 1, -5.0, False), "about_officers": (4, 1, -2.0, True), "about_residents": (4, 1, 2.0, True),
}  # fmt: skip
ESS = {
    "plcpvcr": (10, 0, 1.0, False), "plccbrg": (10, 0, -4.0, False), "plcarcr": (10, 0, 1.0, False),
    "plcrspc": (3, 1, 2.0, False), "plcfrdc": (3, 1, 0.0, False),
}  # fmt: skip
SEXES = np.array(("female", "male", "other"))


@dataclass(frozen=True, slots=True)
class Part:
    """One survey: who was asked, what they said, and what nobody but the city knows of them."""

    people: pl.DataFrame
    answers: pl.DataFrame
    hidden: pl.DataFrame


def stratified(rng, stratum, count, n, *, lean=False, trust=None):
    """Equal numbers from each stratum  -> index (m,), weight (m,). With `lean`, less trusting strata are asked up to twice."""
    order = np.argsort(stratum + rng.random(len(stratum)), kind="stable")
    order = order[stratum[order] >= 0]
    label = stratum[order]
    size = np.bincount(label, minlength=count)
    first = np.cumsum(size) - size
    take = np.full(count, n / count)
    if lean:
        mean = np.bincount(label, trust[order], minlength=count) / np.maximum(size, 1)
        take = take * np.interp(mean, (mean.min(), mean.max()), (2.2, 0.3))
    take = np.minimum(size, np.maximum(1, np.round(take).astype(int)))
    chosen = np.arange(len(order)) - first[label] < take[label]
    index, label = order[chosen], label[chosen]
    return index, size[label] / take[label]


def choose(rng, who, n, *, steep):
    """Adults who come of their own accord: the more (or less) likely, the more they said they trust."""
    score = np.where(who.adult, steep * who.asked, -np.inf) + rng.gumbel(size=len(who.asked))
    return rng.permutation(np.argpartition(-score, n)[:n])


def described(who, index, letter, plan, town) -> pl.DataFrame:
    n = len(index)
    return pl.DataFrame(
        {
            "respondent": [f"{letter}{i:06d}" for i in range(1, n + 1)],
            "area_id": town.areas["area_id"].to_numpy()[who.area[index]],
            "race": np.array(RACES)[who.race[index]],
            "age_band": np.array(AGES)[who.age[index]],
            "sex": SEXES[who.sex[index]],
            "recent_enforcement": who.recent[index],
            "prior_trust": who.asked[index].astype(float),
        }
    ).with_columns(plan_id=pl.lit(plan), side=pl.lit("resident"))


def answering(rng, world, trust, wave):
    """Does each person answer this wave? The first wave is asked face to face: everybody does."""
    n = len(trust)
    if world.nonresponse == "none" or wave == 0:
        return np.ones(n, bool)
    if world.nonresponse == "at_random":
        return rng.random(n) >= world.lost
    likely = np.log((1 - world.lost) / max(world.lost, 1e-9)) + 0.9 * (trust - 55) / 10
    return rng.random(n) < 1 / (1 + np.exp(-likely))


def part(rng, people, waves, start, items, questionnaire, extra, reached, takes=None) -> Part:
    names = people["respondent"].to_numpy()
    answers, hidden = [], []
    for wave, day, y, y1, y0, here in waves:
        answers.append(_ticked(rng, names[here], wave, np.asarray(day)[here], y[here], start, items, questionnaire))
        hidden.append(
            pl.DataFrame(
                {
                    "respondent": names,
                    "y1": y1,
                    "y0": y0,
                    "reached": reached,
                    "takes": reached if takes is None else takes,
                    "answered": here,
                }
            ).with_columns(wave=pl.lit(wave))
        )
        if extra and wave == extra[2]:
            answers.append(_noted(names[here], wave, np.asarray(day)[here], start, extra[0], extra[1][here]))
    return Part(people, pl.concat(answers), pl.concat(hidden))


def _ticked(rng, names, wave, day, trust, start, items, questionnaire) -> pl.DataFrame:
    """Binomial ticks around trust: noisy and whole-numbered, but on average over the items the person's trust on 0-100."""
    n, k = len(names), len(items)
    steps, low, ease, turned = (np.array(column) for column in zip(*items.values(), strict=True))
    room = np.minimum(trust, 100 - trust)[:, None] / 50
    lean = ease + rng.uniform(-12, 12, (n, k)) + rng.normal(0, 3, (n, 1)).clip(-12, 12)
    value = rng.binomial(steps, (trust[:, None] + room * lean) / 100)
    value = low + np.where(turned, steps - value, value)
    bored = rng.random(n) < 0.015  # ticks one column down the page, at the right height on average
    height = np.floor(trust[:, None] / 100 * steps + rng.random((n, 1)))
    value = np.where(bored[:, None] & ~turned, low + height, value)
    value = np.where(rng.random((n, k)) < 0.01, np.nan, value.astype(float))
    seconds = np.where(bored, rng.uniform(6, 14, n), rng.lognormal(4.4, 0.4, n)).round(0)
    which = np.where(np.isin([*items], [*ESS]), "ess5-police", questionnaire)
    return pl.DataFrame(
        {
            "respondent": np.repeat(names, k),
            "questionnaire": np.tile(which, n),
            "item": np.tile(np.array([*items]), n),
            "value": pl.Series(value.ravel()).fill_nan(None),
            "at": days_after(start, np.repeat(day, k)),
            "seconds": np.repeat(seconds, k),
        }
    ).with_columns(wave=pl.lit(wave).cast(pl.Int64))


def _noted(names, wave, day, start, item, value) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "respondent": names,
            "questionnaire": ["background-1"] * len(names),
            "item": [item] * len(names),
            "value": np.asarray(value, float),
            "at": days_after(start, day),
            "seconds": pl.Series([None] * len(names), dtype=pl.Float64),
        }
    ).with_columns(wave=pl.lit(wave).cast(pl.Int64))


def days_after(start, day) -> pl.Series:
    first = datetime(start.year, start.month, start.day, tzinfo=start.tzinfo).timestamp()
    return pl.Series(((first + np.floor(day) * 86_400) * 1e6).astype(np.int64)).cast(pl.Datetime("us", "UTC"))


def week_of(start, day) -> pl.Series:
    known = {
        d: "{}-W{:02d}".format(*(start + timedelta(days=float(d))).isocalendar()) for d in np.unique(np.floor(day))
    }
    return pl.Series([known[d] for d in np.floor(day)], dtype=pl.String)
