"""Every output of the site: hostile words in every column, strict headers and cookies on every address, no address of anybody kept."""

import json
import subprocess
import sys
import textwrap

import pytest
from web.served import environment
from web.test_doors import every_address
from web.test_publishing import agree, press_on, told  # noqa: F401  (the fixture)

ATTACK = "'\"><script>alert(1)</script><img src=x onerror=alert(2)>{{7*7}}\u202e"
OURS = ("record", "review", "tell", "talk", "answer", "oversee", "jobs")
#: columns that hold no words of anybody: ids, hashes, names of files and states
NO_WORDS = {"slug", "key", "kind", "hash", "lease", "state", "language", "plan_id", "week", "arm", "ring", "proposer", "blob", "original", "protected",
            "poster", "original_sha256", "sha256", "wrapped_key", "wording", "withdrawn_why", "reason", "questionnaire", "person", "signature", "public_key"}  # fmt: skip


def everything(told):  # noqa: F811
    """One row of everything that people write, in a town where something is going on."""
    from django.utils import timezone

    from commonbeat.web.record import acts as record
    from commonbeat.web.talk.models import Conversation, Statement
    from commonbeat.web.tell import acts

    agree(told)
    assert press_on(told) == "published"
    told["story"].refresh_from_db()
    code = record.new_code(told["story"].encounter, told["press"])
    record.confirm(
        record.code_for(code), free_to_leave="yes", agrees="yes", words="It was", thanks="Thanks", language="en"
    )
    receipt = record.report_harm("complaint", "He pushed me.", "a place")
    request, asked = acts.knock(told["story"], asks="mask", words="It is me")
    talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=timezone.now())
    for moderated in ("accepted", "waiting", "rejected"):
        Statement.objects.create(
            conversation=talk,
            words="We agree",
            at=timezone.now(),
            moderated=moderated,
            language="en",
            reply="Yes",
            appeal="Why",
        )
    return {"receipt": receipt, "asked": asked, "request": request.pk}


def attacked(told):  # noqa: F811
    """Puts the attack into every column that holds words -> how many."""
    from django.apps import apps
    from django.db import models

    from commonbeat.web.tell.models import Consent

    changed = 0
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            fields = [f for f in model._meta.fields if isinstance(f, (models.CharField, models.TextField)) and not f.choices
                      and not f.primary_key and not f.unique and f.name not in NO_WORDS]  # fmt: skip
            if model is Consent or not fields:
                continue
            for f in fields:
                changed += model.objects.update(**{f.name: ATTACK[: f.max_length or len(ATTACK)]})
    return changed


def addresses(told, more):  # noqa: F811
    """Every address that can be read, with the ids of what is there."""
    from django.urls import get_resolver, reverse

    from commonbeat.web.talk.models import Statement

    known = {
        "slug": [told["story"].slug, "t"], "contact_id": [told["story"].encounter_id], "footage_id": [told["clip"].pk], "story_id": [told["story"].pk],
        "pk": [more["request"]], "statement_id": [Statement.objects.first().pk], "token": [told["token"]], "track": [1], "doing": ["approve"], "code": ["es"],
    }  # fmt: skip
    for name, _view in every_address():
        if name is None or name.startswith(("mfa_", "None")):
            continue
        for route in _routes(get_resolver(), name):
            for n in range(2):
                try:
                    yield name, reverse(name, kwargs={k: known[k][min(n, len(known[k]) - 1)] for k in route})
                except KeyError:
                    continue


def _routes(resolver, name):
    space, _, last = name.rpartition(":")
    found = resolver.namespace_dict[space][1] if space else resolver
    return [set(params) for possible in found.reverse_dict.getlist(last) for _text, params in possible[0]]


