"""Who is asked, who answers, and what do they tick? Panel, tracker, story experiment, officers, and the moments' codes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from commonbeat.city import effects, rounds
from commonbeat.city.sampling import ESS, PULSE, Part, answering, choose, described, part, stratified, week_of
from commonbeat.city.words import ROLES, stream

__all__ = ["ESS", "PULSE", "STORY_ARMS", "Asked", "build"]

STORY_ARMS = {"story": 1.0, "context": 0.9, "statement_first": 1.2, "pulse_first": 0.0, "neutral": 0.0}


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


def build(
    seed, world, town, who, programme, *, start: datetime, days: int, panel: int | None = None, drawn=None
) -> Asked:
    """Runs every survey of the town.

    panel : how many people the visit study asks (about 15 % of adults, at most 15,000)
    drawn : of a world with evening rounds, who gets them and each area's share, when the draw was made elsewhere
    """
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
    assigned = [_assignments(town, programme, start)]
    if world.rounds:
        gets, share = drawn or rounds.draw(seed, town)
        parts.append(rounds.asked(stream(seed, "rounds panel"), *now, panel, 0.55 * days // 1, gets, share))
        assigned.append(rounds.assignments(town, gets, share, start, 0.55 * days // 1))
    respondents = pl.concat([p.people for p in parts], how="diagonal_relaxed")
    return Asked(
        respondents.with_columns(referent=pl.lit("my_area"), proxy=pl.lit(False), simulated=pl.lit(True)),
        pl.concat([p.answers for p in parts]),
        pl.concat(assigned, how="diagonal_relaxed"),
        _invitations(respondents),
        pl.concat([p.hidden for p in parts], how="diagonal_relaxed"),
    )


def _visits(rng, world, town, who, programme, start, panel) -> Part:
    """The cluster-randomised panel: equal numbers from each ring in each area, so weights differ by ring and area."""
    stratum = np.where(who.adult, who.area * 3 + who.role, -1)
    index, weight = stratified(rng, stratum, 3 * len(town.areas), panel)
    patch = who.patch[index]
    people = described(who, index, "v", "visits", town).with_columns(
        ring=pl.Series(np.array(ROLES)[who.role[index]]),
        arm=pl.Series(np.where(programme.visited[patch], "visit", "none")),
        block=pl.col("area_id"),
        cluster=pl.Series(town.patch_ids[patch]),
        week=week_of(start, programme.day[patch]),
        weight=pl.Series(weight),
        sample=pl.lit("probability"),
    )
    waves = []
    for wave in world.waves:
        y1, y0 = programme.potential(world, who, index, wave)
        y = programme.level_at_wave(world, who, index, wave)
        waves.append((wave, programme.day[patch] + wave, y, y1, y0, answering(rng, world, y, wave)))
    took = programme.opens[index] & programme.visited[patch] & (who.role[index] == 0)
    met = rng.random(len(index)) < np.where(took, 1.0, 0.03)
    extra = ("met_officers", met, world.waves[1] if len(world.waves) > 1 else 0)
    return part(rng, people, waves, start, PULSE, "pulse-1", extra, took, programme.opens[index])


def _tracker(rng, world, town, who, programme, start, days, each) -> Part:
    """Every quarter other people: a stratified sample in which hard-pressed areas are asked more often."""
    parts = []
    for quarter, day in enumerate(range(30, days - 5, 91)):
        stratum = np.where(who.adult, who.area, -1)
        index, weight = stratified(rng, stratum, len(town.areas), each, lean=True, trust=who.trust)
        people = described(who, index, f"q{quarter:02d}-", "tracker", town).with_columns(
            week=week_of(start, np.full(len(index), day)), weight=pl.Series(weight), sample=pl.lit("probability")
        )
        y = programme.level(world, who, index, day)
        saw = programme.saw[index] & (day >= programme.published)
        gone = np.where(
            saw, effects.moved(y, -programme.shown[index] * effects.kept(world, max(day - programme.published, 0))), y
        )
        waves = [(0, np.full(len(index), day), y, y, gone, answering(rng, world, y, 1))]
        extra = ("saw_story", saw, 0) if day >= programme.published else None
        parts.append(part(rng, people, waves, start, PULSE | ESS, "pulse-1", extra, saw))
    return Part(*(pl.concat(list(f)) for f in zip(*((p.people, p.answers, p.hidden) for p in parts), strict=True)))


def _experiment(rng, world, town, who, programme, start, n) -> Part:
    """Visitors who agree are given one of five pages by chance; they chose to come, so they are an open-link sample."""
    index = choose(rng, who, n, steep=0.03)
    arm = rng.choice(len(STORY_ARMS), n)
    share = np.array([*STORY_ARMS.values()])[arm]
    first = programme.published + rng.integers(0, 120, n)
    people = described(who, index, "s", "story", town).with_columns(
        ring=pl.lit("viewer"),
        arm=pl.Series(np.array([*STORY_ARMS])[arm]),
        week=week_of(start, first),
        sample=pl.lit("open_link"),
    )
    waves = []
    for wave in world.waves:
        y0 = effects.moved(who.trust[index], programme.drift(world, first + wave))
        y1 = effects.moved(y0, share * programme.shown[index] * effects.kept(world, wave))
        waves.append((wave, first + wave, y1, y1, y0, answering(rng, world, y1, wave)))
    return part(rng, people, waves, start, PULSE, "pulse-1", None, share > 0)


def _officers(rng, world, town, who, programme, start, n) -> Part:
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
            "week": week_of(start, np.full(n, day)),
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
        waves.append(
            (wave, np.full(n, day + wave), np.where(told, y1, y0), y1, y0, answering(rng, world, base, wave))
        )
    took = joins & told
    return part(rng, people, waves, start, PULSE, "pulse-1", ("met_officers", took, world.waves[-1]), took)


def _moments(rng, world, town, who, programme, start, n) -> Part:
    """People who met an officer by chance and used a code, beside people of the same week who did not: nobody drew them.

    Who has such encounters depends on earlier trust as asked, and on nothing else: comparing plainly is wrong, and
    adjusting for `prior_trust` is enough.
    """
    met = np.arange(n) < n // 2
    index = np.r_[choose(rng, who, n // 2, steep=0.014), choose(rng, who, n - n // 2, steep=-0.008)]
    day = programme.published - 120 + rng.integers(0, 180, n)
    ring = np.where(rng.random(n) < 0.6, "participant", "onlooker")
    people = described(who, index, "m", "moments", town).with_columns(
        ring=pl.Series(ring),
        arm=pl.Series(np.where(met, "met", "not_met")),
        week=week_of(start, day),
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
        waves.append((wave, day + wave, y, y1, y0, answering(rng, world, y, wave)))
    return part(rng, people, waves, start, PULSE, "pulse-1", None, met)


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
