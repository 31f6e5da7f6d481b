"""How fast and how small is `dialogue`, beside a peer, in one alternated run?

    python benchmarks/dialogue.py                     ours only, up to 100,000 people
    python benchmarks/dialogue.py --peer PYTHON       red-dwarf 0.4.0 in that interpreter's environment, alternated
    python benchmarks/dialogue.py --large             adds 1 million people x 1,000 statements and reading it from Parquet
    python benchmarks/dialogue.py --peer P --peer-up-to 100000    lets the peer try 100,000 people (minutes, 3 GB)

Every figure is CPU seconds (user + system) of a process of its own after imports and one warm-up, and its peak memory.
The drawn votes: three latent groups, 30 votes a person on strided statements, a tenth of them passes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

REAL = Path(os.environ.get("COMMONBEAT_REAL_DATA") or Path(__file__).resolve().parents[2] / "shared" / "data")
SIZES = ((10_000, 500), (30_000, 500), (100_000, 500))
LARGE = (1_000_000, 1_000)
PER_PERSON = 30

OURS = """
import json, resource, sys, time
import numpy as np
from commonbeat import dialogue
from commonbeat.dialogue.gathering import codes, gather
small = np.random.default_rng(0)
def votes_of(person, statement, value):
    people, who = codes(person); ids, on = codes(statement)
    n = len(ids)
    return gather(people, who, on, value, statement_ids=ids.tolist(), texts=[""] * n, attribute=np.zeros(n, bool),
                  moderated=np.ones(n, np.int8))
def run(v, **how):
    return dialogue.groups(v, seed=0, **how)
warm = votes_of(np.repeat(np.arange(2100), 9), np.tile(np.arange(9), 2100), small.choice([-1, 1], 18900).astype(np.int8))
run(warm, shuffles=1, subsamples=1)
kind, path = sys.argv[1:3]
if kind == "polis":
    v = dialogue.read_polis(path)
elif kind == "parquet":
    import polars as pl
    t = time.process_time()
    v = dialogue.votes_from_frame(pl.read_parquet(path))
    print(json.dumps({"read": time.process_time() - t, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "votes": len(v)}))
    sys.exit()
else:
    data = np.load(path)
    person, statement, value = data["person"], data["statement"], data["value"]
    t = time.process_time()
    v = votes_of(person, statement, value)
    gathered = time.process_time() - t
    del person, statement, value, data
if kind == "checks":
    v = dialogue.read_polis(path)
    t = time.process_time()
    g = run(v, shuffles=99, subsamples=200)
    dialogue.representative(v, g)
    print(json.dumps({"cpu": time.process_time() - t, "groups": g.supported}))
    sys.exit()
