"""What do the town's own tables say about its promises?"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

import polars as pl

from commonbeat.encounters.reaching import reach
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate
from commonbeat.stats import wilson

__all__ = ["ANSWERED_WITHIN", "closed_in_time", "measured", "trained"]

ANSWERED_WITHIN = 30  #: days within which a complaint is to be closed
LEAST = 20  #: complaints below which their share is not told: a smaller one would point at single answers


def measured(
    promises: pl.DataFrame, tables: Mapping[str, object], *, today: date, zone="UTC"
) -> tuple[dict[str, Estimate], dict[str, str]]:
    """What is known about each promise  -> (commitment_id -> estimate, commitment_id -> why it cannot be told)

    tables : the town's by name: contacts and population for reach, closings for complaint_handling, trainings for training;
             those it does not keep are left out, and a promise about them is read from its document
    """
    ways: dict[str, tuple[tuple[str, ...], Callable]] = {
        "reach": (
            ("contacts", "population"),
            lambda c, p, since: reach(c, p, window=(since, today), zone=zone).share,
        ),
        "complaint_handling": (("closings",), lambda c, since: closed_in_time(c, since=since, today=today)),
        "training": (("trainings",), lambda t, since: trained(t, since=since, today=today)),
    }
    found, cannot = {}, {}
    for row in promises.iter_rows(named=True):
        needs, ask = ways.get(row["indicator"], ((), None))
        if ask is None or not set(needs) <= set(tables) or row["target"] is None:
            continue
        try:
            found[row["commitment_id"]] = ask(*(tables[t] for t in needs), row["since"])
        except TooFew as few:
            cannot[row["commitment_id"]] = str(few)
    return found, cannot


def closed_in_time(closings, *, since: date, today: date, days=ANSWERED_WITHIN, level=0.95) -> Estimate:
    """Which share of the complaints since a day was closed within 30 days?

    Complaints whose days are not over yet are left out, also those closed already: else the quick ones would count alone.
    Raises TooFew under 20.  Method: Wilson interval.
    """
    due = closings.lazy().filter(pl.col("received_on").is_between(since, today - timedelta(days=days))).collect()
    n = len(due)
    if n < LEAST:
        raise TooFew(f"{n} complaints came early enough to be judged; a share needs {LEAST}.")
    in_time = (pl.col("closed_on") - pl.col("received_on")).dt.total_days() <= days
    k = int(due.select(in_time.fill_null(False).sum()).item())
    low, high = (float(x) for x in wilson(k, n, level=level))
    return Estimate(
        k / n, low=low, high=high, level=level, n=n, unit="share of complaints",
        method=f"closed within {days} days, Wilson interval",
    )  # fmt: skip


def trained(trainings, *, since: date, today: date) -> Estimate:
    """Which share of officers finished every training that was counted since a day?  The kind with the smallest share counts.

    All officers are counted, none are drawn, so that the interval is the value itself. Raises TooFew without any count.
    """
    told = trainings.lazy().filter(pl.col("month").is_between(since.replace(day=1), today)).sort("month")
    kinds = told.group_by("kind").agg(pl.col("completed").sum(), pl.col("officers").last()).collect()
    kinds = (
        kinds.filter(pl.col("officers") > 0)
        .with_columns(share=pl.col("completed") / pl.col("officers"))
        .sort("share")
    )
    if kinds.is_empty():
        raise TooFew("Nobody has counted a training since then.")
    least = kinds.row(0, named=True)
    share = min(least["share"], 1.0)
    said = f"all officers counted, none drawn: {least['kind']}"
    return Estimate(share, low=share, high=share, n=least["officers"], unit="share of officers", method=said)
