"""From consent to page and off it again, on the real models: each step, each refusal, and 410 everywhere in the same moment."""

from datetime import timedelta

import pytest

WORDS = (
    "A man pushed a stroller past the corner. The baby stared at the officer. The officer pulled a face and the baby laughed. "
    "Everybody at the stop laughed too."
)


@pytest.fixture
def told(hire):
    """A film with consent, released; a story written: one step before it is handed in."""
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from django.conf import settings
    from django.utils import timezone
    from web.test_reliability import encounter

    from commonbeat.web.media import store
    from commonbeat.web.read import edition
    from commonbeat.web.review.models import Clip
    from commonbeat.web.tell import acts

    officer, _ = hire("officer")
    press, desk = hire("press")
    editor, second = hire("editor")
    met = encounter(officer)
    with TemporaryDirectory() as folder:
        film = Path(folder) / "film.mp4"
        film.write_bytes(bytes(range(256)) * 2_000)
        row = store.keep(film, "video/mp4")
    clip = Clip.objects.create(
        encounter=met, uploaded_at=timezone.now(), protected=row.blob, original=row.blob, state="released",
        captions="WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n[laughter]\n", audio_description="A street.", music_cleared="none",
        record={"leak": {"upper": 0.03}}, reviewed_by=press,
    )  # fmt: skip
    edition.publish(
        settings.SITE.root, context={"a1": {str(met.at.year): {"contacts": {"positive": 7}, "known": ["contacts"]}}}
    )
    token = acts.invite(met, press, person="the father", track=None, child=False, guardian=False, clip=clip)
    story = acts.begin(met, press)
    acts.write(
        story,
        press,
        language="en",
        title="A laugh at the stop",
        words=WORDS,
        alt_text="An officer bends to a stroller",
    )
    story.refresh_from_db()
    return {
        "story": story,
        "token": token,
        "press": press,
        "desk": desk,
        "editor": editor,
        "second": second,
        "clip": clip,
        "film": row,
    }


def agree(told, days=3):
    from django.utils import timezone

    from commonbeat.web.tell import acts

    acts.answer(
        acts.link_of(told["token"]), says="yes_hidden", language="en", now=timezone.now() - timedelta(days=days)
    )


def press_on(told):
    for doing in ("hand_in", "consents_hold", "footage_holds"):
        told["desk"].post(f"/desk/tell/{told['story'].pk}/do/{doing}/")
    told["second"].post(f"/desk/tell/{told['story'].pk}/do/approve/")
    told["story"].refresh_from_db()
    return told["story"].state


def test_published_the_whole_way_and_down_everywhere_in_the_same_moment(told, client):
    agree(told)
    assert press_on(told) == "published"
    slug = told["story"].slug
    paths = [f"/stories/{slug}/", f"/stories/{slug}/embed/", f"/stories/{slug}/card.png", f"/stories/{slug}/release.txt", f"/stories/{slug}/captions.vtt"]  # fmt: skip
    assert [client.get(p).status_code for p in paths] == [200] * 5
    assert client.get(f"/oembed?url=http://testserver/stories/{slug}/").status_code == 200
    assert b"A laugh at the stop" in client.get("/feed.atom").content
    page = client.post(f"/mine/{told['token']}/", {"do": "withdraw"})
    assert b"Taken back." in page.content
    assert [client.get(p).status_code for p in paths] == [410] * 5
    assert client.get(f"/oembed?url=http://testserver/stories/{slug}/").status_code == 410
    assert b"A laugh at the stop" not in client.get("/feed.atom").content
    assert b"A laugh" not in client.get(paths[0]).content
    from commonbeat.web.media.allowed import for_story

    assert for_story(slug, "video.mp4").status == 410
    from commonbeat.web.base.models import Entry

    said = list(Entry.objects.order_by("n").values_list("what", flat=True))
    assert said.index("consent.withdrawn") < said.index("story.take_down")


def test_after_withdrawal_the_public_copy_is_erased_and_copies_are_asked(told):
    from django.utils import timezone

    from commonbeat.web.jobs import kinds  # noqa: F401
    from commonbeat.web.jobs.queue import run_one
    from commonbeat.web.review.models import Blob
    from commonbeat.web.tell import acts, state
    from commonbeat.web.tell.models import Copy

    agree(told)
    press_on(told)
    Copy.objects.create(story=told["story"], where="a broadcaster", since=timezone.now())
    state.withdraw(acts.link_of(told["token"]))
    while run_one():
        pass
    assert not Blob.objects.filter(pk=told["film"].blob).exists()
    assert Copy.objects.get().asked_at is not None


@pytest.mark.parametrize("days", [None, 1])
def test_without_consent_or_before_48_hours_it_goes_nowhere(told, days):
    if days:
        agree(told, days)
    assert press_on(told) == "consent_check"


