"""What must not be lost, happen twice, or be changed unseen."""

import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent


def encounter(officer, **change):
    from django.utils import timezone

    from commonbeat.web.record.models import Area, Encounter

    area, _ = Area.objects.get_or_create(area_id="a1", defaults={"name": "Old Mill"})
    base = dict(
        at=timezone.now(), area=area, activity="play", free_to_leave_officer="yes", happened="A ball was thrown back.",
        recorded_by=officer, recorded_at=timezone.now(),
    )  # fmt: skip
    return Encounter.objects.create(**base | change)


FORM = {
    "activity": "play", "began_by": "resident", "free_to_leave_officer": "yes", "footage": "false", "kind": "positive",
    "happened": "A ball was thrown back.", "key": "k" * 32, "at": "2026-01-05T12:00",
}  # fmt: skip


def test_the_same_key_twice_gives_one_record(hire):
    from commonbeat.web.record.models import Encounter

    _officer, client = hire("officer")
    first, second = (client.post("/desk/record/", FORM) for _ in range(2))
    assert first["Location"] == second["Location"]
    assert Encounter.objects.count() == 1
    client.post("/desk/record/", FORM | {"key": "m" * 32})
    assert Encounter.objects.count() == 2


def test_what_one_officer_left_on_a_shared_phone_is_not_sent_as_anothers(hire):
    from commonbeat.web.record.models import Encounter

    (first, own), (_second, other) = hire("officer"), hire("officer")
    left = FORM | {"who": str(first.pk)}
    answer = other.post("/desk/record/", left)
    assert answer.status_code == 409 and FORM["happened"] not in answer.content.decode()
    assert Encounter.objects.count() == 0
    assert own.post("/desk/record/", left).status_code == 302
    assert other.post("/desk/record/", left).status_code == 409  # nor by guessing that the key was used already
    assert Encounter.objects.get().recorded_by == first


def test_free_to_leave_has_no_default_and_a_stop_is_not_a_positive_contact(hire):
    _officer, client = hire("officer")
    answer = client.post("/desk/record/", {k: v for k, v in FORM.items() if k != "free_to_leave_officer"})
    assert answer.status_code == 422 and b"Was everybody free to leave?" in answer.content
    answer = client.post("/desk/record/", FORM | {"activity": "stop"})
    assert answer.status_code == 422 and b"is enforcement, however it went" in answer.content


def test_a_corrected_record_keeps_its_old_version_and_another_officer_cannot_touch_it(hire):
    from commonbeat.web.record.models import Version

    officer, client = hire("officer")
    met = encounter(officer)
    answer = client.post(
        f"/desk/record/{met.pk}/change/", FORM | {"area": "a1", "happened": "Two balls.", "reason": "miscounted"}
    )
    assert answer.status_code == 302
    met.refresh_from_db()
    assert (met.happened, met.version) == ("Two balls.", 2)
    assert Version.objects.get().held["happened"] == "A ball was thrown back."
    _other, stranger = hire("officer")
    assert stranger.get(f"/desk/record/{met.pk}/saved/").status_code == 404


def test_fifty_votes_at_once_with_one_token_are_one_vote(site):
    from django.db import connection
    from django.utils import timezone

    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Conversation, Statement, Vote

    talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=timezone.now())
    said = Statement.objects.create(
        conversation=talk, words="We agree", at=timezone.now(), moderated="accepted", language="en"
    )
    failed = []

    def one(n):
        try:
            acts.vote("t", said.pk, "p" * 32, n % 3 - 1)
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(n,)) for n in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert failed == []
    assert Vote.objects.count() == 1


