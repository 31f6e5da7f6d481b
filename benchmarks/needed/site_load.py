"""What `web.py` needs: a seeded site, its server, a bare Django beside it, wrk, and slow visitors. Not a benchmark itself."""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parents[1]
DATABASE = "COMMONBEAT_BENCH_DATABASE"  #: where the site's PostgreSQL is, when it is not SQLite

SEED = """
import json, secrets, sys
from datetime import timedelta
from pathlib import Path
from commonbeat.web import folder
root = Path(sys.argv[1])
folder.create(root, town="Testbridge")
from commonbeat.web.setup import prepare_django
site = prepare_django(root, migrate=True)
from django.utils import timezone
from commonbeat.web.base.models import Staff
from commonbeat.web.media import store
from commonbeat.web.read import edition
from commonbeat.web.record.models import Area, Encounter
from commonbeat.web.review.models import Clip
from commonbeat.web.talk.models import Conversation, Statement
from commonbeat.web.tell.models import Story, Telling
now = timezone.now()
officer = Staff.objects.create_user("o1", "officer")
press = Staff.objects.create_user("p1", "press")
area = Area.objects.create(area_id="a1", name="Old Mill")
film = root / "film.mp4"
film.write_bytes(secrets.token_bytes(60_000_000))
for n in range(10):
    met = Encounter.objects.create(at=now, area=area, activity="play", free_to_leave_officer="yes", happened="A ball.", recorded_by=officer, recorded_at=now)
    clip = None
    if n == 9:
        row = store.keep(film, "video/mp4")
        clip = Clip.objects.create(encounter=met, uploaded_at=now, protected=row.blob, state="released", captions="WEBVTT\\n", audio_description="A street.")
    story = Story.objects.create(slug=f"story-{n}", encounter=met, clip=clip, area=area, state="published", published_at=now - timedelta(days=10 - n), made_at=now, changed_at=now)
    Telling.objects.create(story=story, language="en", title=f"A ball at the stop, {n}", words="A ball rolled past the corner. The officer threw it back. " * 12, alt_text="A ball")
film.unlink()
talk = Conversation.objects.create(slug="t", title="T", question="What now?", made_at=now)
said = [Statement.objects.create(conversation=talk, words=f"We agree on {n}", at=now, moderated="accepted", language="en") for n in range(20)]
edition.publish(root, areas=[{"area_id": f"a{n}", "name": f"Area {n}", "rings": [], "residents": 1000, "positive_rate": 3.1, "enforcement_rate": 20.5} for n in range(20)],
                trust=[{"label": f"2026-W{n:02d}", "value": 50 + n % 7, "low": 45 + n % 7, "high": 55 + n % 7, "n": 400} for n in range(20)],
                context={"a1": {str(now.year): {"contacts": {"positive": 7}, "known": ["contacts"]}}})
from commonbeat.web.talk.token import made
from commonbeat.web.review import acts
uploads = [acts.begin(met, press, int(sys.argv[3]))[1] for _ in range(40)]
for n in range(10):
    Path(f"{sys.argv[2]}{n}").write_text("\\n".join(made() for _ in range(60_000)))
print(json.dumps({"slug": "story-9", "statement": said[0].pk, "uploads": uploads}))
"""

#: a Django with one view and nothing else, and one that inserts a row as its tutorial does
PEER = """
import os, sys
from django.conf import settings
kind, base = sys.argv[1:3]
settings.configure(SECRET_KEY="x" * 50, ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, MIDDLEWARE=[], INSTALLED_APPS=["django.contrib.contenttypes"],
                   DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": base}}, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField")
import django
django.setup()
from django.db import connection, models
from django.http import HttpResponse
from django.urls import path
class Vote(models.Model):
    person = models.CharField(max_length=64)
    value = models.SmallIntegerField()
    class Meta:
        app_label = "peer"
def bare(request):
    return HttpResponse("hello")
def insert(request):
    Vote.objects.create(person=os.urandom(16).hex(), value=int(request.POST["value"]))
    return HttpResponse("kept")
urlpatterns = [path("", bare if kind == "bare" else insert)]
if kind == "insert" and Vote._meta.db_table not in connection.introspection.table_names():
    with connection.schema_editor() as editor:
        editor.create_model(Vote)
from commonbeat.web.shell.pages import Pages
from django.core.wsgi import get_wsgi_application
import uvicorn
pages = Pages(get_wsgi_application(), 24)
async def app(scope, receive, send):
    if scope["type"] == "http":
        await pages(scope, receive, send)
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[3]), log_level="error", access_log=False, lifespan="off")
"""

