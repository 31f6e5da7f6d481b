"""How the pages look to a machine that checks them: axe-core finds nothing, nothing is wider than the screen, the console is silent."""

import tempfile
from pathlib import Path

import pytest
from web.browsing import HERE, TAGS, browser, served_town
from web.pseudo import catalogues

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
AXE = (HERE / "vendor/axe-core@4.14.1/axe.min.js").read_text(encoding="utf-8")
PUBLIC = ["/", "/stories/", "/stories/stroller/", "/stories/stroller/embed/", "/places/", "/trust/", "/ripple/", "/promises/", "/how-we-know/",
          "/what-you-may-ask-for/", "/talk/", "/talk/on-the-street/", "/talk/on-the-street/results/", "/talk/on-the-street/decisions/", "/answer/",
          "/answer/pulse/", "/i-was-there/", "/something-went-wrong/", "/something-went-wrong/receipt/", "/paper-form/", "/this-is-me/receipt/",
          "/stories/stroller/this-is-me/", "/moments/stroller?participant=5&more=1", "/moments/dance-off?try=edit", "/demo/", "/account/login/", "/no-such-page/", "/studies/", "/studies/back/", "/poster/"]  # fmt: skip
DESK = {
    "officer": ["/desk/record/", "/desk/record/mine/", "/desk/practice/"],
    "press": ["/desk/tell/", "/desk/review/", "/desk/review/new/", "/desk/tell/requests/", "/desk/talk/"],
    "auditor": ["/desk/oversee/", "/desk/oversee/log/"],
    "analyst": ["/desk/answer/", "/desk/study/", "/desk/practice/draw/"],
    "independent": ["/desk/oversee/harm/"],
}


def look(page, address, found):
    page.goto(address)
    page.evaluate(AXE)
    told = page.evaluate(f"axe.run(document, {{runOnly: {{type: 'tag', values: {TAGS}}}}})")
    found += [(address, v["id"], [n["html"][:90] for n in v["nodes"][:2]]) for v in told["violations"]]
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.append((address, "wider than the screen by", wide))


def everywhere(chromium, home, found):
    for width, scheme in ((390, "light"), (1280, "dark"), (320, "light")):
        context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page = context.new_page()
        page.set_default_timeout(120_000)
        page.on(
            "console",
            lambda m: found.append(("console", m.text)) if m.type == "error" and "404" not in m.text else None,
        )
        for path in PUBLIC:
            look(page, home + path, found)
        if width == 320:
            continue
        for role, paths in DESK.items():
            page.goto(f"{home}/demo/")
            if role == "analyst":
                page.evaluate(
                    "f => document.querySelector('form[action$=\"/auditor/\"]').setAttribute('action', f)",
                    "/demo/as/analyst/",
                )
                page.locator('form[action="/demo/as/analyst/"] button').click()
            else:
                page.locator(f'form[action="/demo/as/{role}/"] button').click()
            for path in paths:
                look(page, home + path, found)


#: pages whose words are longest or whose shape is hardest, looked at again in other tongues
TRIED = ["/", "/stories/stroller/", "/places/", "/trust/", "/ripple/", "/talk/on-the-street/", "/talk/on-the-street/results/", "/answer/pulse/",
         "/something-went-wrong/", "/paper-form/", "/studies/", "/moments/stroller?participant=5&more=1", "/account/login/"]  # fmt: skip


def in_other_tongues(chromium, home, found):
    """Spanish, the translators' language with words a third longer, and the same from right to left, on a small and a large screen."""
    for language, width, scheme in (
        ("es", 390, "dark"),
        ("es", 1280, "light"),
        ("en-xa", 320, "light"),
        ("ar-xb", 390, "light"),
        ("ar-xb", 1280, "dark"),
    ):
        page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
        page.set_default_timeout(120_000)
        for path in TRIED:
            look(page, f"{home}{path}{'&' if '?' in path else '?'}lang={language}", found)
            if language == "ar-xb":
                assert page.evaluate("getComputedStyle(document.body).direction") == "rtl", path
                start = page.evaluate("document.querySelector('h1:not(.hidden), h2').getBoundingClientRect().right")
                assert start > width / 2, path  # lines begin at the right


def test_axe_finds_nothing_on_any_page_on_a_phone_and_a_screen_by_day_and_by_night():
    with (
        served_town(COMMONBEAT_PSEUDO=str(catalogues(Path(tempfile.mkdtemp(prefix="commonbeat-words-"))))) as (
            home,
            _folder,
        ),
        browser() as chromium,
    ):
        by_keyboard(chromium, home)
        without_a_script(chromium, home)
        found = []
        everywhere(chromium, home, found)
        in_other_tongues(chromium, home, found)
        a_study(chromium, home, found)
    assert found == []


def be_analyst(page, home):
    page.goto(f"{home}/demo/")
    page.evaluate(
        "f => document.querySelector('form[action$=\"/auditor/\"]').setAttribute('action', f)", "/demo/as/analyst/"
    )
    page.locator('form[action="/demo/as/analyst/"] button').click()


