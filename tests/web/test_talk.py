"""Talking together: one vote a token, work before the first, who is asked what, what is shown and what is forgotten."""

import base64
import json
import threading
from datetime import timedelta

import altcha
import pytest


@pytest.fixture
def talk(site):
    from django.utils import timezone

    from commonbeat.web.talk.models import Conversation, Statement

    made = Conversation.objects.create(
        slug="river", title="By the river", question="How shall we meet?", made_at=timezone.now()
    )
    for n in range(6):
        Statement.objects.create(
            conversation=made, statement_id=f"s{n}", words=f"Sentence number {n} about the river.", at=timezone.now(), moderated="accepted",
            language="en",
        )  # fmt: skip
    return made


def cast(talk, people: int, values, *, group="", start=0):
    """`people` vote; values(person, sentence number) -> 1, -1, 0 or None for not asked."""
    from django.utils import timezone

    from commonbeat.web.talk.models import Vote

    Vote.objects.bulk_create(
        Vote(statement_id=f"s{n}", person=f"{group}{start + p}", value=v, day=timezone.localdate(), known_group=group)
        for p in range(people) for n in range(6) if (v := values(p, n)) is not None
    )  # fmt: skip


def solved(text: str) -> str:
    held = json.loads(text)
    found = altcha.solve_challenge(altcha.Challenge.from_dict(held))
    answer = {"challenge": held, "solution": found.to_dict()}
    return base64.b64encode(json.dumps(answer).encode()).decode()


def puzzle_on(client) -> str:
    from html import unescape

    page = client.get("/talk/river/").content.decode()
    return unescape(page.split('data-puzzle="')[1].split('"')[0])


def vote(client, said="s0", value="agree", **more):
    return client.post("/talk/river/vote/", {"statement": said, "value": value} | more)