t = time.process_time()
g = run(v, shuffles=0, subsamples=0)
print(json.dumps({"cpu": time.process_time() - t, "gather": locals().get("gathered"), "groups": g.supported, "votes": len(v),
                  "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""
OURS = OURS.replace('if kind == "polis":', 'if kind in ("polis", "checks"):')

PEER = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from reddwarf.implementations.polis import run_pipeline
kind, path = sys.argv[1:3]
data = np.load(path)
votes = [{"participant_id": int(p), "statement_id": int(s), "vote": int(v)}
         for p, s, v in zip(data["person"], data["statement"], data["value"])]
t = time.process_time()
run_pipeline(votes=votes)
print(json.dumps({"cpu": time.process_time() - t, "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
"""


def drawn(people: int, statements: int, path: Path, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people, dtype=np.int32), PER_PERSON)
    stride = rng.choice([7, 11, 13, 17, 19, 23, 29, 31], people)
    statement = (
        (rng.integers(0, statements, people)[:, None] + stride[:, None] * np.arange(PER_PERSON)) % statements
    ).ravel()
    statement = statement.astype(np.int16)
    lean = (rng.normal(0, 1, statements) + rng.normal(0, 1, (3, statements))).astype(np.float32)
    group = rng.integers(0, 3, people)
    value = np.empty(len(person), np.int8)
    for a in range(0, len(person), 1 << 22):
        part = slice(a, a + (1 << 22))
        z = lean[group[person[part]], statement[part]]
        value[part] = np.where(rng.random(len(z), np.float32) < 1 / (1 + np.exp(-z)), 1, -1)
        value[part][rng.random(len(z), np.float32) < 0.1] = 0
    np.savez(path, person=person, statement=statement, value=value)
    return path


def measure(python: str, code: str, kind: str, path) -> dict:
    env = os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "2"}
    if code is OURS:
        env["PYTHONPATH"] = str(Path(__file__).resolve().parents[1] / "src")
    done = subprocess.run([python, "-c", code, kind, str(path)], env=env, capture_output=True, text=True)
    if done.returncode:
        return {
            "failed": done.stderr.strip().splitlines()[-1][:90]
            if done.stderr.strip()
            else f"signal {-done.returncode}"
        }
    return json.loads(done.stdout.strip().splitlines()[-1])


def alternated(path, peer: str | None, times: int, kind="npz") -> tuple[dict, dict | None]:
    ours, theirs = [], []
    for _ in range(times):
        ours.append(measure(sys.executable, OURS, kind, path))
        if peer:
            theirs.append(measure(peer, PEER, kind, path))
    return _median(ours), _median(theirs) if theirs else None


def _median(runs: list[dict]) -> dict:
    good = [r for r in runs if "failed" not in r]
    return sorted(good, key=lambda r: r["cpu"])[len(good) // 2] if good else runs[0]


def as_npz(folder: Path, path: Path) -> Path:
    """A conversation's final votes, each pair once (the peer refuses revotes)."""
    from commonbeat import dialogue

    v = dialogue.read_polis(folder)
    np.savez(path, person=v.person, statement=v.statement, value=v.value)
    return path


def line(name, ours, theirs=None):
    beside = "" if theirs is None else (
        f"  {theirs['cpu']:9.2f} s {theirs['mb']:7.0f} MB  {theirs['cpu'] / ours['cpu']:7.1f} x"
        if "cpu" in theirs else f"  {theirs['failed']}"
    )  # fmt: skip
    gather = f" + {ours['gather']:.2f} s gathering" if ours.get("gather") is not None else ""
    print(f"{name:34s} {ours['cpu']:8.3f} s{gather:20s} {ours['mb']:7.0f} MB{beside}", flush=True)


def slope(points) -> float:
    votes, cpu = np.log(np.array(points, float)).T
    return float(np.polyfit(votes, cpu, 1)[0])


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--peer", help="a Python with red-dwarf 0.4.0")
    ask.add_argument(
        "--peer-up-to", type=int, default=10_000, help="people in the largest data set the peer is given"
    )
    ask.add_argument("--large", action="store_true")
    ask.add_argument("--times", type=int, default=3)
    asked = ask.parse_args()
    print(
        f"{'map + groups, CPU':34s} {'ours':>10s}{'':20s} {'memory':>10s}"
        + ("  red-dwarf 0.4.0, ratio" if asked.peer else "")
    )
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        vtaiwan = REAL / "polis" / "vtaiwan.uberx"
        if vtaiwan.exists():
            line(
                "vTaiwan 1,921 x 197, 49 k votes",
                *alternated(as_npz(vtaiwan, folder / "v.npz"), asked.peer, asked.times),
            )
            checks = measure(sys.executable, OURS, "checks", vtaiwan)
            print(f"  with 200 subsamples, 99 shuffles and cross-fitted tests: {checks['cpu']:.1f} s")
        points = []
        for people, statements in SIZES + ((LARGE,) if asked.large else ()):
            path = drawn(people, statements, folder / "d.npz")
            large = people > 100_000
            peer = asked.peer if people <= asked.peer_up_to else None
            ours, theirs = alternated(path, peer, 1 if large or (peer and people > 20_000) else asked.times)
            line(f"{people:,} x {statements:,}, {people * PER_PERSON / 1e6:.1f} M votes", ours, theirs)
            points.append((ours["votes"], ours["cpu"] + ours["gather"]))
        print(f"slope of log CPU over log votes, last two sizes (1 = linear): {slope(points[-2:]):.2f}")
        if asked.large:
            import polars as pl

            with np.load(folder / "d.npz") as data:
                frame = {"person": data["person"], "statement_id": data["statement"], "value": data["value"]}
                pl.DataFrame(frame).write_parquet(folder / "d.parquet")
            read = measure(sys.executable, OURS, "parquet", folder / "d.parquet")
            print(
                f"reading {read['votes'] / 1e6:.0f} M votes from Parquet, checking and gathering: {read['read']:.2f} s, {read['mb']:.0f} MB"
            )


if __name__ == "__main__":
    main()
