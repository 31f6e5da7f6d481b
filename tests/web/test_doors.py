"""Who may open what: every address of the URLconf, every role. A view without a door fails here."""

import pytest
from django.urls import URLPattern, URLResolver

ROLES = ("officer", "press", "editor", "auditor", "analyst", "independent")

#: named address -> roles that may open it; "all" for everybody. What is not listed here fails the test below.
MATRIX = {
    "all": """home stories story embed card release captions feed oembed places areas_json trust ripple promises how ask poster language
        talk:start talk:conversation talk:vote talk:propose talk:erase talk:results talk:embed talk:decisions talk:appeal
        answer:start answer:pulse study:register study:back study:visit study:page study:join record:code harm harm_receipt paper tell:door tell:receipt tell:link
        account_signup account_reset_password account_inactive account_email account_set_password readyz
        api:api-root api:openapi-json api:snapshot api:stories api:story api:areas api:trust api:ripple api:commitments
        api:conversations api:conversation""",
    "officer": "record:new record:mine record:saved record:change record:undo record:card record:worker record:token study:cards",
    "press": """tell:begin tell:words tell:frame tell:invite tell:settle review:new review:looked review:words review:region
        review:mute review:show review:mask review:none review:face review:pointed review:boxes review:release review:protect talk:reply""",
    "press editor": "tell:act talk:desk talk:moderate",
    "press auditor": "tell:takedowns review:original",
    "press editor auditor": "review:list review:clip review:picture tell:list tell:story",
    "analyst": "answer:batches study:desk study:close study:practice study:edition",
    "auditor": "oversee:log oversee:head oversee:checkpoint api:log",
    "auditor analyst": "oversee:home oversee:export api:week metrics",
    "independent": "oversee:harm oversee:harm_answer",
    "officer press editor auditor analyst independent": "desk",
}


def every_address(patterns=None, space=""):
    from django.urls import get_resolver

    for p in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(p, URLResolver):
            yield from every_address(p.url_patterns, f"{space}{p.namespace}:" if p.namespace else space)
        elif isinstance(p, URLPattern):
            yield f"{space}{p.name}", p.callback


def test_every_address_has_the_door_that_is_written_here(site):
    from commonbeat.web.base.middleware import SIGN_IN

    wanted = {name: roles for roles, names in MATRIX.items() for name in names.split()}
    seen = {}
    for name, view in every_address():
        if name in SIGN_IN and not hasattr(view, "door"):
            continue
        if name.startswith("mfa_"):  # the library's others: no door, so they stay shut
            assert not hasattr(view, "door"), name
            continue
        door = getattr(view, "door", None)
        assert door is not None, f"{name} has no door"
        seen[name] = "all" if door.everybody else " ".join(r for r in ROLES if r in door.roles)
    assert seen == wanted


def address(name):
    from django.urls import reverse

    ids = {
        "contact_id": "0" * 32,
        "footage_id": "0" * 32,
        "story_id": "0" * 32,
        "slug": "x",
        "statement_id": "0" * 32,
        "track": 1,
        "which": 0,
        "frame": 0,
        "pk": 1,
        "doing": "approve",
        "plan_id": "x",
    }
    from django.urls import get_resolver

    options = {
        "record": ["contact_id"], "review": ["footage_id"], "tell": ["story_id"], "oversee": ["pk"],
    }  # fmt: skip
    for keys in (
        [],
        options.get(name.split(":")[0], []),
        ["footage_id", "track"],
        ["footage_id", "which"],
        ["footage_id", "frame"],
        ["story_id", "doing"],
        ["pk"],
        ["statement_id"],
        ["plan_id"],
    ):
        try:
            return reverse(name, kwargs={k: ids[k] for k in keys})
        except Exception:  # tries the next set of arguments
            continue
    raise AssertionError((name, get_resolver()))


STAFF = [(name, roles.split()) for roles, names in MATRIX.items() if roles != "all" for name in names.split()]


@pytest.mark.parametrize("role", [None, *ROLES])
def test_each_role_opens_its_own_doors_and_no_other(hire, client, role):
    from commonbeat.web.base.models import Entry

    who = client if role is None else hire(role)[1]
    for name, roles in STAFF:
        for method in ("get", "post"):
            answer = getattr(who, method)(address(name), REMOTE_ADDR="192.0.2.7")
            if role is None and name.startswith("api:"):
                assert answer.status_code == 401, (name, method)
            elif role is None:
                assert answer.status_code == 302 and "/account/login/" in answer["Location"], (name, method)
            elif role in roles:
                assert answer.status_code not in (403, 500), (name, method, answer.status_code)
            else:
                assert answer.status_code == 403, (name, method, answer.status_code)
    if role:
        assert Entry.objects.filter(what="door.refused", who__startswith=role).exists()


def test_a_second_factor_is_compulsory(hire):
    _person, client = hire("auditor", factor=False)
    answer = client.get("/desk/oversee/")
    assert (answer.status_code, answer["Location"]) == (302, "/account/2fa/totp/activate/")


def test_a_closed_account_is_out_at_once(hire):
    person, client = hire("auditor")
    assert client.get("/desk/oversee/").status_code == 200
    person.is_active = False
    person.save()
    assert client.get("/desk/oversee/").status_code == 302


def test_a_desk_session_ends_after_thirty_idle_minutes(hire, monkeypatch):
    import time

    _person, client = hire("auditor")
    assert client.get("/desk/oversee/").status_code == 200
    now = time.time()
    monkeypatch.setattr("commonbeat.web.base.middleware.time.time", lambda: now + 29 * 60)
    assert client.get("/desk/oversee/").status_code == 200
    monkeypatch.setattr("commonbeat.web.base.middleware.time.time", lambda: now + 29 * 60 + 31 * 60)
    assert client.get("/desk/oversee/").status_code == 302


def test_a_form_from_another_site_is_refused(site):
    from django.test import Client

    stranger = Client(headers={"origin": "https://evil.example"})
    assert stranger.post("/something-went-wrong/", {"kind": "complaint", "words": "x"}).status_code == 403
    nobody = Client()
    assert nobody.post("/something-went-wrong/", {"kind": "complaint", "words": "x"}).status_code == 403


PUBLIC_PAGES = ["/", "/stories/", "/places/", "/trust/", "/ripple/", "/promises/", "/how-we-know/", "/what-you-may-ask-for/",
                "/talk/", "/answer/", "/answer/pulse/", "/i-was-there/", "/something-went-wrong/", "/paper-form/", "/feed.atom", "/places/areas.json",
                "/this-is-me/receipt/", "/account/login/"]  # fmt: skip


@pytest.mark.parametrize("path", PUBLIC_PAGES)
def test_public_pages_answer_set_no_cookie_and_carry_the_strict_policy(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    if path != "/account/login/":
        assert not answer.cookies
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert answer["X-Content-Type-Options"] == "nosniff" and answer["Referrer-Policy"] == "same-origin"
    body = answer.content.decode()
    assert " style=" not in body and "<style" not in body and "onclick=" not in body


def test_the_paper_form_asks_what_the_screen_asks(client):
    assert b"Was everybody free to leave?" in client.get("/paper-form/").content
