"""What the peers are asked, each in a process of its own, so that its memory is its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

__all__ = ["HAWKES", "IGRAPH", "NETWORKX", "OURS", "TICK", "child"]

#: a child's own peak; getrusage would count what it had of its parent before it began
PEAK = """
def peak():
    return int(next(l for l in open("/proc/self/status") if l.startswith("VmHWM")).split()[1]) / 1024
"""
NETWORKX = """
import json, sys, time
import numpy as np
import networkx as nx
p = np.load(sys.argv[1])
graph, n = nx.Graph((i, int(p[i])) for i in range(1, p.size)), p.size
begin = time.process_time()
found = 2 * nx.wiener_index(graph) / (n * (n - 1))
print(json.dumps({"cpu": time.process_time() - begin, "mb": peak(), "found": found}))
"""
IGRAPH = """
import json, sys, time
import numpy as np
import igraph
p = np.load(sys.argv[1])
graph = igraph.Graph([(i, int(p[i])) for i in range(1, p.size)])
begin = time.process_time()
found = graph.average_path_length()
print(json.dumps({"cpu": time.process_time() - begin, "mb": peak(), "found": found}))
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
    # its BFGS wants a penalty; this one is nothing
    h = HawkesExpKern(decays=float(np.exp(log_decay)), solver="bfgs", penalty="l2", C=1e12, gofit="likelihood")
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
    """A fit in a process of its own, so that its memory is its own; {"failed": why} where the peer is absent or fails."""
    python = python or sys.executable
    env = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(__file__).resolve().parents[1] / "src")}
    if python != sys.executable:
        del env["PYTHONPATH"]
    ask = [python, "-c", PEAK + code, *map(str, arguments)]
    try:
        done = subprocess.run(ask, env=env, capture_output=True, text=True, timeout=150)
    except (subprocess.TimeoutExpired, OSError) as error:
        return {"failed": f"did not end in {error.timeout:.0f} s" if hasattr(error, "timeout") else str(error)}
    if done.returncode == 0 and done.stdout.strip():
        return json.loads(done.stdout.splitlines()[-1])
    if "ModuleNotFoundError" in done.stderr and python != sys.executable:
        return child(sys.executable, code, *arguments)  # some peers are here for the tests
    last = (done.stderr.strip().splitlines() or ["no answer"])[-1]
    return {"failed": "not installed" if "ModuleNotFoundError" in last else last[:100]}
