"""A sealed plan and a book in, findings out. The same plan, snapshot and seed give the same numbers."""

from __future__ import annotations

import datetime as dt
import platform
from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from commonbeat import __version__, trust
from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.studies import answers as reading
from commonbeat.studies.covariates import known_before, unknown_here
from commonbeat.studies.drawing import balance
from commonbeat.studies.effects import adjusted, finding, usable, weights_of
from commonbeat.studies.findings import Finding, Findings, untold
from commonbeat.studies.joint import level_of_each
from commonbeat.studies.losses import attrition
from commonbeat.studies.naive import naive_answers
from commonbeat.studies.plan import Plan
from commonbeat.studies.seals import Seal, sealed_before
from commonbeat.studies.story import SampleRatio, by_day, sample_ratio
from commonbeat.studies.within import curves, explored, groups, points

__all__ = ["run_asking", "versions"]


def run_asking(plan: Plan, tables: Mapping[str, pl.DataFrame], spans: Mapping[str, tuple[float, float, bool]], *, seals: Sequence[Seal] = (),
               sealed_at: Mapping[int, dt.datetime] | None = None, clocks: Sequence[str] = (), snapshot: str = "", simulated: bool = False,
               seed: int = 0, now: dt.datetime | None = None, spoiled: bool = False, explore: Sequence[str] = (),
               by: str | None = None) -> Findings:  # fmt: skip
    """Runs a study that asked people.

    tables    : `respondents` and `answers` of the codebook, `assignments` for a saturation design
    spans     : item -> (lowest, highest code, reversed?)
    seals     : every seal of this plan in the audit chain, oldest first; sealed_at: entry -> time the chain vouches for
    clocks    : what the chain says against its own clock;  now: the present, for waves that have not come yet
    spoiled   : the chain says already that this plan was not sealed beforehand, whatever the answers' dates say today
    explore   : groups and estimators that the plan does not name; marked, and kept apart
    by        : a group of which every ring and wave is wanted too, value by value
    Raises BadInput when the plan names an outcome nobody measured, an arm or ring without people, or clocks disagree.
    """
    now = now or dt.datetime.now(dt.UTC)
    respondents = tables["respondents"]
    scored = reading.answered(plan, tables["answers"], spans)
    _in_time(plan, scored, now, simulated)
    people = {r.name: _joined(plan, reading.asked(plan, r, respondents), tables, scored) for r in plan.rings}
    _somebody(plan, people, respondents)
    cells = {(r.name, w): _cell(people[r.name], scored, w) for r in plan.rings for w in plan.waves}
    ring, mine = plan.ring(plan.primary.ring), next((s for s in seals if s.plan_hash == plan.hash), None)
    rows = cells[plan.primary.ring, plan.primary.wave]
    primary = finding(plan, ring, plan.primary.wave, rows, seed=seed)
    rings = _rings(plan, cells)
    earliest, undated = reading.first_outcome(plan, scored, respondents)
    before = (
        not spoiled
        and not undated
        and sealed_before(mine, earliest, at=(sealed_at or {}).get(mine.entry) if mine else None)
    )
    ratio = _ratio(plan, ring, respondents)
    return Findings(
        plan=plan.to_dict(), plan_hash=plan.hash, sealed_before_data=before, sealed_at=mine.sealed_at if mine else None,
        snapshot=snapshot, primary=primary, rings=rings, groups=groups(plan, ring, rows, plan.groups),
        curves=curves(plan, cells, by) if by else (),
        robustness=tuple(finding(plan, ring, plan.primary.wave, rows, estimator=e, seed=seed) for e in plan.robustness if e != plan.estimator),
        exploratory=explored(plan, ring, rows, explore, seed), attrition=attrition(plan, ring, people[ring.name], scored), persistence=_persistence(plan, ring, cells, seed),
        balance=_balance(plan, people[ring.name]), naive=naive_answers(plan, rows), sample_ratio=ratio,
        running=by_day(plan, ring, rows) if plan.design == "story_experiment" else (),
        deviations=_deviations(plan, seals, mine, cells, people, now), cautions=(*_cautions(primary, before, undated, ratio), *clocks),
        cannot_tell=untold(primary, rings), simulated=simulated, seed=seed, versions=versions(),
    )  # fmt: skip


