"""Between which branching ratios do refits fall, if the fit were true?"""

from __future__ import annotations

import math

import numpy as np

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.points.fitting import HawkesFit, fit
from commonbeat.points.histories import LEAST_EVENTS
from commonbeat.points.simulating import simulate

__all__ = ["bootstrap"]


def bootstrap(found: HawkesFit, *, rng, draws=200, level=0.95) -> Estimate:
    """Between which branching ratios do refits fall, if the fit were true?  -> the ratio with its bootstrap interval

    Parametric: new histories of the same length are drawn from the fit and fitted again; the interval is the basic one on
    the logarithm. Needs one sequence, constant background or none, no marks; refits without enough events are left out.
    """
    if found.sequences != 1 or found.background == "given" or found.mark_exponent is not None:
        raise BadInput("The bootstrap takes one sequence without marks, with a constant background or none.")
    if found.branching_ratio.value >= 1:
        raise BadInput(
            "A branching ratio of 1 or more has no finite histories to draw from; use the profile interval."
        )
    truth = {"branching_ratio": found.branching_ratio.value, "half_life": found.half_life.value, "tail": found.tail}
    rate = None if found.background == "none" else found.background_rate.value
    again = []
    for _ in range(draws):
        t = simulate(rng, window=(0, found.duration), background_rate=rate, **truth).times
        if t.size - (rate is None) >= LEAST_EVENTS:
            options = {"kernel": found.kernel, "background": found.background, "window": (0, found.duration)}
            again.append(fit(t, starts=1, profile=False, **options).branching_ratio.value)
    if len(again) < draws / 2:
        raise TooFew(f"Only {len(again)} of {draws} histories had enough events to fit; these events say too little.")
    low, high = np.quantile(np.log(again), [(1 - level) / 2, (1 + level) / 2])
    centre = found.branching_ratio.value
    how = f"parametric bootstrap, {len(again)} histories, basic interval on the logarithm"
    return Estimate(
        centre, low=centre**2 / math.exp(high), high=centre**2 / math.exp(low), level=level, n=found.n, method=how
    )
