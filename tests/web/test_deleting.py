"""A town leaves: everything goes, old backups say nothing, one small file proves the record was whole to its end."""

import json
import os
import subprocess
import sys
from pathlib import Path

SRC = str(Path(__file__).resolve().parents[2] / "src")
FILL = """
import sys
from pathlib import Path
from commonbeat.web import folder
from commonbeat.web.setup import prepare_django
site = folder.create(Path(sys.argv[1]), town="Testbridge")
prepare_django(site.root, migrate=True)
from commonbeat.web.base.log import note
from commonbeat.web.media import store
film = Path(sys.argv[1]).parent / "film"
film.write_bytes(b"faces" * 10_000)
print(store.keep(film, "video/mp4").blob)
note("test.act", "thing:1")
"""


def run(*words, **more):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("COMMONBEAT_", "DJANGO_", "DATABASE_"))} | {
        "PYTHONPATH": SRC
    }
    return subprocess.run([sys.executable, *words], env=env, capture_output=True, text=True, timeout=120, **more)


def test_a_town_is_deleted_by_its_name_only_and_its_backups_show_nothing(tmp_path):
    site, copy = tmp_path / "site", tmp_path / "backup"
    assert run("-c", FILL, str(site)).returncode == 0
    assert run("-m", "commonbeat", "backup", str(copy), "--site", str(site)).returncode == 0
    wrong = run("-m", "commonbeat", "deletesite", "--site", str(site), "--town", "Testridge")
    assert (
        wrong.returncode != 0
        and "Nothing was deleted" in wrong.stderr + wrong.stdout
        and (site / "keys" / "media").exists()
    )
    done = run("-m", "commonbeat", "deletesite", "--site", str(site), "--town", "Testbridge", "--json")
    assert done.returncode == 0, done.stderr
    assert not site.exists()
    proof = json.loads((tmp_path / "site.deleted.json").read_text())
    assert proof["town"] == "Testbridge" and proof["head"]["n"] >= 2
    assert not (copy / "keys").exists() and not any(
        b"faces" in p.read_bytes() for p in copy.rglob("*") if p.is_file()
    )
