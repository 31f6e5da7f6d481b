"""What must be looked at again and again, whether or not anybody asks: each such job puts the next one when it is done."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from commonbeat.web.jobs.models import Job
from commonbeat.web.jobs.queue import put

__all__ = ["begin"]

#: kind -> how long after a site first starts its first turn is due
FIRST = {"age": timedelta(0), "edition": timedelta(days=7)}


def begin() -> None:
    """Puts the first of each standing job where none waits or runs. Safe to call at every start."""
    now = timezone.now()
    for kind, later in FIRST.items():
        if not Job.objects.filter(kind=kind, state__in=(Job.State.WAITING, Job.State.RUNNING)).exists():
            due = now + later
            put(kind, f"{kind}:{due.date()}", not_before=due)
