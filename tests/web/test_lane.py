"""A vote answered by the shell's lane is the vote Django's view would have kept; what the lane is not sure of it leaves alone."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest


@pytest.fixture
def said(site):
    from django.utils import timezone

    from commonbeat.web.talk.models import Conversation, Statement

    for slug in ("t", "other", "closed"):
        talk = Conversation.objects.create(
            slug=slug, title="T", question="?", made_at=timezone.now(), open=slug != "closed"
        )
        for moderated in ("accepted", "waiting"):
            Statement.objects.create(
                statement_id=f"{slug}-{moderated}", conversation=talk, words="We agree", at=timezone.now(),
                moderated=moderated, language="en",
            )  # fmt: skip


@pytest.fixture
def lane(said):
    """`lane(body, path=..., **headers)` -> (status, headers) of the lane's own answer, or None when it leaves the vote to Django."""
    from django.db import connection

    from commonbeat.web.shell.votes import Votes
    from commonbeat.web.talk import token

    if connection.vendor != "sqlite":
        pytest.skip("on PostgreSQL every vote goes through Django")
    pool = ThreadPoolExecutor(1)
    votes, mine = Votes(pool), token.made()

    def ask(body, *, path="/talk/t/vote/", method="POST", query=b"", scheme="http", more=(), **headers):
        named = {
            "host": "testserver", "origin": "http://testserver", "content-type": "application/x-www-form-urlencoded",
            "cookie": f"language=es; takes-part={mine}",
        } | {name.replace("_", "-"): value for name, value in headers.items()}  # fmt: skip
        pairs = [(n.encode(), v.encode()) for n, v in named.items() if v is not None] + list(more)
        scope = {"method": method, "path": path, "query_string": query, "scheme": scheme, "headers": pairs}
        sent = []

        async def send(message):
            sent.append(message)

        if not asyncio.run(votes(scope, body.encode(), send)):
            assert not sent
            return None
        return sent[0]["status"], {n.decode(): v.decode() for n, v in sent[0]["headers"]}

    ask.token = mine
    yield ask
    pool.submit(lambda: connection.close()).result()
    pool.shutdown()


AGREE = "statement=t-accepted&value=agree"


def test_the_lane_and_the_view_keep_the_same_row_and_answer_with_the_same_headers(lane, client):
    from commonbeat.web.talk.models import Vote

    rows, answers = [], []
    for form in ({"value": "agree"}, {"value": "pass", "group": "youth"}, {"value": "disagree", "group": "nobody"}):
        form["statement"] = "t-accepted"
        status, headers = lane("&".join(f"{k}={v}" for k, v in form.items()))
        rows.append(Vote.objects.values("statement_id", "person", "value", "day", "known_group").get())
        answers.append((status, headers))
        Vote.objects.all().delete()
        client.cookies["takes-part"] = lane.token
        by_django = client.post("/talk/t/vote/", form)
        assert rows[-1] == Vote.objects.values("statement_id", "person", "value", "day", "known_group").get()
        said = {name.lower(): value for name, value in by_django.headers.items()}
        apart = {"vary", "content-language"}  # nothing in a redirect without words depends on the reader's language
        assert (status, headers) == (by_django.status_code, {n: v for n, v in said.items() if n not in apart})
        assert not by_django.cookies and "set-cookie" not in headers
        Vote.objects.all().delete()
    assert [(r["value"], r["known_group"]) for r in rows] == [(1, ""), (0, "youth"), (-1, "")]
    assert [a[1]["location"] for a in answers] == ["/talk/t/", "/talk/t/?as=youth", "/talk/t/"]


def test_a_changed_mind_is_one_row(lane):
    from commonbeat.web.talk.models import Vote

    assert lane(AGREE)[0] == lane("statement=t-accepted&value=disagree")[0] == 302
    assert Vote.objects.get().value == -1


@pytest.mark.parametrize("odd", [
    {"origin": "http://evil.example"}, {"origin": None}, {"origin": "null"}, {"origin": "https://testserver"},
    {"host": "evil.example", "origin": "http://evil.example"}, {"host": "", "origin": "http://"},
    {"cookie": None}, {"cookie": "takes-part=" + "a" * 54}, {"content_type": "text/plain"},
    {"more": [(b"origin", b"http://testserver")]}, {"method": "GET"}, {"query": b"as=%00"}, {"path": "/talk/t/vote"},
    {"path": "/talk/t/../t/vote/"}, {"path": "/talk/closed/vote/"}, {"path": "/talk/other/vote/"}, {"path": "/talk/none/vote/"},
])  # fmt: skip
def test_whatever_is_odd_about_a_vote_is_left_to_the_view(lane, odd):
    from commonbeat.web.talk.models import Vote

    assert lane(AGREE, **odd) is None and Vote.objects.count() == 0


@pytest.mark.parametrize("body", [
    "", "statement=t-accepted", "statement=t-accepted&value=perhaps", "statement=t-waiting&value=agree", "value=agree",
    "statement=other-accepted&value=agree", "statement=t-accepted%00&value=agree", "statement=%ff&value=agree",
    "statement=t-accepted&value=agree&" + "x=1&" * 30, AGREE + "&x=" + "y" * 2_000,
])  # fmt: skip
def test_words_that_are_no_vote_are_left_to_the_view(lane, body):
    from commonbeat.web.talk.models import Vote

    assert lane(body) is None and Vote.objects.count() == 0


def test_a_sentence_closed_between_two_votes_takes_no_more(lane):
    from commonbeat.web.talk.models import Conversation, Vote

    assert lane(AGREE)[0] == 302
    Conversation.objects.filter(pk="t").update(open=False)
    assert lane("statement=t-accepted&value=disagree") is None and Vote.objects.get().value == 1


def test_what_cannot_be_written_is_said_and_not_acknowledged(lane, monkeypatch):
    from django.db import OperationalError

    from commonbeat.web.talk import acts
    from commonbeat.web.talk.models import Vote

    def full(_rows):
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(acts._together, "write", full)
    status, headers = lane(AGREE)
    assert status == 503 and headers["retry-after"] == "60" and "content-security-policy" in headers
    monkeypatch.undo()
    assert Vote.objects.count() == 0 and lane(AGREE)[0] == 302


def test_who_cannot_vote_here_is_refused_by_the_view_in_words(lane, client):
    client.cookies["takes-part"] = lane.token
    for path, form, status in (
        ("/talk/t/vote/", {"statement": "other-accepted", "value": "agree"}, 404),
        ("/talk/closed/vote/", {"statement": "closed-accepted", "value": "agree"}, 404),
        ("/talk/t/vote/", {"statement": "t-accepted", "value": "perhaps"}, 400),
        ("/talk/t/vote/", {"statement": "t-accepted\0", "value": "agree"}, 400),
    ):
        assert client.post(path, form).status_code == status
    assert client.post("/talk/t/vote/", {"statement": "t-accepted", "value": "agree"}, headers={"origin": "http://evil.example"}).status_code == 403  # fmt: skip
