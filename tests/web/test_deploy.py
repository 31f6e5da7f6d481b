"""The files that set a site up are understood by the programs that will read them."""

import shutil
import subprocess
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def test_systemd_understands_the_unit():
    if not shutil.which("systemd-analyze"):
        pytest.skip("no systemd-analyze on this machine")
    told = subprocess.run(
        ["systemd-analyze", "verify", str(DEPLOY / "commonbeat.service")], capture_output=True, text=True
    )
    ours = [line for line in told.stderr.splitlines() if "commonbeat.service" in line]
    assert told.returncode == 0 and not ours, told.stderr


def test_compose_understands_its_file():
    if not shutil.which("docker-compose"):
        pytest.skip("no docker-compose on this machine")
    told = subprocess.run(
        ["docker-compose", "-f", str(DEPLOY / "compose.yaml"), "config", "-q"],
        capture_output=True,
        text=True,
        env={"POSTGRES_PASSWORD": "x", "PATH": "/usr/bin:/bin"},
    )
    assert told.returncode == 0, told.stderr


def test_no_secret_and_no_open_port_is_written_into_them():
    text = (DEPLOY / "compose.yaml").read_text() + (DEPLOY / "commonbeat.service").read_text()
    assert "127.0.0.1:8000:8000" in text and "NoNewPrivileges=yes" in text
    assert "POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?" in text


def test_the_image_holds_what_its_compose_file_asks_for():
    """The compose file names PostgreSQL: the image installs its driver and its tools, all locked by hash."""
    image = (DEPLOY / "Dockerfile").read_text()
    assert "requirements/core.lock" in image and "requirements/postgres.lock" in image and "--require-hashes" in image
    assert "psycopg==" in (DEPLOY.parent / "requirements/postgres.lock").read_text()
    assert "postgresql-client" in image and "USER commonbeat" in image
