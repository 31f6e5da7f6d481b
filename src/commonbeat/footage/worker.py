"""The process behind the fence: reads one job as JSON, sets its own limits before touching the file, answers
in JSON lines."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import sys
from dataclasses import asdict
from pathlib import Path

from commonbeat.footage.walls import enclose

__all__ = ["main"]


def main() -> None:
    job = json.loads(sys.stdin.read())
    # libraries write to standard output when they fail; only our lines may go there
    channel = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def say(message: dict) -> None:
        channel.write(json.dumps(message, allow_nan=False) + "\n")

    _limit(job["limits"])
    enclose()
    try:
        say({"done": _do(job, lambda *what: say({"progress": what}))})
    except MemoryError:
        say(
            {
                "error": "Refused",
                "message": f"{Path(job['source']).name}: the clip needs more memory than the "
                f"{job['limits']['memory_gb']:.0f} GB allowed. Export it smaller.",
            }
        )
    except Exception as error:
        from commonbeat.errors import CommonbeatError

        if not isinstance(error, CommonbeatError):
            raise
        problems = [asdict(p) for p in getattr(error, "problems", ())]
        say({"error": type(error).__name__, "message": str(error), "problems": problems})


def _limit(limits: dict) -> None:
    memory, size = int(limits["memory_gb"] * 2**30), int(limits["file_gb"] * 2**30)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_FSIZE, size)
    _lower(resource.RLIMIT_CORE, 0)
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: ends when the one who asked is gone
    _lower(resource.RLIMIT_CPU, 120)  # until the clip has said how long it is
    if os.environ.get("COMMONBEAT_WALLS") != "bubblewrap":
        # CLONE_NEWUSER | CLONE_NEWNET: no network even where bubblewrap is not installed; refused by some machines
        ctypes.CDLL(None, use_errno=True).unshare(0x10000000 | 0x40000000)


def _lower(what: int, value: int) -> None:
    _, hard = resource.getrlimit(what)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(what, (value, hard if what == resource.RLIMIT_CPU else value))


def _do(job: dict, tell) -> dict:
    from commonbeat.footage.order import Order
    from commonbeat.footage.work import carry_out

    order = Order.of(job)
    _allow_time(order)
    return carry_out(order, tell).sent()


def _allow_time(order) -> None:
    """CPU seconds in proportion to how much picture there is."""
    from commonbeat.footage.clip import Clip

    with Clip(order.source, order.limits) as clip:
        facts = clip.facts
        seconds = facts.seconds or order.limits.seconds
        # looks at key frames and at every frame of a crowd alike cost in proportion to pixels and frames
        work = max(seconds, 10) * facts.width * facts.height / 1e6 * max(1.0, facts.rate / 30)
    allowed = int(120 + order.limits.patience * work)
    resource.setrlimit(resource.RLIMIT_CPU, (allowed, allowed + 5))


if __name__ == "__main__":
    main()