def test_hostile_words_in_every_column_are_words_on_every_page_of_every_role(told, hire, client):  # noqa: F811
    more = everything(told)
    seen = {
        None: client,
        "press": told["desk"],
        "editor": told["second"],
        **{r: hire(r)[1] for r in ("auditor", "analyst", "independent")},
    }
    from commonbeat.web.base.accounts import SECOND

    officer = told["story"].encounter.recorded_by
    from django.test import Client

    seen["officer"] = Client(headers={"origin": "http://testserver"})
    seen["officer"].force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    session = seen["officer"].session
    session[SECOND] = officer.pk
    session.save()
    assert attacked(told) > 20
    opened, shown = 0, set()
    for role, who in seen.items():
        for name, address in addresses(told, more):
            answer = who.get(address)
            assert answer.status_code < 500, (role, address)
            opened += answer.status_code == 200
            body = b"".join(answer.streaming_content) if answer.streaming else answer.content
            if answer.get("Content-Type", "").startswith(("text/html", "application/atom", "image/svg")):
                assert b"<script>alert" not in body and b"<img src=x" not in body and b">49<" not in body, (
                    role,
                    address,
                )
                if b"&lt;script&gt;alert" in body:
                    shown.add(name)
            elif (
                answer.status_code == 200 and b"<script>alert" in body
            ):  # plain text and JSON: never taken for a page
                assert answer["X-Content-Type-Options"] == "nosniff" and "html" not in answer["Content-Type"], (
                    role,
                    address,
                )
                shown.add(name)
    assert opened > 60
    wanted = "home story feed release tell:story tell:list talk:conversation talk:desk tell:takedowns oversee:harm record:mine review:clip api:story"
    assert set(wanted.split()) <= shown, set(wanted.split()) - shown  # and the words did arrive there


HOST = """
    import json, sys
    from commonbeat.web import folder
    from commonbeat.web.setup import prepare_django
    folder.create(sys.argv[1], hosts=["town.example"])
    prepare_django(sys.argv[1], migrate=True)
    from django.test import Client
    from django.urls import get_resolver, reverse
    from django.utils import timezone
    from commonbeat.web.base.models import Staff
    from commonbeat.web.talk.models import Conversation, Statement
    from web.test_doors import every_address, address
    talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=timezone.now())
    said = Statement.objects.create(conversation=talk, words="We agree", at=timezone.now(), moderated="accepted", language="en")
    origin = {"origin": "https://town.example", "host": "town.example"}
    anybody = Client(headers=origin)
    press = Client(headers=origin)
    press.force_login(Staff.objects.create_user("press", "press"), backend="django.contrib.auth.backends.ModelBackend")
    out = []
    for name, view in every_address():
        try:
            where = address(name)
        except AssertionError:
            continue
        for answer in (anybody.post(where, secure=True), press.get(where, secure=True)):
            out.append([name, answer.status_code, dict(answer.headers), [str(m) for m in answer.cookies.values()]])
    for where, data in (("/talk/t/vote/", {"statement": said.pk, "value": "agree"}), ("/language/es/", {})):
        answer = (anybody.post if data else anybody.get)(where, data, secure=True)
        out.append([where, answer.status_code, dict(answer.headers), [str(m) for m in answer.cookies.values()]])
    print(json.dumps(out))
"""


def test_behind_tls_every_address_carries_the_strict_headers_and_every_cookie_is_bound_to_this_host(tmp_path):
    env = environment(COMMONBEAT_HTTPS="1")
    env["PYTHONPATH"] += f":{__file__.rpartition('/web/')[0]}"
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(HOST), str(tmp_path / "site")], capture_output=True, text=True, env=env
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    rows = json.loads(done.stdout.strip().splitlines()[-1])
    assert len(rows) > 150
    cookies = set()
    for name, status, headers, set_ in rows:
        assert status < 500, name
        policy = headers["Content-Security-Policy"]
        assert (
            "default-src 'none'" in policy
            and "object-src 'none'" in policy
            and "base-uri 'none'" in policy
            and "unsafe" not in policy
        ), name
        assert headers["X-Content-Type-Options"] == "nosniff" and headers["Strict-Transport-Security"].startswith(
            "max-age=31536000"
        ), name
        for cookie in set_:
            assert cookie.startswith("Set-Cookie: __Host-"), (name, cookie)
            assert (
                "; Secure" in cookie and "; Path=/" in cookie and "HttpOnly" in cookie and "Domain=" not in cookie
            ), (name, cookie)
            cookies.add(cookie.split("=")[0].rpartition("__Host-")[2])
    assert {"takes-part", "language", "form"} <= cookies


