"""How does protecting a clip compare with deface 1.5.0, run by turns on the same clips?

    python -m venv PEER && PEER/bin/pip install deface==1.5.0
    python benchmarks/footage.py --peer PEER/bin/deface [--clips walkers,selfie] [--rounds 1]

A face-frame leaks when the fine content inside its true box (picture minus its blur of 2 pixels) correlates above 0.6
between the original and the copy. Area beyond need: share of the picture changed outside 1.6 times the true boxes.
Memory is the sum over the process tree, sampled ten times a second. CPU is user and system time of the whole tree.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import av
import cv2
import numpy as np

from commonbeat.footage.clip import Clip, upright

DATA = Path(os.environ.get("COMMONBEAT_REAL_DATA") or Path(__file__).resolve().parents[1].parent / "shared" / "data")
CLIPS = ("walkers", "selfie", "selfie90", "juggle", "nofaces_bottle", "expo_vfr", "marathon")
LEAST = {"walkers": 11.95}  # pixels of box height from which a face is scored; the list says 12 before rounding


def tree(pid: int) -> list[int]:
    found = [pid]
    try:
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                found += tree(int(child))
    except OSError:
        pass
    return found


def resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def run(command: list[str]) -> dict:
    """CPU seconds, wall seconds and peak memory (MB) of a command and all its children."""
    before, began, peak = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter(), 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        while child.poll() is None:
            peak = max(peak, sum(map(resident, tree(child.pid))))
            time.sleep(0.1)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if child.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {child.returncode}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"cpu": cpu, "wall": time.perf_counter() - began, "memory": peak / 2**20}


def greys(path: Path):
    with Clip(path) as clip:
        for frame in clip.frames():
            yield upright(frame.to_ndarray(format="gray"), clip.facts.turn)


def wide(box, share: float, shape) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box
    dx, dy = (share - 1) / 2 * (x1 - x0), (share - 1) / 2 * (y1 - y0)
    return (
        slice(max(0, int(y0 - dy)), min(shape[0], int(np.ceil(y1 + dy)))),
        slice(max(0, int(x0 - dx)), min(shape[1], int(np.ceil(x1 + dx)))),
    )


def judge(name: str, source: Path, copy: Path) -> dict:
    """Leaks, longest leak in frames, and area beyond need, from the pixels of original and copy."""
    path = DATA / "footage" / "gt" / f"{name.removesuffix('90')}.gt.json"
    known = path.exists() or name.startswith("nofaces")  # without a truth nothing but the frames can be judged
    truth = json.loads(path.read_text()) if path.exists() else {"tracks": {}, "ignore": {}}
    tracks = [{int(f): b for f, b in t.items()} for t in truth["tracks"].values()]
    others = [{int(f): b for f, b in t.items()} for t in truth["ignore"].values()]
    scored, leaks, beyond = 0, {}, []
    for frame, (old, new) in enumerate(zip(greys(source), greys(copy))):
        soft = [cv2.GaussianBlur(p, (0, 0), 1) for p in (old, new)]
        changed = (cv2.absdiff(*soft) > 12).astype(np.uint8)
        changed = cv2.morphologyEx(changed, cv2.MORPH_CLOSE, np.ones((9, 9)))
        changed = cv2.morphologyEx(changed, cv2.MORPH_OPEN, np.ones((5, 5)))
        for boxes in tracks + others:
            if frame in boxes:
                changed[wide(boxes[frame], 1.6, changed.shape)] = 0
        beyond.append(changed.mean())
        fine = [p.astype(np.float32) - cv2.GaussianBlur(p.astype(np.float32), (0, 0), 2) for p in (old, new)]
        for who, boxes in enumerate(tracks):
            if frame in boxes and boxes[frame][3] - boxes[frame][1] >= LEAST.get(name, 0):
                x0, y0, x1, y1 = (max(0, round(v)) for v in boxes[frame])
                scored += 1
                if likeness(*(p[y0:y1, x0:x1] for p in fine)) > 0.6:
                    leaks.setdefault(who, []).append(frame)
    lost = sum(map(len, leaks.values()))
    return {
        "scored": scored,
        "leaks": lost,
        "leak": lost / scored if scored else 0.0,
        "longest": max((longest(f) for f in leaks.values()), default=0),
        "beyond": float(np.mean(beyond)) if known else float("nan"),
    }


def source_of(name: str) -> Path:
    """The clip of this name, whatever its container."""
    found = sorted(p for p in (DATA / "footage").glob(f"{name}.*") if p.suffix in (".mp4", ".mkv", ".mov", ".webm"))
    if not found:
        raise SystemExit(f"there is no clip {name} in {DATA / 'footage'}")
    return found[0]


def moments(path: Path) -> np.ndarray:
    """Seconds of every frame, as the file says."""
    with av.open(str(path)) as clip:
        return np.array([float(frame.pts * frame.time_base) for frame in clip.decode(video=0)])


def in_step(source: Path, copy: Path) -> str:
    """Frames of original and copy, and the largest difference of their times."""
    old, new = moments(source), moments(copy)
    late = f", times within {np.abs(old - new).max() * 1000:.2f} ms" if len(old) == len(new) else ""
    return f"{len(new)} of {len(old)} frames{late}"


def likeness(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a - a.mean(), b - b.mean()
    scale = np.sqrt((a * a).sum() * (b * b).sum())
    return float((a * b).sum() / scale) if scale > 1e-6 else 0.0


def longest(frames: list[int]) -> int:
    best = run = 1
    for one, other in itertools.pairwise(frames):
        run = run + 1 if other == one + 1 else 1
        best = max(best, run)
    return best


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--peer", required=True, help="path of the deface command")
    asked.add_argument("--clips", default=",".join(CLIPS))
    asked.add_argument("--rounds", type=int, default=1)
    asked = asked.parse_args()
    head = ("CPU s", 8), ("wall s", 8), ("MB", 6), ("leaks", 12), ("leak %", 8), ("longest", 8), ("beyond %", 9)
    print(f"{'clip':16}{'who':12}" + "".join(f"{word:>{wide}}" for word, wide in head))
    with tempfile.TemporaryDirectory() as folder:
        for name in asked.clips.split(","):
            ratios = [one_round(name, asked.peer, Path(folder)) for _ in range(asked.rounds)]
            cpu, wall, memory = np.median(ratios, axis=0)
            print(f"{name:16}CPU 1/{cpu:.1f} of deface, wall ratio {wall:.1f}, memory {memory:.2f} x", flush=True)


def one_round(name: str, peer: str, folder: Path) -> tuple[float, float, float]:
    source, spent = source_of(name), {}
    ours = [
        sys.executable,
        "-m",
        "commonbeat",
        "protect",
        str(source),
        str(folder / "ours.mp4"),
        "--no-check",
        "--json",
    ]
    theirs = [peer, str(source), "-o", str(folder / "theirs.mp4")]
    for who, command in (("deface", theirs), ("commonbeat", ours)):
        spent[who] = run(command)
        copy = folder / ("ours.mp4" if who == "commonbeat" else "theirs.mp4")
        found = judge(name, source, copy)
        beyond = "-" if np.isnan(found["beyond"]) else f"{found['beyond']:.2%}"
        print(
            f"{name:16}{who:12}{spent[who]['cpu']:8.1f}{spent[who]['wall']:8.1f}{spent[who]['memory']:6.0f}"
            f"{found['leaks']:6}/{found['scored']:<5}{found['leak']:8.2%}{found['longest']:8}{beyond:>9}  {in_step(source, copy)}",
            flush=True,
        )
    a, b = spent["deface"], spent["commonbeat"]
    return a["cpu"] / b["cpu"], a["wall"] / b["wall"], b["memory"] / a["memory"]


if __name__ == "__main__":
    main()