def test_nobody_approves_their_own_story_and_no_step_is_skipped(told):
    agree(told)
    told["second"].post(f"/desk/tell/{told['story'].pk}/do/approve/")
    told["story"].refresh_from_db()
    assert told["story"].state == "draft"
    assert told["desk"].post(f"/desk/tell/{told['story'].pk}/do/approve/").status_code == 302
    told["story"].refresh_from_db()
    assert told["story"].state == "draft"


def test_a_resident_who_was_not_free_to_leave_stops_the_story(told):
    from commonbeat.web.record import acts

    code = acts.new_code(told["story"].encounter, told["press"])
    receipt = acts.confirm(
        acts.code_for(code), free_to_leave="no", agrees="yes", words="", thanks="Thank you", language="es"
    )
    assert receipt is None
    agree(told)
    assert press_on(told) == "draft"
    from commonbeat.errors import Refused
    from commonbeat.web.record.models import Code, ThankYou

    assert ThankYou.objects.count() == 1
    with pytest.raises(Refused, match="used already"):
        acts.confirm(Code.objects.get(), free_to_leave="yes", agrees="yes", words="", thanks="", language="en")


def test_an_account_that_reads_as_harm_goes_through_the_harm_door(told, client, hire):
    from commonbeat.web.record import acts
    from commonbeat.web.record.models import Account, Harm

    code = acts.new_code(told["story"].encounter, told["press"])
    page = client.post(
        "/i-was-there/", {"code": code, "free_to_leave": "no", "agrees": "no", "words": "He grabbed my arm."}
    )
    assert b"independent body" in page.content
    assert Account.objects.get().words == "" and Harm.objects.get().words == "He grabbed my arm."
    assert told["desk"].get("/desk/oversee/harm/").status_code == 403
    _body, reader = hire("independent")
    assert b"He grabbed my arm." in reader.get("/desk/oversee/harm/").content


def test_the_door_on_a_story_takes_it_down_at_once_with_a_receipt(told, client):
    agree(told)
    press_on(told)
    slug = told["story"].slug
    page = client.post(f"/stories/{slug}/this-is-me/", {"asks": "take_down", "words": ""})
    assert b"It is down" in page.content
    assert client.get(f"/stories/{slug}/").status_code == 410
    receipt = page.content.decode().split('class="figure">')[1].split("<")[0]
    assert b"Take it down" in client.post("/this-is-me/receipt/", {"receipt": receipt.lower()}).content


def test_an_unprotected_view_is_logged_before_the_film_can_be_fetched(told):
    from commonbeat.web.base.models import Entry
    from commonbeat.web.media.allowed import for_ticket

    page = told["desk"].post(f"/desk/review/{told['clip'].pk}/original/", {"why": "checking a mask at second 3"})
    assert Entry.objects.filter(what="footage.original_viewed").count() == 1
    ticket = page.content.decode().split("/media/ticket/")[1].split("/")[0]
    assert for_ticket(ticket).status == 200
    told["press"].is_active = False
    told["press"].save()
    assert for_ticket(ticket).status == 403
    assert for_ticket(ticket + "x").status == 403


def test_a_stored_film_is_unreadable_on_disk_and_a_changed_byte_is_refused(told):
    from commonbeat.errors import Broken
    from commonbeat.web.media import store

    row = told["film"]
    assert store.read_all(row.blob) == bytes(range(256)) * 2_000
    assert b"".join(store.pieces(row, 131_000, 131_200)) == (bytes(range(256)) * 2_000)[131_000:131_200]
    path = store._path(row.blob)
    held = path.read_bytes()
    assert bytes(range(256)) not in held
    for broken in (
        held[:-1],
        held[:200_000] + bytes([held[200_000] ^ 1]) + held[200_001:],
        held[:8] + held[131_096:],
    ):
        path.write_bytes(broken)
        with pytest.raises(Broken):
            store.read_all(row.blob)
    path.write_bytes(held)


NASTY = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "{{7*7}}", "=cmd|' /C calc'!A0", "\u202egnp.exe", "a" * 600, "👩‍👧 ok ñ"]  # fmt: skip


@pytest.mark.parametrize("words", NASTY)
def test_hostile_words_are_shown_as_words_everywhere(told, client, words):
    from commonbeat.web.tell import acts

    acts.write(
        told["story"],
        told["press"],
        language="en",
        title=words[:190],
        words=WORDS + " " + words,
        alt_text="An officer bends down",
    )
    agree(told)
    assert press_on(told) == "published"
    told["story"].refresh_from_db()
    for path in (
        f"/stories/{told['story'].slug}/",
        f"/stories/{told['story'].slug}/embed/",
        "/feed.atom",
        "/",
        f"/desk/tell/{told['story'].pk}/",
    ):
        answer = (told["desk"] if "/desk/" in path else client).get(path)
        assert answer.status_code == 200
        assert (
            b"<script>alert" not in answer.content
            and b"<img src=x" not in answer.content
            and b">49<" not in answer.content
        )


