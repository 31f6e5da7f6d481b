"""When the disk is full or the database is gone: one sentence, 503, and back to work as soon as it clears."""

from __future__ import annotations

import errno
import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpResponse

from commonbeat.web.base.logs import where

__all__ = ["fault", "is_bad", "storm"]

log = structlog.get_logger()
FULL = (errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EFBIG, errno.EIO)
STORM = (
    "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
    "<title>One moment</title><h1>One moment, please</h1><p>The site cannot reach its record just now. Nothing you sent "
    "was half saved. Please try again in a minute.</p>"
)
FAULT = STORM.replace("One moment, please", "Something went wrong here").replace(
    "The site cannot reach its record just now. ", "The fault is ours and was noted. "
)


def is_bad(error: BaseException | None) -> bool:
    """Is it the weather (it clears by itself), or a mistake of ours?"""
    return isinstance(error, (OperationalError, InterfaceError)) or (
        isinstance(error, OSError) and error.errno in FULL
    )


def storm(error) -> HttpResponse:
    log.error("storm", kind=type(error).__name__)
    return HttpResponse(STORM, status=503, headers={"Retry-After": "60", "Cache-Control": "no-store"})


def fault(request) -> HttpResponse:
    """What is answered when nothing else could answer: also for faults outside the views, where the doors look up who knocks."""
    return told(sys.exc_info()[1])


def told(error: BaseException | None) -> HttpResponse:
    """What went wrong, in a sentence: it clears by itself, or the fault is ours."""
    if is_bad(error):
        return storm(error)
    log.error("fault", **(where(error) if error else {}))
    return HttpResponse(FAULT, status=500, headers={"Cache-Control": "no-store"})
