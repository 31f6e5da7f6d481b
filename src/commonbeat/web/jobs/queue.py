"""What is to be done next?  A table, a lease, and effects that happen once.

A worker claims a row for a while by a conditional UPDATE. If it is killed, the lease runs out and another worker claims
the row again; what a job writes to the record is written in the same transaction as "done", so it happens once. A job
that fails five times is parked for a person to look at.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from commonbeat.web.base.logs import where
from commonbeat.web.jobs.models import Job

__all__ = ["MOST_ATTEMPTS", "HeldNoMore", "claim", "finish", "kind", "put", "run_one"]

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 5
KINDS: dict[str, Callable] = {}
log = structlog.get_logger()


class HeldNoMore(Exception):
    """The lease ran out and somebody else has the job: nothing of ours may be written."""


def kind(name: str) -> Callable:
    """Names the function that does this kind of job: `work(job, beat) -> effect or None`.

    `beat(progress)` keeps the lease alive during long work; `effect()` writes to the record, with "done", in one go.
    """

    def carry(function: Callable) -> Callable:
        KINDS[name] = function
        return function

    return carry


def put(name: str, key: str, *, not_before: datetime | None = None, **payload) -> Job:
    """Adds a job once: the same key again is the same job."""
    job, _made = Job.objects.get_or_create(
        key=key, defaults={"kind": name, "payload": payload, "not_before": not_before or timezone.now()}
    )
    return job


def claim(now: datetime | None = None, *, lease: timedelta = LEASE) -> Job | None:
    """Takes the oldest job that is due and that nobody holds, or None."""
    now = now or timezone.now()
    due = Q(state=Job.State.WAITING, not_before__lte=now) | Q(state=Job.State.RUNNING, lease_until__lt=now)
    with transaction.atomic():
        rows = Job.objects.filter(due).order_by("not_before", "pk")
        if connection.vendor == "postgresql":
            rows = rows.select_for_update(skip_locked=True)
        job = rows.first()
        if job is None:
            return None
        if job.attempt >= MOST_ATTEMPTS:
            job.state, job.trouble = Job.State.PARKED, job.trouble or "its workers died"
            job.save(update_fields=["state", "trouble"])
            return claim(now, lease=lease)
        job.state, job.attempt = Job.State.RUNNING, job.attempt + 1
        job.lease, job.lease_until = secrets.token_hex(16), now + lease
        job.save(update_fields=["state", "attempt", "lease", "lease_until"])
        return job


def _mine(job: Job):
    rows = Job.objects.filter(pk=job.pk, lease=job.lease, state=Job.State.RUNNING)
    return rows.select_for_update() if connection.vendor == "postgresql" else rows


def beat(job: Job, progress: float, *, lease: timedelta = LEASE) -> None:
    """Still at work: the lease begins anew. HeldNoMore when it had run out and was taken."""
    kept = _mine(job).update(lease_until=timezone.now() + lease, progress=min(1.0, max(0.0, progress)))
    if not kept:
        raise HeldNoMore(job.key)


@transaction.atomic
def finish(job: Job, effect: Callable[[], None] | None = None) -> None:
    """Writes what came of it and "done" together; if the lease was lost, neither."""
    if not _mine(job).exists():
        raise HeldNoMore(job.key)
    if effect is not None:
        effect()
    Job.objects.filter(pk=job.pk).update(state=Job.State.DONE, done_at=timezone.now(), progress=1.0, lease="")


@transaction.atomic
def fail(job: Job, why: str) -> None:
    """Tries again later, each time waiting longer; parks it after the fifth time."""
    parked = job.attempt >= MOST_ATTEMPTS
    _mine(job).update(
        state=Job.State.PARKED if parked else Job.State.WAITING,
        not_before=timezone.now() + timedelta(seconds=10 * 2**job.attempt),
        trouble=why[:2_000],
        lease="",
    )


def _heart(job: Job) -> Callable[[float], None]:
    """Beats at most every two seconds: work that reports each frame must not write to the database for each."""
    last = 0.0

    def heart(progress: float) -> None:
        nonlocal last
        if time.monotonic() - last > 2:
            last = time.monotonic()
            beat(job, progress)

    return heart


def run_one(now: datetime | None = None) -> Job | None:
    """Does one job, whatever comes of it; None when there is nothing to do."""
    job = claim(now)
    if job is None:
        return None
    try:
        effect = KINDS[job.kind](job, _heart(job))
        finish(job, effect)
    except HeldNoMore:
        log.warning("lease_lost", job=job.kind)
    except Exception as error:
        log.error("job_failed", job=job.kind, attempt=job.attempt, **where(error))
        fail(job, f"{type(error).__name__}: {error}")
    return job
