"""A small simulated town for the browser: built, filled into a demonstration site and served, in a process of its own.

python small_town.py FOLDER PORT
"""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace


def painted(scene, source: Path, target: Path, poster: Path) -> dict:
    """The drawn film with every true face box painted over: what `protect` gives, without its search."""
    import av

    with av.open(str(source)) as film, av.open(str(target), "w") as out:
        made = out.add_stream("libx264", rate=scene.fps)
        made.width, made.height, made.pix_fmt = scene.width, scene.height, "yuv420p"
        for n, frame in enumerate(film.decode(video=0)):
            picture = frame.to_ndarray(format="rgb24")
            for x0, y0, x1, y1 in scene.boxes[n]:
                picture[max(0, int(y0) - 4) : int(y1) + 4, max(0, int(x0) - 4) : int(x1) + 4] = 70
            hidden = av.VideoFrame.from_ndarray(picture, format="rgb24")
            out.mux(made.encode(hidden))
            if n == 0:
                hidden.to_image().save(poster)
        out.mux(made.encode())
    leak = {
        "estimate": 0.0,
        "upper": None,
        "longest_run": 0,
        "checked_frames": scene.frames,
        "method": "painted from the truth",
    }
    return {"frames": scene.frames, "fps": scene.fps, "tracks": [], "leak": leak}


def build(folder: Path):
    """A town of 2,000: book, clips, and the truth as if a study had found it exactly (the pages are under test, not the study)."""
    from commonbeat import city
    from commonbeat.city import scenes
    from commonbeat.ledger import Book

    folder.mkdir(parents=True, exist_ok=True)
    findings, truths = {}, {}
    for world in ("default", "null", "backfire"):
        town = city.build(seed=7, residents=2_000, world=world)
        if world == "default":
            book = Book.create(folder / "book", at=city.START)
            tables = {name: frame for name, frame in town.tables.items() if frame.height}
            book.write(
                tables,
                importer="simulated city",
                note="simulated",
                simulated=True,
                at=city.START + timedelta(days=730),
            )
        truths[world] = town.truth.to_dict()
        findings[world] = {"rings": [
            {"ring": f["by"]["ring"], "wave": f["by"]["wave"], "value": f["value"], "low": f["value"] - 1.5, "high": f["value"] + 1.5,
             "n": 400, "how": "randomised", "verdict": "exact"}
            for f in truths[world]["facts"]
            if f["method"] == "trust.difference_in_means" and f["by"].get("wave") and f["by"].get("arm", "story") == "story"
        ]}  # fmt: skip
    clips = {}
    for kind in ("stroller", "dance-off"):
        source, target, poster = folder / f"{kind}-o.mp4", folder / f"{kind}.mp4", folder / f"{kind}.jpg"
        scene = scenes.render(kind, source, seed=7, height=180, seconds=1.0)
        record = painted(scene, source, target, poster)
        clips[kind] = SimpleNamespace(
            kind=kind, original=source, protected=target, poster=poster, record=record, boxes=scene.boxes
        )
    return SimpleNamespace(
        folder=folder, book=folder / "book", report=folder, findings=findings, truths=truths, clips=clips
    )


if __name__ == "__main__":
    root, port = Path(sys.argv[1]), int(sys.argv[2])
    from commonbeat.web import demo

    demo.prepare(root / "site", build(root / "town"))
    if password := os.environ.get("COMMONBEAT_TEST_PASSWORD"):  # somebody who signs in as on a real site
        from commonbeat.web.base.models import Staff

        Staff.objects.create_user("walker", "auditor", password)
    print("ready", flush=True)
    demo.serve(root / "site", port=port)