def _in_time(plan, scored, now, simulated):
    """A town's answers cannot lie ahead of its clock, and an answer is not computed before its wave. A simulated town has its own clock."""
    latest = scored["at"].max()
    if not simulated and latest is not None and latest > now + dt.timedelta(days=1):
        raise BadInput(
            f"clocks disagree: answers in this book are dated up to {latest:%Y-%m-%d}, and the clock here says {now:%Y-%m-%d}. "
            "Set this machine's clock, or mend the dates where the answers came from"
        )
    if plan.starts and (due := plan.starts + dt.timedelta(days=plan.primary.wave)) > now.date():
        raise BadInput(
            f"the answer is due {plan.primary.wave} days after the start, from {due} on, and it is {now:%Y-%m-%d}: a wave in the future is not analysed"
        )


def _joined(plan, asked, tables, scored) -> pl.DataFrame:
    """Everybody asked, beside who was met in fact, the score before, and the share their group drew, where the plan asks for them."""
    before = scored.filter(pl.col("wave") == 0).select("respondent", before="score")
    out = asked.join(before, on="respondent", how="left")
    met = reading.contacted(plan, tables["answers"])
    if met is not None:
        out = out.join(met, on="respondent", how="left")
    if plan.design == "saturation" and "assignments" in tables:
        drawn = tables["assignments"].filter(pl.col("plan_id") == plan.plan_id)
        chance = (
            pl.when(pl.col("arm") == plan.primary.treated)
            .then(pl.col("probability"))
            .otherwise(1 - pl.col("probability"))
        )
        share = drawn.select(pl.col("unit").alias(plan.cluster), chance.round(9).alias("share")).unique(plan.cluster)
        out = out.join(share, on=plan.cluster, how="left")
    return out


def _somebody(plan, people, respondents):
    empty = [name for name, frame in people.items() if frame.height == 0]
    ring = plan.ring(plan.primary.ring)
    here = respondents.filter(
        (pl.col("plan_id") == (ring.respondents or plan.plan_id)) & (pl.col("ring") == ring.name)
    )
    if len(empty) == len(people) and here.height == 0:
        raise BadInput(
            f'nobody in this book was asked under plan "{plan.plan_id}" in the arms it compares. Is it the right book for this plan?'
        )
    if here.height == 0:
        raise BadInput(f"the primary comparison is among {plan.primary.ring}s, and nobody was asked there")
    found = sorted(here["arm"].drop_nulls().unique().to_list())
    for arm in plan.arms_of(ring):
        if arm not in found:
            raise BadInput(
                f'the plan compares "{arm}", and nobody among {plan.primary.ring}s was given it; the arms found are {", ".join(found) or "none"}'
            )


def _cell(asked, scored, wave) -> pl.DataFrame:
    """Everybody asked in a ring beside their score of one wave; sorted, so that row order never matters."""
    here = scored.filter(pl.col("wave") == wave).select("respondent", "score", "at")
    return asked.join(here, on="respondent", how="left").sort("respondent")


def _rings(plan, cells) -> tuple[Finding, ...]:
    wanted = points(plan)
    level = level_of_each(plan, [cells[r.name, w] for r, w in wanted])
    return tuple(finding(plan, r, w, cells[r.name, w], level=level) for r, w in wanted)


def _ratio(plan, ring, respondents) -> SampleRatio | None:
    """Of a story experiment: did the arms come out as evenly as promised? Every arm counts, not only the two compared."""
    if plan.design != "story_experiment":
        return None
    here = respondents.filter(
        (pl.col("plan_id") == (ring.respondents or plan.plan_id)) & pl.col("arm").is_in(plan.arms)
    )
    counts = dict(here.group_by("arm").len().iter_rows())
    return sample_ratio({arm: counts.get(arm, 0) for arm in plan.arms})


