"""Is what was promised kept?  Computed where data exist, else read from a dated public document; never from self-report alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from commonbeat import tables
from commonbeat.estimate import Estimate, plain

__all__ = ["STATUSES", "Commitment", "commitments"]

STATUSES = ("kept", "slipping", "broken", "too_early", "cannot_tell")
MEASURED = ("reach", "trust")  #: indicators that no document can stand for


@dataclass(frozen=True, slots=True)
class Commitment:
    """A promise and how it stands today.

    status : of STATUSES;  because: a code for the reason;  measured: the estimate it rests on, or None
    """

    commitment_id: str
    promise: str
    by: str
    indicator: str
    since: date
    until: date
    target: float | None
    status: str
    because: str
    measured: Estimate | None
    evidence: str | None
    evidence_on: date | None

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


def commitments(table, *, today: date, measured: Mapping[str, Estimate] | None = None) -> tuple[Commitment, ...]:
    """How does each promise stand today?

    table    : the codebook's `commitments`; a count of positive contacts as an indicator is refused there (BadInput)
    measured : commitment_id -> what was measured since the promise, with its interval (at least `target` keeps it)
    A measured promise is kept when the whole interval reaches the target, broken when the day has passed and none of it does.
    An unmeasured one is kept only by a public document that is dated between the promise and today.
    """
    rows = tables.check("commitments", table).sort("until", "commitment_id")
    return tuple(
        _judged(row, today, (measured or {}).get(row["commitment_id"])) for row in rows.iter_rows(named=True)
    )


def _judged(row: dict, today: date, found: Estimate | None) -> Commitment:
    by_data = found is not None or row["indicator"] in MEASURED  # what is counted outweighs what is written about it
    status, because = _by_data(row, today, found) if by_data else _by_document(row, today)
    names = ("commitment_id", "promise", "by", "indicator", "since", "until", "target")
    return Commitment(*(row[n] for n in names), status, because, found, row["evidence"], row["evidence_on"])


def _by_data(row: dict, today: date, found: Estimate | None) -> tuple[str, str]:
    over = today > row["until"]
    if row["target"] is None:
        return "cannot_tell", "no_target_was_named"
    if found is None or not found.known:
        return ("cannot_tell" if over else "too_early"), "nothing_measured_yet"
    if found.low >= row["target"]:
        return "kept", "interval_reaches_target"
    if found.high < row["target"]:
        return ("broken" if over else "slipping"), "interval_below_target"
    return ("cannot_tell" if over else "too_early"), "interval_holds_target"


def _by_document(row: dict, today: date) -> tuple[str, str]:
    dated = row["evidence"] and row["evidence_on"] and row["since"] <= row["evidence_on"] <= today
    if dated:
        late = row["evidence_on"] > row["until"]
        return ("slipping", "document_came_late") if late else ("kept", "dated_public_document")
    if today > row["until"]:
        return "broken", "no_dated_public_document_by_the_day"
    half = row["since"] + (row["until"] - row["since"]) / 2
    return ("slipping" if today > half else "too_early"), "no_dated_public_document_yet"
