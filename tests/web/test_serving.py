"""The served site under bad company and bad luck: stalled visitors, a killed server, a full disk, a database that goes away."""

import contextlib
import hashlib
import resource
import secrets
import shutil
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

import pytest
from web.cluster import postgres
from web.served import Server, filled, served

pytestmark = pytest.mark.timeout(400)


def stalled_lines(server, uploads, count):
    """`count` who ask for a film and never read it, `count` who announce a film and stop, `count` who stop in the middle of a form."""
    lines = []
    for n in range(3 * count):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        line.settimeout(20)
        line.connect(("127.0.0.1", server.port))
        if n < count:
            line.sendall(b"GET /media/story/a-ball/video.mp4 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        elif n < 2 * count:
            line.sendall(f"PATCH /upload/{uploads[n - count]} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\n"
                         "Content-Type: application/offset+octet-stream\r\nContent-Length: 900\r\n\r\nx".encode())  # fmt: skip
        else:
            line.sendall(
                b"POST /something-went-wrong/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\nwords="
            )
        lines.append(line)
    return lines


def test_sixteen_stalled_readers_sixteen_stalled_uploads_and_sixteen_stalled_forms_keep_nobody_waiting(tmp_path):
    what = filled(tmp_path / "site", upload=1_000)
    with served(tmp_path / "site", COMMONBEAT_THREADS="8") as server:
        lines = stalled_lines(server, what["uploads"], 16)
        try:
            time.sleep(1)
            took = []
            for _ in range(30):
                began = time.perf_counter()
                assert server.ask("GET", "/healthz")[0] == 200
                took.append(time.perf_counter() - began)
            assert sorted(took)[len(took) // 2] < 0.2  # the middle one: the machine that tests is busy too
            assert server.ask("GET", "/")[0] == 200
            assert server.vote(what["statement"], what["tokens"][0]) == 302
        finally:
            for line in lines:
                line.close()


@pytest.mark.parametrize("kills", [1, pytest.param(4, marks=pytest.mark.truth)])
def test_an_upload_survives_the_servers_death_with_the_same_bytes(tmp_path, kills):
    film = secrets.token_bytes(6_000_000)
    token = filled(tmp_path / "site", upload=len(film))["uploads"][0]
    server, path = Server(tmp_path / "site"), f"/upload/{token}"
    try:
        server.start()
        for n in range(kills):
            line = socket.create_connection(("127.0.0.1", server.port))
            begins = int(server.ask("HEAD", path)[1]["upload-offset"])
            line.sendall(f"PATCH {path} HTTP/1.1\r\nHost: localhost\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {begins}\r\n"
                         f"Content-Type: application/offset+octet-stream\r\nContent-Length: {len(film) - begins}\r\n\r\n".encode())  # fmt: skip
            line.sendall(film[begins : begins + 1_300_000 + 100_000 * n])
            time.sleep(0.7)
            server.end(signal.SIGKILL)  # in the middle of a piece
            line.close()
            server.start()
        begins = int(server.ask("HEAD", path)[1]["upload-offset"])
        assert 0 < begins < len(film)
        wrong = server.ask(
            "PATCH",
            path,
            b"x",
            Tus_Resumable="1.0.0",
            Upload_Offset="0",
            Content_Type="application/offset+octet-stream",
        )
        assert wrong[0] == 409
        status, _ = server.ask("PATCH", path, film[begins:], Tus_Resumable="1.0.0", Upload_Offset=str(begins),
                               Content_Type="application/offset+octet-stream")  # fmt: skip
        assert status == 204
        arrived = next((tmp_path / "site/uploads").iterdir())
        assert hashlib.sha256(arrived.read_bytes()).hexdigest() == hashlib.sha256(film).hexdigest()
    finally:
        server.end()


def test_a_full_disk_is_a_503_and_nothing_half_kept_and_it_clears_by_itself(tmp_path):
    what = filled(tmp_path / "site", upload=1_000)
    with served(tmp_path / "site") as server:
        pid, free = server.child.pid, resource.RLIM_INFINITY
        assert server.vote(what["statement"], what["tokens"][0]) == 302
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (512, free))  # from now on no file of the server may grow
        statuses = [server.vote(what["statement"], what["tokens"][2 + n]) for n in range(6)]
        harm = server.ask("POST", "/something-went-wrong/", "kind=complaint&words=He+pushed+me", Content_Type="application/x-www-form-urlencoded")  # fmt: skip
        assert set(statuses) == {503} and harm[0] == 503 and harm[1]["retry-after"] == "60"
        assert server.ask("GET", "/readyz")[0] == 503
        assert server.ask("GET", "/healthz")[0] == server.ask("GET", "/stories/a-ball/")[0] == 200  # reading goes on
        piece = server.ask("PATCH", f"/upload/{what['uploads'][0]}", b"x" * 900, Upload_Offset="0", Content_Type="application/offset+octet-stream")  # fmt: skip
        assert piece[0] == 507
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (free, free))
        assert server.vote(what["statement"], what["tokens"][1]) == 302
        assert server.ask("GET", "/readyz")[0] == 200
    with contextlib.closing(sqlite3.connect(tmp_path / "site/site.sqlite3")) as held:
        assert held.execute("SELECT count(*) FROM talk_vote").fetchone() == (2,)
        assert held.execute("SELECT count(*) FROM record_harm").fetchone() == (0,)
        assert held.execute("PRAGMA integrity_check").fetchone() == ("ok",)


