"""What is true about the record: rates, inequality, padding, whether good practice spreads, what the training did."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat.city.population import ENFORCED
from commonbeat.city.truth import Fact
from commonbeat.city.words import RACES

__all__ = ["facts", "two_way"]

PER = "per 1,000 residents and year"


def facts(*, world, who, rates, street, tables, counted, days, **_):
    return [
        *_rates(who, rates, street, tables, days),
        *_equity(who, rates),
        *_practice(world, tables),
        *_integrity(world, street, tables),
        *_rollout(counted),
    ]


def _rates(who, rates, street, tables, days):
    """Enforcement is exact; positive contact counts what happened, and the naive count believes every line."""
    people, years = who.counts.sum(), days / 365.25
    kinds = tables["contacts"]["kind"]
    enforced = (rates.enforcement * who.counts).sum() / people * 1000
    asked_about = street.hidden.filter((kinds == "positive") & ~street.hidden["padded"])
    happened = len(asked_about) / people / years * 1000
    recorded = (kinds == "positive").sum() / people / years * 1000
    yield Fact("encounters.rates", "enforcement", enforced, PER, None, "", {"area": "all"})
    yield Fact(
        "encounters.rates",
        "positive contacts that happened",
        happened,
        PER,
        recorded,
        "every line of the record",
        {"area": "all"},
    )


def _equity(who, rates):
    """How many times as often is one group met by enforcement as another, in the same area? The crude ratio mixes in where they live."""
    town = (rates.enforcement * who.counts).sum(0) / who.counts.sum(0)
    for race in RACES:
        if race != "white":
            value = ENFORCED[race] / ENFORCED["white"]
            naive = town[RACES.index(race)] / town[RACES.index("white")]
            by = {"group": race, "against": "white", "kind": "enforcement"}
            yield Fact(
                "encounters.equity",
                "rate ratio within areas",
                value,
                "ratio",
                naive,
                "crude ratio over the whole town",
                by,
            )
    hot = np.argsort(-(rates.enforcement * who.counts).sum(1) / who.counts.sum(1))
    share = np.cumsum(who.counts.sum(1)[hot]) / who.counts.sum()
    top = hot[: max(1, int((share <= 0.25).sum()))]
    greeted = (rates.positive * who.counts).sum(1)
    by = {"areas": [int(a) + 1 for a in top], "of residents": float(who.counts[top].sum() / who.counts.sum())}
    yield Fact(
        "encounters.reach",
        "share of unplanned positive contact in the most enforced areas",
        greeted[top].sum() / greeted.sum(),
        "share",
        None,
        "",
        by,
    )


def _practice(world, tables):
    """Mean number of encounters one encounter causes. Two on one street in one week prove nothing: half of them do anyway."""
    own = (
        tables["contacts"]
        .filter((pl.col("kind") == "positive") & pl.col("programme").is_null())
        .sort("area_id", "at")
    )
    close = own.select(
        ((pl.col("at") - pl.col("at").shift().over("area_id")) < pl.duration(days=7)).fill_null(False).mean()
    ).item()
    yield Fact(
        "encounters.spread_of_practice",
        "branching ratio",
        world.practice,
        "encounters",
        close,
        "share that follow another in the area within a week",
    )
    yield Fact("encounters.spread_of_practice", "mean wait", world.practice_days, "days")


def _integrity(world, street, tables):
    positive = (tables["contacts"]["kind"] == "positive").sum()
    padded = street.hidden["padded"].sum()
    yield Fact(
        "encounters.integrity",
        "share of positive contacts that never happened",
        padded / max(positive, 1),
        "share",
        0.0,
        "the record is believed",
        {"padding": world.padding},
    )


def _rollout(counted):
    """Effect of the training on complaints, averaged over trained area-months; two-way fixed effects average it wrongly."""
    trained = (counted.first[:, None] >= 0) & (np.arange(counted.expected.shape[1]) >= counted.first[:, None])
    value = (counted.expected - counted.untreated)[trained].mean()
    yield Fact("trust.staggered_effect", "effect of the training on complaints", value, "complaints per 1,000 residents and month",
               two_way(counted.expected, trained), "two-way fixed effects", {"plan": "training", "aggregation": "simple"})  # fmt: skip


def two_way(y, treated) -> float:
    """The coefficient of treatment with unit and time effects, in a complete panel  (units, times)"""
    d = treated - treated.mean(1, keepdims=True) - treated.mean(0, keepdims=True) + treated.mean()
    return float((d * y).sum() / (d * d).sum())
