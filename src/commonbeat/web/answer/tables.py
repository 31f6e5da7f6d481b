"""Replies as codebook tables: who answered is a pseudonym of one study, when is a week."""

from __future__ import annotations

import polars as pl

from commonbeat.web.answer.models import Reply
from commonbeat.web.record.tables import shaped


def respondents() -> pl.DataFrame:
    first = {}
    for r in Reply.objects.select_related("batch").order_by("wave"):
        first.setdefault(r.person, r)
    return shaped("respondents", [
        {"respondent": r.person, "plan_id": r.batch.plan_id if r.batch else "pulse", "side": r.side,
         "area_id": r.batch.area_id if r.batch else None, "ring": r.batch.ring if r.batch else None,
         "arm": (r.batch.arm or None) if r.batch else None, "week": r.week,
         "sample": "panel" if r.batch else "open_link", "simulated": False}
        for r in first.values()
    ])  # fmt: skip


def answers() -> pl.DataFrame:
    return shaped("answers", [
        {"respondent": r.person, "wave": r.wave, "questionnaire": r.questionnaire, "item": item, "value": float(value)}
        for r in Reply.objects.all() for item, value in r.answers.items()
    ])  # fmt: skip