def _persistence(plan, ring, cells, seed) -> dict | None:
    """How long does it last? From the waves after the start, with the same people's answers kept together."""
    later = [(w, cells[ring.name, w].filter(pl.col("score").is_not_null())) for w in plan.waves if w > 0]
    later = [(w, rows) for w, rows in later if rows["treated"].n_unique() == 2]
    if len(later) < 2 or plan.design in ("before_after", "saturation"):
        return None  # plain differences between arms would not be what these designs compare
    stacked = pl.concat([adjusted(plan, rows).with_columns(pl.lit(w).alias("wave")) for w, rows in later])
    try:
        found = trust.persistence(
            stacked["score"].to_numpy(), stacked["treated"].to_numpy(), stacked["wave"].to_numpy(), person=stacked["respondent"].to_numpy(),
            block=usable(stacked, plan.block), cluster=usable(stacked, plan.cluster), weights=weights_of(stacked), level=plan.level, randomised=ring.how == "randomised", unit=plan.outcome.unit,
            bootstrap=plan.bootstrap, seed=seed,
        )  # fmt: skip
    except CommonbeatError as error:
        return {"half_life": None, "verdict": "cannot tell", "cautions": [str(error)]}
    try:
        again = trust.cadence(found).to_dict()
    except CommonbeatError as error:
        again = {"value": None, "cautions": [str(error)]}
    return found.to_dict() | {"cadence": again}


def _balance(plan, asked) -> dict | None:
    beside = known_before(plan, asked)
    if not beside.width:
        return None
    arm = pl.when(pl.col("treated") == 1).then(pl.lit("t")).otherwise(pl.lit("c")).alias("arm")
    frame = beside.with_columns(asked.select(arm)["arm"])
    return balance(frame, beside.columns, treated="t", control="c").to_dict()


def _deviations(plan, seals, mine, cells, people, now) -> tuple[str, ...]:
    told = []
    if seals and mine is None:
        told.append(
            f"this plan ({plan.hash[:12]}) was never sealed; another of the same name was ({seals[-1].plan_hash[:12]})"
        )
    elif seals and seals[-1].plan_hash != plan.hash:
        told.append(f"this plan ({plan.hash[:12]}) is not the one that was sealed last ({seals[-1].plan_hash[:12]})")
    for one in seals[1:]:
        told.append(f"amended on {one.sealed_at[:10]}: " + "; ".join(one.changed))
    for (ring, wave), rows in cells.items():
        if plan.starts and (due := plan.starts + dt.timedelta(days=wave)) > now.date():
            told.append(f"the wave of {wave} days has not come yet; it begins on {due}")
        elif wave > 0 and rows.height and rows["score"].is_not_null().sum() == 0:
            told.append(f"nobody among {ring}s answered in the wave of {wave} days, which was planned")
    for name, frame in people.items():
        if frame.height == 0:
            told.append(f"nobody was asked among {name}s, who were planned")
        elif frame["treated"].n_unique() < 2 and plan.design != "saturation":
            told.append(f"one of the two arms has nobody among {name}s")
    here = people[plan.primary.ring]
    told += [
        f"the plan's covariate {c} was measured of nobody here, so it takes nothing out"
        for c in unknown_here(plan, here)
    ]
    told += [f"the plan's group {g} is known of nobody here" for g in plan.groups if g not in here.columns]
    drawn = plan.design not in ("before_after", "stepped")
    if drawn and plan.ring(plan.primary.ring).how == "observed":
        told.append(
            f'the design is {plan.design}, yet {plan.primary.ring}s are said to be only observed: where chance decided, say how = "randomised"'
        )
    return tuple(dict.fromkeys(told))


def _cautions(primary, before, undated, ratio) -> tuple[str, ...]:
    said = (
        [] if before else ["not sealed beforehand: this plan was sealed after the first outcome was known, or never"]
    )
    if undated:
        said.append(f"{undated:,} answers carry no date, so nobody can show that the seal came before them")
    if ratio is not None and ratio.broken:
        said.append(
            f"the arms are too uneven for a fair draw (chance {ratio.p_value:.1g}): find out who was lost before believing any effect"
        )
    return (*said, *primary.effect.cautions)


def versions() -> tuple[tuple[str, str], ...]:
    return (
        ("commonbeat", __version__),
        ("numpy", np.__version__),
        ("polars", pl.__version__),
        ("python", platform.python_version()),
    )
