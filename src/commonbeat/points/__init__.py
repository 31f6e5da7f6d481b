"""Does one event call forth others?  Self-exciting (Hawkes) processes: fit, intervals, check of fit, simulation.

The intensity is background * shape(t) + sum over earlier events of branching_ratio * w * g(t - t_j), with g a density:
exponential, or power law theta c^theta (t + c)^-(1 + theta). The branching ratio is the mean number of direct
offspring of one event. Events at equal times do not excite each other; without background the first event of a
sequence is given, not explained. Method: Hawkes (1971), recursion of Ozaki (1979), time rescaling of Ogata (1988).
"""

from commonbeat.points.bootstrapping import bootstrap
from commonbeat.points.checking import residuals
from commonbeat.points.fitting import HawkesFit, Push, fit
from commonbeat.points.histories import KERNELS, LEAST_EVENTS, prepare, shortest_gap
from commonbeat.points.likelihood import log_likelihood, value, vector
from commonbeat.points.simulating import Simulated, simulate

__all__ = [
    "KERNELS", "LEAST_EVENTS", "HawkesFit", "Push", "Simulated", "bootstrap", "fit", "log_likelihood", "prepare", "residuals",
    "shortest_gap", "simulate", "value", "vector",
]  # fmt: skip
