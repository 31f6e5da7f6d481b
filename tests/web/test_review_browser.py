"""The review desk in a browser: keys, boxes over the film, a region dragged, a span silenced, every frame looked at, released."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from web.browsing import browser
from web.served import environment, served

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

FILL = """
import importlib.util, json, sys
from pathlib import Path
from commonbeat.web import folder
root, scene_file = Path(sys.argv[1]), sys.argv[2]
folder.create(root, town="Testbridge")
from commonbeat.web.setup import prepare_django
prepare_django(root, migrate=True)
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone
from commonbeat.web.base.accounts import SECOND
from commonbeat.web.base.models import Staff
from commonbeat.web.jobs import kinds
from commonbeat.web.jobs.queue import run_one
from commonbeat.web.media import store
from commonbeat.web.record.models import Area, Encounter
from commonbeat.web.review import acts
from commonbeat.web.review.models import Clip
spec = importlib.util.spec_from_file_location("scene", scene_file)
scene = importlib.util.module_from_spec(spec)
spec.loader.exec_module(scene)
pictures, truth = scene.walk(frames=25)
scene.write(root / "walk.mp4", pictures)
now = timezone.now()
officer, press = (Staff.objects.create_user(role, role) for role in ("officer", "press"))
area = Area.objects.create(area_id="a1", name="Old Mill")
met = Encounter.objects.create(at=now, area=area, activity="play", free_to_leave_officer="yes", happened="A ball.", recorded_by=officer, recorded_at=now)
row = store.keep(root / "walk.mp4", "video/original")
clip = Clip.objects.create(encounter=met, uploaded_at=now, uploaded_by=press, original=row.blob, sound="keep")
acts.protect_again(clip, press)
while run_one() is not None:
    pass
