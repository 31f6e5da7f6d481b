"""How fast is a town built?  `python benchmarks/city.py [--large]`

No peer: nothing else we know builds these tables with their truth. Printed are CPU seconds, peak memory and the slope:
by which power time grows with residents. Each size runs in a process of its own, so that its memory is its own.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys

TOWN = """
import json, resource, time
from commonbeat import city
city.build(1, 2_000)
start, wall = time.process_time(), time.perf_counter()
town = city.build(7, {n}, 2)
seconds, wall = time.process_time() - start, time.perf_counter() - wall
rows = sum(len(frame) for frame in town.tables.values())
print(json.dumps([seconds, wall, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, rows]))
"""
AIMS = {100_000: "<= 10 s", 1_000_000: "<= 120 s, <= 4 GB"}


def main(sizes):
    print(f"{'residents':>10} {'CPU s':>8} {'wall s':>8} {'peak MB':>8} {'rows':>10}   aim")
    found = {}
    for n in sizes:
        said = subprocess.run([sys.executable, "-c", TOWN.format(n=n)], capture_output=True, text=True, check=True)
        found[n], wall, memory, rows = json.loads(said.stdout)
        print(f"{n:>10,} {found[n]:>8.2f} {wall:>8.2f} {memory:>8.0f} {rows:>10,}   {AIMS.get(n, '')}", flush=True)
    first, last = min(found), max(found)
    power = math.log(found[last] / found[first]) / math.log(last / first)
    print(f"slope: time grows with residents to the power {power:.2f}")


if __name__ == "__main__":
    main((20_000, 100_000, 300_000, *((1_000_000,) if "--large" in sys.argv else ())))
