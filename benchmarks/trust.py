"""How fast is the room of trust, and beside whom?

    python benchmarks/trust.py [--quick] [--large] [--huge] [--slow] [--rounds 5] [--only WORD] [--peers PYTHON] [--keep DIR]

Every run is a process of its own, so that its memory can be told; ours and the peers take turns, and medians are shown.
Code that is compiled or loaded has been called once before the clock starts (on small data). `--peers` is a Python in which
`requirements-peers.txt` is installed; without it only ours, numpy and scipy run. `--quick` takes a tenth of the rows and two
rounds; `--large` adds 10 million rows, `--huge` 100 million (3.5 GB of files in --keep); `--slow` adds the peers that need
a minute. R (estimatr, survey, coin) cannot be installed from here and is not run.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Job:
    """title; rows; ours first, then peers; floors in seconds and MB; which flag adds it; peers that only --slow adds."""

    title: str
    n: int
    names: tuple[str, ...]
    seconds: float | None = None
    megabytes: float | None = None
    flag: str = ""
    slow: tuple[str, ...] = ()
    files: bool = False


OLS = "least squares, 10 regressors, 100 areas, 1,000 clusters, CR1 + CR2 + df, from Parquet"
PEERS = ("pyfixest_parquet", "statsmodels_parquet")
JOBS = (
    Job(OLS, 1_000_000, ("ols_parquet", "ols_ibis", *PEERS), 0.2, 150, files=True),
    Job(OLS, 10_000_000, ("ols_parquet", "pyfixest_parquet"), 0.9, 400, "large", files=True),
    Job(OLS, 100_000_000, ("ols_parquet",), 10, 1_000, "huge", files=True),
    Job("CR2 and its df, from rows in memory", 100_000, ("cr2", "diff_diff_cr2"), 0.05, files=True),
    Job("jackknife CRV3, sums in hand", 100_000, ("crv3",), 0.01, slow=("pyfixest_crv3",), files=True),
    Job("wild bootstrap, 999 draws, sums in hand", 100_000, ("wild",), files=True),
    Job("10,000 redraws of an even split", 100_000, ("redraws", "numpy_redraws", "scipy_redraws"), 0.06, slow=("pyfixest_redraws",)),
    Job("the same, studentised", 100_000, ("redraws_studentised",)),
    Job("the same, 30 % treated", 100_000, ("redraws_30",), 0.6),
    Job("the same, five answers", 100_000, ("redraws_likert",), 0.01),
    Job("raking on 5 margins", 1_000_000, ("rake", "svy_rake", "ipfn_rake"), 0.06),
    Job("the same with 100 bootstrap draws raked again", 1_000_000, ("rake_again",), 0.25, 500, slow=("svy_rake_again",)),
    Job("level by 5 groups, strata, 1,000 clusters", 1_000_000, ("level",)),
)  # fmt: skip
TENTH = ("numpy_redraws", "scipy_redraws", "pyfixest_redraws")  # run a tenth of the draws
OURS = ("ols_", "cr2", "crv3", "wild", "redraws", "rake", "level")
SMALL = 20_000


def worker(name, files, warm, n):
    """One timed call in this process, printed as JSON."""
    from trust_jobs import ours, peers

    make = getattr(ours, name, None) or getattr(peers, name)
    if warm and name.endswith(("_parquet", "_ibis")):
        make(warm, SMALL)()  # loads and compiles; its memory is far below that of the real call
    run = make(files, n)
    if not name.endswith(("_parquet", "_ibis")):
        run()
    wall, cpu = time.perf_counter(), time.process_time()
    value = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    times = 10 if name in TENTH else 1
    peak = most_memory()
    print(json.dumps({"wall": wall * times, "cpu": cpu * times, "peak": peak, "value": [float(v) for v in value]}))


def most_memory() -> float:
    """MB at the peak of this process alone; `ru_maxrss` would remember the parent that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(row.split()[1]) / 1024 for row in status.read_text().splitlines() if row.startswith("VmHWM"))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024**2 if sys.platform == "darwin" else 1024)


