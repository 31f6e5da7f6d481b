"""An officer with one free minute and no connection: six taps and one sentence, nothing lost, nothing twice."""

import sqlite3
from contextlib import closing

import pytest
from web.browsing import browser, served_town
from web.test_walk import be, tap

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

#: Keystroke-level model (Card, Moran & Newell 1980), seconds: a tap on a phone (pointing and pressing), thinking before it,
#: one letter typed by an average typist, one word dictated at 120 a minute
TAP, THINK, LETTER, WORD = 1.1, 1.35, 0.28, 0.5
SENTENCE = "A girl asked whether the radio can hear the moon."


class Counted:
    """Counts what a thumb does."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, question, answer):
        self.taps += 1
        tap(self.page, question, answer)

    def press(self, name):
        self.taps += 1
        self.page.get_by_role("button", name=name, exact=True).click()


def fill(page, sentence) -> Counted:
    """The whole record: four questions, one sentence, save; area, time and kind are already right."""
    thumb = Counted(page)
    thumb.tap("What was it?", "Play")
    thumb.tap("Who began it?", "A resident")
    thumb.tap("Was everybody free to leave?", "Yes")
    thumb.tap("Does any film of it exist?", "No")
    thumb.taps += 1  # into the field
    page.get_by_label("What happened, in one sentence?").fill(sentence)
    thumb.press("Save")
    return thumb


def begin(page, home):
    """The first record of an officer names the area; from then on it is the one of last time."""
    be(page, home, "officer")
    page.get_by_text("Where, when, how many").click()
    page.get_by_label("Area").select_option(index=1)
    fill(page, "The first of the day.")
    page.get_by_role("heading", name="Saved").first.wait_for()


def kept(folder, sentence) -> int:
    with closing(sqlite3.connect(folder / "site" / "site.sqlite3")) as db:
        return db.execute("SELECT count(*) FROM record_encounter WHERE happened = ?", [sentence]).fetchone()[0]


def six_taps_and_one_sentence(page, home):
    page.goto(f"{home}/desk/record/")
    thumb = fill(page, SENTENCE)
    page.get_by_role("heading", name="Saved").first.wait_for()
    typed = thumb.taps * (TAP + THINK) + THINK + len(SENTENCE) * LETTER
    dictated = thumb.taps * (TAP + THINK) + THINK + len(SENTENCE.split()) * WORD
    assert thumb.taps == 6
    assert typed < 60 and dictated < 60, (typed, dictated)
    for target in page.context.new_page(), page:
        target.goto(f"{home}/desk/record/")
        small = target.evaluate(
            "[...document.querySelectorAll('.taps label, main button')].filter(e => e.offsetHeight && e.offsetHeight < 44).length"
        )
        assert small == 0  # every target is large enough for a thumb


def waiting(page) -> int:
    return page.evaluate("""() => new Promise((yes) => { const r = indexedDB.open("commonbeat-record", 1);
        r.onsuccess = () => { const c = r.result.transaction("waiting").objectStore("waiting").count(); c.onsuccess = () => yes(c.result); }; })""")


def stored_words(page) -> str:
    """Everything the phone holds of what waits, as text: it must say nothing to whoever finds the phone."""
    return page.evaluate("""() => new Promise((yes) => { const r = indexedDB.open("commonbeat-record", 1);
        r.onsuccess = () => { const c = r.result.transaction("waiting").objectStore("waiting").getAll();
          c.onsuccess = () => yes(c.result.map((row) => new TextDecoder("latin1").decode(row.sealed)).join()); }; })""")


def without_a_connection(page, home, folder):
    context = page.context
    page.goto(f"{home}/desk/record/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{home}/desk/record/")  # the worker now looks after the page
    context.set_offline(True)
    page.goto(f"{home}/desk/record/")  # opened anew, in a cellar
    page.get_by_role("heading", name="What happened?").wait_for()
    for n, word in enumerate(("one", "two"), start=1):
        fill(page, f"Written in the cellar, {word}.")
        page.locator("#offline").get_by_text(f"connection is back: {n}").wait_for()
    assert waiting(page) == 2 and "cellar" not in stored_words(page)
    page.goto(f"{home}/desk/record/")  # the phone was put away and taken out again
    assert waiting(page) == 2 and kept(folder, "Written in the cellar, one.") == 0
    context.set_offline(False)  # the page that stands open hears that the connection is back
    page.locator("#offline").get_by_text("Sent.").wait_for()
    assert waiting(page) == 0
    page.goto(f"{home}/desk/record/")
    page.wait_for_timeout(500)
    assert [kept(folder, f"Written in the cellar, {n}.") for n in ("one", "two")] == [1, 1]


def a_second_officer_on_the_same_phone(chromium, home, folder):
    """What the first left waiting is neither shown nor counted nor sent while the second uses the phone."""
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(60_000)
    context = page.context
    be(page, home, "officer")
    page.goto(f"{home}/desk/record/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.goto(f"{home}/desk/record/")  # a worker that only just took over might still send
    context.set_offline(True)
    fill(page, "Left by the first officer.")
    page.locator("#offline").get_by_text("connection is back: 1").wait_for()
    page.goto("about:blank")
    context.set_offline(False)
    second = context.new_page()
    second.add_init_script("""document.addEventListener("readystatechange", () => {
        const form = document.getElementById("record"); if (form) form.dataset.who = `9${form.dataset.who}`; }, { once: true })""")
    second.goto(f"{home}/desk/record/")
    second.wait_for_timeout(1_500)
    assert second.locator("#offline").is_hidden() and "Left by the first" not in second.content()
    assert waiting(second) == 1 and kept(folder, "Left by the first officer.") == 0
    second.close()
    page.goto(f"{home}/desk/record/")
    page.locator("#offline").get_by_text("Sent.").wait_for()
    assert waiting(page) == 0 and kept(folder, "Left by the first officer.") == 1


def an_answer_that_was_lost(page, home, folder):
    """The server kept the record and its answer never came: sent again with the same key, it is one record."""
    page.goto(f"{home}/desk/record/")
    page.evaluate("""() => { const real = window.fetch; let cut = false;
        window.fetch = async (where, how) => { const answer = await real(where, how);
          if (how?.method === "POST" && !cut) { cut = true; throw new TypeError("the line broke after it was kept"); } return answer; }; }""")
    fill(page, "The answer was lost.")
    page.locator("#offline").get_by_text("Kept on this phone").wait_for()
    assert waiting(page) == 1 and kept(folder, "The answer was lost.") == 1
    page.goto(f"{home}/desk/record/")
    page.locator("#offline").get_by_text("Sent.").wait_for()
    assert waiting(page) == 0 and kept(folder, "The answer was lost.") == 1


def records(chromium, home, folder):
    page = chromium.new_context(viewport={"width": 390, "height": 844}).new_page()
    page.set_default_timeout(60_000)
    begin(page, home)
    six_taps_and_one_sentence(page, home)
    without_a_connection(page, home, folder)
    an_answer_that_was_lost(page, home, folder)
    a_second_officer_on_the_same_phone(chromium, home, folder)


def test_six_taps_and_nothing_is_lost_or_doubled_without_a_connection():
    with served_town() as (home, folder), browser() as chromium:
        records(chromium, home.replace("127.0.0.1", "localhost"), folder)
