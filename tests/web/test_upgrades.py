"""A database of every released version is brought up to date on either database, and what was in it is still there."""

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from web.served import environment

#: version -> the last migration of each app of ours in it. A line is added with each release and never changed.
RELEASED = json.loads((Path(__file__).parent / "released.json").read_text())

OLD = """
    import json, os, sys
    from commonbeat.web import folder
    from commonbeat.web.setup import prepare_django
    root, state = sys.argv[1], json.loads(sys.argv[2])
    folder.create(root)
    prepare_django(root)
    from django.core.management import call_command
    from django.db import connection
    for app in ("contenttypes", "auth", "sessions", "account", "mfa"):
        call_command("migrate", app, verbosity=0)
    for app, last in state.items():
        call_command("migrate", app, last, verbosity=0)
    from django.db.migrations.executor import MigrationExecutor
    old = MigrationExecutor(connection).loader.project_state(list(state.items())).apps
    from django.utils import timezone
    now = timezone.now()
    staff = old.get_model("base", "Staff").objects.create(username="officer", role="officer", password="!")
    met = old.get_model("record", "Encounter").objects.create(contact_id="c" * 32, at=now, activity="play", free_to_leave_officer="yes",
        happened="A ball.", recorded_by=staff, recorded_at=now)
    old.get_model("tell", "Story").objects.create(story_id="s" * 32, slug="a-ball", encounter=met, state="published", published_at=now, made_at=now, changed_at=now)
    talk = old.get_model("talk", "Conversation").objects.create(slug="t", title="T", question="?", made_at=now)
    said = old.get_model("talk", "Statement").objects.create(statement_id="x" * 32, conversation=talk, words="We agree", at=now, moderated="accepted", language="en")
    old.get_model("talk", "Vote").objects.create(statement=said, person="p", value=1, day=now.date())
    from commonbeat import audit
    made = audit.entry_after(None, "encounter.recorded", who="officer:1", about={"object": "encounter:c", "outcome": "done"}, at=now)
    old.get_model("base", "Entry").objects.create(n=1, at=made.at, what=made.what, who=made.who, about=audit.canonical(made.about), object="encounter:c", before=made.before, hash=made.hash)
"""
NEW = """
    import json, sys
    from commonbeat.web.setup import prepare_django
    site = prepare_django(sys.argv[1], migrate=True)
    from django.core.management import call_command
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)  # and the models are what the migrations say
    from django.db import DatabaseError, connection
    from django.test import Client
    from commonbeat.web.base.log import verdict
    from commonbeat.web.base.models import Entry
    from commonbeat.web.talk.models import Vote
    from commonbeat.web.tell.models import Story
    refused = []
    for table in ("base_entry", "oversee_checkpoint"):
        if connection.vendor == "postgresql":
            try:
                with connection.cursor() as cursor:
                    cursor.execute(f"TRUNCATE {table}")
            except DatabaseError:
                refused.append(table)
    try:
        Entry.objects.update(who="nobody")
    except DatabaseError:
        refused.append("update")
    print(json.dumps({"votes": Vote.objects.count(), "story": Story.objects.get().slug, "whole": verdict().whole, "entries": verdict().entries,
                      "home": Client(SERVER_NAME="localhost").get("/").status_code, "vendor": connection.vendor, "refused": refused,
                      "copy": (site.root / "before-upgrade.sqlite3").exists()}))
"""


@pytest.fixture(autouse=True)
def own_database(monkeypatch):
    """On PostgreSQL each test has a database of its own."""
    if "DATABASE_URL" in os.environ:
        import psycopg

        with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
            server.execute("DROP DATABASE IF EXISTS upgraded")
            server.execute("CREATE DATABASE upgraded TEMPLATE template0")
        monkeypatch.setenv("DATABASE_URL", os.environ["DATABASE_URL"].rpartition("/")[0] + "/upgraded")


def program(code, *args):
    env = environment(**{k: os.environ[k] for k in ("DATABASE_URL",) if k in os.environ})
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, args)], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout


@pytest.mark.parametrize("version", RELEASED)
def test_a_released_schema_is_brought_up_to_date_with_all_it_holds(version, tmp_path):
    program(OLD, tmp_path / "site", json.dumps(RELEASED[version]))
    found = json.loads(program(NEW, tmp_path / "site").strip().splitlines()[-1])
    assert (found["votes"], found["story"], found["whole"], found["entries"], found["home"]) == (
        1,
        "a-ball",
        True,
        1,
        200,
    )
    if found["vendor"] == "sqlite":
        assert found["copy"] and found["refused"] == ["update"]
    else:
        assert found["refused"] == ["base_entry", "oversee_checkpoint", "update"]


def test_a_database_written_by_a_newer_program_is_refused(tmp_path):
    from commonbeat.errors import BookError

    program(OLD, tmp_path / "site", json.dumps(RELEASED["0.1.0"]))
    newer = """
        import sys
        from commonbeat.web.setup import prepare_django
        prepare_django(sys.argv[1], migrate=True)
        from django.db.migrations.recorder import MigrationRecorder
        from django.db import connection
        MigrationRecorder(connection).record_applied("talk", "0099_from_the_future")
        try:
            prepare_django(sys.argv[1], migrate=True)
        except Exception as error:
            print(type(error).__name__, error)
    """
    told = program(newer, tmp_path / "site")
    assert told.startswith(BookError.__name__) and "talk.0099_from_the_future" in told
