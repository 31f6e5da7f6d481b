"""How fast are raking, replicates and levels, and beside whom?

    python benchmarks/trust_levels.py [--people 1000000] [--rounds 5] [--peers PYTHON]

Every run is a process of its own, so that memory can be told; ours and the peers take turns. `--peers` is a Python in which
`requirements-peers.txt` is installed; without it only ours run. Times are of the call alone, best and median of the rounds,
after one warm call that loads compiled code.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

SIZES = {"sex": 2, "age": 6, "race": 5, "education": 6, "area": 100}


def data(n):
    """People, unequal base weights, and five margins that are not those of the sample."""
    rng = np.random.default_rng(0)
    people = {k: rng.choice(s, n, p=rng.dirichlet(np.full(s, 5.0))).astype(np.int8) for k, s in SIZES.items()}
    margins = {}
    for k, s in SIZES.items():
        want = np.bincount(people[k], minlength=s) * rng.uniform(0.7, 1.4, s)
        margins[k] = dict(enumerate((want / want.sum() * 5e6).tolist()))
    y = rng.normal(55, 15, n) + 5 * people["sex"]
    return people, margins, rng.uniform(0.5, 2, n), y


def ours_rake(n, draws):
    import polars as pl

    from commonbeat.trust import rake

    people, margins, w, _ = data(n)
    frame = pl.DataFrame(people)
    return lambda: rake(frame, margins, weights=w).worst_margin


def ours_replicates(n, draws):
    import polars as pl

    from commonbeat.trust import raked_level

    people, margins, w, y = data(n)
    frame = pl.DataFrame(people)
    return lambda: raked_level(y, frame, margins, weights=w, draws=draws, rng=1).std_error


def ours_level(n, draws):
    from commonbeat.trust import estimate_level

    people, _, w, y = data(n)
    cluster = np.random.default_rng(1).integers(0, 1_000, n)
    return lambda: (
        estimate_level(y, weights=w, strata=cluster // 50, cluster=cluster, by=people["race"]).levels[0].std_error
    )


def svy_rake(n, draws):
    import polars as pl
    import svy

    people, margins, w, y = data(n)
    frame = pl.DataFrame(people | {"w": w, "y": y})

    def run():
        made = svy.Sample(frame, svy.Design(wgt="w")).weighting.rake(controls=margins, tol=1e-9, max_iter=1_000)
        return made.estimation.mean("y") and 0.0

    return run


def svy_replicates(n, draws):
    import polars as pl
    import svy

    people, margins, w, y = data(n)
    frame = pl.DataFrame(people | {"w": w, "y": y, "one": np.arange(n)})

    def run():
        made = svy.Sample(frame, svy.Design(wgt="w", psu="one")).weighting.create_bs_wgts(n_reps=draws, rstate=1)
        made.weighting.rake(controls=margins, tol=1e-6, max_iter=1_000).estimation.mean("y")
        return 0.0

    return run


def ipfn_rake(n, draws):
    import pandas as pd
    from ipfn import ipfn

    people, margins, w, _ = data(n)
    frame = pd.DataFrame(people)
    frame["total"] = w
    totals = [pd.Series(m, name="total").rename_axis(k) for k, m in margins.items()]
    dims = [[k] for k in margins]
    return lambda: float(ipfn.ipfn(frame.copy(), totals, dims, convergence_rate=1e-9).iteration()["total"].sum() * 0)


JOBS = {
    "rake, 5 margins": ("rake", ["ours_rake", "svy_rake", "ipfn_rake"]),
    "rake, 100 draws re-raked": ("draws", ["ours_replicates", "svy_replicates"]),
    "level by 5 groups, strata, 1,000 clusters": ("level", ["ours_level"]),
}


def worker(name, n, draws):
    run = globals()[name](n, draws)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if name.startswith("ours"):
        run()
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall, "cpu": cpu, "peak": peak, "before": before}))


def once(python, name, n, draws):
    done = subprocess.run(
        [python, __file__, "--worker", name, "--people", str(n), "--draws", str(draws)],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)} if python == sys.executable else None,
    )  # fmt: skip
    return (
        json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"error": done.stderr.splitlines()[-1:]}
    )


def main():
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--people", type=int, default=1_000_000)
    said.add_argument("--rounds", type=int, default=5)
    said.add_argument("--draws", type=int, default=100)
    said.add_argument("--peers")
    said.add_argument("--worker")
    asked = said.parse_args()
    if asked.worker:
        worker(asked.worker, asked.people, asked.draws)
        return
    for title, (_, names) in JOBS.items():
        seen: dict[str, list[dict]] = {}
        for _ in range(asked.rounds):
            for name in names:
                python = sys.executable if name.startswith("ours") else asked.peers
                if python:
                    seen.setdefault(name, []).append(once(python, name, asked.people, asked.draws))
        print(f"\n{title}, {asked.people:,} people")
        ours = None
        for name, runs in seen.items():
            good = [r for r in runs if "wall" in r]
            if not good:
                print(f"  {name:<18} failed: {runs[-1].get('error')}")
                continue
            wall, cpu = (np.median([r[k] for r in good]) for k in ("wall", "cpu"))
            ours = wall if ours is None else ours
            best = min(r["wall"] for r in good)
            peak = max(r["peak"] for r in good)
            print(
                f"  {name:<18} wall {wall:8.3f} s (best {best:.3f})  CPU {cpu:8.3f} s  peak {peak:6.0f} MB  x{wall / ours:.1f}"
            )
    print("\nslope of ours (log time over log people)")
    for name in ("ours_rake", "ours_replicates", "ours_level"):
        sizes = [asked.people // 10, asked.people]
        took = [min(once(sys.executable, name, n, asked.draws)["cpu"] for _ in range(3)) for n in sizes]
        print(f"  {name:<18} {np.log(took[1] / took[0]) / np.log(10):.2f}")


if __name__ == "__main__":
    main()
