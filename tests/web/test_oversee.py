"""The auditor: takes heads away, signs them elsewhere, finds what was changed since; open data that others' programs open."""

import io
import json
import sqlite3
import zipfile
from contextlib import closing

import pytest


def run(*args) -> int:
    """`commonbeat ...` -> how it ended."""
    from commonbeat.cli.main import main

    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in args])
    return ended.value.code or 0


def edit_behind_the_sites_back(site, n):
    """Somebody with the database in their hands remakes the log from line n on, so that it hangs together again."""
    from django.db import connection

    from commonbeat import audit
    from commonbeat.web.base.models import Entry

    rows = [e.chained() for e in Entry.objects.order_by("n")]
    last, made = (rows[n - 2] if n > 1 else None), []
    for e in rows[n - 1 :]:
        from datetime import datetime

        last = audit.entry_after(last, e.what, who="somebody:else" if e.n == n else e.who, about=e.about, at=datetime.fromisoformat(e.at))  # fmt: skip
        made.append((last.who, last.before, last.hash, last.n))
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER base_entry_no_update")
        else:
            cursor.execute("ALTER TABLE base_entry DISABLE TRIGGER base_entry_only_added")
        cursor.executemany(
            "UPDATE base_entry SET who = %s, before = %s, hash = %s WHERE n = %s",
            [(w, b, "x" + h[1:], n) for w, b, h, n in made],
        )
        cursor.executemany("UPDATE base_entry SET who = %s, before = %s, hash = %s WHERE n = %s", made)
        if connection.vendor != "sqlite":
            cursor.execute("ALTER TABLE base_entry ENABLE TRIGGER base_entry_only_added")


def test_a_signed_head_finds_a_log_that_was_made_anew(site, hire, tmp_path):
    from commonbeat import audit
    from commonbeat.web.base.log import note, verdict

    for n in range(5):
        note("test.act", f"thing:{n}")
    _auditor, desk = hire("auditor")
    taken = desk.post("/desk/oversee/log/head/")
    (tmp_path / "head.json").write_bytes(taken.content)
    assert run("audit", "key", tmp_path / "board.pem") == 0
    signs = ("--sign", tmp_path / "board.pem", "--out", tmp_path / "signed.json")
    assert run("audit", "sign", tmp_path / "head.json", *signs) == 0
    signed = (tmp_path / "signed.json").read_text()
    answer = desk.post("/desk/oversee/log/checkpoint/", {"signed": signed}, follow=True)
    assert b"now passes through entry" in answer.content and b"Whole:" in answer.content
    note("test.act", "later")
    edit_behind_the_sites_back(site, 3)
    assert verdict().whole  # it hangs together: a chain alone cannot show it
    page = desk.get("/desk/oversee/log/").content
    assert b"made anew up to this entry" in page and b"Whole:" not in page
    head = audit.check_signed(
        audit.read_signed(tmp_path / "signed.json"), audit.read_public(tmp_path / "board.pem.pub")
    )
    assert verdict(head).first_broken == head.n  # and with nothing but what the auditor kept


def test_a_head_that_is_none_of_this_logs_or_was_changed_is_refused(site, hire, tmp_path):
    from commonbeat import audit
    from commonbeat.web.base.log import note, verdict
    from commonbeat.web.oversee.models import Checkpoint

    note("test.act", "thing")
    _auditor, desk = hire("auditor")
    audit.new_key(tmp_path / "a.pem")
    audit.new_key(tmp_path / "b.pem")
    head = verdict().head

    def bring(data):
        return desk.post("/desk/oversee/log/checkpoint/", {"signed": json.dumps(data)}, follow=True).content.decode()

    good = audit.sign(head, audit.read_private(tmp_path / "a.pem")).to_dict()
    assert "not a signed head" in bring({"no": "head"})
    assert "not signed with this key" in bring(good | {"head": good["head"] | {"n": 7}})
    other = audit.sign(audit.Head(head.n, "f" * 64, head.at), audit.read_private(tmp_path / "a.pem")).to_dict()
    assert "not of this log" in bring(other)
    assert Checkpoint.objects.count() == 0
    bring(good)
    assert "with another" in bring(audit.sign(head, audit.read_private(tmp_path / "b.pem")).to_dict())
    assert Checkpoint.objects.count() == 1


def test_kept_heads_are_only_added_to(site, hire, tmp_path):
    from django.db import DatabaseError

    from commonbeat import audit
    from commonbeat.web.base.log import note, verdict
    from commonbeat.web.oversee import heads
    from commonbeat.web.oversee.models import Checkpoint

    note("test.act", "thing")
    audit.new_key(tmp_path / "a.pem")
    person, _desk = hire("auditor")
    heads.keep(json.dumps(audit.sign(verdict().head, audit.read_private(tmp_path / "a.pem")).to_dict()), person)
    with pytest.raises(DatabaseError, match="only added to"):
        Checkpoint.objects.all().delete()


def test_the_command_checks_a_site_and_ends_with_six_when_its_log_was_changed(site, capsys):
    from commonbeat.web.base.log import note

    for n in range(3):
        note("test.act", f"thing:{n}")
    assert run("audit", "verify", site.root, "--json") == 0
    capsys.readouterr()
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DROP TRIGGER base_entry_no_update")
        else:
            cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE base_entry SET who = 'nobody' WHERE n = 2")
        if connection.vendor != "sqlite":
            cursor.execute("SET session_replication_role = origin")
    assert run("audit", "verify", site.root, "--json") == 6
    assert json.loads(capsys.readouterr().out)["first_broken"] == 2


def test_open_data_opens_in_sqlite_and_pandas_withheld_as_on_the_pages(site, hire, tmp_path):
    import pandas as pd

    from commonbeat.web.base.models import Entry
    from commonbeat.web.read import edition

    edition.publish(
        site.root, snapshot="s1",
        areas=[{"area_id": "a1", "name": "=cmd()", "rings": [[[0, 0]]], "residents": 900, "positive": None, "positive_rate": None, "enforcement": 12, "enforcement_rate": 13.3}],
        trust=[{"label": "2026-W01", "value": -0.5, "low": None, "high": None, "n": 300}],
        context={"a1": {"2026": {"contacts": {"positive": None, "service": 7}, "known": ["contacts", "force"], "force": None}}},
    )  # fmt: skip
    _person, desk = hire("analyst")
    answer = desk.post("/desk/oversee/export/")
    assert Entry.objects.filter(what="oversee.exported").count() == 1
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        pack.extractall(tmp_path)
    with closing(sqlite3.connect(tmp_path / "open-data.sqlite3")) as held:
        assert held.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert held.execute("SELECT name, positive, enforcement FROM areas").fetchall() == [("=cmd()", None, 12)]
        assert held.execute("SELECT snapshot FROM edition").fetchone() == ("s1",)
        assert pd.read_sql_query("SELECT * FROM trust", held)["n"].tolist() == [300]
        assert dict(held.execute("SELECT what, count FROM context")) == {
            "positive": None,
            "service": 7,
            "force": None,
        }
        described = json.loads((tmp_path / "metadata.json").read_text())["databases"]["open-data"]["tables"]
        for name, about in described.items():
            assert [row[1] for row in held.execute(f"PRAGMA table_info({name})")] == list(about["columns"])
    frame = pd.read_csv(tmp_path / "areas.csv")
    assert frame["name"].tolist() == ["'=cmd()"] and frame["enforcement_rate"].tolist() == [13.3]
    assert pd.read_csv(tmp_path / "trust.csv")["value"].tolist() == [-0.5]