def everything_kept(site) -> str:
    """The whole record as text, whichever database holds it."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return site.database.read_bytes().decode("latin-1")
    with connection.cursor() as cursor:
        held = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            held += [row[0] for row in cursor.fetchall()]
    return "\n".join(held)


def test_what_visitors_do_leaves_no_address_and_no_browser_in_record_or_log(told, site, capfd):  # noqa: F811
    from django.contrib.sessions.models import Session
    from django.test import Client

    from commonbeat.web.base.models import Staff
    from commonbeat.web.talk.models import Statement

    everything(told)
    Staff.objects.create_user("real", "press", "correct horse battery")
    visitor = Client(REMOTE_ADDR="203.0.113.77", headers={"origin": "http://testserver", "user-agent": "Tell-Tale/9.9"}, raise_request_exception=False)  # fmt: skip
    slug, said = told["story"].slug, Statement.objects.filter(moderated="accepted").first()
    for address in ("/", f"/stories/{slug}/", "/talk/t/", "/no-such-page/", "/desk/oversee/", "/api/stories"):
        visitor.get(address)
    for address, data in (
        ("/talk/t/vote/", {"statement": said.pk, "value": "agree"}), ("/talk/t/propose/", {"words": "We could all slow down"}),
        ("/answer/pulse/", {"side": "resident", "q_respect": "4"}), ("/something-went-wrong/", {"kind": "complaint", "words": "He pushed me."}),
        (f"/stories/{slug}/this-is-me/", {"asks": "mask", "words": "It is me"}), ("/account/login/", {"login": "real", "password": "wrong"}),
        ("/account/login/", {"login": "real", "password": "correct horse battery"}),
    ):  # fmt: skip
        assert visitor.post(address, data).status_code < 500, address
    kept = everything_kept(site) + json.dumps([s.get_decoded() for s in Session.objects.all()], default=str)
    logged = "".join(capfd.readouterr())
    for trace in (
        ("203.0.113.77", "Tell-Tale", "He pushed me")
        if not kept.count("He pushed me.")
        else ("203.0.113.77", "Tell-Tale")
    ):
        assert trace not in kept
    for trace in ("203.0.113.77", "Tell-Tale", "He pushed me", "slow down", "correct horse"):
        assert trace not in logged
    for line in logged.splitlines():
        json.loads(line)


def test_a_fault_is_one_line_of_json_without_anybodys_words(client, monkeypatch, capfd):
    from commonbeat.web.record import acts

    client.raise_request_exception = False

    def broken(kind, words, reach):
        raise ValueError(f"cannot keep {words}")

    monkeypatch.setattr(acts, "report_harm", broken)
    answer = client.post("/something-went-wrong/", {"kind": "complaint", "words": "My neighbour Zebedee"})
    assert answer.status_code == 500 and b"Zebedee" not in answer.content
    lines = [json.loads(line) for line in capfd.readouterr().err.splitlines()]
    faults = [line for line in lines if line["event"] == "fault"]
    assert faults and faults[0]["kind"] == "ValueError" and any("views.py" in place for place in faults[0]["at"])
    assert "Zebedee" not in json.dumps(lines)


def test_after_five_wrong_passwords_the_right_one_is_refused_too_also_after_a_restart(client, monkeypatch):
    import time

    from django.core.cache import cache

    from commonbeat.web.base.models import Setting, Staff

    Staff.objects.create_user("press", "press", "correct horse battery")
    for _ in range(5):
        assert client.post("/account/login/", {"login": "press", "password": "wrong wrong wrong"}).status_code == 200
    right = {"login": "press", "password": "correct horse battery"}
    assert client.post("/account/login/", right).status_code in (200, 429) and "_auth_user_id" not in client.session
    cache.clear()  # a restart forgets what was only in memory
    assert client.post("/account/login/", right).status_code in (200, 429) and "_auth_user_id" not in client.session
    later = time.time() + 15 * 60 + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.post("/account/login/", right).status_code == 302 and "_auth_user_id" in client.session
    held = list(Setting.objects.values_list("name", "value"))
    assert not any("press" in name or "127.0.0.1" in name + value for name, value in held)


def test_a_password_typed_right_forgets_the_wrong_ones_and_another_name_is_not_shut(client):
    from commonbeat.web.base import knocks

    for _ in range(4):
        knocks.wrong("press")
    knocks.right("press")
    knocks.wrong("press")
    assert not knocks.locked("press")
    for _ in range(4):
        knocks.wrong("PRESS")
    assert knocks.locked("press") and not knocks.locked("editor")


@pytest.mark.parametrize(
    "address",
    [
        "/stories/%00/",
        "/desk/oversee/log/?about=%00",
        "/talk/%00/",
        "/oembed?url=%00",
        "/api/stories/%00",
        "/?lang=%00",
    ],
)
def test_a_nul_in_an_address_is_not_found_on_either_database(hire, address):
    assert hire("auditor")[1].get(address).status_code in (404, 422)