def a_study(chromium, home, found):
    """A study sealed at the desk, and a visitor's way through it, every page looked at."""
    desk = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    desk.set_default_timeout(60_000)
    be_analyst(desk, home)
    desk.goto(f"{home}/desk/study/")
    desk.get_by_label("Which story?").select_option(label="The baby who laughed at a badge")
    for label, words in (("What the study is called", "Does the stroller move trust?"), ("The question, as a resident would ask it", "Do people trust more?"),
                         ("Headline of the neutral story", "The bridge is painted"), ("The neutral story", "The bridge is painted green. It was grey.")):  # fmt: skip
        desk.get_by_label(label, exact=True).fill(words)
    desk.get_by_role("button", name="Seal it").click()
    desk.get_by_text("Sealed. The draw begins").wait_for()
    page = chromium.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{home}/stories/stroller/")
    page.get_by_role("link", name="About the study").click()
    look(page, page.url, found)
    page.get_by_label("I am 18 or older, and I want to take part").check()
    page.get_by_role("button", name="I take part").click()
    look(page, page.url, found)
    page.get_by_role("button", name="I have seen it").click()
    look(page, page.url, found)
    page.get_by_role("group").first.get_by_label("Agree", exact=True).check()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you. It was kept.").wait_for()
    assert page.context.cookies() == []


def another_sentence_than(page, before):
    """Waits for the page that follows a vote: a press of a key does not."""
    from playwright.sync_api import expect

    expect(page.locator(".sentence")).not_to_have_text(before, timeout=60_000)


def without_a_script(chromium, home):
    """Reading, voting and answering need no JavaScript; nor does recording, except without a connection."""
    page = chromium.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False).new_page()
    page.set_default_timeout(60_000)
    for path in ("/", "/stories/stroller/", "/trust/", "/ripple/"):
        page.goto(home + path)
        page.locator("h1").first.wait_for(state="attached")
    page.goto(f"{home}/places/")
    page.get_by_role("rowheader").first.wait_for()  # the map needs a script; its numbers do not
    page.goto(f"{home}/talk/on-the-street/")
    before = page.locator(".sentence").inner_text()
    page.get_by_role("button", name="Disagree").click()
    another_sentence_than(page, before)
    page.goto(f"{home}/answer/pulse/")
    page.get_by_role("group").first.get_by_label("Agree", exact=True).check()
    page.get_by_role("button", name="Send my answers").click()
    page.get_by_role("heading", name="Thank you. It was kept.").wait_for()
    page.goto(f"{home}/demo/")
    page.locator('form[action="/demo/as/officer/"] button').click()
    for question, answer in (
        ("What was it?", "Play"),
        ("Who began it?", "A resident"),
        ("Was everybody free to leave?", "Yes"),
        ("Does any film of it exist?", "No"),
    ):
        page.get_by_role("group", name=question).get_by_label(answer, exact=True).check()
    page.get_by_label("What happened, in one sentence?").fill("Without a script.")
    page.get_by_text("Where, when, how many").click()
    page.get_by_label("Area").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("heading", name="Saved").first.wait_for()


def by_keyboard(chromium, home):
    """The whole of it without a mouse: past the sections, a story read, a sentence voted on, a pulse answered, a record written."""
    page = chromium.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(60_000)
    page.goto(home)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert tab_to(page, "a[href^='/stories/']") <= 4  # past the head of the page, and no trap
    page.keyboard.press("Enter")
    page.locator("video").wait_for()
    tab_to(page, "a[href$='/this-is-me/']")
    page.goto(f"{home}/talk/on-the-street/")
    before = page.locator(".sentence").inner_text()
    tab_to(page, "button[value=agree]")
    page.keyboard.press("Enter")
    another_sentence_than(page, before)
    page.goto(f"{home}/answer/pulse/")
    for _question in range(3):
        tab_to(page, "input[type=radio]")
        page.keyboard.press("ArrowDown")
    assert page.locator("input[type=radio]:checked").count() == 3
    tab_to(page, "main form button")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Thank you. It was kept.").wait_for()
    page.goto(f"{home}/places/")
    page.locator("path.leaflet-interactive").first.wait_for()
    tab_to(page, "path.leaflet-interactive")
    page.locator(".leaflet-tooltip").wait_for()  # the map speaks when it is reached


def tab_to(page, wanted, most=60) -> int:
    """Presses Tab until something that fits has the focus, and it can be seen to have it -> how often."""
    for n in range(1, most + 1):
        page.keyboard.press("Tab")
        if page.evaluate("w => document.activeElement.matches(w)", wanted):
            seen = page.evaluate("""() => { const e = document.activeElement, box = e.closest('.taps label') || e, s = getComputedStyle(box);
                return s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2; }""")
            assert seen, (wanted, "the focus cannot be seen")
            return n
    raise AssertionError(f"{wanted} is not reached by keyboard")
