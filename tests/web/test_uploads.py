"""What an upload's address lets its holder do, and what it does not, asked of the shell itself."""

import asyncio

import pytest

PIECE = {"content-type": "application/offset+octet-stream", "tus-resumable": "1.0.0"}


@pytest.fixture
def film(site, hire):
    """(the row of an upload of ten bytes, the secret part of its address)."""
    from django.utils import timezone

    from commonbeat.web.record.models import Encounter
    from commonbeat.web.review import acts
    from commonbeat.web.review.models import Upload

    press = hire("press")[0]
    met = Encounter.objects.create(
        at=timezone.now(), activity="play", free_to_leave_officer="yes", happened="A ball.", recorded_by=press,
        recorded_at=timezone.now(),
    )  # fmt: skip
    token = acts.begin(met, press, 10)[1]
    return Upload.objects.get(), token


def ask(method, token, body=b"", **headers):
    """-> (status, headers) of the shell's answer."""
    from commonbeat.web.shell.uploads import Uploads

    sent = []
    scope = {"method": method, "path": f"/upload/{token}", "headers": [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]}  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    asyncio.run(Uploads()(scope, receive, send))
    return sent[0]["status"], {n.decode(): v.decode() for n, v in sent[0]["headers"]}


def patch(token, body, offset="0", **more):
    return ask("PATCH", token, body, **PIECE, **{"upload-offset": offset}, **more)[0]


@pytest.mark.parametrize("offset", ["", "-1", "1.5", "\xb2", "9" * 5_000, "0x1"])
def test_an_offset_that_is_no_number_is_said_and_not_a_fault(film, offset):
    assert patch(film[1], b"x" * 10, offset) == 400


def test_what_has_arrived_can_be_neither_added_to_nor_deleted_by_its_address(film):
    from django.conf import settings

    row, token = film
    assert patch(token, b"0123456789") == 204
    assert ask("HEAD", token)[1]["upload-offset"] == "10"  # a sender that lost the answer learns that all is there
    assert ask("DELETE", token)[0] == patch(token, b"", "10") == 403
    arrived = settings.SITE.uploads / row.pk[:40]
    assert arrived.read_bytes() == b"0123456789"
    arrived.unlink()


def test_another_address_an_old_one_and_that_of_somebody_who_left_are_unknown(film, hire):
    from datetime import timedelta

    from django.utils import timezone

    from commonbeat.web.review.models import Upload

    row, token = film
    for path in ("", "x" * 27, "../keys/media", "..%2f..%2fsite.json", token[:-1]):
        assert ask("HEAD", path)[0] == ask("DELETE", path)[0] == 404
    row.by.is_active = False
    row.by.save()
    assert patch(token, b"0123456789") == 404
    row.by.is_active = True
    row.by.save()
    Upload.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert patch(token, b"0123456789") == 404


def test_the_name_a_sender_gives_its_film_leads_to_no_other_file(film):
    """Upload-Metadata is not read at all: the file is named by the hash of its address."""
    from django.conf import settings

    before = {p for p in settings.SITE.root.rglob("*") if p.is_file()}
    assert patch(film[1], b"01234", **{"upload-metadata": "filename Li4vLi4vc2l0ZS5qc29u"}) == 204
    made = {p for p in settings.SITE.root.rglob("*") if p.is_file()} - before
    assert {p.parent for p in made if "sqlite3" not in p.name} == {settings.SITE.uploads}
    assert ask("DELETE", film[1])[0] == 204 and not any(p.exists() for p in made if p.parent == settings.SITE.uploads)


def test_a_record_that_cannot_be_reached_is_said(film, monkeypatch):
    from django.db import OperationalError

    from commonbeat.web.media import allowed

    def gone(_token):
        raise OperationalError("gone")

    monkeypatch.setattr(allowed, "for_upload", gone)
    assert ask("HEAD", film[1])[0] == 503
