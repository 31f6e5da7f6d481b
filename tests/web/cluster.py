"""A PostgreSQL server that lives as long as the test: a folder of its own, a socket of its own, an unprivileged user."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

#: fsync off: what is tested is the death of processes, which the machine's memory outlives; commits stay synchronous
SETTINGS = "-c listen_addresses= -c max_connections=80 -c shared_buffers=32MB -c fsync=off -c synchronous_commit=on"


def programs() -> Path:
    """Where initdb and pg_ctl are. Missing: a failure under CI, a skip with the reason elsewhere."""
    places = [Path(p).resolve().parent for p in (shutil.which("initdb"), shutil.which("pg_ctl")) if p]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    for place in places:
        if (place / "initdb").exists() and (place / "pg_ctl").exists():
            return place
    reason = "no PostgreSQL on this machine (Debian: apt-get install postgresql)"
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


class Cluster:
    """One server. `url` is what DATABASE_URL wants; `stop("immediate")` is its power cut."""

    def __init__(self, folder: Path):
        self.folder, self.bin = folder, programs()
        # initdb refuses root; as anybody else it runs as it is
        self.user = next((u for u in ("postgres", "nobody") if _known(u)), None) if os.getuid() == 0 else None
        if self.user:
            shutil.chown(folder, self.user)
        self.run(
            "initdb", "-D", f"{folder}/data", "-U", "commonbeat", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8"
        )
        self.start()
        self.run("createdb", "-h", str(folder), "-U", "commonbeat", "commonbeat")

    @property
    def url(self) -> str:
        return f"postgres://commonbeat@{str(self.folder).replace('/', '%2F')}/commonbeat"

    def run(self, program: str, *args: str) -> None:
        done = subprocess.run(
            [str(self.bin / program), *args], user=self.user, capture_output=True, text=True, cwd="/", timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout

    def ask(self, sql: str) -> str:
        """One value, asked from outside the site."""
        done = subprocess.run(
            [str(self.bin / "psql"), "-h", str(self.folder), "-U", "commonbeat", "-d", "commonbeat", "-At", "-c", sql],
            user=self.user, capture_output=True, text=True, cwd="/", timeout=60, check=True,
        )  # fmt: skip
        return done.stdout.strip()

    def start(self) -> None:
        self._ctl("start", "-w", "-o", f"{SETTINGS} -c unix_socket_directories={self.folder}")

    def stop(self, how: str = "fast") -> None:
        self._ctl("stop", "-w", "-m", how)

    def _ctl(self, *args: str) -> None:
        # the server keeps what it is given as standard output: a file, so that nobody waits for it to close
        with open(os.devnull, "w") as nowhere:
            subprocess.run([str(self.bin / "pg_ctl"), "-D", f"{self.folder}/data", "-l", f"{self.folder}/log", *args],
                           user=self.user, stdout=nowhere, stderr=nowhere, cwd="/", timeout=60, check=True)  # fmt: skip


def _known(user: str) -> bool:
    try:
        return bool(pwd.getpwnam(user))
    except KeyError:
        return False


@contextmanager
def postgres():
    """A running server, ended and deleted afterwards."""
    folder = Path(
        tempfile.mkdtemp(prefix="cbpg-", dir="/tmp")
    ).resolve()  # short: a socket's path has at most 107 characters
    server = None
    try:
        server = Cluster(folder)
        yield server
    finally:
        if server is not None and (folder / "data/postmaster.pid").exists():
            server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
