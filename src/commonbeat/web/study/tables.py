"""Those who took part in a story experiment as codebook tables: what the room of studies is asked with."""

from __future__ import annotations

from datetime import UTC, datetime, time

import polars as pl

from commonbeat.web.record.tables import shaped
from commonbeat.web.study.models import Joined, Wave

LATE = time(23, 59, 59)  #: only the day is kept; its end, since nobody answers before the plan of that day is sealed


def respondents() -> pl.DataFrame:
    return shaped("respondents", [
        {"respondent": j.person, "plan_id": j.trial_id, "side": "resident", "area_id": None, "ring": "viewer", "arm": j.arm,
         "week": f"{j.day.isocalendar().year}-W{j.day.isocalendar().week:02d}", "prior_trust": j.prior_trust,
         "recent_enforcement": j.recent_contact, "sample": "open_link", "referent": "my_area", "simulated": False}
        for j in Joined.objects.order_by("trial", "arrived")
    ])  # fmt: skip


def answers() -> pl.DataFrame:
    return shaped("answers", [
        {"respondent": w.joined.person, "wave": w.wave, "questionnaire": "pulse-1", "item": item, "value": float(value),
         "at": datetime.combine(w.day, LATE, UTC)}
        for w in Wave.objects.select_related("joined").order_by("joined", "wave") for item, value in sorted(w.answers.items())
    ])  # fmt: skip