session = SessionStore()
session.update({SESSION_KEY: str(press.pk), BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend", HASH_SESSION_KEY: press.get_session_auth_hash(), SECOND: press.pk})
session.save()
print(json.dumps({"clip": clip.pk, "session": session.session_key, "truth": [{str(k): list(v) for k, v in t.items()} for t in truth]}))
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """A served site with one protected film of two people, 320 x 240: (its address, what is known, Chromium)."""
    root = tmp_path_factory.mktemp("review") / "site"
    scene = Path(__file__).parents[1] / "footage" / "scene.py"
    done = subprocess.run([sys.executable, "-c", FILL, str(root), str(scene)], capture_output=True, text=True, env=environment(), check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[-3_000:]
    with served(root) as server, browser() as chromium:
        yield server.home, json.loads(done.stdout.strip().splitlines()[-1]), chromium


def sit_down(desk, width, path=""):
    home, known, chromium = desk
    context = chromium.new_context(viewport={"width": width, "height": 900}, has_touch=width < 500)
    context.add_cookies([{"name": "desk", "value": known["session"], "url": home}])
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{home}/desk/review/{known['clip']}/{path}")
    if not path:
        page.wait_for_function("document.getElementById('film').readyState >= 1")
    return page


def keep_picture(page, name):
    if folder := os.environ.get("COMMONBEAT_SCREENSHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def on_screen(page, x, y):
    """Where a pixel of the film lies on the page: the film keeps its shape inside its frame."""
    return page.evaluate(
        """([x, y]) => { const f = document.getElementById('film'), r = f.getBoundingClientRect();
        const k = Math.min(r.width / f.videoWidth, r.height / f.videoHeight);
        return [r.left + (r.width - k * f.videoWidth) / 2 + k * x, r.top + (r.height - k * f.videoHeight) / 2 + k * y]; }""",
        [x, y],
    )


def drag(page, a, b):
    page.mouse.move(*a)
    page.mouse.down()
    page.mouse.move((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
    page.mouse.move(*b)
    page.mouse.up()


@pytest.mark.parametrize("width", [390, 1280])
def test_keys_step_frames_and_lay_boxes_on_the_faces(desk, width):
    page = sit_down(desk, width)
    assert fits(page)
    for key, frame in ((".", 1), (".", 2), (".", 3), (",", 2)):
        page.keyboard.press(key)
        page.wait_for_function(
            "n => Math.floor(document.getElementById('film').currentTime * 25 + 0.01) === n", arg=frame
        )
    page.keyboard.press("b")
    page.locator("svg.over rect").nth(1).wait_for(state="attached")
    keep_picture(page, f"boxes-{width}")
    boxes = [page.locator("svg.over rect").nth(i).bounding_box() for i in range(2)]
    for x0, y0, x1, y1 in desk[1]["truth"][2].values():
        x, y = on_screen(page, (x0 + x1) / 2, (y0 + y1) / 2)
        assert any(b["x"] < x < b["x"] + b["width"] and b["y"] < y < b["y"] + b["height"] for b in boxes)
    page.keyboard.press("b")
    assert page.locator("svg.over").count() == 0
    page.context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_a_box_dragged_on_the_film_is_in_the_films_own_pixels(desk, width):
    page = sit_down(desk, width)
    page.locator("#film").scroll_into_view_if_needed()
    if width > 500:  # with a keyboard: Shift; without one: a button
        page.keyboard.down("Shift")
    else:
        page.get_by_role("button", name="Draw a box on the film").click()
    drag(page, on_screen(page, 40, 150), on_screen(page, 100, 210))
    page.keyboard.up("Shift")
    form = page.locator("#box-form")
    held = [float(form.locator(f"[name={side}]").input_value()) for side in ("x0", "y0", "x1", "y1")]
    assert held == pytest.approx([40, 150, 100, 210], abs=1.5)
    assert (
        form.is_visible()
        and page.locator(".draw").is_hidden()
        and page.evaluate("document.activeElement.closest('#box-form') !== null")
    )
    keep_picture(page, f"region-{width}")
    page.context.close()


def test_every_frame_is_looked_at_by_keyboard_alone_and_only_then_may_it_be_released(desk):
    page = sit_down(desk, 1280)
    release = page.get_by_role("button", name="Release for stories")
    assert release.is_disabled()
    keep_picture(page, "desk-1280")
    narrow = sit_down(desk, 390)
    keep_picture(narrow, "desk-390")
    narrow.goto(f"{desk[0]}/desk/review/{desk[1]['clip']}/looked/")
    narrow.wait_for_load_state("networkidle")
    assert fits(narrow)
    keep_picture(narrow, "looking-390")
    narrow.context.close()
    page.get_by_role("link", name="Look at").press("Enter")
    first = page.locator("[name=seen]").first
    first.focus()
    page.keyboard.press("Space")
    assert first.is_checked()
    page.keyboard.press("Space")
    for _ in range(24):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "24"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    keep_picture(page, "looking-1280")
    page.get_by_role("button", name="Note it").press("Enter")
    page.get_by_text("Noted, with the bound it gives.").first.wait_for()
    assert release.is_disabled()  # its captions are missing
    page.wait_for_function("document.getElementById('film').readyState >= 1")
    page.keyboard.press(".")
    page.get_by_role("button", name="Begin caption here").press("Enter")
    page.evaluate("document.getElementById('film').currentTime = 0.8")
    page.get_by_role("button", name="End it here").press("Enter")
    page.keyboard.type("[steps]")
    page.get_by_label("The film in words").fill("Two people walk.")
    page.get_by_role("group", name="Music in it").get_by_label("No music").check()
    page.get_by_role("button", name="Keep", exact=True).press("Enter")
    page.get_by_text("Kept.").first.wait_for()
    assert "[steps]" in page.get_by_label("Captions (WebVTT)").input_value()
    assert release.is_enabled()
    page.context.close()


def test_a_span_dragged_on_the_strip_is_silenced(desk):
    page = sit_down(desk, 1280)
    strip = page.locator("#mute-strip")
    strip.scroll_into_view_if_needed()
    at = strip.bounding_box()
    y = at["y"] + at["height"] / 2
    drag(page, (at["x"] + 0.25 * at["width"], y), (at["x"] + 0.5 * at["width"], y))
    form = page.locator("#mute-form")
    held = [float(form.locator(f"[name={end}]").input_value()) for end in ("start", "until")]
    seconds = page.evaluate("document.getElementById('film').duration")
    assert held == pytest.approx([0.25 * seconds, 0.5 * seconds], abs=0.02)
    keep_picture(page, "mute-1280")
    form.get_by_role("button").press("Enter")
    page.get_by_text("It will be silent there.").first.wait_for()
    page.get_by_text("It is being protected").first.wait_for()
    page.context.close()
