"""Respondents and answers typed by hand, for examples a reader can check."""

import datetime as dt

import polars as pl

from commonbeat.codebook import TABLES
from commonbeat.studies.plan import Plan

START = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)


def plan(**changes) -> Plan:
    said = {
        "plan_id": "p", "title": "Do visits move trust?", "question": "Do they?", "design": "individual", "arms": ["visit", "none"],
        "waves": [0, 21], "outcome": {"name": "trust", "items": ["respect"], "questionnaire": "pulse-1"},
        "rings": {"participant": {"how": "randomised"}}, "block": "", "cluster": "", "estimator": "difference_in_means", "robustness": [],
        "primary": {"ring": "participant", "wave": 21, "treated": "visit", "control": "none"},
    }  # fmt: skip
    return Plan.from_dict(said | changes)


def tables(people, *, items=("respect",), start=START):
    """people: rows (arm, before, after) in codes 1 to 5, None for no answer; or dicts with more columns."""
    who, said = [], []
    for i, row in enumerate(people):
        one = row if isinstance(row, dict) else dict(zip(("arm", "before", "after"), row, strict=True))
        name = f"r{i:04d}"
        who.append(
            {"respondent": name, "plan_id": "p", "side": "resident", "ring": "participant", "sample": "probability", "weight": 1.0, "simulated": False}
            | {k: v for k, v in one.items() if k not in ("before", "after", "met", "day")}
        )  # fmt: skip
        for wave, value in ((0, one["before"]), (21, one["after"])):
            day = start + dt.timedelta(days=wave + one.get("day", 0))
            said += [_answer(name, wave, item, value, day) for item in items if value is not None]
        if one.get("met") is not None:
            said.append(_answer(name, 21, "met_officers", one["met"], start) | {"questionnaire": "background-1"})
    return {"respondents": _shaped("respondents", who), "answers": _shaped("answers", said)}


def _answer(name, wave, item, value, at):
    return {
        "respondent": name, "wave": wave, "questionnaire": "pulse-1", "item": item, "value": float(value), "at": at, "seconds": None,
    }  # fmt: skip


def _shaped(name, rows):
    schema = TABLES[name]
    frame = pl.DataFrame(rows, infer_schema_length=None)
    missing = [pl.lit(None).alias(c) for c in schema.column_names() if c not in frame.columns]
    return schema.cast(frame.with_columns(missing).select(schema.column_names()))
