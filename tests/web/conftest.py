"""A site of its own for the tests: made once, its database copied fresh for every test, real commits and all."""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from web.pseudo import catalogues

FOLDER = Path(tempfile.mkdtemp(prefix="commonbeat-web-tests-"))


def _open():
    from commonbeat.web import folder

    site = folder.create(
        FOLDER / "site", town="Testbridge", hosts=["testserver", "127.0.0.1", "localhost"],
        independent_body={"name": "Civilian Review Board", "reach": "review@board.example"},
        help_lines=[{"name": "Crisis line", "reach": "988"}],
    )  # fmt: skip
    os.environ["COMMONBEAT_SITE"] = str(site.root)
    from commonbeat.web.setup import prepare_django

    prepare_django(site.root, migrate=True)
    return site


@pytest.fixture(scope="session")
def opened():
    os.environ["COMMONBEAT_PSEUDO"] = str(catalogues(FOLDER / "pseudo"))
    site = _open()
    from django.db import connections

    if connections["default"].vendor == "sqlite":
        with connections["default"].cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connections.close_all()
        shutil.copy(site.database, site.root / "empty.sqlite3")
    yield site
    connections.close_all()
    shutil.rmtree(FOLDER, ignore_errors=True)


@pytest.fixture
def site(opened):
    """The site, empty again."""
    from django.core.cache import cache
    from django.db import connection, connections

    from commonbeat.web.base import steady

    if connection.vendor == "sqlite":
        connections.close_all()
        gc.collect()  # a refused statement may still hang on its traceback, and keep the old file open
        for end in ("-wal", "-shm"):
            Path(str(opened.database) + end).unlink(missing_ok=True)
        shutil.copy(opened.root / "empty.sqlite3", opened.database)
    else:
        tables = [t for t in connection.introspection.table_names() if t != "django_migrations"]
        with connection.cursor() as cursor:
            cursor.execute(
                "SET session_replication_role = replica"
            )  # the owner of the server may empty what the site may not
            cursor.execute("TRUNCATE " + ", ".join(f'"{t}"' for t in tables) + " RESTART IDENTITY CASCADE")
            cursor.execute("SET session_replication_role = origin")
    cache.clear()
    steady.clear()
    for made in ("editions", "book"):
        shutil.rmtree(opened.root / made, ignore_errors=True)
    yield opened
    connections.close_all()


@pytest.fixture
def client(site):
    from django.test import Client

    return Client(headers={"origin": "http://testserver"})


@pytest.fixture
def hire(site):
    """`hire("press")` -> (a member of staff, a client signed in with a second factor)."""
    from django.test import Client

    from commonbeat.web.base.accounts import SECOND
    from commonbeat.web.base.models import Staff

    counted = iter(range(1, 100))

    def make(role: str, factor=True):
        person = Staff.objects.create_user(f"{role}{next(counted)}", role)
        client = Client(headers={"origin": "http://testserver"})
        client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
        if factor:
            session = client.session
            session[SECOND] = person.pk
            session.save()
        return person, client

    return make
