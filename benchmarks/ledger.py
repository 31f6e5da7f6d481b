"""How long do importing, placing and counting take, and does the cost grow in line with the rows?

    python benchmarks/ledger.py [--quick]

Peer for the import: pandas + pandera with the same rules on the same file (benchmarks/requirements-peers.txt); without it
the ratio is left out. Rows are made here and mean nothing. CPU seconds and memory are the child's own, measured outside it.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import polars as pl

OURS = """
import sys
from commonbeat import ledger
ledger.Book.create(sys.argv[2])
print(ledger.bring_in(sys.argv[2], "contacts", sys.argv[1], importer="bench").tables["contacts"].added)
"""
PEER = """
import sys
import pandas as pd, pandera.pandas as pa
KINDS = ["positive", "service", "enforcement"]
ACTS = ["play", "dance", "conversation", "help", "event", "call", "stop", "search", "citation", "arrest", "other"]
YNU = ["yes", "no", "unknown"]
ID = r"^[^\\s\\x00]{1,128}$"
text = lambda n, **k: pa.Column(str, pa.Check.str_length(max_value=n), nullable=True, **k)
ref = lambda **k: pa.Column(str, pa.Check.str_matches(ID), **k)
schema = pa.DataFrameSchema({
    "contact_id": ref(unique=True), "at": pa.Column("datetime64[us, UTC]"), "area_id": ref(nullable=True),
    "place": text(200), "latitude": pa.Column(float, pa.Check.in_range(-90, 90), nullable=True),
    "longitude": pa.Column(float, pa.Check.in_range(-180, 180), nullable=True), "kind": pa.Column(str, pa.Check.isin(KINDS)),
    "activity": pa.Column(str, pa.Check.isin(ACTS)), "free_to_leave_officer": pa.Column(str, pa.Check.isin(YNU), nullable=True),
    "people": pa.Column("Int64", pa.Check.ge(0), nullable=True), "children": pa.Column("Int64", pa.Check.ge(0), nullable=True),
    "happened": text(600), "unit": ref(nullable=True), "recorded_at": pa.Column("datetime64[us, UTC]", nullable=True),
}, checks=[
    pa.Check(lambda d: (d["kind"] != "positive") | d["free_to_leave_officer"].notna()),
    pa.Check(lambda d: d["people"].isna() | d["children"].isna() | (d["children"] <= d["people"])),
])
CAP = r"[A-Z][a-z'’-]+"
TELLS = "|".join([
    r"[\\w.+-]+@[\\w-]+\\.\\w+",
    r"(?:\\+?\\d[\\s.()-]*)?\\(?\\d{3}\\)?[\\s.-]*\\d{3}[\\s.-]*\\d{4}\\b|\\b\\d{3}[-.]\\d{4}\\b",
    r"\\b(?:[A-Z]{3}[ -]?\\d{3,4}|\\d{3}[ -]?[A-Z]{3}|\\d[A-Z]{3}\\d{3})\\b",
    r"\\b\\d{1,5} (?:[NSEW]\\.? )?(?:\\w+ ){1,3}(?:street|st|avenue|ave|road|rd|lane|ln|drive|dr|court|blvd|boulevard)\\b",
    rf"\\b(?:Mr|Mrs|Ms|Miss|Dr|Officer|Sgt|Sergeant|Lt|Lieutenant|Capt|Captain|Deputy|Chief)\\.? {CAP}",
    rf"\\b(?:named|called|nicknamed|name is|name was) {CAP}|\\b{CAP}(?: {CAP})+",
])
d = pd.read_csv(sys.argv[1], dtype=str, keep_default_na=False, na_values=[""])
for c in ("at", "recorded_at"):
    d[c] = pd.to_datetime(d[c], utc=True, format="ISO8601").astype("datetime64[us, UTC]")
for c in ("latitude", "longitude"):
    d[c] = d[c].astype(float)
for c in ("people", "children"):
    d[c] = pd.to_numeric(d[c]).astype("Int64")
d = schema.validate(d, lazy=True)
for c in ("place", "happened"):
    assert not d[c].str.contains(TELLS, regex=True).fillna(False).any()