def test_a_killed_workers_job_is_taken_over_and_its_effect_happens_once(site):
    from django.utils import timezone

    from commonbeat.web.base.models import Setting
    from commonbeat.web.jobs import queue
    from commonbeat.web.jobs.models import Job

    queue.put("test", "test:1")
    dead = queue.claim()  # a worker that is killed now
    assert queue.claim() is None
    later = timezone.now() + queue.LEASE + timedelta(seconds=1)
    alive = queue.claim(later)
    assert alive.pk == dead.pk and alive.attempt == 2
    queue.finish(alive, lambda: Setting.objects.create(name="effect", value="once") and None)
    with pytest.raises(queue.HeldNoMore):  # the first one comes back from the dead
        queue.finish(dead, lambda: Setting.objects.create(name="effect2", value="twice") and None)
    assert Setting.objects.filter(name__startswith="effect").count() == 1
    assert Job.objects.get().state == "done"


def test_a_poisoned_job_is_parked_after_five_times(site):
    from django.utils import timezone

    from commonbeat.web.jobs import queue
    from commonbeat.web.jobs.models import Job

    @queue.kind("poison")
    def poison(job, beat):
        raise ValueError("cannot be done")

    queue.put("poison", "poison:1")
    now = timezone.now()
    for n in range(8):
        queue.run_one(now + timedelta(hours=n))
    held = Job.objects.get()
    assert (held.state, held.attempt, held.trouble) == ("parked", 5, "ValueError: cannot be done")


def test_the_log_refuses_to_be_changed_and_a_changed_line_is_named(site):
    from django.db import DatabaseError, connection

    from commonbeat.web.base.log import note, verdict
    from commonbeat.web.base.models import Entry

    for n in range(6):
        note("test.act", f"thing:{n}")
    with pytest.raises(DatabaseError, match="only added to"):
        Entry.objects.filter(n=3).update(who="somebody else")
    with pytest.raises(DatabaseError, match="only added to"):
        Entry.objects.filter(n=3).delete()
    assert verdict().whole
    if connection.vendor != "sqlite":
        pytest.skip("the rest edits the SQLite file itself")
    connection.close()
    with closing(
        sqlite3.connect(site.database, isolation_level=None)
    ) as raw:  # somebody with the file in their hands
        raw.execute("DROP TRIGGER base_entry_no_update")
        raw.execute("UPDATE base_entry SET who = 'nobody' WHERE n = 3")
    found = verdict()
    assert (found.whole, found.first_broken) == (False, 3)


def test_no_entry_no_act(site, monkeypatch, hire):
    """When the log cannot be written, what was to be logged does not happen either."""
    from commonbeat.web.record import acts
    from commonbeat.web.record.models import Harm

    def broken(*_args, **_kwargs):
        raise RuntimeError("the log is gone")

    monkeypatch.setattr("commonbeat.web.record.acts.note", broken)
    with pytest.raises(RuntimeError):
        acts.report_harm("complaint", "He pushed me.", "")
    assert Harm.objects.count() == 0


WRITER = """
    import os, sys
    sys.path.insert(0, {src!r})
    from commonbeat.web.setup import prepare_django
    prepare_django({root!r})
    from commonbeat.web.base.log import note
    from commonbeat.web.talk import acts as talk
    from commonbeat.web.talk.models import Statement
    from commonbeat.web.tell import state
    from commonbeat.web.tell.models import ConsentLink
    said, link = Statement.objects.get().pk, ConsentLink.objects.get()
    for n in range(100000):
        mark = f"{{os.getpid()}}-{{n}}"
        talk.vote("t", said, mark, 1)
        note("kill.test", mark)
        link.person = mark
        state.withdraw(link)  # three consent events and a line of the log, or none of them
        print(mark, flush=True)
"""


