"""`commonbeat demo` as a newcomer runs it: the whole town for real, its report looked at, and what happens when it cannot run."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from web.browsing import HERE, TAGS, browser

pytestmark = pytest.mark.timeout(900)
SRC = Path(__file__).parents[1] / "src"


def command(*argv):
    return [sys.executable, "-m", "commonbeat", "demo", *map(str, argv)]


def environment():
    return os.environ | {"PYTHONPATH": str(SRC)}


def run(*argv):
    return subprocess.run(command(*argv), capture_output=True, text=True, check=False, env=environment())


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    """The demo of a small town, built once by the real command."""
    folder = tmp_path_factory.mktemp("demo") / "town"
    ended = run("--no-serve", "--residents", 2_000, "--dir", folder, "--json")
    assert ended.returncode == 0, ended.stderr
    said = json.loads(ended.stdout)
    assert Path(said["report"]) == folder / "report" / "index.html"
    return folder


def test_every_drawn_face_is_hidden_in_the_published_films(town):
    for kind in ("stroller", "dance-off"):
        about = json.loads((town / "town" / "clips" / f"{kind}.json").read_text())
        truth = about["record"]["truth"]
        assert truth["visible"] == truth["frames_with_a_face_left"] == 0, truth
        assert truth["faces"] > 100
    assert "2 shown." in (town / "report" / "index.html").read_text()  # what was protected stands in the book


@pytest.mark.browser
def test_the_report_can_be_used_by_everybody(town):
    """axe-core finds nothing, nothing is wider than the screen or fetched from elsewhere, by day and by night."""
    axe = (HERE / "vendor/axe-core@4.14.1/axe.min.js").read_text(encoding="utf-8")
    pages = sorted((town / "report").glob("*.html"))
    assert len(pages) >= 9
    found = []
    with browser() as chromium:
        for width, scheme in ((390, "light"), (1280, "dark"), (320, "light")):
            found += looked_at(chromium, pages, axe, width, scheme)
    assert found == []


def looked_at(chromium, pages, axe, width, scheme) -> list:
    found = []
    page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.set_default_timeout(120_000)
    page.on("request", lambda r: found.append(r.url) if not r.url.startswith(("file:", "data:")) else None)
    for path in pages:
        page.goto(path.as_uri())
        page.evaluate(axe)
        told = page.evaluate(f"axe.run(document, {{runOnly: {{type: 'tag', values: {TAGS}}}}})")
        found.extend((path.name, v["id"], v["nodes"][0]["html"][:90]) for v in told["violations"])
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found.extend([(path.name, width, "wider by", wide)] if wide > 0 else [])
    return found


def test_a_town_that_stands_is_not_built_again(town):
    before = (town / "town" / "built.json").stat()
    began = time.process_time()
    ended = run("--no-serve", "--residents", 2_000, "--dir", town, "--quiet")
    assert (ended.returncode, ended.stdout) == (0, "")
    after = (town / "town" / "built.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert time.process_time() - began < 60


def test_a_port_in_use_is_said_before_anything_is_built(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run("--port", port, "--dir", tmp_path / "d")
    assert ended.returncode == 8
    assert f"Port {port} is in use" in ended.stderr
    assert not (tmp_path / "d").exists()


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("mine")
    ended = run("--no-serve", "--dir", tmp_path / "file" / "d")
    assert ended.returncode == 3
    assert "Choose another folder with --dir" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("seconds", [0.5, 6])
def test_stopped_by_its_user_it_leaves_nothing_and_says_so(tmp_path, seconds):
    folder = tmp_path / "d"
    child = subprocess.Popen(
        command("--no-serve", "--residents", 2_000, "--dir", folder),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment(), start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # tests started in the background may not hear it
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(folder.glob(".building-*")) and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(seconds)
    os.killpg(child.pid, signal.SIGINT)  # as a terminal does: everybody in the group hears it
    said = child.communicate(timeout=120)[0]
    assert child.returncode == 130, said
    assert "Stopped. Nothing was left half-written" in said
    assert "Traceback" not in said
    assert list(folder.iterdir()) == []