d.to_parquet(sys.argv[2])
print(len(d))
"""


def sentences(rng, n: int) -> np.ndarray:
    """Sentences as long as people write them, about 80 characters, of which none tells who anybody is."""
    who = np.array(
        ["two girls", "a boy of about ten", "the families on the steps", "three young men", "a grandmother"]
    )
    did = np.array(
        [
            "showed us a dance",
            "asked about the dog",
            "taught us a clapping game",
            "won at dominoes",
            "laughed at our hats",
        ]
    )
    then = np.array(
        ["and we stayed for a while", "and everybody had lemonade", "until the rain came", "while music played"]
    )
    where = np.array(["in front of the library", "by the fountain", "at the corner shop", "under the big tree"])
    return np.array([f"{rng.choice(who)} {rng.choice(did)} {rng.choice(where)} {rng.choice(then)}, {k % 90 + 5} minutes" for k in range(n)])  # fmt: skip


def contacts(rows: int, areas: int, seed=1) -> pl.DataFrame:
    """Rows with the codebook's columns, as words for a CSV."""
    rng = np.random.default_rng(seed)
    at = pl.Series(rng.integers(1_704_067_200, 1_735_689_600, rows)).cast(pl.Int64) * 1_000_000
    kind = rng.choice(["positive", "service", "enforcement"], rows, p=[0.1, 0.6, 0.3])
    words = np.append(sentences(rng, 2_000), "")
    return pl.DataFrame({
        "contact_id": pl.select(pl.format("c{}", pl.arange(rows, eager=True))).to_series(), "at": at.cast(pl.Datetime("us", "UTC")),
        "area_id": pl.select(pl.format("a{}", pl.Series(rng.integers(0, areas, rows)))).to_series(), "place": "the corner by the park",
        "latitude": np.round(rng.uniform(41.6, 42.05, rows), 5), "longitude": np.round(rng.uniform(-87.95, -87.5, rows), 5),
        "kind": kind, "activity": np.where(kind == "positive", "dance", np.where(kind == "service", "call", "stop")),
        "free_to_leave_officer": np.where(kind == "positive", "yes", "unknown"), "people": rng.integers(3, 9, rows),
        "children": rng.integers(0, 3, rows), "happened": words[np.where(rng.random(rows) < 0.75, rng.integers(0, 2_000, rows), 2_000)], "unit": "team-1",
        "recorded_at": (at + 3_600_000_000).cast(pl.Datetime("us", "UTC")),
    })  # fmt: skip


