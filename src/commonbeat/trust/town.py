"""Where does a town's trust stand, study by study? What the command and the page show, before privacy has been asked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, CommonbeatError
from commonbeat.estimate import plain
from commonbeat.trust.columns import labels
from commonbeat.trust.flags import Sensitivity, with_and_without
from commonbeat.trust.invariance import Invariance, invariance
from commonbeat.trust.levels import Level, Levels
from commonbeat.trust.reading import Asked, population_margins, read_answers
from commonbeat.trust.reliability import Reliability, reliability
from commonbeat.trust.small_areas import SmallAreas, small_areas, smooth_variances
from commonbeat.trust.survey import estimate_level
from commonbeat.trust.track import Track, track
from commonbeat.trust.weights import Weights, rake

__all__ = ["BY", "Section", "TownTrust", "town_trust"]

BY = ("race", "age_band", "sex", "area_id", "recent_enforcement", "ring", "arm", "referent")
FEWEST = 5  #: answers under which a level is too few to tell


@dataclass(frozen=True, slots=True)
class Section:
    """One study, one side, one questionnaire.

    score    : over all its questions, 0-100; measures: by what is asked
    by       : by group, None unless asked for; comparable: do the questions mean the same to these groups? None: cannot tell
    areas    : every area, borrowing strength; None with too few areas or no areas
    track    : over time; None with one wave
    careless : the score with everybody and without hurried or contradictory answers
    weighting : how the weights were made, None for design weights
    """

    plan: str
    side: str
    questionnaire: str
    sample: str
    people: int
    score: Level
    measures: tuple[tuple[str, Level], ...]
    by: Levels | None
    comparable: Invariance | None
    areas: SmallAreas | None
    track: Track | None
    reliability: Reliability | None
    careless: Sensitivity
    weighting: Weights | None
    cautions: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(
            {name: getattr(self, name) for name in self.__slots__ if name != "measures"}
            | {"measures": dict(self.measures)}
        )


@dataclass(frozen=True, slots=True)
class TownTrust:
    """A section for each study, side and questionnaire; those drawn by chance first. `by` is the column asked for."""

    sections: tuple[Section, ...]
    by: str | None

    def to_dict(self) -> dict:
        return plain({"by": self.by, "sections": self.sections})


def town_trust(respondents, answers, *, population=None, by=None, raked=(), level=0.95, seed=1) -> TownTrust:
    """Where does trust stand, in every study of a book?

    respondents, answers, population : codebook tables; `population` only for `raked`
    by    : a column of `respondents` to break down by
    raked : columns of `population` to which weights are raked
    """
    if by is not None and by not in BY:
        raise BadInput(f'Trust cannot be broken down by "{by}"; it may be {", ".join(BY)}.')
    if raked and population is None:
        raise BadInput("Raking needs to know the population, and the book has no table `population`.")
    sections = []
    for asked in read_answers(respondents, answers):
        keys = asked.rows.select("plan_id", "side").unique().sort("plan_id", "side")
        for plan, side in keys.iter_rows():
            here = ((pl.col("plan_id") == plan) if plan is not None else pl.col("plan_id").is_null()) & (
                pl.col("side") == side
            )
            keep = asked.rows.select(here).to_series().to_numpy()
            sections.append(_section(asked, keep, plan or "", side, population, by, raked, level, seed))
    sections.sort(
        key=lambda s: (s.sample != "probability", bool(s.cautions), s.plan, s.side != "resident", s.questionnaire)
    )
    return TownTrust(tuple(sections), by)


def _section(asked: Asked, keep, plan, side, population, by, raked, level, seed) -> Section:
    rows = asked.rows.filter(pl.Series(keep))
    value = np.asarray(asked.score)[keep]
    sample = _sample(rows)
    weights, weighting, said = _weights(rows, population, raked if side == "resident" else (), sample)
    people, _ = labels(rows["respondent"], "respondent")
    one_each = rows["respondent"].n_unique() == len(rows)
    cluster = rows["cluster"] if rows["cluster"].null_count() == 0 else None if one_each else people
    design = {
        "weights": weights,
        "cluster": cluster,
        "sample": sample,
        "level": level,
        "fewest": FEWEST,
        "design_effect": "replace",
    }
    measures = tuple((i, estimate_level(asked.answers(i)[keep], **design)) for i in asked.items)
    block = rows.select([pl.col(f"item:{i}").alias(i) for i in asked.items])
    groups = None if by is None or rows[by].null_count() == len(rows) else rows[by].cast(pl.String)
    return Section(
        plan, side, asked.questionnaire.key, sample, rows["respondent"].n_unique(),
        estimate_level(value, **design), measures,
        None if groups is None else estimate_level(value, by=groups, **design),
        None if groups is None else _or_none(invariance, block, groups),
        None if sample != "probability" else _areas(value, rows, weights, level),
        _track(value, rows, design, seed),
        _or_none(reliability, block, reverse=[i for i in asked.questionnaire.reverse if i in asked.items]),
        with_and_without(value, _flags(asked, keep), **design), weighting, tuple(_cautions(asked, rows, said)),
    )  # fmt: skip


def _sample(rows) -> str:
    kinds = rows["sample"].cast(pl.String).unique().to_list()
    return kinds[0] if len(kinds) == 1 else "open_link" if "open_link" in kinds else "panel"


def _weights(rows, population, raked, sample):
    base = rows["weight"].to_numpy().astype(float) if "weight" in rows.columns else np.full(len(rows), np.nan)
    said = None
    if np.isnan(base).any():
        said = "Nobody's design weight is known: everybody counts alike." if np.isnan(base).all() else (
            "Some people have no design weight, so everybody counts alike."
        )  # fmt: skip
        base = np.ones(len(rows))
    if not raked or sample != "probability":
        return base, None, said
    made = rake(rows.select(pl.col(list(raked)).cast(pl.String)), population_margins(population, raked), weights=base)
    return made, made, said


def _areas(value, rows, weights, level) -> SmallAreas | None:
    if rows["area_id"].null_count():
        return None
    codes, names = labels(rows["area_id"], "area_id")
    w, told = np.asarray(weights), ~np.isnan(value)
    y = np.where(told, value, 0.0)
    w = np.where(told, w, 0.0)
    n, mass = np.bincount(codes[told], minlength=len(names)), np.bincount(codes, w, len(names))
    # under the floor an area's own answers are not used at all: its estimate then tells nothing of the few who answered
    own = (n >= FEWEST) & (mass > 0)
    mean = np.divide(np.bincount(codes, w * y, len(names)), mass, out=np.full(len(names), np.nan), where=own)
    spread = np.array([np.var(value[told & (codes == k)], ddof=1) if own[k] else np.nan for k in range(len(names))])
    unequal = np.divide(n * np.bincount(codes, w * w, len(names)), mass**2, out=np.ones(len(names)), where=own)
    return _or_none(
        small_areas, mean, smooth_variances(spread, np.where(own, n, 0)) * unequal if own.any() else mean, names=names,
        n=np.where(own, n, 0), level=level,
    )  # fmt: skip


def _track(value, rows, design, seed) -> Track | None:
    waves = rows["wave"].n_unique()
    if waves > 1:
        when = rows["wave"]
    elif rows["at"].null_count() == 0:
        when = rows.select(pl.format("{}-Q{}", pl.col("at").dt.year(), pl.col("at").dt.quarter())).to_series()
    else:
        return None
    if when.n_unique() < 2:
        return None
    parts = {k: v for k, v in design.items() if k in ("cluster", "sample", "level", "fewest")}
    return _or_none(
        track, value, when, person=rows["respondent"], weights=np.asarray(design["weights"]), rng=seed, **parts
    )


def _flags(asked, keep):
    f = asked.flags
    return type(f)(f.straight[keep], f.contradictory[keep], f.hurried[keep], int(keep.sum()), f.cautions)


def _cautions(asked: Asked, rows, said):
    arms = rows["arm"].drop_nulls().n_unique()
    if arms > 1:
        yield "These people were given different things by the plan, so this is the level of a study, not of the town."
    if said:
        yield said
    if "not" in asked.questionnaire.validated.lower():
        yield f"How far the questions are tested ({asked.questionnaire.key}): {asked.questionnaire.validated.rstrip('.')}."
    low, high = rows["wave"].min(), rows["wave"].max()
    if low != high:
        yield f"Pools waves {low} to {high}; the same people may stand in it more than once."


def _or_none(ask, *args, **named):
    """A part that the data cannot carry is left out; the others still stand."""
    try:
        return ask(*args, **named)
    except CommonbeatError:
        return None