@pytest.mark.parametrize("rounds", [2, pytest.param(40, marks=pytest.mark.truth)])
def test_killed_in_the_middle_nothing_acknowledged_is_lost(site, hire, rounds):
    """Two processes vote, write the log, take back consents; SIGKILL; everything they had acknowledged is there, the chain whole."""
    from django.db import connection
    from django.utils import timezone

    from commonbeat.web.base.log import verdict
    from commonbeat.web.base.models import Entry
    from commonbeat.web.talk.models import Conversation, Statement, Vote
    from commonbeat.web.tell import acts
    from commonbeat.web.tell.models import Consent

    officer, press = hire("officer")[0], hire("press")[0]
    acts.invite(encounter(officer), press, person="somebody", track=None, child=False, guardian=False)
    talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=timezone.now())
    Statement.objects.create(
        conversation=talk, words="We agree", at=timezone.now(), moderated="accepted", language="en"
    )
    connection.close()
    code = textwrap.dedent(WRITER).format(src=str(HERE.parents[1] / "src"), root=str(site.root))
    acknowledged = set()
    for n in range(rounds):
        writers = [
            subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)
        ]
        for w in writers:
            acknowledged.add(w.stdout.readline().strip())  # at work
        timer = threading.Timer(0.1 + 0.05 * (n % 7), lambda ws=writers: [os.kill(w.pid, signal.SIGKILL) for w in ws])
        timer.start()
        for w in writers:
            acknowledged |= {line.strip() for line in w.stdout if line.endswith("\n")}
            w.wait()
    assert len(acknowledged) > 2 * rounds
    assert acknowledged <= set(Vote.objects.values_list("person", flat=True))
    assert acknowledged <= set(Entry.objects.filter(what="kill.test").values_list("object", flat=True))
    events = Counter(Consent.objects.values_list("person", flat=True))
    assert all(events[mark] == 3 for mark in acknowledged) and set(events.values()) == {3}  # none lost, none half
    assert verdict().whole
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            assert cursor.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    print(f"{len(acknowledged):,} acknowledged acts survived {rounds} kills")


def test_bad_weather_is_a_sentence_and_it_clears_by_itself(client, monkeypatch):
    from django.db import OperationalError

    from commonbeat.web.read import views

    assert client.get("/readyz").status_code == 200

    def full(*_a, **_k):
        raise OperationalError("database or disk is full")

    with monkeypatch.context() as storm:
        storm.setattr(views, "live", full)
        answer = client.get("/")
        assert (answer.status_code, answer["Retry-After"]) == (503, "60")
        assert b"Nothing you sent was half saved" in answer.content
    assert client.get("/").status_code == 200


def test_a_read_only_database_answers_503_and_recovers(site, client):
    from django.db import connection

    if connection.vendor != "sqlite":
        pytest.skip("a file can be locked away only with SQLite")
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
    assert client.get("/readyz").status_code == 503
    assert client.post("/something-went-wrong/", {"kind": "complaint", "words": "He pushed me."}).status_code == 503
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 0")
    assert client.get("/readyz").status_code == 200
    from commonbeat.web.record.models import Harm

    assert Harm.objects.count() == 0


def test_the_fair_queue_serves_writers_in_the_order_they_came(tmp_path):
    import time

    from commonbeat.web.sqlite.base import Queue

    queue, order = Queue(str(tmp_path / "x")), []
    queue.take()

    def wait(n):
        queue.take()
        order.append(n)
        queue.give()

    threads = []
    for n in range(12):
        threads.append(threading.Thread(target=wait, args=(n,)))
        threads[-1].start()
        time.sleep(0.01)
    queue.give()
    [t.join() for t in threads]
    assert order == list(range(12))


def test_standing_work_is_asked_for_at_every_start_and_only_once(site):
    from commonbeat.web.jobs.models import Job
    from commonbeat.web.jobs.standing import begin
    from commonbeat.web.jobs.worker import all_due

    Job.objects.filter(kind__in=("age", "edition")).delete()
    begin()
    begin()
    assert sorted(Job.objects.filter(kind__in=("age", "edition")).values_list("kind", flat=True)) == [
        "age",
        "edition",
    ]
    all_due()  # consents are looked at today, and tomorrow's look is put
    assert Job.objects.filter(kind="age", state=Job.State.WAITING).count() == 1
    begin()
    assert Job.objects.filter(kind="age", state=Job.State.WAITING).count() == 1
