"""A decoder that was taken over by the file it decodes: what can it read, write and reach?"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from commonbeat import footage
from commonbeat.footage import walls

HOSTILE = """
import json, os, socket, sys
from commonbeat.footage.walls import enclose
enclose()
got = {}
def tried(name, do):
    try:
        got[name] = bool(do())
    except OSError:
        got[name] = False
key, film, desk, home, port = sys.argv[1:]
tried("key", lambda: open(key, "rb").read())
tried("truncate", lambda: os.truncate(key, 0) is None)
tried("beside the film", lambda: [n for n in os.listdir(os.path.dirname(film)) if n != os.path.basename(film)])
tried("home", lambda: [n for n in os.listdir(home) if not n.startswith(".pyenv")])
tried("environment", lambda: "THE_KEY" in os.environ or "THE_KEY" in open(f"/proc/{os.getppid()}/environ").read())
tried("overwrite the film", lambda: open(film, "ab"))
tried("network", lambda: socket.create_connection(("127.0.0.1", int(port)), 2))
tried("film", lambda: open(film, "rb").read())
tried("desk", lambda: open(os.path.join(desk, "video.part"), "wb").write(b"x"))
import av, cv2, numpy, onnx, onnxruntime
tried("tools", lambda: av.open(film))
print(json.dumps(got))
"""


@pytest.fixture(params=["bubblewrap", "landlock"])
def fence(request, monkeypatch):
    """Each fence that this machine can build."""
    kind = walls.walls()
    if request.param == "landlock" and walls._syscall(walls.LANDLOCK_CREATE, None, 0, 1) < 4:
        pytest.skip("this kernel has no Landlock, or one without TCP rules")
    if request.param == "bubblewrap" and kind != "bubblewrap":
        pytest.skip("bubblewrap does not work on this machine")
    monkeypatch.setattr(walls, "walls", lambda: request.param)
    return request.param


def test_a_decoder_taken_over_sees_the_film_and_its_desk_and_nothing_else(stage, tmp_path, fence, monkeypatch):
    import socket

    site, desk = tmp_path / "site", tmp_path / "desk"
    (site / "keys").mkdir(parents=True)
    desk.mkdir()
    key = site / "keys" / "site.key"
    key.write_bytes(b"secret")
    film = site / "film.mp4"
    film.write_bytes(stage.path.read_bytes())
    monkeypatch.setenv("THE_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as server:
        told = [key, film, desk, Path.home(), server.getsockname()[1]]
        command, env = walls.behind(["-c", HOSTILE, *map(str, told)], [film], [desk])
        ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    got = json.loads(ran.stdout)
    assert {name for name, could in got.items() if could} == {"film", "desk", "tools"}
    assert key.read_bytes() == b"secret" and film.read_bytes() == stage.path.read_bytes()


def test_a_venv_anywhere_reached_through_links_works_behind_the_fence(stage, tmp_path, fence):
    """The same program from a venv in a folder of its own, called through a link: it sees itself and protects a film."""
    real, link = tmp_path / "homes" / "of many" / "venv", tmp_path / "current"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", real], check=True)
    link.symlink_to(real)
    packages = next((real / "lib").glob("python*")) / "site-packages"
    homes = dict.fromkeys(str(walls._home(name)) for name in walls.NEEDED)
    (packages / "beside.pth").write_text("\n".join([*homes, str(Path(walls.__file__).parents[2])]))
    stage.scene.write(tmp_path / "in.mp4", stage.pictures[:2])
    code = (
        "import sys; from commonbeat import footage; from commonbeat.footage import walls, door\n"
        f"walls.walls = door.walls = lambda: {fence!r}\n"
        "print(sys.prefix); print(footage.protect(*sys.argv[1:], check=False, threads=1).versions['fence'])"
    )
    command = [link / "bin" / "python", "-c", code, tmp_path / "in.mp4", tmp_path / "out.mp4"]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split("\n")[:2] == [str(link), fence] and (tmp_path / "out.mp4").exists()


def test_without_either_the_record_says_that_only_limits_held(stage, tmp_path, monkeypatch):
    from commonbeat.footage import door

    for module in (walls, door):
        monkeypatch.setattr(module, "walls", lambda: "limits")
    stage.scene.write(tmp_path / "in.mp4", stage.pictures[:2])
    record = footage.protect(tmp_path / "in.mp4", tmp_path / "out.mp4", check=False, threads=1)
    assert record.versions["fence"] == "limits" and record.frames == 2
