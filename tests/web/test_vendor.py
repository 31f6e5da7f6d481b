"""What the pages load from others: exactly the files that were checked in, each with its licence."""

import hashlib
import json
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [ROOT / "src/commonbeat/web/static/vendor", ROOT / "tests/web/vendor"]


@pytest.mark.parametrize("folder", FOLDERS, ids=["site", "tests"])
def test_vendored_files_are_those_that_were_fetched_and_no_others(folder):
    manifest = json.loads((folder / "VENDOR.json").read_text())
    wanted = {name: digest for package in manifest.values() for name, digest in package["files"].items()}
    held = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file() and p.name != "VENDOR.json"}
    assert set(held) == set(wanted)
    for name, path in held.items():
        assert hashlib.sha512(path.read_bytes()).hexdigest() == wanted[name], name
    for package in manifest.values():
        assert package["licence"] and any("LICENSE" in f for f in package["files"])


def test_no_page_names_another_host():
    allowed = ("http://www.w3.org/",)
    for path in (ROOT / "src/commonbeat/web").rglob("*"):
        if path.suffix in (".html", ".js", ".css", ".svg") and "vendor" not in path.parts:
            for line in path.read_text().splitlines():
                for word in line.replace('"', " ").replace("'", " ").split():
                    if word.startswith(("http://", "https://")):
                        assert word.startswith(allowed), f"{path.name}: {word}"
