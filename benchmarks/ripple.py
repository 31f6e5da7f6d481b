"""How fast is the ripple room, and beside whom?  `python benchmarks/ripple.py [--quick]`

Peers run only here, only if they are installed, alternated with ours in one process. CPU seconds and the peak memory of
this process; slopes are decimal logarithms of CPU at ten times the size over CPU at the size (1 = linear).
The long histories run in processes of their own, so that the memory beside them is theirs.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

from commonbeat import changes, points, ripple
from commonbeat.design import Design
from commonbeat.points.likelihood import needed
from commonbeat.ripple import seismic, trees


def cpu(work, rounds=3):
    """Least CPU seconds of some rounds, after one that compiles and warms."""
    work()
    best = np.inf
    for _ in range(rounds):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def line(what, ours, peer="", theirs=None, note=""):
    ratio = f"{theirs / ours:8.1f}x" if theirs else " " * 9
    rest = f"{peer} {theirs:.3f} s" if theirs else peer
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what:58s} {ours:9.4f} s {ratio}  {rest:34s} {memory:6.0f} MB  {note}", flush=True)


_last: dict[str, float] = {}


def _slope(what, seconds):
    """Logarithm of the ratio to the tenth of the size that was measured before: 1 is linear."""
    before, _last[what] = _last.get(what), seconds
    return f"slope {np.log10(seconds / before):.2f}" if before else ""


def forest(rng, nodes, cascades):
    heavy = rng.pareto(1.2, cascades) + 1
    sizes = np.maximum(1, heavy * nodes / heavy.sum()).clip(max=20_000).astype(np.int64)
    sizes[-1] += max(nodes - sizes.sum(), 0)
    offsets = np.r_[0, np.cumsum(sizes)]
    first = np.repeat(offsets[:-1], sizes)
    place = np.arange(offsets[-1]) - first
    parent = np.where(place == 0, -1, (rng.random(place.size) * place).astype(np.int64) + first)
    return parent, offsets


def trees_lines(rng, nodes):
    parent, offsets = forest(rng, nodes, nodes // 10)
    ours = cpu(lambda: trees.shapes(trees.sound(parent, offsets)[0], offsets).structural_virality())
    small = offsets[:201]
    graph = [(int(i), int(parent[i])) for i in range(small[-1]) if parent[i] >= 0]
    line(
        f"shapes of {offsets[-1]:,} nodes in {len(offsets) - 1:,} cascades, in memory",
        ours,
        note=_slope("trees", ours),
    )
    few = cpu(lambda: trees.shapes(parent[: small[-1]], small).structural_virality())
    for name in ("networkx", "igraph"):
        if importlib.util.find_spec(name):
            line(
                f"  the first 200 of them ({small[-1]:,} nodes)",
                few,
                name,
                cpu(lambda name=name: peer_virality(name, graph, parent, small), 1),
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spread.parquet"
        story = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
        ids = np.arange(parent.size)
        pl.DataFrame(
            {
                "event_id": ids,
                "parent_id": pl.Series(parent).replace(-1, None),
                "story_id": story,
                "at": ids.astype(float),
            }
        ).write_parquet(path)
        read = cpu(lambda: ripple.forest(pl.read_parquet(path)), 2)
        line("  the same from Parquet, rows in order, ids looked up", read, note=_slope("read", read))
        pl.read_parquet(path)[rng.permutation(parent.size)].write_parquet(path)
        line("  the same with its rows in any order", cpu(lambda: ripple.forest(pl.read_parquet(path)), 2))


def peer_virality(name, edges, parent, offsets):
    if name == "networkx":
        import networkx as nx

        for c in range(len(offsets) - 1):
            a, b = offsets[c], offsets[c + 1]
            if b - a > 1:
                nx.wiener_index(nx.Graph((i, int(parent[i])) for i in range(a + 1, b)))
    else:
        import igraph

        for c in range(len(offsets) - 1):
            a, b = offsets[c], offsets[c + 1]
            if b - a > 1:
                igraph.Graph([(i - a, int(parent[i] - a)) for i in range(a + 1, b)]).average_path_length()


#: a child's own peak; getrusage would count what it had of its parent before it began
PEAK = """
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
"""
OURS = """
import json, sys, time
import numpy as np
from commonbeat import points
t = np.load(sys.argv[1])
end, profile = float(t[-1]), sys.argv[2] == "interval"
points.fit(t[:300_000] if t.size > 300_000 else t, window=(0.0, float(t[:300_000][-1])), profile=profile, starts=2)
begin = time.process_time()
found = points.fit(t, window=(0.0, end), profile=profile)
print(json.dumps({"cpu": time.process_time() - begin, "mb": peak(),
                  "found": [found.branching_ratio.value, found.half_life.value]}))