@pytest.mark.parametrize(("raw", "status"), [(b"nul %00 here", 422), (b"lone %ED%A0%80 surrogate", 200), (b"x" * 9_000, 422), (b"%F0%9F%91%A9 ok", 200)])  # fmt: skip
def test_words_that_cannot_be_kept_are_refused_with_a_sentence(client, raw, status):
    body = b"kind=complaint&words=" + raw
    answer = client.generic("POST", "/something-went-wrong/", body, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == status


def test_export_cells_never_become_formulas():
    from commonbeat.web.oversee.opendata import safe_cell

    assert [safe_cell(t) for t in ("=1+1", "+1", "-1", "@x", "\tx", "plain", None)] == [
        "'=1+1",
        "'+1",
        "'-1",
        "'@x",
        "'\tx",
        "plain",
        "",
    ]


def test_range_arithmetic():
    from commonbeat.web.shell.films import wanted_range

    assert wanted_range("bytes=0-99", 1_000) == (0, 100)
    assert wanted_range("bytes=990-", 1_000) == (990, 1_000)
    assert wanted_range("bytes=-10", 1_000) == (990, 1_000)
    assert wanted_range("bytes=1000-", 1_000) is False
    assert wanted_range("bytes=0-1,5-6", 1_000) is None
    assert wanted_range("lines=1-2", 1_000) is None
    assert wanted_range(f"bytes={'9' * 5_000}-", 1_000) is wanted_range("bytes=\u0661-", 1_000) is None


def test_a_batch_of_nineteen_is_refused_and_an_answer_forgets_its_code(site, hire, client):
    from commonbeat.errors import Refused
    from commonbeat.web.answer import acts
    from commonbeat.web.answer.models import LinkCode, Reply

    analyst, _ = hire("analyst")
    with pytest.raises(Refused, match="at least 20"):
        acts.make_batch(analyst, plan="pulse", area=None, ring="participant", week="2026-W08", count=19)
    codes = acts.make_batch(analyst, plan="pulse", area=None, ring="participant", week="2026-W08", count=20)
    answer = client.post(
        "/answer/pulse/", {"code": codes[0], "side": "resident", "q_respect": "4", "chosen": "blue kettle"}
    )
    assert answer.status_code == 200 and not answer.cookies
    reply = Reply.objects.get()
    assert (reply.answers, reply.batch.ring, LinkCode.objects.count()) == ({"respect": 4}, "participant", 19)
    assert client.post("/answer/pulse/", {"code": codes[0], "side": "resident", "q_respect": "4"}).status_code == 422
    client.post("/answer/pulse/", {"side": "resident", "q_respect": "2", "chosen": "Blue  KETTLE"})
    assert sorted(Reply.objects.values_list("person", "wave")) == [(reply.person, 0), (reply.person, 1)]
    assert client.post("/answer/pulse/", {"side": "resident"}).status_code == 422
    names = {f.name for f in Reply._meta.get_fields()}
    assert not names & {"at", "address", "token", "code", "session"}


def test_a_vote_sets_its_token_only_when_somebody_acts_and_erasure_forgets(client):
    from django.utils import timezone

    from commonbeat.web.talk.models import Conversation, Statement, Vote

    talk = Conversation.objects.create(slug="t", title="T", question="What now?", made_at=timezone.now())
    for words in ("We agree", "We do not"):
        Statement.objects.create(
            conversation=talk, words=words, at=timezone.now(), moderated="accepted", language="en"
        )
    page = client.get("/talk/t/")
    assert not page.cookies
    first = Statement.objects.order_by("statement_id").first()
    assert client.post("/talk/t/vote/", {"statement": first.pk, "value": "agree"}).cookies["takes-part"]["httponly"]
    client.post("/talk/t/vote/", {"statement": first.pk, "value": "disagree"})
    assert list(Vote.objects.values_list("value", flat=True)) == [-1]
    assert client.cookies["takes-part"].value not in str(list(Vote.objects.values()))
    assert b"1 vote was deleted" in client.post("/talk/t/erase/").content
    assert Vote.objects.count() == 0


def test_a_token_made_up_elsewhere_is_no_token(client):
    """Otherwise a script would bring its own tokens, past the puzzle and the limits."""
    from django.test import RequestFactory

    from commonbeat.web.talk import token

    def held(value):
        request = RequestFactory().get("/")
        request.COOKIES[token.COOKIE] = value
        return token.token_of(request)

    good = token.made()
    assert held(good) == good
    for forged in (
        "a" * 43,
        "a" * 54,
        good[:-1] + ("A" if good[-1] != "A" else "B"),
        ("b" if good[0] != "b" else "c") + good[1:],
        good[:-1],
        "é" * 54,
        "",
    ):
        assert held(forged) is None
