"""The PostgreSQL half of saving and restoring: pg_dump under one snapshot, so that what is counted is what is saved."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from commonbeat.errors import BadInput, Broken, Missing
from commonbeat.web.database import postgres_at

__all__ = ["DUMP", "dump", "load"]

DUMP = "site.pgdump"


def dump(target: Path, counted: tuple[str, ...]) -> dict:
    """Saves the database to `target` -> what was in it at that very moment. Others go on writing."""
    with _connected() as held, held.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        done = _run("pg_dump", "--format=custom", "--no-owner", f"--snapshot={snapshot}", f"--file={target}")
        if done.returncode:
            raise Broken(f"pg_dump failed: {done.stderr.strip()}")
        return _facts(cursor, counted)


def load(source: Path, wanted: dict, counted: tuple[str, ...]) -> None:
    """Brings a saved database back into an empty one, whole or not at all, and looks that it holds what was saved."""
    with _connected() as held, held.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        if cursor.fetchone()[0]:
            raise BadInput("The database named by DATABASE_URL is not empty. A site is restored into an empty one.")
    done = _run("pg_restore", "--single-transaction", "--exit-on-error", "--no-owner", str(source))
    if done.returncode:
        raise Broken(f"The saved database could not be read ({done.stderr.strip()[-200:]}). Nothing was restored.")
    with _connected() as held, held.cursor() as cursor:
        found = _facts(cursor, counted)
    if any(found[k] != wanted[k] for k in found):
        raise Broken("The restored database does not hold what its manifest says. Empty it and use another backup.")


def _facts(cursor, counted: tuple[str, ...]) -> dict:
    """Rows, head of the log and stored films, as this transaction sees them."""
    rows = {}
    for table in counted:
        cursor.execute("SELECT to_regclass(%s)::text", [table])
        if cursor.fetchone()[0]:
            cursor.execute(f'SELECT count(*) FROM "{table}"')  # names are ours
            rows[table] = cursor.fetchone()[0]
    cursor.execute("SELECT n, hash FROM base_entry ORDER BY n DESC LIMIT 1")
    head = cursor.fetchone()
    cursor.execute("SELECT blob FROM review_blob ORDER BY blob")
    return {"rows": rows, "head": list(head) if head else None, "blobs": [r[0] for r in cursor.fetchall()]}


def _at() -> dict[str, str]:
    url = os.environ.get("DATABASE_URL")
    if not url:
        raise BadInput("This site used PostgreSQL. Set DATABASE_URL to an empty database, then restore again.")
    return postgres_at(url)


def _connected():
    import psycopg

    at = _at()
    given = {
        "dbname": at["NAME"],
        "user": at["USER"],
        "password": at["PASSWORD"],
        "host": at["HOST"],
        "port": at["PORT"],
    }
    return psycopg.connect(**{k: v for k, v in given.items() if v})


def _run(program: str, *args: str):
    path, at = shutil.which(program), _at()
    if path is None:
        raise Missing(f"{program} is missing (Debian: apt-get install postgresql-client).")
    env = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    env |= {
        f"PG{k}": at[v]
        for k, v in (("HOST", "HOST"), ("PORT", "PORT"), ("USER", "USER"), ("PASSWORD", "PASSWORD"))
        if at[v]
    }
    return subprocess.run([path, "--dbname", at["NAME"], *args], env=env, capture_output=True, text=True)