LUA = """
tokens, at, good, bad = {}, 0, 0, 0
if "%(tokens)s" ~= "" then for line in io.lines("%(tokens)s") do tokens[#tokens + 1] = line end end
wrk.method, wrk.body = "%(method)s", "%(body)s"
wrk.headers["Origin"], wrk.headers["Content-Type"] = "%(home)s", "application/x-www-form-urlencoded"
request = function()
  if #tokens > 0 then at = at + 1; wrk.headers["Cookie"] = "takes-part=" .. tokens[at] end
  return wrk.format()
end
local thread
setup = function(t) thread = t end
response = function(status) if status < 400 then good = good + 1 else bad = bad + 1 end end
done = function(summary, latency)
  io.write(string.format("RESULT %%d %%d %%d %%d %%d\\n", thread:get("good"), thread:get("bad"), summary.duration, latency:percentile(99), latency:percentile(50)))
end
"""


@dataclass(frozen=True)
class Ask:
    """One request, asked again and again. `tokens`: a file with a participation token for each."""

    path: str
    post: str = ""
    tokens: Path | None = None


@dataclass(frozen=True)
class Load:
    rate: float
    p50: float
    p99: float
    good: int
    bad: int
    cpu: float  # milliseconds of the server's processor time for each answer: fair on a busy machine too


def wrk(home: str, ask: Ask, seconds: float, pid: int, connections: int = 32) -> Load:
    """One load of one address -> answers per second and latency in milliseconds; answers of 400 and above are not counted as good."""
    script = HERE / f".wrk-{os.getpid()}.lua"
    script.write_text(
        LUA % {"tokens": ask.tokens or "", "method": "POST" if ask.post else "GET", "body": ask.post, "home": home}
    )
    before = _cpu(pid)
    try:
        done = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script), home + ask.path],
                              capture_output=True, text=True, timeout=seconds + 60)  # fmt: skip
    finally:
        script.unlink()
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", done.stdout)
    if not found:
        raise RuntimeError(done.stdout + done.stderr)
    good, bad, took, p99, p50 = map(int, found.groups())
    lost = sum(map(int, re.findall(r"(?:connect|read|write|timeout) (\d+)", done.stdout)))
    return Load(good / (took / 1e6), p50 / 1e3, p99 / 1e3, good, bad + lost, (_cpu(pid) - before) / max(good, 1))


def _cpu(pid: int) -> float:
    """Milliseconds of processor time a program has used, its own and the kernel's for it."""
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) * 1e3 / os.sysconf("SC_CLK_TCK")


def seeded(root: Path, tokens: Path, size: int = 200_000_000) -> dict:
    """A site with ten stories, one of them filmed, a conversation, an edition, and forty uploads expected."""
    made = subprocess.run(
        [sys.executable, "-c", SEED, str(root), str(tokens), str(size)], capture_output=True, text=True, env=_env()
    )
    if made.returncode:
        raise RuntimeError(made.stderr[-3_000:])
    (root.parent / "uploads.json").write_text(made.stdout.strip().splitlines()[-1])
    return json.loads(made.stdout.strip().splitlines()[-1])


@contextmanager
def serve(root: Path):
    """`commonbeat serve` on a free port -> (its address, its process id)."""
    port = _free()
    with _running(
        [sys.executable, "-m", "commonbeat", "serve", "--site", str(root), "--port", str(port), "--no-work"], port
    ) as child:
        yield f"http://127.0.0.1:{port}", child.pid


@contextmanager
def peer(folder: Path, kind: str):
    port = _free()
    with _running([sys.executable, "-c", PEER, kind, str(folder / "peer.sqlite3"), str(port)], port) as child:
        yield f"http://127.0.0.1:{port}", child.pid


