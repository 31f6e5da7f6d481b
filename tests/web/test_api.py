"""The JSON that programs read: described, suppressed as the pages are, 410 once taken down, and each role at its own doors."""

import pytest
from web.test_publishing import agree, press_on, told  # noqa: F401  (the fixture)


def test_a_story_is_there_and_gone_in_the_same_moment(told, client):  # noqa: F811
    from commonbeat.web.tell import acts, state

    address = f"/api/stories/{told['story'].slug}"
    assert client.get(address).status_code == 404
    agree(told)
    press_on(told)
    told["story"].refresh_from_db()
    address = f"/api/stories/{told['story'].slug}"
    held = client.get(address)
    assert (held.status_code, held.json()["title"]) == (200, "A laugh at the stop")
    assert [s["slug"] for s in client.get("/api/stories").json()] == [told["story"].slug]
    state.withdraw(acts.link_of(told["token"]))
    assert client.get(address).status_code == 410
    assert b"A laugh" not in client.get(address).content
    assert client.get("/api/stories").json() == []


def test_numbers_come_from_the_edition_as_the_pages_show_them(site, client):
    from commonbeat.web.read import edition

    out = edition.publish(
        site.root, snapshot="s1",
        areas=[{"area_id": "a1", "name": "Old Mill", "rings": [], "residents": None, "positive": None, "positive_rate": None}],
        trust=[{"label": "2026-W01", "value": 52.5, "low": 48.0, "high": 57.0, "n": 300}],
    )  # fmt: skip
    assert client.get("/api/snapshot").json()["edition"] == out.hash
    assert client.get("/api/areas").json()[0]["positive"] is None
    assert client.get("/api/trust").json()[0]["value"] == 52.5
    edition.publish(site.root, snapshot="s2")
    assert client.get("/api/trust").json() == []  # swapped in at once, although nothing was logged


@pytest.mark.parametrize("role", [None, "auditor", "officer"])
def test_every_answer_is_as_described_whatever_is_asked(site, hire, client, role):
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings

    from commonbeat.web.wsgi import application

    who = client if role is None else hire(role)[1]
    cookies = {k: v.value for k, v in who.cookies.items()}
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", application, headers={"Host": "localhost"})
    operations = [o.ok() for o in schema.get_all_operations()]
    assert len(operations) >= 10
    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(max_examples=5, deadline=None, database=None, derandomize=True, phases=[Phase.generate],
                  suppress_health_check=list(HealthCheck))  # fmt: skip
        def one(case):
            asked = {"Host": "localhost", "Accept-Encoding": "identity"}
            answer = case.call(headers=asked, cookies=cookies)
            case.validate_response(answer, headers=asked)
            open_ = case.path not in ("/api/log", "/api/week")
            assert answer.status_code in (
                (200, 404, 422) if open_ or role == "auditor" else (401,) if role is None else (403,)
            )

        one()


def test_numbers_for_monitoring_name_nobody_and_are_not_for_everybody(client, hire):
    from django.test import Client

    client.get("/")
    assert client.get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 302
    assert client.get("/metrics", headers={"x-forwarded-for": "198.51.100.7"}).status_code == 302
    assert hire("press")[1].get("/metrics", REMOTE_ADDR="198.51.100.7").status_code == 403
    page = Client(REMOTE_ADDR="127.0.0.1").get("/metrics")
    body = page.content.decode()
    assert page.status_code == 200 and 'commonbeat_answers_total{status="2xx",view="home"}' in body
    assert "127.0.0.1" not in body and "198.51" not in body and "commonbeat_jobs" in body
