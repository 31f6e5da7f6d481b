"""How busy, how slow, how stuck?  Numbers for Prometheus: addresses by the name of their view, never by who asked."""

from __future__ import annotations

import time

from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from commonbeat.web.base.log import head
from commonbeat.web.base.roles import Role, staff

__all__ = ["Counted", "count", "metrics"]

REGISTRY = CollectorRegistry()
ANSWERS = Counter("commonbeat_answers_total", "Pages answered", ["view", "status"], registry=REGISTRY)
SECONDS = Histogram(
    "commonbeat_seconds", "Seconds to draw a page", ["view"], registry=REGISTRY,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)  # fmt: skip
JOBS = Gauge("commonbeat_jobs", "Background work by state", ["state"], registry=REGISTRY)
OLDEST = Gauge("commonbeat_oldest_job_seconds", "How long the longest-due job has been due", registry=REGISTRY)
HEAD = Gauge("commonbeat_log_lines", "Lines of the audit log", registry=REGISTRY)


class Counted:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        began = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        view = match.view_name if match else ("kept" if response.status_code < 400 else "none")
        count(view, response.status_code, began)
        return response


def count(view: str, status: int, began: float) -> None:
    ANSWERS.labels(view, f"{status // 100}xx").inc()
    SECONDS.labels(view).observe(time.perf_counter() - began)


@staff(Role.AUDITOR, Role.ANALYST, from_here=True)
def metrics(request):
    """The numbers, for a program on this machine or for those who oversee."""
    from commonbeat.web.jobs.models import Job

    for state in Job.State:
        JOBS.labels(str(state)).set(Job.objects.filter(state=state).count())
    due = Job.objects.filter(state=Job.State.WAITING, not_before__lte=timezone.now()).order_by("not_before").first()
    OLDEST.set((timezone.now() - due.not_before).total_seconds() if due else 0)
    HEAD.set(head())
    return HttpResponse(generate_latest(REGISTRY), content_type="text/plain; version=0.0.4; charset=utf-8")
