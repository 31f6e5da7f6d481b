"""Chromium and a served town, for the tests that look at pages as people do."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"]  # fmt: skip
HERE = Path(__file__).resolve().parent
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def chromium_path() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if found := shutil.which(name):
            return found
    pytest.skip("no Chromium on this machine")


@contextmanager
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as play:
        made = play.chromium.launch(executable_path=chromium_path(), headless=True, args=ARGS)
        try:
            yield made
        finally:
            made.close()


def answers(url: str) -> int:
    """The status a plain reader gets."""
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


@contextmanager
def served_town(**environment):
    """A town served on a free port, in a process group that is ended with the test."""
    folder, port = Path(tempfile.mkdtemp(prefix="commonbeat-town-")), free_port()
    env = {
        k: v for k, v in os.environ.items() if not k.startswith(("COMMONBEAT_", "DJANGO_", "DATABASE_"))
    } | environment
    env["PYTHONPATH"] = str(HERE.parents[1] / "src")
    log = (folder / "log").open("w")
    child = subprocess.Popen(
        [sys.executable, str(HERE / "small_town.py"), str(folder), str(port)],
        env=env,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 240
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=2):
                    break
            except OSError:
                if child.poll() is not None:
                    raise AssertionError((folder / "log").read_text()[-3_000:]) from None
                time.sleep(0.3)
        else:
            raise AssertionError("the town was not served: " + (folder / "log").read_text()[-3_000:])
        yield f"http://127.0.0.1:{port}", folder
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)
