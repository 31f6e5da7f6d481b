"""How is a site saved under load, and how do we know that what comes back is all of it?

    BACKUP/ manifest.json   counts, hashes of every file, the head of the log
            site.sqlite3    a consistent copy, made while others write (VACUUM INTO); site.pgdump where PostgreSQL is used
            media/ book/ editions/ site.json

The database is copied first and the media after it: stored films are never changed in place, so every film the database
knows is there. Keys are left out unless asked for: a stolen backup without them shows nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.errors import BadInput, Broken
from commonbeat.web import saving_postgres
from commonbeat.web.folder import Site

__all__ = ["restore", "save"]

SQLITE = "site.sqlite3"
FOLDERS = ("media", "book", "editions")
COUNTED = ("base_entry", "tell_consent", "tell_story", "record_encounter", "talk_vote", "answer_reply", "review_blob")


def save(site: Site, target: Path, *, keys: bool = False) -> dict:
    """Saves a site into a new folder while others write -> its manifest."""
    from django.db import connection

    target = Path(target).absolute()
    if target.exists() and any(target.iterdir()):
        raise BadInput(f"{target} is not empty. A backup goes into a folder of its own.")
    target.mkdir(parents=True, exist_ok=True)
    target.chmod(0o700)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(target / SQLITE)])
        held = _counts(target / SQLITE) | {"blobs": _blobs(target / SQLITE)}
    else:
        held = saving_postgres.dump(target / saving_postgres.DUMP, COUNTED)
    for name in (*FOLDERS, *(["keys"] if keys else [])):
        if (site.root / name).exists():
            shutil.copytree(site.root / name, target / name, ignore=shutil.ignore_patterns("*.part", "*.new"))
    shutil.copy(site.root / "site.json", target / "site.json")
    manifest = {
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"), "with_keys": keys, **held,
        "files": {p.relative_to(target).as_posix(): _hash(p) for p in sorted(target.rglob("*")) if p.is_file()},
    }  # fmt: skip
    text = json.dumps(manifest, indent=1, sort_keys=True)
    with (target / "manifest.json").open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    return manifest


def restore(backup: Path, root: Path) -> dict:
    """Brings a saved site back into an empty folder -> the manifest. One changed byte, one missing film, and nothing is restored."""
    backup, root = Path(backup).absolute(), Path(root).absolute()
    try:
        manifest = json.loads((backup / "manifest.json").read_text())
    except (OSError, ValueError):
        raise BadInput(
            f"{backup} is not a backup made by `commonbeat backup`: it has no readable manifest.json."
        ) from None
    if root.exists() and any(root.iterdir()):
        raise BadInput(f"{root} is not empty. A site is restored into an empty folder.")
    _whole(backup, manifest)
    beside = root.with_name(f".{root.name}.restoring")
    shutil.rmtree(beside, ignore_errors=True)
    shutil.copytree(backup, beside, ignore=shutil.ignore_patterns("manifest.json"))
    _whole(beside, manifest)
    (beside / "uploads").mkdir(exist_ok=True)
    if root.exists():
        root.rmdir()
    beside.rename(root)
    if (root / saving_postgres.DUMP).exists():
        _load_postgres(root, manifest)
    return manifest


def _load_postgres(root: Path, manifest: dict) -> None:
    """The database of a site that used PostgreSQL, into the empty one that DATABASE_URL names; failing that, no site is left."""
    try:
        saving_postgres.load(root / saving_postgres.DUMP, manifest, COUNTED)
    except BaseException:
        shutil.rmtree(root)
        raise
    (root / saving_postgres.DUMP).unlink()


def _whole(folder: Path, manifest: dict) -> None:
    for name, digest in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            raise Broken(f"{name} is missing from the backup. Nothing was restored.")
        if _hash(path) != digest:
            raise Broken(f"{name} was changed since the backup was made. Nothing was restored; use another backup.")
    if (folder / SQLITE).exists():
        found = _counts(folder / SQLITE) | {"blobs": _blobs(folder / SQLITE)}
        if any(manifest[k] != v for k, v in found.items()):
            raise Broken("The saved database does not hold what its manifest says. Nothing was restored.")
    elif not (folder / saving_postgres.DUMP).exists():
        raise Broken("The backup holds no database. Nothing was restored.")
    missing = [b for b in manifest["blobs"] if not (folder / "media" / b[:2] / b).is_file()]
    if missing:
        raise Broken(
            f"{len(missing)} stored films are missing from the backup, first {missing[0][:8]}. Nothing was restored."
        )


def _counts(database: Path) -> dict:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as held:
        if held.execute("PRAGMA integrity_check").fetchone()[0] != "ok":
            raise Broken("The saved database is damaged.")
        there = {row[0] for row in held.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        rows = {t: held.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in COUNTED if t in there}
        head = held.execute("SELECT n, hash FROM base_entry ORDER BY n DESC LIMIT 1").fetchone()
    return {"rows": rows, "head": list(head) if head else None}


def _blobs(database: Path) -> list[str]:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as held:
        return [row[0] for row in held.execute("SELECT blob FROM review_blob ORDER BY blob")]


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
