"""How does each promise of a town stand?  One way for the command, the report and the site, so that none of them can be kinder."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from commonbeat import encounters
from commonbeat.errors import CommonbeatError
from commonbeat.estimate import Estimate
from commonbeat.report.trust_release import public
from commonbeat.trust import town_trust

__all__ = ["COUNTED", "standing", "town_tracker"]

#: the tables that a promise can be measured in, besides contacts and population
COUNTED = ("closings", "trainings", "respondents", "answers")


def standing(tables: Mapping[str, pl.DataFrame | pl.LazyFrame], *, today: date, zone="UTC"):
    """How does each promise stand on a day, measured from the promise on?  -> (commitments, id -> why it cannot be told)

    tables : a book's by name, contacts perhaps lazy; those that are missing or empty leave their promises to dated documents
    Reach, complaints and training are measured by the room of encounters; trust is the town tracker's latest round.
    """
    there = {name: t for name, t in tables.items() if t is not None and (isinstance(t, pl.LazyFrame) or len(t))}
    promised = there.get("commitments")
    if promised is None:
        return (), {}
    measured, cannot = encounters.measured(promised, there, today=today, zone=zone)
    if {"respondents", "answers"} <= there.keys():
        for row in promised.filter(pl.col("indicator").cast(pl.String) == "trust").iter_rows(named=True):
            found = _trust_since(there["respondents"], there["answers"], row["since"], today)
            if found is not None and row["target"] is not None:
                measured[row["commitment_id"]] = found
    return encounters.commitments(promised, today=today, measured=measured), cannot


def town_tracker(found) -> list:
    """The sections of a town's trust that speak for the town: residents drawn by chance, given nothing by a study."""
    return [s for s in found.sections if s.sample == "probability" and s.side == "resident" and not _of_study(s)]


def _of_study(section) -> bool:
    return any("level of a study" in c for c in section.cautions)


def _trust_since(respondents, answers, since: date, today: date) -> Estimate | None:
    """The latest round after the promise; None where nobody was drawn and asked since."""
    day = pl.col("at").dt.date()
    try:
        town = town_tracker(town_trust(respondents, answers.filter((day >= since) & (day <= today))))
    except CommonbeatError:
        return None
    if not town:
        return None
    return public(town[0].track.levels[-1] if town[0].track else town[0].score)
