"""How fast is the ripple room, and beside whom?  `python benchmarks/ripple.py [--quick] [--peer PYTHON] [--only NAME]`

Peers run only here, in a Python of their own (--peer; without it this one), alternated with ours; one that is not installed
is named and skipped. CPU seconds and the peak memory of the process; slopes are decimal logarithms of CPU at ten times
the size over CPU at the size (1 = linear). About five minutes on two cores, one with --quick.
"""

from __future__ import annotations

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl
from ripple_peers import HAWKES, IGRAPH, NETWORKX, OURS, TICK, child

from commonbeat import changes, points, ripple
from commonbeat.design import Design
from commonbeat.points.likelihood import needed
from commonbeat.ripple import seismic, trees


def cpu(work, rounds=3):
    """Least CPU seconds of some rounds, after one that compiles and warms; quick work is repeated within a round."""
    work()
    start = time.process_time()
    work()
    once = max(time.process_time() - start, 1e-6)
    times, best = max(1, int(0.01 / once)), once
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(times):
            work()
        best = min(best, (time.process_time() - start) / times)
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
    line(
        f"shapes of {offsets[-1]:,} nodes in {len(offsets) - 1:,} cascades, in memory",
        ours,
        note=_slope("trees", ours),
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


def virality_lines(rng, sizes, peer):
    """One tree of each size beside the peers, who walk all pairs."""
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            parent = np.r_[-1, (rng.random(n - 1) * np.arange(1, n)).astype(np.int64)]
            offsets = np.array([0, n])
            ours = cpu(lambda parent=parent, offsets=offsets: trees.shapes(parent, offsets).structural_virality())
            own = float(trees.shapes(parent, offsets).structural_virality()[0])
            line(f"virality of one tree of {n:,} nodes", ours, note=_slope("one tree", ours))
            path = Path(folder) / "parent.npy"
            np.save(path, parent)
            for name, code in (("networkx", NETWORKX), ("igraph", IGRAPH)):
                theirs = child(peer, code, path)
                beside(name, ours, theirs, same=abs(theirs.get("found", own) - own) < 1e-9 * own)


def beside(name, ours, theirs, same=True):
    if not theirs.get("cpu"):
        print(f"  {name:56s} {theirs['failed']}; skipped", flush=True)
        return
    slope = _slope(name, theirs["cpu"])
    odd = "" if same else "  OTHER RESULT"
    print(f"  {name:56s} {theirs['cpu']:9.4f} s {theirs['cpu'] / ours:8.1f}x  {slope}{odd}", flush=True)


def hawkes_lines(rng, sizes, peer, peer_up_to):
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            path = Path(folder) / "t.npy"
            t = points.simulate(
                rng, branching_ratio=0.6, half_life=1.0, window=(0, n * 0.41), background_rate=1.0, at_most=10**9
            ).times[:n]
            np.save(path, t)
            ours = child(sys.executable, OURS, path, "plain")
            _fit(f"Hawkes, 3 parameters, {t.size:,} events", ours, _slope("Hawkes fit", ours["cpu"]))
            _fit("  with intervals", child(sys.executable, OURS, path, "interval"))
            for name, code in (("tick, decay profiled by us", TICK), ("Hawkes 1.0.0", HAWKES)):
                if n > peer_up_to:
                    print(f"  {name:56s} not asked above {peer_up_to:,} (--peer-up-to)", flush=True)
                elif not (theirs := child(peer, code, path)).get("cpu"):
                    print(f"  {name:56s} {theirs['failed']}; skipped", flush=True)
                else:
                    ratio = f"{theirs['cpu'] / ours['cpu']:.1f}x"
                    _fit(f"  {name}", theirs, f"{ratio}  {_slope(name, theirs['cpu'])}")
            del t


def _fit(what, done, note=""):
    found = ", ".join(f"{v:.4f}" for v in done["found"])
    print(f"{what:58s} {done['cpu']:9.4f} s {done['mb']:6.0f} MB  ({found})  {note}", flush=True)


def power_law_lines(rng, sizes):
    for n in sizes:
        t = points.simulate(
            rng, branching_ratio=0.6, half_life=1.0, tail=0.8, window=(0, n * 0.4), background_rate=1.0
        ).times[:n]
        data = points.prepare(t, (0.0, float(t[-1])), None, None, "power_law", "constant")
        x = points.vector(data, background=1.0, ratio=0.6, half_life=1.0, tail=0.8)
        used = needed(data, 0.8, 1.0 / (2**1.25 - 1)).size
        ours = cpu(lambda data=data, x=x: points.value(data, x))
        what = f"power law, one likelihood and gradient, {t.size:,} events"
        line(what, ours, note=f"{used} exponentials  {_slope('power law', ours)}")


def seismic_lines(rng, stories):
    sizes = rng.geometric(1 / 186, stories)
    offsets = np.r_[0, np.cumsum(sizes)]
    t = rng.exponential(4000, offsets[-1])
    t[offsets[:-1]] = 0
    t = t[np.lexsort((t, np.repeat(np.arange(stories), sizes)))]
    audience = np.round(rng.lognormal(5, 1.5, t.size))
    ours = cpu(lambda: seismic.many(t, audience, offsets, 3600.0))
    line(f"SEISMIC at one hour, {stories:,} stories, {t.size:,} events", ours, note=_slope("seismic", ours))


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
        _slope("exposure", ours),
    )
    closed = cpu(lambda: ripple.exposure(design, rings, z, how="closed_form"))
    line("  the same in closed form", closed, note=_slope("closed form", closed))


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
    parser.add_argument("--peer", help="a Python with networkx, igraph, tick (with numpydoc and six) and Hawkes")
    parser.add_argument(
        "--peer-up-to", type=int, default=1_000_000, help="events in the longest history the peers are given"
    )
    parser.add_argument("--only", help="trees, virality, changes, seismic, exposure, hawkes, power_law")
    asked = parser.parse_args()
    part = 10 if asked.quick else 1
    longest = [10_000, 100_000, 1_000_000] if asked.quick else [100_000, 1_000_000, 10_000_000]
    parts = {
        "trees": lambda rng: [trees_lines(rng, n // part) for n in (100_000, 1_000_000)],
        "virality": lambda rng: virality_lines(rng, [400, 4_000], asked.peer),
        "changes": change_lines,
        "seismic": lambda rng: [seismic_lines(rng, n // part) for n in (10_000, 100_000)],
        "exposure": lambda rng: [exposure_lines(rng, n // part) for n in (10_000, 100_000)],
        "hawkes": lambda rng: hawkes_lines(rng, longest, asked.peer, asked.peer_up_to),
        "power_law": lambda rng: power_law_lines(rng, [10_000, 100_000]),
    }
    if asked.only and asked.only not in parts:
        parser.error(f"--only is one of {', '.join(parts)}")
    for name, work in parts.items():
        if asked.only in (None, name):
            work(np.random.default_rng(1))


if __name__ == "__main__":
    main()
