"""How is an unknown file opened safely? In a process of its own: see `walls` for what it sees, `worker` for its limits."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from commonbeat import errors
from commonbeat.footage.walls import behind

__all__ = ["fenced"]


def fenced(job: dict, desk: Path, *, patience: float, progress: Callable[..., None] | None = None) -> dict:
    """Runs one job (see `worker`) behind the fence and gives its answer.

    desk : the one folder it may write to; patience : seconds of wall time before it is ended
    Raises the error the job raised, Refused when it ran out of time or memory. Ended cleanly with its children when
    this process is interrupted.
    """
    command, env = behind(["-m", "commonbeat.footage.worker"], [Path(job["source"])], [desk])
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        text=True,
        start_new_session=True,
    ) as child:
        clock = threading.Timer(patience, _end, [child])
        clock.daemon = True
        clock.start()
        noise: list[str] = []
        listener = threading.Thread(target=lambda: noise.extend(child.stderr.readlines()[-20:]), daemon=True)
        listener.start()
        try:
            answer = _talk(child, job, progress or (lambda *_: None))
            if answer is not None:
                _leave(child)
        finally:
            clock.cancel()
            _end(child)
            child.wait()
            listener.join(2)
    if answer is None:
        raise _died(child.returncode, job, patience, noise)
    if "error" in answer:
        raise _same(answer)
    return answer["done"]


def _talk(child, job: dict, progress) -> dict | None:
    try:
        child.stdin.write(json.dumps(job))
        child.stdin.close()
    except BrokenPipeError:
        return None
    for line in child.stdout:
        try:
            said = json.loads(line)
        except ValueError:
            continue
        if "progress" in said:
            progress(*said["progress"])
        else:
            return said
    return None


def _leave(child) -> None:
    """Lets it go by itself, so that what it used is counted."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(10)


def _end(child) -> None:
    if child.poll() is None:
        try:
            os.killpg(child.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            child.kill()


def _died(code: int, job: dict, patience: float, noise: list[str]) -> Exception:
    name = Path(job.get("source", "")).name
    last = next((line.strip() for line in reversed(noise) if line.strip()), "")
    if code in (-signal.SIGXCPU, 128 + signal.SIGXCPU):
        return errors.Refused(
            f"{name}: decoding used more CPU time than a clip of this length may; it was ended. The file may "
            "be built to do harm. Export it again from a player."
        )
    if "MemoryError" in last or "bad_alloc" in last:
        return errors.Refused(f"{name}: the clip needs more memory than is allowed; it was ended. Export it smaller.")
    return errors.Refused(
        f"{name}: the process that decoded this file was ended (code {code}, at most {patience:.0f} s allowed); "
        f"nothing was written. The file may be damaged or built to do harm. {last}".strip()
    )


def _same(answer: dict) -> Exception:
    kind = getattr(errors, answer["error"], None)
    if kind is None or not issubclass(kind, errors.CommonbeatError):
        return errors.CommonbeatError(answer["message"])
    if issubclass(kind, errors.BadInput):
        return kind(answer["message"], [errors.Problem(**p) for p in answer.get("problems", [])])
    return kind(answer["message"])
