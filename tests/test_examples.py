"""The worked path on real records runs from beginning to end and says what it must."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.real
@pytest.mark.timeout(900)
def test_real_records_go_the_same_path(real, tmp_path):
    env = os.environ | {
        "COMMONBEAT_REAL_DATA": str(real()),
        "PYTHON": sys.executable,
        "QUICK": "1",
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        ["bash", "examples/real.sh", str(tmp_path / "out")],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    out = tmp_path / "out"
    talk = json.loads((out / "dialogue.json").read_text())
    assert (talk["votes"], talk["agree"], talk["disagree"], talk["pass"]) == (638, 392, 192, 54)
    assert talk["supported_groups"] == 0
    assert json.loads((out / "rollout.json").read_text())["primary"]["value"] == pytest.approx(
        -0.001126981, abs=5e-10
    )
    assert (
        "HDR" in (out / "footage" / "refused.txt").read_text()
        or "10-bit" in (out / "footage" / "refused.txt").read_text()
    )
    page = (out / "index.html").read_text()
    assert "CC BY 4.0" in page
    assert "Nothing here is simulated" in page


def test_the_null_can_be_read_and_rerun_by_a_stranger(tmp_path):
    env = os.environ | {"PYTHON": sys.executable, "QUICK": "1", "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        ["bash", "examples/null/run.sh", str(tmp_path)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((tmp_path / "findings.json").read_text())
    assert found["sealed_before_data"]
    assert found["primary"]["verdict"] == "no_sign"
    assert "visits: sealed 2024-10-01; no_sign" in done.stdout