def once(python, name, files, warm, n):
    here = Path(__file__).parent
    path = [str(here), *(p for p in sys.path if p)] if python == sys.executable else [str(here)]
    done = subprocess.run(
        [python, __file__, "--worker", name, "--files", files, "--warm", warm, "--n", str(n)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
    )  # fmt: skip
    if done.returncode:
        return {"error": (done.stderr.splitlines() or ["?"])[-1]}
    return json.loads(done.stdout.splitlines()[-1])


def is_ours(name):
    return name.startswith(OURS)


def timed(job, asked, files, warm, n):
    """{name: runs}, every round once through all names."""
    seen: dict[str, list[dict]] = {}
    for _ in range(asked.rounds):
        for name in (*job.names, *(job.slow if asked.slow else ())):
            local = is_ours(name) or name.startswith(("numpy", "scipy"))
            python = sys.executable if local else asked.peers
            if python:
                seen.setdefault(name, []).append(once(python, name, files, warm, n))
    return seen


def show(job, n, seen):
    """The table of one job; -> CPU seconds of ours, for the slope."""
    print(f"\n{job.title}, {n:,} rows", flush=True)
    ours = None
    for name, runs in seen.items():
        good = [r for r in runs if "wall" in r]
        if not good:
            print(f"  {name:<22} failed: {runs[-1]['error']}")
            continue
        wall, cpu = (float(np.median([r[k] for r in good])) for k in ("wall", "cpu"))
        best, peak = min(r["wall"] for r in good), max(r["peak"] for r in good)
        ours = ours or (wall, min(r["cpu"] for r in good))
        value = " ".join(f"{v:.6g}" for v in good[-1]["value"])
        note = floors(job, n, wall, peak) if name == job.names[0] else ""
        print(
            f"  {name:<22} wall {wall:9.4f} s (best {best:.4f})  CPU {cpu:9.4f} s  peak {peak:6.0f} MB"
            f"  x{wall / ours[0]:<7.1f} {value} {note}", flush=True,
        )  # fmt: skip
    return ours and ours[1]


def floors(job, n, wall, peak):
    if n != job.n:
        return ""
    out = []
    if job.seconds:
        out.append(f"{'within' if wall <= job.seconds else 'ABOVE'} {job.seconds:g} s")
    if job.megabytes:
        out.append(f"{'within' if peak <= job.megabytes else 'ABOVE'} {job.megabytes:g} MB")
    return f"[{', '.join(out)}]" if out else ""


def slopes(took):
    """log time over log rows of ours, where a job ran at two sizes."""
    print("\nslopes of ours (log CPU time over log rows)")
    for name, by_n in took.items():
        n = sorted(size for size in by_n if by_n[size])
        if len(n) > 1:
            steps = np.diff(np.log([by_n[k] for k in n])) / np.diff(np.log(n))
            print(f"  {name:<22} {' '.join(f'{s:.2f}' for s in steps)}  over {', '.join(f'{k:,}' for k in n)} rows")


def main():
    said = argparse.ArgumentParser(description=__doc__)
    for flag in ("quick", "large", "huge", "slow"):
        said.add_argument(f"--{flag}", action="store_true")
    said.add_argument("--rounds", type=int, default=0)
    said.add_argument("--n", type=int)
    for name in ("only", "peers", "keep", "worker", "files", "warm"):
        said.add_argument(f"--{name}")
    asked = said.parse_args()
    if asked.worker:
        worker(asked.worker, asked.files, asked.warm, asked.n)
        return
    asked.rounds = asked.rounds or (2 if asked.quick else 5)
    with tempfile.TemporaryDirectory() as folder:
        run(asked, asked.keep or folder)


def run(asked, folder):
    from trust_jobs.data import write

    warm, took = write(folder, SMALL), {}
    for job in JOBS:
        if (job.flag and not getattr(asked, job.flag)) or (asked.only and asked.only not in " ".join(job.names)):
            continue
        n = max(SMALL, job.n // 10) if asked.quick and job.n > 100_000 else job.n
        by_n = took.setdefault(job.names[0], {})
        if job.n == 1_000_000:  # a tenth as well, for the slope
            files = write(folder, n // 10) if job.files else ""
            runs = [once(sys.executable, job.names[0], files, warm, n // 10) for _ in range(3)]
            by_n[n // 10] = min(r["cpu"] for r in runs if "cpu" in r)
        by_n[n] = show(job, n, timed(job, asked, write(folder, n) if job.files else "", warm, n))
    slopes(took)


if __name__ == "__main__":
    main()
