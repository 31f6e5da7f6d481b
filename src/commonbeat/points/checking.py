"""Does a fitted history look like what the model makes?  Time rescaling (Ogata 1988)."""

from __future__ import annotations

from scipy import stats

from commonbeat.points.histories import LEAST_EVENTS, prepare
from commonbeat.points.likelihood import rescaled, vector

__all__ = ["against_exponential", "residuals", "tie_caution"]


def residuals(
    times, *, branching_ratio, half_life, tail=None, background_rate=0.0, window=None, marks=None, mark_exponent=1.0
):
    """Which gaps remain once the clock runs at the fitted speed?  -> (gaps,), exponential with mean 1 if the model holds."""
    kernel, background = (
        ("exponential" if tail is None else "power_law"),
        ("constant" if background_rate > 0 else "none"),
    )
    data = prepare(times, window, marks, mark_exponent if marks is not None else None, kernel, background)
    return rescaled(
        data, vector(data, background=background_rate, ratio=branching_ratio, half_life=half_life, tail=tail)
    )


def against_exponential(gaps):
    if gaps.size < LEAST_EVENTS:
        return None, None
    test = stats.kstest(gaps, "expon")
    return float(test.statistic), float(test.pvalue)


def tie_caution(data):
    tied = int((data.times[1:] == data.times[:-1]).sum())
    if tied <= 0.01 * data.times.size:
        return ()
    return (
        f"{tied} events share their time with another; equal times do not excite each other, and the check of fit suffers.",
    )
