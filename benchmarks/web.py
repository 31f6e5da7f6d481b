"""How quick is the site on this machine, beside a bare Django view and an untuned Django insert served the same way?

    python benchmarks/web.py [--seconds 8] [--rounds 3] [--quick] [--only pages votes upload stalled] [--database URL]

Needs `wrk` (Debian: apt-get install wrk). Servers take turns, one at a time, so that the machine's mood falls on all alike;
wrk itself runs on the same cores, so these are floors. Each server is one process with as many threads as `commonbeat serve` has.

    floors   home and story >= 300/s at p99 < 250 ms; durable votes >= 1,000/s at p99 < 100 ms and none lost;
             200 MB upload >= 100 MB/s with <= 80 MB added memory; /healthz < 200 ms beside 16 stalled readers and 16 uploads
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "needed"))

from site_load import DATABASE, Ask, peer, seeded, serve, stalled, upload, votes_kept, wrk

UPLOAD = 200_000_000
PARTS = ("pages", "votes", "upload", "stalled")


def pages(folder: Path, what: dict, args) -> list[tuple]:
    """(name, /s, p99 ms, ratio) of home, story, results, beside a bare view; the bare view has no database and no middleware."""
    asks = {"home": Ask("/"), "story": Ask(f"/stories/{what['slug']}/"), "results": Ask("/talk/t/results/")}
    seen: dict[str, list] = {name: [] for name in (*asks, "bare Django view")}
    for _ in range(args.rounds):
        with peer(folder, "bare") as (home, pid):
            seen["bare Django view"].append(wrk(home, Ask("/"), args.seconds, pid))
        with serve(folder / "site") as (home, pid):
            for name, ask in asks.items():
                seen[name].append(wrk(home, ask, args.seconds, pid))
    return _rows(seen, "bare Django view")


def votes(folder: Path, what: dict, args) -> list[tuple]:
    """The same for durable votes, each of a browser of its own that took part before (a first vote asks for a proof of work, and
    few may begin from one address); counts what was acknowledged and what is there."""
    seen: dict[str, list] = {"vote": [], "untuned Django insert": []}
    acknowledged, before = 0, votes_kept(folder / "site")
    for n in range(args.rounds):
        with peer(folder, "insert") as (home, pid):
            seen["untuned Django insert"].append(wrk(home, Ask("/", post="value=1"), args.seconds, pid))
        with serve(folder / "site") as (home, pid):
            ask = Ask(
                "/talk/t/vote/", post=f"statement={what['statement']}&value=agree", tokens=folder / f"tokens{n}"
            )
            seen["vote"].append(wrk(home, ask, args.seconds, pid))
            acknowledged += seen["vote"][-1].good
    kept = votes_kept(folder / "site") - before
    print(f"votes acknowledged {acknowledged:,}, kept {kept:,}: {'none lost' if kept >= acknowledged else 'LOST'}")
    return _rows(seen, "untuned Django insert")


def _rows(seen: dict[str, list], base: str) -> list[tuple]:
    """Medians over rounds; the ratio is the median of the rounds' own ratios."""
    rows = []
    for name, rounds in seen.items():
        ratio = statistics.median(r.rate / b.rate for r, b in zip(rounds, seen[base], strict=True))
        bad = sum(r.bad for r in rounds)
        rows.append((name, statistics.median(r.rate for r in rounds), statistics.median(r.p99 for r in rounds), max(r.p99 for r in rounds), ratio, bad, statistics.median(r.cpu for r in rounds)))  # fmt: skip
    return rows


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--seconds", type=float, default=8)
    ask.add_argument("--rounds", type=int, default=3)
    ask.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="some of the parts")
    ask.add_argument(
        "--database",
        default="",
        help="an empty PostgreSQL database for the site, as DATABASE_URL; the insert beside it stays SQLite",
    )
    ask.add_argument("--quick", action="store_true", help="one round of three seconds each")
    args = ask.parse_args()
    if args.quick:
        args.seconds, args.rounds = 3, 1
    if not shutil.which("wrk"):
        raise SystemExit("wrk is missing: apt-get install wrk")
    if args.database:
        os.environ[DATABASE] = args.database
    folder = Path(tempfile.mkdtemp(prefix="commonbeat-bench-"))
    try:
        what = seeded(folder / "site", folder / "tokens")
        print(f"{'':24}{'/s':>9}{'p99 ms':>9}{'worst':>9}{'ratio':>8}{'failed':>8}{'CPU ms':>8}")
        for part in args.only:
            {"pages": _pages, "votes": _votes, "upload": _upload, "stalled": _stalled}[part](folder, what, args)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pages(folder: Path, what: dict, args) -> None:
    _print(pages(folder, what, args))


def _votes(folder: Path, what: dict, args) -> None:
    _print(votes(folder, what, args))


def _print(rows: list[tuple]) -> None:
    for name, rate, p99, worst, ratio, bad, cpu in rows:
        print(f"{name:24}{rate:9,.0f}{p99:9.1f}{worst:9.1f}{ratio:8.2f}{bad:8,}{cpu:8.2f}")


def _upload(folder: Path, _what: dict, args) -> None:
    with serve(folder / "site") as (home, pid):
        for n in range(1 if args.quick else 3):
            speed, added = upload(folder / "site", home, pid, UPLOAD)
            first = " (first)" if n == 0 else ""
            print(f"upload of {UPLOAD / 1e6:.0f} MB: {speed:,.0f} MB/s, {added:.0f} MB of memory added{first}")


def _stalled(folder: Path, what: dict, _args) -> None:
    with serve(folder / "site") as (home, _pid):
        for path, took in stalled(folder / "site", home, what).items():
            beside = f"beside 16 stalled readers and 16 stalled uploads, {path}"
            print(f"{beside}: median {took[len(took) // 2]:.1f} ms, worst {took[-1]:.1f} ms")


if __name__ == "__main__":
    main()
