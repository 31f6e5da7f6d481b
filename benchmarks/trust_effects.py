"""How fast are effects, and beside whom?

    python benchmarks/trust_effects.py [--rounds 5] [--large] [--peers PYTHON]

Every run is a process of its own, so that memory can be told; ours and the peers take turns. `--peers` is a Python in which
`requirements-peers.txt` is installed; without it only ours, numpy and scipy run. `--large` adds ten million rows. Times are
of the call alone (reading the Parquet file included), medians of the rounds, after one warm call where code is compiled.
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
from pathlib import Path

import numpy as np

X = [f"x{i}" for i in range(9)] + ["t"]


def write(path, n, clusters=1000, areas=100):
    """Ten regressors (three binary, three Likert, three continuous, one drawn by cluster), areas that hold clusters."""
    import polars as pl

    rng = np.random.default_rng(0)
    cluster = rng.integers(0, clusters, n).astype(np.int32)
    drawn = rng.permutation(np.repeat([0, 1], clusters // 2)).astype(np.int8)
    x = {f"x{i}": rng.integers(0, 2, n).astype(np.int8) for i in range(3)}
    x |= {f"x{i}": rng.integers(1, 6, n).astype(np.int8) for i in range(3, 6)}
    x |= {f"x{i}": rng.normal(size=n) for i in range(6, 9)}
    y = 50 + 2 * drawn[cluster] + x["x0"] + x["x6"] + rng.normal(size=clusters)[cluster] + 10 * rng.normal(size=n)
    frame = pl.DataFrame(
        {"y": y, **x, "t": drawn[cluster], "cluster": cluster, "area": (cluster % areas).astype(np.int16)}
    )
    frame.write_parquet(path, compression="zstd")


def ours_parquet(path):
    from commonbeat.regression import fit, gram

    def run():
        one = gram(path, ["y", *X], cluster="cluster", fixed_effects="area")
        return [fit(one, "y", X, se=se).std_error[-1] for se in ("CR1", "CR2")]

    return run


def pyfixest_parquet(path):
    import pandas as pd
    import pyfixest as pf

    def run():
        frame = pd.read_parquet(path)
        fitted = pf.feols(
            f"y ~ {' + '.join(X)} | area",
            frame,
            vcov={"CRV1": "cluster"},
            lean=True,
            copy_data=False,
            store_data=False,
        )
        return [float(fitted.se()["t"])]

    return run


def statsmodels_parquet(path):
    import pandas as pd
    import statsmodels.api as sm

    def run():
        frame = pd.read_parquet(path)
        part = frame[["y", *X]] - frame.groupby("area")[["y", *X]].transform("mean")
        fitted = sm.OLS(part["y"], part[X]).fit(cov_type="cluster", cov_kwds={"groups": frame["cluster"]})
        return [float(fitted.bse["t"])]

    return run


def memory(path):
    import polars as pl

    frame = pl.read_parquet(path)
    return frame["y"].to_numpy(), frame.select(X).to_numpy().astype(float), frame["cluster"].to_numpy()


def ours_cr2(path, se="CR2"):
    from commonbeat.regression import ols

    y, x, cluster = memory(path)
    return lambda: [ols(y, x, X, clusters=[cluster], se=se).std_error[-1]]


def ours_fit_cr2(path, se="CR2"):
    """The fit alone, once the sums are there."""
    from commonbeat.regression import fit, gram

    y, x, cluster = memory(path)
    one = gram(np.column_stack([y, x]), ["y", *X], cluster=cluster)
    return lambda: [fit(one, "y", X, se=se).std_error[-1]]


def ours_fit_crv3(path):
    return ours_fit_cr2(path, "CRV3")


def ours_wild(path):
    from commonbeat.regression import gram, wild_bootstrap

    y, x, cluster = memory(path)
    one = gram(np.column_stack([y, x]), ["y", *X], cluster=cluster)
    return lambda: [wild_bootstrap(one, "y", X, "t", draws=999, interval=False).p_value]


def trial(share, likert):
    rng = np.random.default_rng(1)
    y = rng.normal(size=100_000)
    z = rng.permutation(np.repeat([0, 1], [round(100_000 * (1 - share)), round(100_000 * share)]))
    return (np.clip(np.round(y), -2, 2) if likert else y), z


def ours_redraws(path, share=0.5, likert=False, statistic="difference"):
    from commonbeat.trust import randomisation_test

    y, z = trial(share, likert)
    return lambda: [randomisation_test(y, z, statistic=statistic, draws=10_000, interval=False).p_value]


def ours_redraws_likert(path):
    return ours_redraws(path, likert=True)


def ours_redraws_30(path):
    return ours_redraws(path, share=0.3)


def ours_redraws_studentised(path):
    return ours_redraws(path, statistic="studentised")


def numpy_redraws(path):
    y, z = trial(0.5, False)
    rng = np.random.default_rng(2)

    def run():
        seen = y[z == 1].mean() - y[z == 0].mean()
        total, out, w = y.sum(), np.empty(1000), z.copy()
        for i in range(1000):  # a tenth of the draws; times ten below
            rng.shuffle(w)
            out[i] = (y @ w) / 50_000 - (total - y @ w) / 50_000
        return [(np.abs(out) >= abs(seen)).mean()]

    return run


def scipy_redraws(path):
    from scipy.stats import permutation_test

    y, z = trial(0.5, False)
    gap = lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis)  # noqa: E731
    parts = (y[z == 1], y[z == 0])
    return lambda: [permutation_test(parts, gap, n_resamples=1000, batch=100, vectorized=True, rng=1).pvalue]


TENFOLD = ("numpy_redraws", "scipy_redraws")  # run a tenth of the draws
JOBS = [
    ("OLS, 10 regressors, 100 areas, 1,000 clusters, CR1 + CR2 + df, from Parquet", 1_000_000,
     ["ours_parquet", "pyfixest_parquet", "statsmodels_parquet"]),
    ("the same, in memory: sums and CR2", 100_000, ["ours_cr2"]),
    ("CR2 with df, sums in hand", 100_000, ["ours_fit_cr2"]),
    ("CRV3, sums in hand", 100_000, ["ours_fit_crv3"]),
    ("wild bootstrap, 999 draws, sums in hand", 100_000, ["ours_wild"]),
    ("10,000 redraws of an even split of 100,000 people", 0, ["ours_redraws", "numpy_redraws", "scipy_redraws"]),
    ("the same, studentised", 0, ["ours_redraws_studentised"]),
    ("the same, 30 % treated", 0, ["ours_redraws_30"]),
    ("the same, five answers", 0, ["ours_redraws_likert"]),
]  # fmt: skip
LARGE = ("the first job on ten million rows", 10_000_000, ["ours_parquet", "pyfixest_parquet"])


def worker(name, path):
    run = globals()[name](path)
    if not name.endswith("_parquet"):
        run()
    wall, cpu = time.perf_counter(), time.process_time()
    value = run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    times = 10 if name in TENFOLD else 1
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"wall": wall * times, "cpu": cpu * times, "peak": peak, "value": [float(v) for v in value]}))


def once(python, name, path):
    here = (
        {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)} if python == sys.executable else {"PYTHONPATH": ""}
    )
    done = subprocess.run(
        [python, __file__, "--worker", name, "--path", path], capture_output=True, text=True, env=os.environ | here
    )
    return (
        json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 else {"error": done.stderr.splitlines()[-1:]}
    )


def table(title, runs_by_name):
    print(f"\n{title}")
    ours = None
    for name, runs in runs_by_name.items():
        good = [r for r in runs if "wall" in r]
        if not good:
            print(f"  {name:<26} failed: {runs[-1].get('error')}")
            continue
        wall, cpu = (float(np.median([r[k] for r in good])) for k in ("wall", "cpu"))
        ours = wall if ours is None else ours
        best, peak = min(r["wall"] for r in good), max(r["peak"] for r in good)
        shown = " ".join(f"{v:.6g}" for v in good[-1]["value"])
        print(
            f"  {name:<26} wall {wall:8.4f} s (best {best:.4f})  CPU {cpu:8.4f} s  peak {peak:6.0f} MB  x{wall / ours:<7.1f} {shown}"
        )


def main():
    said = argparse.ArgumentParser(description=__doc__)
    said.add_argument("--rounds", type=int, default=5)
    said.add_argument("--large", action="store_true")
    said.add_argument("--peers")
    said.add_argument("--worker")
    said.add_argument("--path")
    asked = said.parse_args()
    if asked.worker:
        worker(asked.worker, asked.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        sizes = {}
        for title, n, names in [*JOBS, *([LARGE] if asked.large else [])]:
            path = str(Path(folder) / f"{n}.parquet")
            if n and not Path(path).exists():
                write(path, n)
            seen: dict[str, list[dict]] = {}
            for _ in range(asked.rounds):
                for name in names:
                    python = asked.peers if name.startswith("pyfixest") else sys.executable
                    if python:
                        seen.setdefault(name, []).append(once(python, name, path))
            table(title, seen)
            if names[0] == "ours_parquet":
                sizes[n] = min(r["cpu"] for r in seen["ours_parquet"] if "cpu" in r)
        small = str(Path(folder) / "100000.parquet")
        sizes[100_000] = min(once(sys.executable, "ours_parquet", small)["cpu"] for _ in range(3))
        at = sorted(sizes)
        slope = np.log(sizes[at[-1]] / sizes[at[0]]) / np.log(at[-1] / at[0])
        print(f"\nslope of the first job (log CPU time over log rows, {at[0]:,} to {at[-1]:,}): {slope:.2f}")


if __name__ == "__main__":
    main()
