"""What is true about trust: effects by ring, wave and group, levels, persistence; beside what the naive analyst finds."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat.city.effects import HIGH_PRIOR, LOW_PRIOR
from commonbeat.city.truth import Fact
from commonbeat.city.words import RACES, ROLES

__all__ = ["facts"]

POINTS = "points, 0-100"
BEFORE_AFTER = "the same people before and after, where there were visits"
AS_TREATED = "those who took part against those who did not"
WATCHED = "those who chose to watch the story against those who did not"


def facts(*, world, who, plan, asked, tables, days, **_):
    people = asked.hidden.join(
        tables["respondents"].select("respondent", "plan_id", "ring", "arm", "area_id"), on="respondent"
    )
    return [
        *_visits(world, people),
        *_population(world, who, plan),
        *_answerers(world, people),
        *_compliers(world, people),
        *_groups(world, tables, people),
        *_persistence(world, people),
        *_story(world, who, plan, people),
        *_officers(people),
        *_moments(people),
        *_levels(world, who, plan, people, days),
        *(_rounds(people) if world.rounds else ()),
    ]


def _gain(frame) -> float:
    return frame.select((pl.col("y1") - pl.col("y0")).mean()).item()


def _mean(frame, column="y") -> float:
    return frame.select(pl.col(column).mean()).item()


def _real(people) -> pl.DataFrame:
    """What each person of the visit study was like in fact: with the visit, or without."""
    here = people.filter((pl.col("plan_id") == "visits") & (pl.col("ring") != "officer"))
    return here.with_columns(y=pl.when(pl.col("arm") == "visit").then("y1").otherwise("y0"))


def _before_after(frame, wave) -> float:
    visited = frame.filter(pl.col("arm") == "visit")
    return _mean(visited.filter(pl.col("wave") == wave)) - _mean(visited.filter(pl.col("wave") == 0))


def _visits(world, people):
    """Effect of the draw on those asked, ring by ring and wave by wave: what a difference in means should recover."""
    real = _real(people)
    for ring in ROLES:
        ours = real.filter(pl.col("ring") == ring)
        for wave in world.waves:
            if wave:
                by = {"plan": "visits", "ring": ring, "wave": wave, "among": "asked"}
                value, naive = _gain(ours.filter(pl.col("wave") == wave)), _before_after(ours, wave)
                yield Fact(
                    "trust.difference_in_means", "effect of the visits", value, POINTS, naive, BEFORE_AFTER, by
                )


def _rounds(people):
    """The two-stage programme: what reached those who got it, and those who did not; each area counts once."""
    here = people.filter((pl.col("plan_id") == "rounds") & (pl.col("wave") == 21))
    real = here.filter(pl.col("ring") == "participant").with_columns(y="y1")
    naive = _mean(real.filter(pl.col("arm") == "rounds")) - _mean(real.filter(pl.col("arm") == "none"))
    how = "everybody who got the rounds against everybody who did not, whatever their area drew"
    for ring, quantity, most in (
        ("participant", "total effect", "most_with"),
        ("neighbour", "indirect effect", "most_without"),
    ):
        gain = here.filter(pl.col("ring") == ring).select((pl.col(most) - pl.col("least_without")).mean()).item()
        yield Fact(
            "ripple.two_stage",
            quantity,
            gain,
            POINTS,
            naive if ring == "participant" else 0.0,
            how if ring == "participant" else "assumed to be nothing",
            {"ring": ring, "wave": 21},
        )


def _population(world, who, plan):
    """The same for every adult of the town. With a leak, comparing patches misses what reached the others."""
    for code, ring in enumerate(ROLES):
        index = np.flatnonzero(who.adult & (who.role == code))
        others = ~plan.visited[who.patch[index]]
        for wave in (w for w in world.waves if w):
            y1, y0 = plan.potential(world, who, index, wave)
            leak = (plan.level_at_wave(world, who, index, wave) - y0)[others].mean()
            effect = (y1 - y0).mean()
            by = {"plan": "visits", "ring": ring, "wave": wave, "among": "adults"}
            how = "visited patches against the others, as if nothing leaked"
            yield Fact("ripple.spillover", "effect of the visits", effect, POINTS, effect - leak, how, by)
            yield Fact("ripple.spillover", "leak into other patches", leak, POINTS, 0.0, "assumed to be nothing", by)


def _answerers(world, people):
    """What comparing only those who answered adds to the error, where answering depends on trust."""
    real = _real(people)
    for ring in ROLES:
        for wave in (w for w in world.waves if w):
            now = real.filter((pl.col("ring") == ring) & (pl.col("wave") == wave))
            error = _contrast(now.filter(pl.col("answered"))) - _contrast(now)
            by = {"plan": "visits", "ring": ring, "wave": wave, "among": "asked", "nonresponse": world.nonresponse}
            value = _gain(now)
            yield Fact(
                "trust.bounds",
                "effect of the visits",
                value,
                POINTS,
                value + error,
                "those who answered, as if they were all",
                by,
            )


def _contrast(now) -> float:
    return _mean(now.filter(pl.col("arm") == "visit")) - _mean(now.filter(pl.col("arm") == "none"))


def _compliers(world, people):
    real = _real(people).filter(pl.col("ring") == "participant")
    for wave in world.waves:
        if wave:
            now = real.filter(pl.col("wave") == wave)
            moved = now.filter((pl.col("y1") - pl.col("y0")).abs() > 1e-6)
            takers = now.filter(pl.col("takes"))
            as_treated = _mean(now.filter(pl.col("reached"))) - _mean(now.filter(~pl.col("reached")))
            by = {"plan": "visits", "ring": "participant", "wave": wave, "among": "asked"}
            value = _gain(takers) if len(moved) else 0.0
            yield Fact(
                "trust.complier_effect", "effect of meeting the officers", value, POINTS, as_treated, AS_TREATED, by
            )


def _groups(world, tables, people):
    wave = world.waves[min(2, len(world.waves) - 1)]
    if not wave:
        return
    about = tables["respondents"].select("respondent", "race", "prior_trust", "recent_enforcement")
    now = _real(people).filter(pl.col("wave") == wave).join(about, on="respondent")
    now = now.with_columns(
        prior=pl.when(pl.col("prior_trust") < LOW_PRIOR).then(pl.lit("low earlier trust"))
        .when(pl.col("prior_trust") >= HIGH_PRIOR).then(pl.lit("high earlier trust")).otherwise(pl.lit("middle earlier trust"))
    )  # fmt: skip
    for ring in ROLES:
        ours = now.filter(pl.col("ring") == ring)
        for column, name, levels in (
            ("race", "race", RACES),
            ("prior", "prior_trust", ("low earlier trust", "middle earlier trust", "high earlier trust")),
            ("recent_enforcement", "recent_enforcement", (True, False)),
        ):
            for level in levels:
                some = ours.filter(pl.col(column) == level)
                if len(some):
                    by = {
                        "plan": "visits",
                        "ring": ring,
                        "wave": wave,
                        "group": name,
                        "level": level,
                        "among": "asked",
                    }
                    yield Fact(
                        "trust.by_group",
                        "effect of the visits",
                        _gain(some),
                        POINTS,
                        _gain(ours),
                        "everybody's average, read as each group's",
                        by,
                    )


def _persistence(world, people):
    """The half-life in days, where there is one. Forcing an exponential through two waves gives one to every town."""
    real = _real(people).filter(pl.col("ring") == "participant")
    waves = [w for w in world.waves if w]
    naive = None
    if len(waves) > 1:
        first, last = (_gain(real.filter(pl.col("wave") == w)) for w in (waves[0], waves[-1]))
        if first * last > 0 and abs(first) > abs(last):
            naive = np.log(2) * (waves[-1] - waves[0]) / np.log(first / last)
    value = world.half_life if world.decay == "exponential" and world.effect["participant"] else None
    by = {"plan": "visits", "ring": "participant", "family": world.decay}
    yield Fact(
        "trust.persistence",
        "half-life",
        value,
        "days",
        naive,
        "an exponential forced through the first and the last wave",
        by,
    )
    plateau = {"exponential": 0.0, "plateau": world.plateau, "power": 0.0, "none": 1.0}[world.decay]
    yield Fact("trust.persistence", "share that stays", plateau, "share", None, "", by)


def _story(world, who, plan, people):
    """The story against a neutral page; and what comparing viewers with others says on the third day after publication."""
    ours = people.filter(pl.col("plan_id") == "story")
    adults = np.flatnonzero(who.adult)
    for wave in world.waves:
        y = plan.level(world, who, adults, plan.published + wave)
        saw = plan.saw[adults]
        naive = y[saw].mean() - y[~saw].mean()
        for arm in ("story", "context", "statement_first", "pulse_first"):
            value = _gain(ours.filter((pl.col("arm") == arm) & (pl.col("wave") == wave)))
            by = {"plan": "story", "ring": "viewer", "wave": wave, "arm": arm, "control": "neutral", "among": "asked"}
            yield Fact("trust.difference_in_means", "effect of the page", value, POINTS, naive, WATCHED, by)


def _officers(people):
    ours = people.filter((pl.col("plan_id") == "visits") & (pl.col("ring") == "officer"))
    ours = ours.with_columns(y=pl.when(pl.col("arm") == "encouraged").then("y1").otherwise("y0"))
    for wave in ours["wave"].unique().sort():
        if wave:
            now = ours.filter(pl.col("wave") == wave)
            naive = _mean(now.filter(pl.col("reached"))) - _mean(now.filter(~pl.col("reached")))
            by = {"plan": "visits", "ring": "officer", "wave": wave, "among": "asked"}
            yield Fact(
                "trust.difference_in_means", "effect of the encouragement", _gain(now), POINTS, naive, AS_TREATED, by
            )


def _moments(people):
    ours = people.filter(pl.col("plan_id") == "moments")
    for ring in ("participant", "onlooker"):
        for wave in ours["wave"].unique().sort():
            now = ours.filter((pl.col("ring") == ring) & (pl.col("wave") == wave))
            met, other = now.filter(pl.col("arm") == "met"), now.filter(pl.col("arm") == "not_met")
            naive = _mean(met, "y1") - _mean(other, "y0")
            by = {"plan": "moments", "ring": ring, "wave": wave, "among": "met"}
            yield Fact(
                "trust.adjusted_effect", "effect of a chance encounter", _gain(met), POINTS, naive, AS_TREATED, by
            )


def _levels(world, who, plan, people, days):
    """Mean trust of all adults at each quarter; the unweighted mean of those asked is pulled towards hard-pressed areas."""
    adults = np.flatnonzero(who.adult)
    visitors = people.filter((pl.col("plan_id") == "story") & (pl.col("wave") == world.waves[-1]))
    for quarter, day in enumerate(range(30, days - 5, 91)):
        level = plan.level(world, who, adults, day).mean()
        asked = people.filter(
            (pl.col("plan_id") == "tracker") & pl.col("respondent").str.starts_with(f"q{quarter:02d}-")
        )
        by = {"plan": "tracker", "quarter": quarter, "day": day, "among": "adults"}
        yield Fact(
            "trust.estimate_level",
            "mean trust",
            level,
            POINTS,
            _mean(asked, "y1"),
            "unweighted mean of those asked",
            by,
        )
    yield Fact("trust.estimate_level", "mean trust of open-link visitors against all adults", who.trust[adults].mean(), POINTS,
               _mean(visitors, "y0"), "mean of those who came of their own accord", {"plan": "story", "among": "adults"})  # fmt: skip
    by = {"plan": "tracker", "day": plan.shock_day}
    yield Fact("trust.track", "sudden change", world.shock, POINTS, None, "", by)
