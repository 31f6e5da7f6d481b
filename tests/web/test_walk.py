"""A newcomer's walk through a whole town in a real browser: record, protect, tell, approve, watch, vote, answer, withdraw, verify."""

import time
import urllib.request

import pytest
from web.browsing import answers, browser, served_town
from web.cluster import postgres

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def be(page, home, role):
    page.goto(f"{home}/demo/")
    page.locator(f'form[action="/demo/as/{role}/"] button').click()


def tap(page, question, answer):
    page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


def record(page, home):
    """An officer with one free minute: six taps and one sentence."""
    be(page, home, "officer")
    tap(page, "What was it?", "Play")
    tap(page, "Who began it?", "A resident")
    tap(page, "Was everybody free to leave?", "Yes")
    tap(page, "Does any film of it exist?", "No")
    page.get_by_label("What happened, in one sentence?").fill("A girl asked whether the radio can hear the moon.")
    page.get_by_text("Where, when, how many").click()
    page.get_by_label("Area").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Saved").first.wait_for()
    page.get_by_text("A girl asked whether the radio can hear the moon.").first.wait_for()


def protect(page, home):
    """The press officer protects the sample film, looks at it, describes it, releases it."""
    be(page, home, "press")
    page.goto(f"{home}/desk/review/")
    page.locator("tr", has_text="waiting to be protected").get_by_role("link").click()
    page.get_by_role("heading", name="Are they protected?").wait_for()
    film = page.url
    assert not page.locator("video").count()  # nobody is hidden yet: shown to nobody
    page.get_by_role("button", name="Protect everybody in it").click()
    page.get_by_text("It is being protected.").first.wait_for()
    deadline = time.monotonic() + 280
    while not page.locator("video#film").count():
        assert time.monotonic() < deadline, page.locator("main").inner_text()
        time.sleep(1)
        page.goto(film)
    assert page.get_by_role("button", name="Release for stories").is_disabled()
    page.get_by_role("link", name="Look at").click()
    page.get_by_label("I looked at every one of these pictures").check()
    page.get_by_role("button", name="Note it").click()
    page.get_by_label("Captions (WebVTT)").fill("WEBVTT\n\n00:00:00.100 --> 00:00:00.900\n[music]\n")
    page.get_by_label("The film in words").fill("Three children show a step to an officer.")
    tap(page, "Music in it", "Rights cleared")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("button", name="Release for stories").click()
    page.get_by_text("Released: it may be shown in a story.").first.wait_for()


WORDS = (
    "The speaker stood on the kerb. The children showed a step. The officer tried it and nearly lost a shoe. He asked to see it "
    "again, slowly. By the third try the whole corner was clapping."
)


def tell(page, home):
    """Draft, consent, film, second approval: in this order and no other."""
    page.goto(f"{home}/desk/tell/")
    options = page.get_by_label("Which encounter?").locator("option").all_inner_texts()
    page.get_by_label("Which encounter?").select_option(
        index=next(i for i, o in enumerate(options) if o.startswith("Dance"))
    )
    page.get_by_role("button", name="Begin a story").click()
    story = page.url
    page.get_by_label("Headline").fill("The step he could not do")
    page.get_by_label("The story").fill(WORDS)
    page.get_by_label("The picture in words").fill("Three children and an officer dance at a corner")
    page.get_by_role("button", name="Keep the words").click()
    page.locator("#id_clip").select_option(index=1)
    page.get_by_role("button", name="Keep", exact=True).click()
    for button in ("Hand in", "The consents hold", "The film is safe"):
        page.get_by_role("button", name=button).click()
    page.get_by_text("Nobody approves their own story.").first.wait_for()
    assert not page.get_by_role("button", name="Approve and publish").count()
    be(page, home, "editor")
    page.goto(story)
    page.get_by_role("button", name="Approve and publish").click()
    return page.get_by_role("link", name="As the public sees it").get_attribute("href")


def take_part(chromium, home, public):
    """A resident on a bus: watches the film, votes, answers the pulse. A cookie only from the first vote on."""
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(120_000)
    page.goto(home + public)
    page.get_by_role("heading", name="The step he could not do").wait_for()
    film = page.locator("video")
    film.evaluate("v => { v.muted = true; return v.play() }")
    page.wait_for_timeout(400)
    assert film.evaluate(
        "v => v.currentTime > 0 && v.videoWidth > 0 && v.textTracks.length === 1"
    )  # it plays, captioned
    assert page.context.cookies() == []
    page.get_by_role("link", name="Talk about it").click()
    page.get_by_role("link", name="Take part").first.click()
    for answer in ("Agree", "Disagree", "Pass"):
        before = page.locator(".sentence").inner_text()
        page.get_by_role("button", name=answer, exact=True).click()
        # one at a time, none twice; the first vote goes off when its puzzle is solved
        page.wait_for_function("was => document.querySelector('.sentence')?.innerText !== was", arg=before)
    assert [c["name"] for c in page.context.cookies()] == ["takes-part"]
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Answer").click()
    page.get_by_role("button", name="I live here").click()
    for question in page.get_by_role("group").all()[:7]:
        question.get_by_label("Agree", exact=True).check()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you. It was kept.").wait_for()