def child(code: str, *argv: str, python=sys.executable) -> dict | None:
    """Runs code in its own process  -> wall and CPU seconds, peak memory in MB; None when it cannot run."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    wrapped = code + "\nimport resource; print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)"
    done = subprocess.run([python, "-c", wrapped, *argv], capture_output=True, text=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        print(f"  (did not run: {done.stderr.strip().splitlines()[-1][:120]})")
        return None
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return {"wall": time.perf_counter() - start, "cpu": cpu, "MB": int(done.stdout.split()[-1])}


def importing(folder: Path, sizes, peer: str) -> None:
    print("import of contacts from CSV with every check       wall s   CPU s   peak MB   CPU us/row")
    slope = []
    for n in sizes:
        file = folder / f"{n}.csv"
        contacts(n, 277).write_csv(file, datetime_format="%Y-%m-%dT%H:%M:%S+00:00")
        rounds = [
            (
                child(OURS, str(file), str(folder / f"book{n}-{i}")),
                child(PEER, str(file), str(folder / "p.parquet"), python=peer),
            )
            for i in range(2)
        ]
        for name, which in (("commonbeat", 0), ("pandas + pandera", 1)):
            runs = [r[which] for r in rounds if r[which]]
            if runs:
                best = min(runs, key=lambda r: r["cpu"])
                print(
                    f"  {n:>9,} rows  {name:<32} {best['wall']:7.1f} {best['cpu']:7.1f} {best['MB']:9,} {1e6 * best['cpu'] / n:9.2f}"
                )
                if which == 0:
                    slope.append((n, best["cpu"]))
                elif slope:
                    print(f"      ratio of CPU seconds, peer to ours: {best['cpu'] / slope[-1][1]:.2f}")
    (a, x), (b, y) = slope[0], slope[-1]
    print(f"  slope: {1e6 * (y - x) / (b - a):.2f} us of CPU per row from {a:,} to {b:,} rows\n")


def placing(sizes) -> None:
    import shapely

    from commonbeat.ledger import Borders

    rng = np.random.default_rng(0)
    points = shapely.MultiPoint(rng.uniform([-87.95, 41.6], [-87.5, 42.05], (277, 2)))
    cells = shapely.get_parts(shapely.voronoi_polygons(points))
    rough = [shapely.segmentize(c, 0.0005) for c in cells]  # about as many corners as real beats
    borders = Borders(
        pl.DataFrame({"area_id": [f"b{i:03}" for i in range(277)], "geometry": [shapely.to_wkb(c) for c in rough]})
    )
    print(f"points in {len(cells)} areas of {int(np.mean(shapely.get_num_coordinates(rough)))} corners")
    for n in sizes:
        x, y = rng.uniform(-87.95, -87.5, n), rng.uniform(41.6, 42.05, n)
        start, cpu = time.perf_counter(), time.process_time()
        borders.area_of(x, y)
        print(f"  {n:>9,} points {time.perf_counter() - start:7.2f} s wall {time.process_time() - cpu:7.2f} s CPU")
    print()


def met(rows: int, areas: int) -> pl.DataFrame:
    """Only what counting reads."""
    rng = np.random.default_rng(1)
    at = pl.Series(rng.integers(1_704_067_200, 1_735_689_600, rows)).cast(pl.Int64) * 1_000_000
    names = pl.Series([f"a{i}" for i in range(areas)])
    kinds = pl.Series(["positive", "service", "enforcement"])
    return pl.DataFrame({
        "contact_id": pl.select(pl.format("c{}", pl.arange(rows, eager=True))).to_series(), "at": at.cast(pl.Datetime("us", "UTC")),
        "area_id": names.gather(rng.integers(0, areas, rows)), "kind": kinds.gather(rng.choice(3, rows, p=[0.1, 0.6, 0.3])).cast(pl.Enum(kinds)),
        "simulated": True,
    })  # fmt: skip


def counting(folder: Path, sizes, areas=1_000) -> None:
    from commonbeat import encounters

    races = ["asian", "black", "hispanic", "native american", "other", "pacific", "two or more", "white"]
    population = pl.DataFrame({"area_id": [f"a{i}" for i in range(areas) for _ in races], "race": races * areas,
                               "age_band": None, "sex": None, "residents": 500})  # fmt: skip
    print(f"equity of {areas:,} areas x {len(races)} groups with intervals, from Parquet")
    for n in sizes:
        rows = met(n, areas)
        rows.write_parquet(folder / "c.parquet")
        race = pl.Series(races).gather(np.random.default_rng(0).integers(0, 8, n))
        people = pl.DataFrame({"contact_id": rows["contact_id"], "race": race})
        people.write_parquet(folder / "in order.parquet")
        people.sample(fraction=1, shuffle=True, seed=1).write_parquet(folder / "shuffled.parquet")
        del rows, people, race
        for order in ("in order", "shuffled"):
            start, cpu = time.perf_counter(), time.process_time()
            encounters.equity(
                pl.scan_parquet(folder / "c.parquet"), population, people=pl.scan_parquet(folder / f"{order}.parquet"), by="race"
            )  # fmt: skip
            wall, cpu = time.perf_counter() - start, time.process_time() - cpu
            print(f"  {n:>10,} contacts, people {order:<9} {wall:7.2f} s wall {cpu:7.2f} s CPU {1e6 * cpu / n:7.3f} us of CPU per contact")  # fmt: skip


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--quick", action="store_true")
    asked.add_argument("--peer", default=sys.executable, help="python of an environment with pandas and pandera")
    asked.add_argument("--only", choices=("importing", "placing", "counting"))
    args = asked.parse_args()
    few = 10 if args.quick else 1
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        parts = {
            "importing": lambda: importing(folder, [250_000 // few, 1_000_000 // few], args.peer),
            "placing": lambda: placing([250_000 // few, 1_000_000 // few]),
            "counting": lambda: counting(folder, [1_000_000 // few, 10_000_000 // few]),
        }
        for name, part in parts.items():
            if args.only in (None, name):
                part()
    print(json.dumps({"python": sys.version.split()[0], "polars": pl.__version__}))


if __name__ == "__main__":
    main()
