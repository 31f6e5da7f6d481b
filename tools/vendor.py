"""Fetches the few browser files the site ships, at exact versions, and writes their hashes beside them.

    python tools/vendor.py        needs npm once; the files are then committed and no installer needs npm or a network

Each package is taken with `npm pack --ignore-scripts` from whatever registry npm is set up to use. `VENDOR.json` holds the
SHA-512 of each package as packed and of every file kept; `tests/web/test_vendor.py` reads it again without a network.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "src/commonbeat/web/static/vendor"
TESTS = ROOT / "tests/web/vendor"

#: package -> (where it goes, licence, files kept)
WANTED = {
    "leaflet@1.9.4": (SITE, "BSD-2-Clause", ["LICENSE", "dist/leaflet.js", "dist/leaflet.css"]),
    "tus-js-client@4.3.1": (SITE, "MIT", ["LICENSE", "dist/tus.min.js"]),
    "altcha@3.2.2": (
        SITE,
        "MIT",
        ["LICENSE.txt", "dist/workers/sha.js"],
    ),
    "@fontsource-variable/newsreader@5.3.0": (
        SITE,
        "OFL-1.1",
        [
            "LICENSE",
            "files/newsreader-latin-wght-normal.woff2",
            "files/newsreader-latin-wght-italic.woff2",
            "files/newsreader-latin-ext-wght-normal.woff2",
        ],
    ),
    "axe-core@4.14.1": (TESTS, "MPL-2.0", ["LICENSE", "axe.min.js"]),
}


def sha512(path: Path) -> str:
    return hashlib.sha512(path.read_bytes()).hexdigest()


def fetch(name: str, into: Path, keep: list[str]) -> dict:
    """One package: packed, unpacked, only the wanted files kept."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(
            ["npm", "pack", "--ignore-scripts", "--silent", name], cwd=work, check=True, capture_output=True
        )
        packed = next(Path(work).glob("*.tgz"))
        folder = into / name.replace("@fontsource-variable/", "")
        folder.mkdir(parents=True, exist_ok=True)
        files = {}
        with tarfile.open(packed) as tar:
            for wanted in keep:
                target = folder / Path(wanted).name
                target.write_bytes(tar.extractfile(f"package/{wanted}").read())
                files[target.relative_to(into).as_posix()] = sha512(target)
        return {"packed_sha512": sha512(packed), "files": files}


def main() -> None:
    found: dict[Path, dict] = {SITE: {}, TESTS: {}}
    for name, (into, licence, keep) in WANTED.items():
        found[into][name] = {"licence": licence, **fetch(name, into, keep)}
        print("kept", name)
    for folder, packages in found.items():
        (folder / "VENDOR.json").write_text(json.dumps(packages, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
