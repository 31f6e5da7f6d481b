"""A site served by `commonbeat serve` in a process of its own: for tests that kill it, starve it, or keep it waiting."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from web.browsing import free_port

SRC = Path(__file__).resolve().parents[2] / "src"

FILL = """
import json, secrets, sys
from pathlib import Path
from commonbeat.web import folder
root = Path(sys.argv[1])
folder.create(root, town="Testbridge")
from commonbeat.web.setup import prepare_django
prepare_django(root, migrate=True)
from django.utils import timezone
from commonbeat.web.base.models import Staff
from commonbeat.web.media import store
from commonbeat.web.record.models import Encounter
from commonbeat.web.review import acts
from commonbeat.web.review.models import Clip
from commonbeat.web.talk.models import Conversation, Statement
from commonbeat.web.tell.models import Story, Telling
now = timezone.now()
officer, press = (Staff.objects.create_user(role, role) for role in ("officer", "press"))
met = Encounter.objects.create(at=now, activity="play", free_to_leave_officer="yes", happened="A ball.", recorded_by=officer, recorded_at=now)
film = root / "film"
film.write_bytes(secrets.token_bytes(24_000_000))
row = store.keep(film, "video/mp4")
film.unlink()
clip = Clip.objects.create(encounter=met, uploaded_at=now, protected=row.blob, state="released")
story = Story.objects.create(slug="a-ball", encounter=met, clip=clip, state="published", published_at=now, made_at=now, changed_at=now)
Telling.objects.create(story=story, language="en", title="A ball", words="A ball rolled by.", alt_text="A ball")
talk = Conversation.objects.create(slug="t", title="T", question="?", made_at=now)
said = Statement.objects.create(conversation=talk, words="We agree", at=now, moderated="accepted", language="en")
from commonbeat.web.talk.token import made
print(json.dumps({"statement": said.pk, "tokens": [made() for _ in range(2_000)], "uploads": [acts.begin(met, press, int(sys.argv[2]))[1] for _ in range(20)]}))
"""


def environment(**more) -> dict:
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COMMONBEAT_", "DJANGO_", "DATABASE_"))}
    return env | {"PYTHONPATH": str(SRC)} | more


def filled(root: Path, *, upload: int = 1_000, **env) -> dict:
    """A site with one story, its film, one sentence to vote on, and twenty uploads of `upload` bytes awaited."""
    done = subprocess.run(
        [sys.executable, "-c", FILL, str(root), str(upload)], capture_output=True, text=True, env=environment(**env)
    )
    assert done.returncode == 0, done.stderr[-3_000:]
    return json.loads(done.stdout.strip().splitlines()[-1])


class Server:
    """`commonbeat serve` on one port; may be killed and started again."""

    def __init__(self, root: Path, *, within: tuple[str, ...] = (), **env):
        """`within`: a command that runs the server, put before it."""
        self.root, self.within, self.env, self.port, self.child = root, within, env, free_port(), None

    @property
    def home(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        with (self.root.parent / "served.log").open("a") as log:
            self.child = subprocess.Popen(
                [*self.within, sys.executable, "-m", "commonbeat", "serve", "--site", str(self.root), "--port", str(self.port), "--no-work"],
                env=environment(**self.env), stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + 120
        while self.ask("GET", "/healthz")[0] != 200:
            assert self.child.poll() is None and time.monotonic() < deadline, (
                self.root.parent / "served.log"
            ).read_text()[-3_000:]
            time.sleep(0.2)

    def end(self, how=signal.SIGTERM) -> None:
        if self.child is not None and self.child.poll() is None:
            os.killpg(self.child.pid, how)
            try:
                self.child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.child.pid, signal.SIGKILL)
                self.child.wait()

    def ask(self, method: str, path: str, body: bytes | str | None = None, **headers) -> tuple[int, dict]:
        """(status, headers) of one request on a line of its own; 0 when nobody answered."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            line.request(
                method, path, body, {"Origin": self.home, **{k.replace("_", "-"): v for k, v in headers.items()}}
            )
            answer = line.getresponse()
            answer.read()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}
        except OSError:
            return 0, {}
        except http.client.HTTPException:
            return 0, {}
        finally:
            line.close()

    def vote(self, statement: str, token: str) -> int:
        return self.ask("POST", "/talk/t/vote/", f"statement={statement}&value=agree", Cookie=f"takes-part={token}",
                        Content_Type="application/x-www-form-urlencoded")[0]  # fmt: skip


@contextmanager
def served(root: Path, *, within: tuple[str, ...] = (), **env):
    server = Server(root, within=within, **env)
    try:
        server.start()
        yield server
    finally:
        server.end()
