"""Statements and votes as codebook tables."""

from __future__ import annotations

import polars as pl

from commonbeat.web.record.tables import shaped
from commonbeat.web.talk.models import Statement, Vote


def statements(conversation: str) -> pl.DataFrame:
    rows = Statement.objects.filter(conversation=conversation)
    return shaped("statements", [
        {"statement_id": s.pk, "text": s.words, "at": s.at, "proposed_by": s.proposed_by, "attribute": s.attribute,
         "moderated": s.moderated, "language": s.language} for s in rows
    ])  # fmt: skip


def votes(conversation: str) -> pl.DataFrame:
    rows = Vote.objects.filter(statement__conversation=conversation).values_list(
        "person", "statement_id", "value", "known_group"
    )
    return shaped("votes", [
        {"person": p, "statement_id": s, "value": v, "known_group": g or None} for p, s, v, g in rows.iterator(5_000)
    ])  # fmt: skip
