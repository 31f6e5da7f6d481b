"""Stories as the codebook's table: what was published, and what was taken down, without its words."""

from __future__ import annotations

import polars as pl

from commonbeat.web.record.tables import shaped
from commonbeat.web.tell.models import Story


def stories() -> pl.DataFrame:
    rows = []
    for s in Story.objects.filter(published_at__isnull=False).prefetch_related("tellings"):
        told = s.text()
        down = s.state == "withdrawn"
        rows.append({
            "story_id": s.pk, "contact_id": s.encounter_id, "footage_id": s.clip_id, "area_id": s.area_id,
            "title": "(taken down)" if down else told.title, "story": None if down else told.words,
            "alt_text": None if down else told.alt_text, "language": told.language, "state": s.state,
            "published_at": s.published_at, "withdrawn_at": s.withdrawn_at, "simulated": s.simulated,
        })  # fmt: skip
    return shaped("stories", rows)
