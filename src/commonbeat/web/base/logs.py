"""One JSON line per event on standard error; no address, no name, no query string."""

import contextlib
import logging
import sys
import traceback

import structlog

__all__ = ["configure", "where"]


def where(error: BaseException) -> dict:
    """What may be said about a fault: its kind and the lines of program it came through. Its words may hold somebody's."""
    frames = traceback.extract_tb(error.__traceback__)[-6:]
    return {
        "kind": type(error).__name__,
        "at": [f"{f.filename.rpartition('/')[2]}:{f.lineno} {f.name}" for f in frames],
    }


class _Unfailing:
    """Standard error, unless it cannot be written just now: a full disk must not turn a sentence into a fault."""

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.flush()


def _without_words(_logger, _method, event: dict) -> dict:
    """A library's exception, told as ours are; and no arguments, which hold addresses and names."""
    caught = event.pop("exc_info", None)
    if caught:
        error = (
            caught
            if isinstance(caught, BaseException)
            else (caught if isinstance(caught, tuple) else sys.exc_info())[1]
        )
        event |= where(error) if error else {}
    return event


def _as_written(_logger, _method, event: dict) -> dict:
    """The library's sentence before its arguments were put in."""
    record = event.get("_record")
    if record is not None:
        event["event"], event["from"] = str(record.msg)[:200], record.name
    return event


def configure(_settings) -> None:
    structlog.configure(
        processors=[
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.add_log_level,
            _without_words,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(_Unfailing()),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(_Unfailing())
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.processors.TimeStamper(fmt="iso", utc=True), structlog.stdlib.add_log_level],
            processors=[
                _as_written,
                _without_words,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    # django.request repeats addresses and paths of ordinary 404s; server faults are logged by middleware.Weather
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    logging.getLogger("django.security").setLevel(logging.ERROR)