def test_fifty_posts_at_once_with_one_token_are_one_vote(talk, client):
    from django.db import connection
    from django.test import Client

    from commonbeat.web.talk.models import Vote

    vote(client)
    token = client.cookies["takes-part"].value
    statuses = []

    def post(n):
        other = Client(headers={"origin": "http://testserver"})
        other.cookies["takes-part"] = token
        statuses.append(vote(other, "s1", ("agree", "disagree", "pass")[n % 3]).status_code)
        connection.close()

    threads = [threading.Thread(target=post, args=(n,)) for n in range(50)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert statuses == [302] * 50
    assert Vote.objects.filter(statement="s1").count() == 1


def test_reading_sets_no_cookie_and_voting_one_that_scripts_cannot_read(talk, client):
    for path in ("/talk/", "/talk/river/", "/talk/river/results/", "/talk/river/decisions/"):
        assert not client.get(path).cookies
    held = vote(client).cookies["takes-part"]
    assert held["httponly"] and held["samesite"] == "Lax"
    assert 'data-puzzle="' not in client.get("/talk/river/").content.decode()  # whoever holds a token has worked


def test_work_is_asked_before_the_first_vote_and_counts_once(talk, site):
    from django.test import Client

    from commonbeat.web.talk import work

    fresh = lambda: Client(headers={"origin": "http://testserver"})  # noqa: E731
    answer = solved(puzzle_on(fresh()))
    assert work.done(answer) and not work.done(answer)
    spelled = base64.b64encode((base64.b64decode(answer).decode().replace(", ", ",  ")).encode()).decode()
    assert not work.done(spelled)  # the same solution in another spelling
    other = json.loads(base64.b64decode(solved(puzzle_on(fresh()))))
    other["challenge"]["parameters"]["keyPrefix"] = ""
    assert not work.done(base64.b64encode(json.dumps(other).encode()).decode())  # made easier by hand
    assert not work.done("not a solution") and not work.done("")


def test_an_old_puzzle_is_refused(talk, client, monkeypatch):
    from commonbeat.web.talk import work

    monkeypatch.setattr(work, "LASTS", timedelta(seconds=-1))
    assert not work.done(solved(work.puzzle()))


def test_without_work_only_a_few_begin_at_one_place_and_with_it_a_family_does(talk, site):
    from django.test import Client

    from commonbeat.web.talk import token, work

    codes = [
        vote(Client(headers={"origin": "http://testserver"})).status_code for _ in range(token.MOST_WITHOUT_WORK + 1)
    ]
    assert codes == [302] * token.MOST_WITHOUT_WORK + [429]
    easy = json.loads(work.puzzle(0))["parameters"]["keyPrefix"]
    assert json.loads(work.puzzle(work.CROWDED))["parameters"]["keyPrefix"] == easy + "0"
    worked = Client(headers={"origin": "http://testserver"})
    assert vote(worked, work=solved(puzzle_on(worked))).status_code == 302


def test_each_is_asked_each_sentence_once_and_the_same_again_until_they_answer(talk, client):
    from commonbeat.web.talk import acts, routing

    seen = []
    for _ in range(6):
        asked = routing.next_for(talk, "p" * 32)
        assert routing.next_for(talk, "p" * 32) == asked
        seen.append(asked.pk)
        acts.vote(talk.pk, asked.pk, "p" * 32, 1)
    assert sorted(seen) == [f"s{n}" for n in range(6)] and routing.next_for(talk, "p" * 32) is None


def test_what_is_known_least_is_asked_most(talk):
    """Five sentences have 40 votes each, the sixth has two: the room's router gives it most of the showings, and none starves."""
    from django.core.cache import cache

    from commonbeat.web.talk import routing

    cast(talk, 40, lambda p, n: (1 if p % 2 else -1) if n != 5 or p < 2 else None)
    cache.clear()
    known = routing.chances(talk)
    assert abs(sum(known.values()) - 1) < 1e-9
    assert known["s5"] > 0.5 and min(known.values()) >= 0.2 / 6 - 1e-9
    asked = [routing.next_for(talk, f"new{k}").pk for k in range(200)]
    assert asked.count("s5") > 100


def test_a_flood_is_marked_and_results_are_shown_both_ways(talk, client, site):
    """Thirty residents and thirty young people think for themselves; thirty tokens say yes to everything."""
    import numpy as np

    from commonbeat.web.read import snapshot

    rng = np.random.default_rng(2)
    own = {g: rng.choice([1, -1], size=(30, 6), p=[0.5, 0.5]) for g in ("resident", "youth")}
    for g, votes in own.items():
        votes[:, 0] = 1  # all hold the first sentence
        cast(talk, 30, lambda p, n, v=votes: int(v[p, n]), group=g)
    for n in range(6, 12):  # long enough for an answer throughout to be remarkable
        from django.utils import timezone

        from commonbeat.web.talk.models import Statement, Vote

        Statement.objects.create(
            conversation=talk,
            statement_id=f"s{n}",
            words=f"Another {n}.",
            at=timezone.now(),
            moderated="accepted",
            language="en",
        )
        Vote.objects.bulk_create(Vote(statement_id=f"s{n}", person=f"flood{p}", value=1, day=timezone.localdate(), known_group="resident") for p in range(30))  # fmt: skip
    cast(talk, 30, lambda p, n: 1, group="flood")
    Vote.objects.filter(person__startswith="flood").update(known_group="resident")
    told = snapshot.release().talk["river"]
    assert told["abuse"]["flagged"] >= 30
    page = client.get("/talk/river/results/").content.decode()
    assert "look as if they were not their own thoughts" in page and "marked, not dropped" in page
    assert "Without them" in page or "With them and without them" in page


def test_forgetting_takes_the_votes_at_once_and_the_published_figures_so_that_nobody_can_subtract(talk, client, site):
    from commonbeat.web.read import snapshot
    from commonbeat.web.talk.models import Vote

    for g in ("resident", "youth"):
        cast(talk, 30, lambda p, n: 1 if (p + n) % 7 else -1, group=g)
    vote(client, "s0")
    before = snapshot.release().talk["river"]
    assert client.post("/talk/river/erase/").status_code == 200
    assert Vote.objects.count() == 360 and "takes-part" in client.cookies and client.cookies["takes-part"].value == ""
    assert (
        snapshot.release().talk["river"] == before
    )  # one person less: the old figures stand for once, not a difference of one
    assert "river" not in snapshot.release().talk  # still only one: withdrawn, not corrected
    assert "river" in snapshot.release().talk  # from then on made anew, without them


def test_a_sentence_proposed_refused_for_a_public_reason_appealed_and_shown(talk, client, hire):
    from commonbeat.web.base.models import Entry
    from commonbeat.web.talk.models import Statement

    client.post("/talk/river/propose/", {"words": "Officers should walk by the river, not drive."})
    said = Statement.objects.get(proposed_by="resident", moderated="waiting")
    assert "walk by the river" not in client.get("/talk/river/").content.decode()
    _press, desk = hire("press")
    assert "walk by the river" in desk.get("/desk/talk/").content.decode()
    desk.post(
        f"/desk/talk/{said.pk}/", {"reject": "1", "reason": ""}
    )  # without one of the public reasons: nothing happens
    said.refresh_from_db()
    assert said.moderated == "waiting"
    desk.post(f"/desk/talk/{said.pk}/", {"reject": "1", "reason": "same"})
    page = client.get("/talk/river/decisions/").content.decode()
    assert "The same is already there." in page and "walk by the river" not in page
    client.post(f"/talk/river/decisions/{said.pk}/", {"words": "Nobody has said that yet."})
    assert client.post(f"/talk/river/decisions/{said.pk}/", {"words": "Once more please."}).status_code == 409
    assert "Nobody has said that yet." in desk.get("/desk/talk/").content.decode()
    desk.post(f"/desk/talk/{said.pk}/", {"accept": "1", "reason": ""})
    said.refresh_from_db()
    assert said.moderated == "accepted"
    logged = list(Entry.objects.filter(object=f"statement:{said.pk}").order_by("n").values_list("what", flat=True))
    assert logged == ["statement.proposed", "statement.moderated", "statement.appealed", "statement.moderated"]
    desk.post(f"/desk/talk/{said.pk}/reply/", {"reply": "From May on, two evenings a week.", "status": "planned"})
    page = client.get("/talk/river/results/").content.decode()
    assert "From May on, two evenings a week." in page and "planned" in page


def test_the_frame_for_other_sites_sets_no_cookie_and_may_be_framed(talk, client):
    answer = client.get("/talk/river/embed/")
    assert "frame-ancestors *" in answer["Content-Security-Policy"] and not answer.cookies
    assert "frame-ancestors 'none'" in client.get("/talk/river/")["Content-Security-Policy"]
