"""What the town hall counts and promises: complaints, force, a staggered training, commitments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from commonbeat.city.words import RACES, stream

__all__ = ["Counted", "build"]

COMPLAINTS, FORCE = 1.6, 0.35  #: per 1,000 residents and month
SOURCE = "simulated city"
IN_TIME = 0.8  #: share of complaints closed within thirty days


@dataclass(frozen=True, slots=True)
class Counted:
    """Codebook tables `complaints`, `closings`, `trainings`, `force`, `commitments`, the rollout's `assignments`; expectations.

    expected, untreated : (areas, months) complaints per 1,000 residents with and without the training; first : (areas,) month or -1
    """

    complaints: pl.DataFrame
    closings: pl.DataFrame
    trainings: pl.DataFrame
    force: pl.DataFrame
    commitments: pl.DataFrame
    assignments: pl.DataFrame
    expected: np.ndarray
    untreated: np.ndarray
    first: np.ndarray


def build(seed, world, town, who, rates, *, start, days) -> Counted:
    """Counts complaints and force by month; training comes to areas in three waves, and to some never."""
    rng = stream(seed, "office")
    months = _months(start, days)
    areas = len(town.areas)
    cohort = np.array([-1, *(int(len(months) * f) for f in (0.33, 0.5, 0.67))])
    first = cohort[rng.permutation(np.arange(areas) % 4)]
    month = np.arange(len(months))
    untreated = COMPLAINTS * (rates.heat**0.8)[:, None] * (1 + 0.1 * np.sin(2 * np.pi * month / 12))
    since = np.where(first[:, None] >= 0, month - first[:, None] + 1, 0).clip(0)
    expected = untreated * np.clip(1 - world.training * since, 0.4, None)
    people = who.counts.sum(1)
    count = rng.poisson(expected * people[:, None] / 1000)
    ids = town.areas["area_id"].to_numpy()
    a, m = (x.ravel() for x in np.indices(count.shape))
    complaints = pl.DataFrame(
        {
            "area_id": ids[a],
            "month": pl.Series(months).gather(m),
            "complaints": count.ravel(),
            "sustained": rng.binomial(count, 0.12).ravel(),
        }
    ).with_columns(source=pl.lit(SOURCE))
    given = [months[f].strftime("%Y-%m") if f >= 0 else "never" for f in first]
    drawn = pl.DataFrame({"unit": ids, "arm": given}).with_columns(
        plan_id=pl.lit("training"), probability=pl.lit(0.25)
    )
    force = _force(rng, who, rates, ids, months)
    own = stream(seed, "closings and trainings")
    return Counted(
        complaints,
        _closings(own, complaints, start, days),
        _trainings(first, months),
        force,
        _promises(months, ids),
        drawn,
        expected,
        untreated,
        first,
    )


def _months(start, days):
    """First days of the whole months of the period; a month that is cut off is not counted."""
    last = date.fromordinal(start.date().toordinal() + days)
    y, m, out = start.year, start.month, []
    if start.day > 1:
        y, m = (y, m + 1) if m < 12 else (y + 1, 1)
    while True:
        following = date(y + (m == 12), m % 12 + 1, 1)
        if following > last:
            return out
        out.append(date(y, m, 1))
        y, m = following.year, following.month


def _force(rng, who, rates, ids, months) -> pl.DataFrame:
    tilt = rates.enforcement / rates.enforcement.mean()
    count = rng.poisson((FORCE * tilt * who.counts / 1000)[:, :, None], (*who.counts.shape, len(months)))
    a, r, m = np.nonzero(count)
    return pl.DataFrame(
        {"area_id": ids[a], "month": pl.Series(months).gather(m), "race": np.array(RACES)[r], "uses": count[a, r, m]}
    ).with_columns(source=pl.lit(SOURCE))


def _closings(rng, complaints: pl.DataFrame, start, days) -> pl.DataFrame:
    """Each complaint with the day it came and was closed: four in five within thirty days, others later or not yet."""
    last = date.fromordinal(start.date().toordinal() + days - 1)
    n = complaints["complaints"].to_numpy()
    came = pl.DataFrame({"m": complaints["month"].to_numpy().repeat(n), "d": rng.integers(0, 28, n.sum())}).select(
        pl.col("m").dt.offset_by(pl.format("{}d", "d"))
    )["m"]
    took = np.where(rng.random(n.sum()) < IN_TIME, rng.integers(2, 31, n.sum()), rng.integers(31, 120, n.sum()))
    made = pl.DataFrame(
        {"received_on": came, "took": took, "area_id": np.repeat(complaints["area_id"].to_numpy(), n)}
    )
    closed = pl.col("received_on").dt.offset_by(pl.format("{}d", "took"))
    return made.with_row_index("k", 1).select(
        pl.format("k{}", "k").alias("complaint_id"), "area_id", "received_on",
        pl.when(closed <= last).then(closed).alias("closed_on"), pl.lit(SOURCE).alias("source"),
    )  # fmt: skip


def _trainings(first, months) -> pl.DataFrame:
    """How many officers finished the course when their areas' turn came: those of areas that never have one did not."""
    per_area = 6
    rows = [
        {"month": months[m], "kind": "stops and reasons", "completed": per_area * int((first == m).sum()),
         "officers": per_area * len(first), "source": SOURCE} for m in sorted({int(m) for m in first if m >= 0})
    ]  # fmt: skip
    return pl.DataFrame(rows)


def _promises(months, ids) -> pl.DataFrame:
    """Five promises: four are measured, one is read from a dated document or its absence. What is written about p1 says
    more than what is counted: not every area had its turn."""
    middle, end = months[len(months) // 2], months[-1]
    rows = [
        ("p1", "Every patrol officer takes the course on stops and reasons.", "training", middle, "minutes of the council, item 7", middle),
        ("p2", "The stop policy asks for a written reason.", "policy", end, None, None),
        ("p3", "Complaints are answered within 30 days.", "complaint_handling", end, "half-yearly letter of the complaints office", middle),
        ("p4", "Half of all positive contact happens where enforcement is densest.", "reach", end, "contacts of this book", None),
        ("p5", "Trust in the town does not fall.", "trust", end, "tracker of this book", None),
    ]  # fmt: skip
    target = {"p1": 1.0, "p3": 0.75, "p4": 0.5, "p5": 55.0}
    return pl.DataFrame(
        [
            {"commitment_id": i, "promise": p, "by": "office of the chief" if i != "p3" else "complaints office", "indicator": k,
             "until": until, "since": months[0], "area_id": None, "target": target.get(i), "evidence": e, "evidence_on": on}
            for i, p, k, until, e, on in rows
        ],
        schema_overrides={"area_id": pl.String, "evidence_on": pl.Date},
    )  # fmt: skip
