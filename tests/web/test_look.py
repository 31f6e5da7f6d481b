"""How the pages look to a machine that checks them: axe-core finds nothing, nothing is wider than the screen, the console is silent."""

import pytest
from web.browsing import HERE, TAGS, browser, served_town

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900)]
AXE = (HERE / "vendor/axe-core@4.14.1/axe.min.js").read_text(encoding="utf-8")
PUBLIC = ["/", "/stories/", "/stories/stroller/", "/stories/stroller/embed/", "/places/", "/trust/", "/ripple/", "/promises/", "/how-we-know/",
          "/what-you-may-ask-for/", "/talk/", "/talk/on-the-street/", "/talk/on-the-street/results/", "/talk/on-the-street/decisions/", "/answer/",
          "/answer/pulse/", "/i-was-there/", "/something-went-wrong/", "/something-went-wrong/receipt/", "/paper-form/", "/this-is-me/receipt/",
          "/stories/stroller/this-is-me/", "/moments/stroller?participant=5&more=1", "/moments/dance-off?try=edit", "/demo/", "/account/login/", "/no-such-page/"]  # fmt: skip
DESK = {
    "officer": ["/desk/record/", "/desk/record/mine/"],
    "press": ["/desk/tell/", "/desk/review/", "/desk/review/new/", "/desk/tell/requests/", "/desk/talk/"],
    "auditor": ["/desk/oversee/", "/desk/oversee/log/"],
    "analyst": ["/desk/answer/"],
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


def test_axe_finds_nothing_on_any_page_on_a_phone_and_a_screen_by_day_and_by_night():
    with served_town() as (home, _folder), browser() as chromium:
        by_keyboard(chromium, home)
        found = []
        everywhere(chromium, home, found)
    assert found == []


def by_keyboard(chromium, home):
    """The first Tab offers to skip to the content; from there the story is reached, without a trap."""
    page = chromium.new_page()
    page.goto(home)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    seen = []
    for _ in range(25):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.getAttribute('href') || document.activeElement.tagName"))
    assert any(s.startswith("/stories/") for s in seen)
    assert "BODY" not in seen[:5]  # no trap, no hole