def withdraw(page, home, public):
    """The father's private link: one button, and every address answers 410 within a second."""
    be(page, home, "parent")
    page.get_by_role("button", name="Take it down").click()
    began = time.monotonic()
    page.get_by_text("Taken back.").first.wait_for()
    for path in (public, f"{public}embed/", f"{public}card.png", f"{public}release.txt", f"/media{public.replace('/stories/', '/story/')}video.mp4"):  # fmt: skip
        assert answers(home + path) == 410, path
    with urllib.request.urlopen(f"{home}/feed.atom") as feed:
        assert "The step he could not do" not in feed.read().decode()
    assert time.monotonic() - began < 10  # a loaded test machine; the page itself needs no job to have run


def verify(page, home):
    be(page, home, "auditor")
    page.goto(f"{home}/desk/oversee/log/")
    page.get_by_text("Whole:").first.wait_for()
    for what in ("encounter.recorded", "footage.released", "story.approve", "consent.withdrawn", "story.take_down"):
        assert page.get_by_role("rowheader", name=what, exact=True).count(), what


def walk(home):
    with browser() as chromium:
        page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
        page.set_default_timeout(120_000)
        said = []
        page.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        page.on("request", lambda r: said.append(r.url) if not r.url.startswith((home, "data:", "blob:")) else None)
        record(page, home)
        protect(page, home)
        public = tell(page, home)
        take_part(chromium, home, public)
        asked = urllib.request.Request(
            f"{home}/media{public.replace('/stories/', '/story/')}video.mp4", headers={"Range": "bytes=0-99"}
        )
        with urllib.request.urlopen(asked) as film:
            assert (film.status, len(film.read()), film.headers["Content-Range"][:11]) == (206, 100, "bytes 0-99/")
        withdraw(page, home, public)
        verify(page, home)
        assert said == []


def moments(home):
    """The three moments at 390 pixels, and the reset."""
    with browser() as chromium:
        page = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
        page.goto(f"{home}/moments/stroller")
        assert page.locator(".station").count() == 7
        page.get_by_role("button", name="I'm her mother. Take it down.").click()
        assert page.locator(".stamp.bad").count() == 3
        page.get_by_text("A video platform, 14 copies found (simulated)").first.wait_for()
        page.get_by_text("story.take_down").first.wait_for()
        assert [answers(home + p) for p in ("/stories/stroller/", "/stories/stroller/embed/", "/media/story/stroller/video.mp4")] == [410] * 3  # fmt: skip
        for ring in ("Those who were met", "Those who saw it online"):
            page.get_by_label(ring).fill("9")
        page.get_by_role("button", name="That is my guess. Show me").click()
        assert page.get_by_role("columnheader", name="Naive").count() == 1
        assert not page.get_by_role("columnheader", name="True here").count()
        page.get_by_role("button", name="Show what is true in this simulated town").click()
        assert page.get_by_role("columnheader", name="True here").count() == 1
        page.get_by_role("button", name="And where nothing moves").click()
        assert page.get_by_text("Trust fell by about").count() >= 1
        assert page.get_by_text("We cannot tell whether trust moved").count() >= 1
        page.get_by_role("link", name="Pad the month by a fifth").click()
        page.get_by_text("good contacts became").first.wait_for()
        page.get_by_role("link", name="Change one byte of the log").click()
        page.get_by_text("The check stops at entry").first.wait_for()
        page.get_by_role("link", name="Ask for the top officers").click()
        page.get_by_text("We could, and will not.").first.wait_for()
        page.get_by_role("button", name="Put everything back as it was").click()
        assert answers(f"{home}/stories/stroller/") == 200
        assert answers(f"{home}/media/story/stroller/video.mp4") == 200


def test_a_newcomer_walks_through_the_whole_town_and_plays_the_three_moments():
    pytest.importorskip("commonbeat.footage")
    with served_town() as (home, _folder):
        moments(home)
        walk(home)


@pytest.mark.postgres
def test_the_same_walk_on_postgresql():
    pytest.importorskip("commonbeat.footage")
    with postgres() as server, served_town(DATABASE_URL=server.url) as (home, folder):
        walk(home)
        assert not (folder / "site/site.sqlite3").exists()
