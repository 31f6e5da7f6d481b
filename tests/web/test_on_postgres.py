"""The site's tests once more, on a PostgreSQL server started for them: what holds on one database holds on the other."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from web.cluster import postgres

HERE = Path(__file__).resolve().parent

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(400)]


@pytest.fixture(scope="module")
def server():
    with postgres() as running:
        yield running


#: everything that touches the database; pages looked at in a browser are walked in test_walk.py
AGAIN = [
    "test_doors.py",
    "test_publishing.py",
    "test_reliability.py",
    "test_together.py",
    "test_oversee.py",
    "test_api.py",
    "test_surfaces.py",
    "test_upgrades.py",
    "test_saving.py",
    "test_editions.py",
    "test_talk.py",
    "test_study.py",
]


@pytest.mark.parametrize("file", AGAIN)
def test_the_same_on_postgresql(server, file):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COMMONBEAT_", "PYTEST_", "DJANGO_"))}
    env |= {"DATABASE_URL": server.url, "PYTHONPATH": str(HERE.parents[1] / "src")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-m", "not truth and not browser", str(HERE / file)],
        env=env, cwd=HERE.parents[1], capture_output=True, text=True, timeout=380,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert " passed" in done.stdout