@contextmanager
def _running(command: list[str], port: int):
    child = subprocess.Popen(
        command, env=_env(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{command[:3]} did not come up") from None
                time.sleep(0.1)
        for _ in range(3):
            http.client.HTTPConnection("127.0.0.1", port, timeout=60).request("GET", "/")
        time.sleep(1)
        yield child
    finally:
        os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def votes_kept(root: Path) -> int:
    count = "SELECT count(*) FROM talk_vote"
    if os.environ.get(DATABASE):
        import psycopg

        with psycopg.connect(os.environ[DATABASE]) as held:
            return held.execute(count).fetchone()[0]
    with sqlite3.connect(f"file:{root / 'site.sqlite3'}?mode=ro", uri=True) as held:
        return held.execute(count).fetchone()[0]


def upload(root: Path, home: str, pid: int, size: int) -> tuple[float, float]:
    """Sends one film in one piece -> (MB/s until it is on the disk, MB by which the server's memory rose at its highest)."""
    waiting = json.loads((root.parent / "uploads.json").read_text())
    token = waiting["uploads"].pop()
    (root.parent / "uploads.json").write_text(json.dumps(waiting))
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    before = _memory(pid, "VmRSS")
    line = http.client.HTTPConnection(urlsplit(home).netloc, timeout=120)
    piece = secrets.token_bytes(1 << 20)
    began = time.perf_counter()
    line.putrequest("PATCH", f"/upload/{token}")
    for name, value in {
        "Tus-Resumable": "1.0.0",
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(size),
    }.items():
        line.putheader(name, value)
    line.endheaders()
    for start in range(0, size, len(piece)):
        line.send(piece[: min(len(piece), size - start)])
    answer = line.getresponse()
    answer.read()
    took = time.perf_counter() - began
    if answer.status != 204:
        raise RuntimeError(f"upload answered {answer.status}")
    for arrived in (root / "uploads").iterdir():
        if arrived.is_file():
            arrived.unlink()
    return size / took / 1e6, _memory(pid, "VmHWM") - before


def _memory(pid: int, what: str) -> float:
    """Megabytes."""
    return int(re.search(rf"{what}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())[1]) * 1024 / 1e6


def slow_lines(home: str, slug: str, uploads: list[str], count: int = 16) -> list[socket.socket]:
    """Visitors who stall: `count` who ask for a film and never read it, `count` who announce a film and send one byte of it."""
    host, port = urlsplit(home).netloc.split(":")
    lines = []
    for n in range(2 * count):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.settimeout(20)
        line.connect((host, int(port)))
        if n < count:
            line.sendall(f"GET /media/story/{slug}/video.mp4 HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        else:
            line.sendall(f"PATCH /upload/{uploads[n - count]} HTTP/1.1\r\nHost: {host}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                         "Content-Type: application/offset+octet-stream\r\nContent-Length: 100000000\r\n\r\nx".encode())  # fmt: skip
        lines.append(line)
    return lines


def timed(home: str, path: str, times: int) -> list[float]:
    """Milliseconds of `times` requests, one after another on fresh lines, shortest first."""
    took = []
    for _ in range(times):
        line = http.client.HTTPConnection(urlsplit(home).netloc, timeout=20)
        began = time.perf_counter()
        line.request("GET", path)
        answer = line.getresponse()
        answer.read()
        took.append((time.perf_counter() - began) * 1e3)
        line.close()
        if answer.status != 200:
            raise RuntimeError(f"{path} answered {answer.status}")
    return sorted(took)


def stalled(root: Path, home: str, what: dict, times: int = 60) -> dict[str, list[float]]:
    waiting = json.loads((root.parent / "uploads.json").read_text())["uploads"]
    lines = slow_lines(home, what["slug"], waiting)
    try:
        time.sleep(1)
        return {path: timed(home, path, times) for path in ("/healthz", "/")}
    finally:
        for line in lines:
            line.close()


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _env() -> dict:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COMMONBEAT_", "DJANGO_", "DATABASE_"))}
    if os.environ.get(DATABASE):
        env["DATABASE_URL"] = os.environ[DATABASE]
    return env | {"PYTHONPATH": f"{HERE.parent / 'src'}:{env.get('PYTHONPATH', '')}"}
