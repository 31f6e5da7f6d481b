"""Who is asked, who answers, and what do they tick? Panel, tracker, story experiment, officers, and the moments' codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from commonbeat.city import effects
from commonbeat.city.words import AGES, RACES, ROLES, stream

__all__ = ["ESS", "PULSE", "STORY_ARMS", "Asked", "build"]

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
STORY_ARMS = {"story": 1.0, "context": 0.9, "statement_first": 1.2, "pulse_first": 0.0, "neutral": 0.0}
SEXES = np.array(("female", "male", "other"))


@dataclass(frozen=True, slots=True)
class Asked:
    """Codebook tables `respondents`, `answers`, `assignments`, `invitations`.

    hidden : respondent, wave, y1, y0 (true trust with and without what the plan gives), reached, takes, answered
    """

    respondents: pl.DataFrame
    answers: pl.DataFrame
    assignments: pl.DataFrame
    invitations: pl.DataFrame
    hidden: pl.DataFrame


@dataclass(frozen=True, slots=True)
class _Part:
    people: pl.DataFrame
    answers: pl.DataFrame
    hidden: pl.DataFrame


def build(seed, world, town, who, programme, *, start: datetime, days: int, panel: int | None = None) -> Asked:
    """Runs every survey of the town; `panel`: how many people the visit study asks (about 15 % of adults, at most 15,000)."""
    adults = int(who.adult.sum())
    panel = (
        int(np.clip(panel or 0.2 * adults, 120, 0.6 * adults)) if panel else int(np.clip(0.2 * adults, 120, 15_000))
    )
    now = (world, town, who, programme, start)
    parts = [
        _visits(stream(seed, "panel"), *now, panel),
        _tracker(stream(seed, "tracker"), *now, days, int(np.clip(adults * 0.03, 80, 1500))),
        _experiment(stream(seed, "story experiment"), *now, int(np.clip(len(who.trust) * 0.05, 300, 8000))),
        _officers(stream(seed, "officers"), *now, max(24, len(who.trust) // 400)),
        _moments(stream(seed, "moments"), *now, int(np.clip(len(who.trust) * 0.01, 80, 2000))),
    ]
    respondents = pl.concat([p.people for p in parts], how="diagonal_relaxed")
    return Asked(
        respondents.with_columns(referent=pl.lit("my_area"), proxy=pl.lit(False), simulated=pl.lit(True)),
        pl.concat([p.answers for p in parts]),
        _assignments(town, programme, start),
        _invitations(respondents),
        pl.concat([p.hidden for p in parts], how="diagonal_relaxed"),
    )


def _visits(rng, world, town, who, programme, start, panel) -> _Part:
    """The cluster-randomised panel: equal numbers from each ring in each area, so weights differ by ring and area."""
    stratum = np.where(who.adult, who.area * 3 + who.role, -1)
    index, weight = _stratified(rng, stratum, 3 * len(town.areas), panel)
    patch = who.patch[index]
    people = _described(who, index, "v", "visits", town).with_columns(
        ring=pl.Series(np.array(ROLES)[who.role[index]]),
        arm=pl.Series(np.where(programme.visited[patch], "visit", "none")),
        block=pl.col("area_id"),
        cluster=pl.Series(town.patch_ids[patch]),
        week=_week(start, programme.day[patch]),
        weight=pl.Series(weight),
        sample=pl.lit("probability"),
    )
    waves = []
    for wave in world.waves:
        y1, y0 = programme.potential(world, who, index, wave)
        y = programme.level_at_wave(world, who, index, wave)
        waves.append((wave, programme.day[patch] + wave, y, y1, y0, _answers(rng, world, y, wave)))
    took = programme.opens[index] & programme.visited[patch] & (who.role[index] == 0)
    met = rng.random(len(index)) < np.where(took, 1.0, 0.03)
    extra = ("met_officers", met, world.waves[1] if len(world.waves) > 1 else 0)
    return _part(rng, people, waves, start, PULSE, "pulse-1", extra, took, programme.opens[index])


def _tracker(rng, world, town, who, programme, start, days, each) -> _Part:
    """Every quarter other people: a stratified sample in which hard-pressed areas are asked more often."""
    parts = []
    for quarter, day in enumerate(range(30, days - 5, 91)):
        stratum = np.where(who.adult, who.area, -1)
        index, weight = _stratified(rng, stratum, len(town.areas), each, lean=True, trust=who.trust)
        people = _described(who, index, f"q{quarter:02d}-", "tracker", town).with_columns(
            week=_week(start, np.full(len(index), day)), weight=pl.Series(weight), sample=pl.lit("probability")
        )
        y = programme.level(world, who, index, day)
        saw = programme.saw[index] & (day >= programme.published)
        gone = np.where(
            saw, effects.moved(y, -programme.shown[index] * effects.kept(world, max(day - programme.published, 0))), y
        )
        waves = [(0, np.full(len(index), day), y, y, gone, _answers(rng, world, y, 1))]
        extra = ("saw_story", saw, 0) if day >= programme.published else None
        parts.append(_part(rng, people, waves, start, PULSE | ESS, "pulse-1", extra, saw))
    return _Part(*(pl.concat(list(f)) for f in zip(*((p.people, p.answers, p.hidden) for p in parts), strict=True)))


def _experiment(rng, world, town, who, programme, start, n) -> _Part:
    """Visitors who agree are given one of five pages by chance; they chose to come, so they are an open-link sample."""
    index = _choose(rng, who, n, steep=0.03)
    arm = rng.choice(len(STORY_ARMS), n)
    share = np.array([*STORY_ARMS.values()])[arm]
    first = programme.published + rng.integers(0, 120, n)
    people = _described(who, index, "s", "story", town).with_columns(
        ring=pl.lit("viewer"),
        arm=pl.Series(np.array([*STORY_ARMS])[arm]),
        week=_week(start, first),
        sample=pl.lit("open_link"),
    )
    waves = []
    for wave in world.waves:
        y0 = effects.moved(who.trust[index], programme.drift(world, first + wave))
        y1 = effects.moved(y0, share * programme.shown[index] * effects.kept(world, wave))
        waves.append((wave, first + wave, y1, y1, y0, _answers(rng, world, y1, wave)))
    return _part(rng, people, waves, start, PULSE, "pulse-1", None, share > 0)


def _officers(rng, world, town, who, programme, start, n) -> _Part:
    """Officers' own short survey: half of each team is encouraged to join the visits, and not all who are encouraged do."""
    team = np.arange(n) % max(2, len(town.areas) // 6)
    ticket = rng.permutation(n)
    rank = np.array([np.sum((team == t) & (ticket < k)) for t, k in zip(team, ticket, strict=True)])
    told = rank < np.bincount(team)[team] // 2
    base = 100 * np.clip(rng.beta(5.4, 3.6, n), 0.05, 0.95)
    asked = np.clip(base + rng.normal(0, 7, n), 0, 100).round()
    joins = rng.random(n) < world.uptake
    day = 0.25 * programme.shock_day / 0.7
    people = pl.DataFrame(
        {
            "respondent": [f"o{i:05d}" for i in rng.permutation(n)],
            "plan_id": ["visits"] * n,
            "side": ["officer"] * n,
            "ring": ["officer"] * n,
            "arm": np.where(told, "encouraged", "none"),
            "block": np.char.add("team-", (team + 1).astype(str)),
            "week": _week(start, np.full(n, day)),
            "prior_trust": asked,
            "sample": ["probability"] * n,
            "weight": np.ones(n),
        }
    )
    gain = np.full(n, world.effect["officer"]) * joins
    waves = []
    for wave in world.waves:
        left = effects.kept(world, wave) if wave else 0.0
        y1, y0 = effects.moved(base, gain * left), base
        waves.append((wave, np.full(n, day + wave), np.where(told, y1, y0), y1, y0, _answers(rng, world, base, wave)))
    took = joins & told
    return _part(rng, people, waves, start, PULSE, "pulse-1", ("met_officers", took, world.waves[-1]), took)


def _moments(rng, world, town, who, programme, start, n) -> _Part:
    """People who met an officer by chance and used a code, beside people of the same week who did not: nobody drew them.

    Who has such encounters depends on earlier trust as asked, and on nothing else: comparing plainly is wrong, and
    adjusting for `prior_trust` is enough.
    """
    met = np.arange(n) < n // 2
    index = np.r_[_choose(rng, who, n // 2, steep=0.014), _choose(rng, who, n - n // 2, steep=-0.008)]
    day = programme.published - 120 + rng.integers(0, 180, n)
    ring = np.where(rng.random(n) < 0.6, "participant", "onlooker")
    people = _described(who, index, "m", "moments", town).with_columns(
        ring=pl.Series(ring),
        arm=pl.Series(np.where(met, "met", "not_met")),
        week=_week(start, day),
        sample=pl.lit("open_link"),
    )
    gain = np.where(
        ring == "participant",
        *(
            effects.at_once(world, r, who.race[index], who.asked[index], who.recent[index])
            for r in ("participant", "onlooker")
        ),
    )
    waves = []
    for wave in (w for w in world.waves if w):
        y0 = effects.moved(who.trust[index], programme.drift(world, day + wave))
        y1 = effects.moved(y0, gain * effects.kept(world, wave))
        y = np.where(met, y1, y0)
        waves.append((wave, day + wave, y, y1, y0, _answers(rng, world, y, wave)))
    return _part(rng, people, waves, start, PULSE, "pulse-1", None, met)


def _stratified(rng, stratum, count, n, *, lean=False, trust=None):
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


def _choose(rng, who, n, *, steep):
    """Adults who come of their own accord: the more (or less) likely, the more they said they trust."""
    score = np.where(who.adult, steep * who.asked, -np.inf) + rng.gumbel(size=len(who.asked))
    return rng.permutation(np.argpartition(-score, n)[:n])


def _described(who, index, letter, plan, town) -> pl.DataFrame:
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


def _answers(rng, world, trust, wave):
    """Does each person answer this wave? The first wave is asked face to face: everybody does."""
    n = len(trust)
    if world.nonresponse == "none" or wave == 0:
        return np.ones(n, bool)
    if world.nonresponse == "at_random":
        return rng.random(n) >= world.lost
    likely = np.log((1 - world.lost) / max(world.lost, 1e-9)) + 0.9 * (trust - 55) / 10
    return rng.random(n) < 1 / (1 + np.exp(-likely))


def _part(rng, people, waves, start, items, questionnaire, extra, reached, takes=None) -> _Part:
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
    return _Part(people, pl.concat(answers), pl.concat(hidden))


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
            "at": _days(start, np.repeat(day, k)),
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
            "at": _days(start, day),
            "seconds": pl.Series([None] * len(names), dtype=pl.Float64),
        }
    ).with_columns(wave=pl.lit(wave).cast(pl.Int64))


def _days(start, day) -> pl.Series:
    first = datetime(start.year, start.month, start.day, tzinfo=start.tzinfo).timestamp()
    return pl.Series(((first + np.floor(day) * 86_400) * 1e6).astype(np.int64)).cast(pl.Datetime("us", "UTC"))


def _week(start, day) -> pl.Series:
    known = {
        d: "{}-W{:02d}".format(*(start + timedelta(days=float(d))).isocalendar()) for d in np.unique(np.floor(day))
    }
    return pl.Series([known[d] for d in np.floor(day)], dtype=pl.String)


def _assignments(town, programme, start) -> pl.DataFrame:
    areas = town.areas["area_id"].to_numpy()
    drawn = start + timedelta(days=float(programme.day.min()) - 30)
    return pl.DataFrame(
        {
            "unit": town.patch_ids,
            "arm": np.where(programme.visited, "visit", "none"),
            "block": areas[town.patch_area],
            "cluster": town.patch_ids,
        }
    ).with_columns(
        plan_id=pl.lit("visits"),
        probability=pl.when(pl.lit(True)).then(pl.lit(0.5)),
        at=pl.lit(drawn).cast(pl.Datetime("us", "UTC")),
    )


def _invitations(respondents) -> pl.DataFrame:
    """Codes of the moments, handed out by area, ring, arm and quarter in batches of at least 20."""
    used = (
        respondents.filter(pl.col("plan_id") == "moments")
        .group_by("ring", "arm", "week")
        .len("used")
        .sort("ring", "arm", "week")
    )
    used = used.with_columns(pl.col("used").cast(pl.Int64), codes=(pl.col("used") * 3).clip(20).cast(pl.Int64))
    return used.with_columns(plan_id=pl.lit("moments"), batch=pl.format("b{}", pl.int_range(1, pl.len() + 1)))