#: a small file system of its own, seen by the server alone, with a copy of the site in it: size, where, site, then the server
ON_A_SMALL_DISK = 'mount -t tmpfs -o size="$1" small "$2" && cp -a "$3" "$2/" && shift 3 && exec "$@"'


def test_a_file_system_that_is_truly_full_is_a_503_and_it_clears_by_itself(tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    may = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "small", str(small)], capture_output=True, text=True)  # fmt: skip
    if may.returncode:
        pytest.skip(f"no file system may be mounted here: {may.stderr.strip()}")
    what = filled(tmp_path / "site", upload=200_000)
    size = sum(p.stat().st_size for p in (tmp_path / "site").rglob("*") if p.is_file()) + 8_000_000
    within = ("unshare", "-rm", "sh", "-c", ON_A_SMALL_DISK, "sh", str(size), str(small), str(tmp_path / "site"))
    with served(small / "site", within=within) as server:
        inside = Path(f"/proc/{server.child.pid}/root{small}")  # what only the server sees
        assert server.vote(what["statement"], what["tokens"][0]) == 302
        full = inside / "everything-else"
        with full.open("wb", buffering=0) as other:
            for piece in (1 << 20, 4_096):
                with contextlib.suppress(OSError):
                    while other.write(b"x" * piece) == piece:
                        pass
        statuses = [server.vote(what["statement"], what["tokens"][2 + n]) for n in range(4)]
        harm = server.ask("POST", "/something-went-wrong/", "kind=complaint&words=He+pushed+me", Content_Type="application/x-www-form-urlencoded")  # fmt: skip
        assert set(statuses) == {503} and harm[0] == 503
        assert server.ask("GET", "/readyz")[0] == 503
        assert server.ask("GET", "/healthz")[0] == server.ask("GET", "/stories/a-ball/")[0] == 200
        piece = server.ask("PATCH", f"/upload/{what['uploads'][0]}", b"x" * 200_000, Upload_Offset="0", Content_Type="application/offset+octet-stream")  # fmt: skip
        assert piece[0] == 507
        full.unlink()
        assert server.vote(what["statement"], what["tokens"][1]) == 302
        assert server.ask("GET", "/readyz")[0] == 200
        piece = server.ask("PATCH", f"/upload/{what['uploads'][0]}", b"x" * 200_000, Upload_Offset="0", Content_Type="application/offset+octet-stream")  # fmt: skip
        assert piece[0] == 204
        for end in ("", "-wal"):  # copied out: SQLite does not open files by such a way
            shutil.copy(inside / f"site/site.sqlite3{end}", tmp_path / f"kept.sqlite3{end}")
        with contextlib.closing(sqlite3.connect(tmp_path / "kept.sqlite3")) as held:
            assert held.execute("SELECT count(*) FROM talk_vote").fetchone() == (2,)
            assert held.execute("SELECT count(*) FROM record_harm").fetchone() == (0,)
            assert held.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.postgres
def test_a_database_that_goes_away_is_a_503_loses_no_acknowledged_vote_and_is_found_again(tmp_path):
    with postgres() as database:
        what = filled(tmp_path / "site", DATABASE_URL=database.url)
        with served(tmp_path / "site", DATABASE_URL=database.url) as server:
            stop, kept, seen = threading.Event(), [], []

            def votes():
                while not stop.is_set():
                    token = what["tokens"].pop()
                    seen.append(server.vote(what["statement"], token))
                    if seen[-1] == 302:
                        kept.append(token)

            writers = [threading.Thread(target=votes) for _ in range(4)]
            [w.start() for w in writers]
            try:
                time.sleep(2)
                database.stop("immediate")  # the database's power cut
                time.sleep(1)
                assert server.ask("GET", "/readyz")[0] == server.ask("GET", "/")[0] == 503
                assert server.ask("GET", "/healthz")[0] == 200
                database.start()
                deadline = time.monotonic() + 60
                while server.ask("GET", "/readyz")[0] != 200:
                    assert time.monotonic() < deadline
                    time.sleep(0.3)
                time.sleep(1)
            finally:
                stop.set()
                [w.join() for w in writers]
            assert set(seen) <= {302, 503} and 503 in seen
            assert seen[-1] == 302
            rows = int(database.ask("SELECT count(*) FROM talk_vote"))
            assert (
                len(kept) <= rows <= len(kept) + 4
            )  # kept, but its acknowledgement was cut off: at most one per writer
