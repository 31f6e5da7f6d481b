"""Does memory stay flat on a long clip?

    python benchmarks/footage_long.py CLIP [--minutes 30] [--check]

The clip is repeated without re-encoding until it is that long, then protected; memory is the sum over the process tree,
sampled ten times a second. Prints the highest sum in each tenth of the run and the slope over each stage.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
from footage import resident, tree

from commonbeat.footage import Limits, protect


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("clip", type=Path)
    asked.add_argument("--minutes", type=float, default=30)
    asked.add_argument("--check", action="store_true")
    asked = asked.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "long.mkv"
        loop = ["ffmpeg", "-v", "error", "-stream_loop", "-1", "-i", str(asked.clip), "-t", str(asked.minutes * 60)]
        subprocess.run([*loop, "-c", "copy", "-an", str(source)], check=True)
        rows, stage, over = [], ["starting"], threading.Event()

        def watch() -> None:
            own = threading.main_thread().native_id
            while not over.wait(0.1):
                rows.append((time.monotonic(), stage[0], sum(map(resident, tree(own))) / 2**20))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            record = protect(source, Path(folder) / "out.mp4", check=asked.check, limits=Limits(),
                             progress=lambda name, *_: stage.__setitem__(0, name))  # fmt: skip
        finally:
            over.set()
            watcher.join()
    report(rows, record)


def report(rows: list[tuple], record) -> None:
    print(f"{record.frames} frames, {record.duration_seconds / 60:.1f} minutes, {len(record.tracks)} tracks")
    memory = np.array([row[2] for row in rows])
    print("highest in each tenth, MB:", *(f"{part.max():.0f}" for part in np.array_split(memory, 10)))
    began, ended = rows[0][0], rows[-1][0]
    for stage in dict.fromkeys(row[1] for row in rows):
        part = np.array([(at, mb) for at, name, mb in rows if name == stage])
        if len(part) > 20:
            share = (part[:, 0] - part[0, 0]) / (part[-1, 0] - part[0, 0])
            slope = np.polyfit(share, part[:, 1], 1)[0]
            print(f"{stage:10} {len(part) / len(rows):4.0%} of {ended - began:.0f} s, highest {part[:, 1].max():.0f} MB, "
                  f"grows by {slope:.1f} MB from its beginning to its end")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
