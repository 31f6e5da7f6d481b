"""What happened on the street: enforcement, service and positive contacts, who was met, and what was written down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from commonbeat.city import notes
from commonbeat.city.town import KM_PER_DEGREE, LATITUDE, LONGITUDE
from commonbeat.city.words import AGES, PLACES, RACES, stream, worded

__all__ = ["Happened", "build", "ids"]

DAY = 86_400.0
#: weight of each hour of the day, and of Monday..Sunday: positive encounters follow people's afternoons
HOURS = np.array([1, 1, 1, 1, 1, 1, 2, 5, 7, 6, 7, 8, 9, 9, 11, 15, 16, 14, 11, 8, 5, 4, 2, 1], float)
WEEK = np.array([1.0, 1.0, 1.05, 1.0, 1.2, 1.5, 1.25])
ACTIVITIES = {
    "positive": (("play", 0.26), ("dance", 0.05), ("conversation", 0.42), ("help", 0.15), ("event", 0.09), ("other", 0.03)),
    "service": (("call", 0.72), ("help", 0.28)),
    "enforcement": (("stop", 0.66), ("citation", 0.17), ("search", 0.09), ("arrest", 0.08)),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Happened:
    """Codebook tables `contacts` and `people`, and per contact what only the city knows.

    hidden : contact_id, padded (written down, never happened), caused_by (contact_id of the encounter that inspired it)
    """

    contacts: pl.DataFrame
    people: pl.DataFrame
    hidden: pl.DataFrame


def build(seed, world, town, who, rates, *, start: datetime, days: int, visits) -> Happened:
    """Throws the dice for every contact of the period; `visits` are planned ones: (day, patch, done) arrays."""
    rng = stream(seed, "contacts")
    parts = [
        _poisson(rng, "enforcement", rates.enforcement * who.counts, days),
        _poisson(rng, "service", rates.service * who.counts, days),
        _inspired(stream(seed, "practice"), world, rates.positive * who.counts, days),
    ]
    parts.append(_planned(stream(seed, "visited"), town, who, *visits))
    parts.append(_padded(stream(seed, "padding"), world, parts[2], start, days))
    raw = pl.concat(parts, how="diagonal_relaxed").with_row_index("row")
    parent = raw.filter(pl.col("mine").is_not_null()).select(by="mine", caused_by=pl.col("row"))
    raw = raw.join(parent, on="by", how="left").sort("day", "row")
    raw = raw.with_columns(contact_id=ids("c", len(raw)))
    caused = raw.select("row", parent_id="contact_id")
    raw = raw.join(caused, left_on="caused_by", right_on="row", how="left", maintain_order="left")
    contacts, people = _written(stream(seed, "written"), world, town, raw, start)
    hidden = raw.select("contact_id", pl.col("padded").fill_null(False), caused_by="parent_id")
    return Happened(contacts, people, hidden)


def ids(letter: str, count: int) -> pl.Series:
    """c0000001, c0000002 ..."""
    return pl.select(pl.format(letter + "{}", pl.int_range(1, count + 1).cast(pl.String).str.zfill(7))).to_series()


def _poisson(rng, kind, per_year, days) -> pl.DataFrame:
    area, race = _spread_out(rng, per_year * days / 365.25)
    return pl.DataFrame({"area": area, "race": race, "day": _days(rng, len(area), days)}).with_columns(
        kind=pl.lit(kind)
    )


def _spread_out(rng, mean):
    counts = rng.poisson(mean)
    return (np.repeat(axis, counts.ravel()).astype(np.int32) for axis in map(np.ravel, np.indices(mean.shape)))


def _days(rng, n, days):
    """Moments in days since the start, following the week and the clock."""
    weekly = np.tile(WEEK, days // 7 + 1)[:days]
    day = rng.choice(days, n, p=weekly / weekly.sum())
    hour = rng.choice(24, n, p=HOURS / HOURS.sum())
    return day + (hour + rng.random(n)) / 24


def _inspired(rng, world, per_year, days, *, warm_up=90) -> pl.DataFrame:
    """Positive encounters, each of which causes on average `practice` more in its area: a branching process in time."""
    area, race = _spread_out(rng, (1 - world.practice) * per_year * (days + warm_up) / 365.25)
    day, by = _days(rng, len(area), days + warm_up) - warm_up, np.full(len(area), -1)
    waves, first, total = [(area, race, day, by, np.arange(len(area)))], 0, len(area)
    while len(area) and world.practice:
        children = rng.poisson(world.practice, len(area))
        by = np.repeat(first + np.arange(len(area)), children)
        day = np.repeat(day, children) + rng.exponential(world.practice_days, len(by))
        area, race = np.repeat(area, children), np.repeat(race, children)
        keep = day < days
        area, race, day, by = area[keep], race[keep], day[keep], by[keep]
        first, mine = total, total + np.arange(len(area))
        total += len(area)
        waves.append((area, race, day, by, mine))
    area, race, day, by, mine = (np.concatenate(column) for column in zip(*waves, strict=True))
    frame = pl.DataFrame({"area": area, "race": race, "day": day, "by": by, "mine": mine})
    return frame.filter(pl.col("day") >= 0).with_columns(
        by=pl.when(pl.col("by") >= 0).then("by"), kind=pl.lit("positive")
    )


def _planned(rng, town, who, day, patch, done) -> pl.DataFrame:
    """Doorstep visits of the programme that found somebody in."""
    day, patch = day[done], patch[done]
    area = town.patch_area[patch].astype(np.int32)
    share = (who.counts / np.maximum(who.counts.sum(1, keepdims=True), 1)).cumsum(1)
    race = (rng.random(len(day))[:, None] > share[area][:, :-1]).sum(1).astype(np.int32)
    return pl.DataFrame({"area": area, "race": race, "day": day, "patch": patch}).with_columns(
        kind=pl.lit("positive"), programme=pl.lit("visits")
    )


def _padded(rng, world, honest, start, days) -> pl.DataFrame:
    """Contacts that nobody had: in the last three days of months, stamped at round half hours, written at once."""
    month_end = np.flatnonzero(
        [(start + timedelta(days=d + 3)).month != (start + timedelta(days=d)).month for d in range(days)]
    )
    n = round(world.padding * len(honest))
    day = rng.choice(month_end, n) + rng.choice([17.0, 17.5, 18.0, 21.0, 22.0, 23.0], n) / 24
    return pl.DataFrame(
        {
            "area": rng.choice(honest["area"].to_numpy(), n),
            "race": rng.choice(len(RACES), n).astype(np.int32),
            "day": day,
        }
    ).with_columns(kind=pl.lit("positive"), padded=pl.lit(True))


def _written(rng, world, town, raw, start):
    n, kind = len(raw), raw["kind"].to_numpy()
    positive = kind == "positive"
    activity = np.zeros(n, "U12")
    for name, options in ACTIVITIES.items():
        words, share = zip(*options, strict=True)
        activity[kind == name] = np.array(words)[rng.choice(len(words), (kind == name).sum(), p=share)]
    planned = raw["programme"].is_not_null().to_numpy()
    padded = raw["padded"].fill_null(False).to_numpy()
    activity[planned] = "conversation"
    activity[padded] = rng.choice(["conversation", "other"], padded.sum(), p=(0.7, 0.3))
    size, children = _sizes(rng, activity, positive, raw["race"].to_numpy())
    began = np.where(positive, rng.choice(4, n, p=(0.38, 0.34, 0.26, 0.02)), 1)
    where = town.centre[raw["area"].to_numpy()] + rng.normal(0, 0.25, (n, 2))
    at = start.timestamp() + raw["day"].to_numpy() * DAY
    lag = np.where(padded, rng.uniform(0.0, 0.2, n), rng.lognormal(0.2, 1.0, n) * 0.4) * DAY / 6
    free = np.where(positive, rng.choice(3, n, p=(0.95, 0.02, 0.03)), np.where(kind == "service", 0, 1))
    area = town.areas["area_id"].to_numpy()[raw["area"].to_numpy()]
    unit = raw["area"].to_numpy() % max(2, len(town.areas) // 6)
    frame = pl.DataFrame(
        {
            "contact_id": raw["contact_id"],
            "at": _moments(at),
            "area_id": area,
            "place": worded(PLACES, rng.integers(len(PLACES), size=n)),
            "latitude": np.round(LATITUDE + where[:, 1] / KM_PER_DEGREE, 3),
            "longitude": np.round(LONGITUDE + where[:, 0] / (KM_PER_DEGREE * np.cos(np.radians(LATITUDE))), 3),
            "kind": kind,
            "activity": activity,
            "activity_words": worded(("showed the patrol bicycle",), np.zeros(n, int), activity == "other"),
            "began_by": worded(("resident", "officer", "chance", "unknown"), began),
            "free_to_leave_officer": worded(("yes", "no", "unknown"), free),
            "free_to_leave_resident": notes.second_word(rng, free, positive & ~padded),
            "people": size,
            "children": children,
            "onlookers": np.where(positive, rng.poisson(np.where(activity == "dance", 6.0, 1.2)), 0),
            "would_rather_not": _if(positive, rng.random(n) < 0.03),
            "footage": np.where(positive & ~padded, rng.random(n) < np.where(activity == "dance", 0.4, 0.06), False),
            "person_search": _if(kind == "enforcement", np.isin(activity, ["search", "arrest"])),
            "vehicle_search": _if(kind == "enforcement", rng.random(n) < 0.05),
            "unit": pl.select(pl.format("team-{}", pl.Series(unit + 1))).to_series(),
            "officer_ref": pl.select(pl.format("o{}", pl.Series(100 * (unit + 1) + rng.integers(1, 25, n)))).to_series(),
            "recorded_at": _moments(at + lag),
            "programme": worded(("visits",), np.zeros(n, int), planned),
            "simulated": np.ones(n, bool),
        }
    )  # fmt: skip
    return notes.narrate(rng, frame, padded), _people(rng, frame, raw["race"].to_numpy(), size, children)


def _moments(seconds) -> pl.Series:
    return pl.Series((np.round(seconds) * 1_000_000).astype(np.int64)).cast(pl.Datetime("us", "UTC"))


def _if(known, value) -> pl.Series:
    return pl.select(pl.when(pl.Series(known)).then(pl.Series(value))).to_series()


def _sizes(rng, activity, positive, race):
    lively = np.isin(activity, ["dance", "event", "play"])
    size = 1 + np.where(positive, rng.poisson(np.where(lively, 2.2, 0.7)), 0)
    children = np.where(positive, rng.binomial(size, np.where(lively, 0.55, 0.15)), 0)
    return size, children


def _people(rng, frame, race, size, children) -> pl.DataFrame:
    """One row for the grown-ups and one for the children of each contact; now and then nobody noted a group."""
    n = len(frame)
    known = rng.choice(3, n, p=(0.25, 0.66, 0.09))
    group = worded((*RACES, "unknown"), np.where(known == 2, len(RACES), race))
    adult_age = worded(AGES, 2 + rng.choice(4, n, p=(0.34, 0.31, 0.26, 0.09)))
    child_age = worded(AGES, rng.integers(0, 2, n))
    sex = ("female", "male", "unknown")
    sure = worded(("self_described", "officer_impression", "not_asked"), known)
    base = {"contact_id": frame["contact_id"], "race": group, "how_known": sure}
    rows = pl.concat(
        [
            pl.DataFrame(base | {"age_band": age, "sex": worded(sex, rng.choice(3, n, p=p)), "people": count})
            for age, count, p in (
                (adult_age, size - children, (0.4, 0.55, 0.05)),
                (child_age, children, (0.47, 0.47, 0.06)),
            )
        ]
    ).filter(pl.col("people") > 0)
    return rows.sort("contact_id", "age_band", maintain_order=True)