"""
TICK = """
import json, sys, time
import numpy as np
from scipy.optimize import minimize_scalar
from tick.hawkes import HawkesExpKern
t = np.load(sys.argv[1])
def fit(log_decay):
    h = HawkesExpKern(decays=float(np.exp(log_decay)), solver="bfgs", penalty="none", gofit="likelihood")
    h.fit([t])
    fit.last = float(h.adjacency[0, 0])
    return -h.score()
fit(np.log(np.log(2)))
begin = time.process_time()
best = minimize_scalar(fit, bounds=(-2.0, 1.5), method="bounded", options={"xatol": 1e-3})
print(json.dumps({"cpu": time.process_time() - begin, "mb": peak(),
                  "found": [fit.last, float(np.log(2) / np.exp(best.x))]}))
"""
HAWKES = """
import json, sys, time
import numpy as np
import Hawkes
t = np.load(sys.argv[1])
begin = time.process_time()
model = Hawkes.estimator().set_kernel("exp").set_baseline("const")
model.fit(t, [0, float(t[-1])])
par = model.parameter
print(json.dumps({"cpu": time.process_time() - begin, "mb": peak(),
                  "found": [float(par["alpha"]), float(np.log(2) / par["beta"])]}))
"""


def child(python, code, *arguments):
    """A fit in a process of its own, so that its memory is its own; {} where the peer fails."""
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src")}
    if python != sys.executable:
        del env["PYTHONPATH"]
    done = subprocess.run([python, "-c", PEAK + code, *map(str, arguments)], env=env, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout.strip() else {}


def hawkes_lines(rng, sizes, peer, peer_up_to):
    before = None
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder) / "t.npy"
            t = points.simulate(
                rng, branching_ratio=0.6, half_life=1.0, window=(0, n * 0.41), background_rate=1.0, at_most=10**9
            ).times[:n]
            np.save(path, t)
            ours = child(sys.executable, OURS, path, "plain")
            found = ", ".join(f"{v:.4f}" for v in ours["found"])
            slope = f"slope {np.log10(ours['cpu'] / before):.2f}" if before else ""
            print(
                f"Hawkes, 3 parameters, {t.size:,} events{'':14s} {ours['cpu']:9.4f} s {ours['mb']:6.0f} MB  ({found})  {slope}",
                flush=True,
            )
            before = ours["cpu"]
            sure = child(sys.executable, OURS, path, "interval")
            print(f"  with intervals{'':43s} {sure['cpu']:9.4f} s {sure['mb']:6.0f} MB", flush=True)
            for name, code in (
                (("tick, decay profiled by us", TICK), ("Hawkes 1.0.0", HAWKES)) if peer and n <= peer_up_to else ()
            ):
                theirs = child(peer, code, path)
                said = (
                    f"{theirs['cpu']:9.4f} s {theirs['mb']:6.0f} MB  ({theirs['found'][0]:.4f}, {theirs['found'][1]:.4f})  {theirs['cpu'] / ours['cpu']:.1f}x"
                    if theirs
                    else "failed"
                )
                print(f"  {name:56s} {said}", flush=True)
    for n in (10_000, 100_000):
        t = points.simulate(
            rng, branching_ratio=0.6, half_life=1.0, tail=0.8, window=(0, n * 0.4), background_rate=1.0
        ).times[:n]
        data = points.prepare(t, (0.0, float(t[-1])), None, None, "power_law", "constant")
        x = points.vector(data, background=1.0, ratio=0.6, half_life=1.0, tail=0.8)
        used = needed(data, 0.8, 1.0 / (2**1.25 - 1)).size
        line(f"power law, one likelihood and gradient, {t.size:,} events", cpu(lambda data=data, x=x: points.value(data, x)), note=f"{used} exponentials")  # fmt: skip


def seismic_lines(rng, stories):
    sizes = rng.geometric(1 / 186, stories)
    offsets = np.r_[0, np.cumsum(sizes)]
    t = rng.exponential(4000, offsets[-1])
    t[offsets[:-1]] = 0
    t = t[np.lexsort((t, np.repeat(np.arange(stories), sizes)))]
    audience = np.round(rng.lognormal(5, 1.5, t.size))
    line(
        f"SEISMIC at one hour, {stories:,} stories, {t.size:,} events",
        cpu(lambda: seismic.many(t, audience, offsets, 3600.0)),
    )


def exposure_lines(rng, n, draws=1000):
    x, y = rng.uniform(0, np.sqrt(n), (2, n))
    rings = ripple.rings_by_distance(x, y, {"onlooker": 1.8, "neighbour": 3.6})
    design = Design.complete([n - n // 20, n // 20])
    z = design.draw(rng)[0]
    ours = cpu(lambda: ripple.exposure(design, rings, z, how="simulated", draws=draws, rng=rng))
    line(
        f"exposure of {n:,} units, {draws:,} draws",
        ours,
        "scipy sparse, 50 at a time",
        cpu(lambda: peer_sparse(rings, n, draws, rng), 1),
    )
    line("  the same in closed form", cpu(lambda: ripple.exposure(design, rings, z, how="closed_form")))


def peer_sparse(rings, n, draws, rng):
    from scipy import sparse

    near = [
        sparse.csr_matrix((np.ones(s[-1] - s[0], np.float32), rings.neighbours[s[0] : s[-1]], s - s[0]), shape=(n, n))
        for s in rings.starts
    ]
    totals = np.zeros((3, n))
    for _ in range(draws // 50):
        z = np.zeros((n, 50), np.float32)
        for d in range(50):
            z[rng.choice(n, n // 20, replace=False), d] = 1
        a, b = near[0] @ z > 0, near[1] @ z > 0
        totals += [(z > 0).sum(1), (a & (z == 0)).sum(1), (b & ~a & (z == 0)).sum(1)]
    return totals


def change_lines(rng):
    y = rng.poisson(3, 336).astype(float)
    line(
        "changepoints of two weeks by the hour, alarm rate by 199 replays",
        cpu(lambda: changes.changepoints(y, cost="poisson", rng=rng, draws=199)),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of every size")
    parser.add_argument("--peer", help="a Python with tick (and numpydoc, six) and Hawkes")
    parser.add_argument(
        "--peer-up-to", type=int, default=1_000_000, help="events in the longest history the peers are given"
    )
    asked = parser.parse_args()
    rng, part = np.random.default_rng(1), 10 if asked.quick else 1
    for nodes in (100_000 // part, 1_000_000 // part):
        trees_lines(rng, nodes)
    change_lines(rng)
    seismic_lines(rng, 100_000 // part)
    exposure_lines(rng, 100_000 // part)
    sizes = [100_000, 1_000_000] if asked.quick else [100_000, 1_000_000, 10_000_000]
    hawkes_lines(rng, sizes, asked.peer, asked.peer_up_to)


if __name__ == "__main__":
    main()
