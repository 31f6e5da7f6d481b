"""Who answered what, in which ring, arm and wave? The one table every study is run on."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.studies.own_table import ITEM
from commonbeat.studies.plan import Plan, Ring

__all__ = ["answered", "asked", "contacted", "first_outcome", "prior_band"]

#: how earlier trust is read as a group; the cuts are part of every plan that names `prior_trust` as a group
PRIOR_BANDS = ((0, 40, "low earlier trust"), (40, 60, "middle earlier trust"), (60, 101, "high earlier trust"))


def asked(plan: Plan, ring: Ring, respondents: pl.DataFrame) -> pl.DataFrame:
    """Everybody who was asked for one ring, in the two arms that are compared; `treated` is 1 or 0."""
    treated, control = plan.arms_of(ring)
    source = ring.respondents or plan.plan_id
    here = respondents.filter(
        (pl.col("plan_id") == source) & (pl.col("ring") == ring.name) & pl.col("arm").is_in([treated, control])
    )
    return here.with_columns(
        (pl.col("arm") == treated).cast(pl.Int8).alias("treated"), prior_band("prior_trust").alias("prior_band")
    )


def answered(plan: Plan, answers: pl.DataFrame, spans: Mapping[str, tuple[float, float, bool]]) -> pl.DataFrame:
    """One score from 0 to 100 for each person and wave: the mean of the items they answered.

    spans : item -> (lowest code, highest code, reversed?) of the questionnaire as it was asked
    A score needs at least half of the items; else it is missing, and counted as such.
    A table of one's own ([people]) was scored as it was read.
    Raises BadInput when the plan names an outcome that nobody measured, or an answer lies outside its scale.
    """
    if plan.people:  # a table of one's own was read as it stands, in its own unit
        here = answers.filter(pl.col("item") == ITEM)
        return here.select("respondent", "wave", score="value", at="at").sort("respondent", "wave")
    items = plan.outcome.items
    here = answers.filter(pl.col("item").is_in(items))
    if plan.outcome.questionnaire:
        here = here.filter(pl.col("questionnaire") == plan.outcome.questionnaire)
    if here.height == 0:
        measured = ", ".join(sorted(answers["item"].unique().to_list())) or "nothing"
        raise BadInput(
            f"the plan's outcome is {plan.outcome.name} ({', '.join(items) or 'no items'}), which nobody was asked here; "
            f"this book has answers to {measured}"
        )
    unknown = [i for i in here["item"].unique().to_list() if i not in spans]
    if unknown:
        raise BadInput(
            f"the scale of {', '.join(sorted(unknown))} is not known: name the questionnaire that holds it"
        )
    low, high, turned = (
        pl.col("item").replace_strict({k: v[j] for k, v in spans.items()}, return_dtype=pl.Float64) for j in range(3)
    )
    outside = here.filter((pl.col("value") < low) | (pl.col("value") > high))
    if outside.height:
        row = outside.row(0, named=True)
        raise BadInput(
            f"answer {row['value']:g} to {row['item']} in wave {row['wave']} lies outside its scale of {spans[row['item']][:2]}"
        )
    share = (pl.col("value") - low) / (high - low)
    return (
        here.with_columns((100 * pl.when(turned == 1).then(1 - share).otherwise(share)).alias("points"))
        .group_by("respondent", "wave")
        .agg(
            pl.when(pl.col("points").count() * 2 >= len(items)).then(pl.col("points").mean()).alias("score"),
            pl.col("at").min(),
        )
        .sort("respondent", "wave")
    )


def first_outcome(plan: Plan, scored: pl.DataFrame, respondents: pl.DataFrame):
    """When did the first answer that could show an effect come in, and how many carry no date?  -> time or None, count.

    Wave 0 is asked before anything happens, except in a story experiment, where it follows the page at once.
    """
    sources = {r.respondents or plan.plan_id for r in plan.rings}
    people = respondents.filter(pl.col("plan_id").is_in(sources)).select("respondent")
    after = scored if plan.design == "story_experiment" else scored.filter(pl.col("wave") > 0)
    later = after.filter(pl.col("score").is_not_null()).join(people, on="respondent", how="semi")
    return (later["at"].min(), later["at"].null_count()) if later.height else (None, 0)


def contacted(plan: Plan, answers: pl.DataFrame) -> pl.DataFrame | None:
    """Who says to have met it in fact?  -> respondent, contacted (0 or 1); None when the plan does not ask.

    Raises BadInput when the plan names an item that nobody answered, or whose answers are not 0 and 1.
    """
    if not plan.contact:
        return None
    here = answers.filter((pl.col("item") == plan.contact) & pl.col("value").is_not_null())
    if here.height == 0:
        raise BadInput(f'the plan takes contact from the item "{plan.contact}", which nobody answered in this book')
    wrong = here.filter(~pl.col("value").is_in([0.0, 1.0]))
    if wrong.height:
        raise BadInput(f"the answer {wrong['value'][0]:g} to {plan.contact} is neither 0 (no) nor 1 (yes)")
    return here.group_by("respondent").agg(pl.col("value").max().alias("contacted"))


def prior_band(column: str) -> pl.Expr:
    expr = pl.when(False).then(None)
    for low, high, word in PRIOR_BANDS:
        expr = expr.when((pl.col(column) >= low) & (pl.col(column) < high)).then(pl.lit(word))
    return expr.otherwise(None)
