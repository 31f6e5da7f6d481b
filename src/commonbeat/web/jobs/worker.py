"""Does what is due, one after another, until told to stop."""

from __future__ import annotations

import threading

import structlog
from django.db import DatabaseError, close_old_connections

from commonbeat.web.jobs.queue import run_one

log = structlog.get_logger()
PAUSE = 0.5  #: seconds between looks when nothing is due


def all_due() -> int:
    """Does everything that is due now -> how many jobs."""
    done = 0
    while run_one() is not None:
        done += 1
    return done


def until(stop: threading.Event) -> None:
    """Works until `stop` is set; a database that is gone for a while is waited for."""
    while not stop.is_set():
        try:
            close_old_connections()
            if run_one() is None:
                stop.wait(PAUSE)
        except DatabaseError as error:
            log.error("work_waits", kind=type(error).__name__)
            stop.wait(5)
