"""One large study from answers to findings and to pages: 100,000 people, 4 waves, 5 rings, 8 groups, 2,000 redraws, 1,000 bootstrap draws.

python benchmarks/studies.py [--quick]      about a minute of CPU; --quick: up to 25,000 people

Each size runs in a process of its own, so that its peak memory is its own. No peer runs such a study end to end, so there
is no ratio here; the slope says how time grows (1: with the number of people).
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl

from commonbeat.codebook import TABLES
from commonbeat.ledger import Book
from commonbeat.report.make import make
from commonbeat.studies import released, run
from commonbeat.studies.plan import Plan

RINGS = ("officer", "participant", "onlooker", "neighbour", "viewer")
ITEMS = ("respect", "fairness", "voice")


def tables(n, seed=0):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 400, n)
    block = cluster // 20
    arm = rng.permuted(np.tile([0, 1], (20, 10)), axis=1).ravel()[cluster]
    base = rng.uniform(0.3, 0.8, n)
    names = np.char.add("r", np.arange(n).astype(str))
    people = pl.DataFrame(
        {
            "respondent": names, "plan_id": "large", "side": "resident", "ring": np.array(RINGS)[rng.integers(0, 5, n)],
            "arm": np.where(arm, "visit", "none"), "block": block.astype(str), "cluster": cluster.astype(str), "weight": 1.0,
            "race": np.array(["asian", "black", "hispanic", "other", "white", "a", "b", "c"])[rng.integers(0, 8, n)],
            "prior_trust": np.round(100 * base), "sample": "probability", "simulated": True,
        }
    )  # fmt: skip
    start, said = datetime(2026, 3, 2, tzinfo=UTC), []
    for wave in (0, 3, 21, 90):
        here = rng.random(n) < 0.85
        p = np.clip(base + 0.04 * arm * (wave > 0) * 0.5 ** (wave / 60), 0, 1)[here]
        for item in ITEMS:
            said.append(pl.DataFrame({"respondent": names[here], "wave": wave, "item": item, "value": 1.0 + rng.binomial(4, p), "at": start + timedelta(days=wave)}))  # fmt: skip
    answers = pl.concat(said).with_columns(questionnaire=pl.lit("pulse-1"))
    return {"respondents": shaped("respondents", people), "answers": shaped("answers", answers)}


def shaped(name, frame):
    schema = TABLES[name]
    missing = [pl.lit(None).alias(c) for c in schema.column_names() if c not in frame.columns]
    return schema.cast(frame.with_columns(missing).select(schema.column_names()))


def the_plan():
    return Plan.from_dict(
        {
            "plan_id": "large", "title": "A large study", "question": "How long does it take?", "design": "cluster", "arms": ["visit", "none"],
            "waves": [0, 3, 21, 90], "outcome": {"name": "trust", "items": list(ITEMS), "questionnaire": "pulse-1"}, "groups": ["race"],
            "covariates": ["prior_trust"], "rings": {r: {"how": "randomised"} for r in RINGS}, "robustness": ["difference_in_means", "randomisation_test"],
            "primary": {"ring": "participant", "wave": 21, "treated": "visit", "control": "none"}, "draws": 2_000, "bootstrap": 1_000,
        }
    )  # fmt: skip


def one(n):
    """Runs one size, prints its figures as JSON."""
    made = tables(n)
    with tempfile.TemporaryDirectory() as folder:
        book = Book.create(Path(folder) / "book").write(made, importer="benchmark", simulated=True)
        clock, cpu = time.perf_counter(), time.process_time()
        found = run(the_plan(), book, seed=1)
        studied = time.perf_counter() - clock, time.process_time() - cpu
        clock, cpu = time.perf_counter(), time.process_time()
        make(book, Path(folder) / "report", findings=[released(found)])
        shown = time.perf_counter() - clock, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(json.dumps({"n": n, "study": studied, "report": shown, "peak": peak, "said": found.primary.sentence}))


def main(quick=False):
    sizes = [6_000, 12_000, 25_000] if quick else [12_500, 25_000, 50_000, 100_000]
    print("| people | study, s wall (CPU) | slope | report, s wall (CPU) | peak, GB | promised |")
    print("|---|---|---|---|---|---|")
    before = None
    for n in sizes:
        out = subprocess.run(
            [sys.executable, __file__, "--one", str(n)], capture_output=True, text=True, check=True
        ).stdout
        now = json.loads(out.splitlines()[-1])
        slope = (
            "" if before is None else f"{np.log(now['study'][1] / before['study'][1]) / np.log(n / before['n']):.2f}"
        )
        promised = "60 s, 2 GB; report 15 s" if n == 100_000 else ""
        print(
            f"| {n:,} | {now['study'][0]:.1f} ({now['study'][1]:.1f}) | {slope} | {now['report'][0]:.1f} ({now['report'][1]:.1f}) | {now['peak']:.2f} | {promised} |",
            flush=True,
        )
        before = now
    print(now["said"])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(int(sys.argv[2]))
    else:
        main(quick="--quick" in sys.argv)
