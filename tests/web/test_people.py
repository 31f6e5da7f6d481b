"""What people may expect: an answer to what they asked, their own language, an end on the day that was said, a story others can show."""

import json
from datetime import date, timedelta
from xml.etree import ElementTree

from web.test_publishing import WORDS, agree, press_on, told  # noqa: F401


def test_what_came_of_a_request_can_be_read_with_the_receipt(told, client):  # noqa: F811
    from commonbeat.web.tell.models import Takedown

    agree(told)
    press_on(told)
    page = client.post(
        f"/stories/{told['story'].slug}/this-is-me/", {"asks": "mask", "words": "The man at the left."}
    )
    assert (
        b"You get an answer by" in page.content and client.get(f"/stories/{told['story'].slug}/").status_code == 200
    )
    receipt = page.content.decode().split('class="figure">')[1].split("<")[0]
    assert b"open" in client.post("/this-is-me/receipt/", {"receipt": receipt}).content
    asked = Takedown.objects.get()
    told["desk"].post(
        f"/desk/tell/requests/{asked.pk}/", {"state": "done", "outcome": ""}
    )  # without words: not answered
    assert Takedown.objects.get().state == "open"
    told["desk"].post(
        f"/desk/tell/requests/{asked.pk}/", {"state": "done", "outcome": "Your jacket is hidden as well now."}
    )
    page = client.post("/this-is-me/receipt/", {"receipt": receipt}).content
    assert b"Your jacket is hidden as well now." in page and b"done" in page
    assert (
        client.post("/this-is-me/receipt/", {"receipt": "AAAA-BBBB-CCCC"}).content.count(
            b"No request has this receipt"
        )
        == 2
    )


def test_a_request_past_its_day_is_seen_by_the_auditor(told, client, hire):  # noqa: F811
    from django.utils import timezone

    from commonbeat.web.tell.models import Takedown

    agree(told)
    press_on(told)
    client.post(f"/stories/{told['story'].slug}/this-is-me/", {"asks": "show", "words": ""})
    Takedown.objects.update(due=timezone.now() - timedelta(days=1))
    _auditor, desk = hire("auditor")
    assert "<dd>1 / 1</dd>" in desk.get("/desk/oversee/").content.decode()


def test_a_childs_yes_ends_on_the_eighteenth_birthday_and_the_story_with_it(told, client, monkeypatch):  # noqa: F811
    from datetime import UTC, datetime

    from django.utils import timezone

    from commonbeat.web.jobs import kinds
    from commonbeat.web.jobs.worker import all_due
    from commonbeat.web.tell import acts, state
    from commonbeat.web.tell.models import ConsentLink, Story

    ConsentLink.objects.update(child=True, guardian=True)
    acts.answer(
        acts.link_of(told["token"]), says="yes_hidden", language="en", birthday=date.today() + timedelta(days=5),
        now=timezone.now() - timedelta(days=3),
    )  # fmt: skip
    assert press_on(told) == "published"
    later = datetime.now(UTC) + timedelta(days=6)
    assert [p.may_publish for p in state.people_of(told["story"], later)] == [False]

    class Later(datetime):
        @classmethod
        def now(cls, tz=None):
            return later

    monkeypatch.setattr(kinds, "datetime", Later)
    from commonbeat.web.jobs.standing import begin

    begin()
    all_due()
    assert Story.objects.get().withdrawn_why == "consent_ended"
    assert client.get(f"/stories/{told['story'].slug}/").status_code == 410
    monkeypatch.setattr("commonbeat.web.tell.views.timezone.now", lambda: later)
    assert b"ended on the 18th birthday" in client.get(f"/mine/{told['token']}/").content


