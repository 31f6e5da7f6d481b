"""Shared by all tests: where real data is, and how loud its absence must be."""

import os
from pathlib import Path

import pytest

REAL = Path(os.environ.get("COMMONBEAT_REAL_DATA") or Path(__file__).resolve().parents[1].parent / "shared" / "data")


@pytest.fixture(scope="session")
def real():
    """`real("polis/london.youth.policing")` -> its path. Missing: a failure under CI, a skip with the reason elsewhere."""

    def find(name: str = "") -> Path:
        path = REAL / name
        if not path.exists():
            reason = f"real data {name!r} is not in {REAL} (set COMMONBEAT_REAL_DATA)"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        return path

    return find