def test_a_card_for_a_resident_is_in_their_language(hire, client):
    from web.test_reliability import encounter

    officer, desk = hire("officer")
    met = encounter(officer)
    card = desk.post(f"/desk/record/{met.pk}/card/", {"language": "es"}).content.decode()
    assert "Para alguien que estuvo allí" in card and "?lang=es" not in card.split("figcaption")[1]
    code = card.split('<span class="figure">')[1].split("<")[0]
    page = client.post("/i-was-there/?lang=es", {"code": code}).content.decode()
    assert "¿Se sintió libre de irse?" in page and "A ball was thrown back." in page
    said = {"code": code, "free_to_leave": "yes", "agrees": "yes", "words": "Fue amable.", "thanks": "Gracias"}
    assert "Gracias. Se ha guardado." in client.post("/i-was-there/?lang=es", said).content.decode()
    assert met.accounts.get().language == "es"
    assert client.post("/i-was-there/", said).status_code == 422  # each code is for one account
    assert "Gracias" in desk.get("/desk/record/mine/").content.decode()


def test_an_undone_record_is_counted_nowhere_and_its_old_words_are_kept(hire):
    from web.test_reliability import encounter

    from commonbeat.web.record import tables
    from commonbeat.web.record.models import Version

    officer, desk = hire("officer")
    met = encounter(officer)
    assert tables.contacts().height == 1
    assert desk.post(f"/desk/record/{met.pk}/undo/", {"reason": ""}).status_code == 422
    assert desk.post(f"/desk/record/{met.pk}/undo/", {"reason": "written twice"}).status_code == 302
    assert tables.contacts().height == 0
    assert (
        Version.objects.get().held["happened"] == "A ball was thrown back."
        and Version.objects.get().reason == "written twice"
    )


def test_others_can_show_a_story_and_each_way_reads_as_its_standard_says(told, client):  # noqa: F811
    agree(told)
    press_on(told)
    slug = told["story"].slug
    page = client.get(f"/stories/{slug}/").content.decode()
    for name in ("og:title", "og:image", "og:url", "og:image:alt"):
        assert f'property="{name}"' in page
    card = client.get(f"/stories/{slug}/card.png")
    assert card.content[:8] == b"\x89PNG\r\n\x1a\n" and int.from_bytes(card.content[16:20], "big") == 1200
    feed = ElementTree.fromstring(client.get("/feed.atom").content)
    atom = "{http://www.w3.org/2005/Atom}"
    entry = feed.find(f"{atom}entry")
    assert all(feed.find(f"{atom}{n}") is not None for n in ("id", "title", "updated")) and entry.find(
        f"{atom}link"
    ).get("href").endswith(f"/stories/{slug}/")
    answer = json.loads(client.get(f"/oembed?url=http://testserver/stories/{slug}/&maxwidth=300").content)
    assert (
        answer["version"] == "1.0"
        and answer["type"] in ("rich", "video")
        and answer["width"] <= 300
        and f"/stories/{slug}/embed/" in answer["html"]
    )
    frame = client.get(f"/stories/{slug}/embed/")
    assert (
        "frame-ancestors *" in frame["Content-Security-Policy"]
        and not frame.cookies
        and b"<script" not in frame.content
    )
    text = client.get(f"/stories/{slug}/release.txt").content.decode()
    assert (
        WORDS[:40] in text.replace("\n", " ") and "7 positive contacts" in text and "take their consent back" in text
    )


def test_the_sign_in_page_says_the_town_and_not_the_address(client):
    page = client.get("/account/login/").content.decode()
    assert "Testbridge" in page and ">testserver<" not in page and "Commonbeat</a></p>" in page


def test_the_paper_form_and_the_poster_hold_what_the_screen_holds(client):
    paper = client.get("/paper-form/").content.decode()
    for words in ("Does any film of it exist?", "☐ I do not know", "☐ A resident", "☐ Play"):
        assert words in paper
    poster = client.get("/poster/").content.decode()
    assert (
        poster.count('<svg class="qr"') == 2
        and "http://testserver/answer/" in poster
        and "Civilian Review Board" in poster
    )
