"""What do the numbers say, in words that cannot drift away from them?

The rule, stated in docs/rooms/studies.md, looks only at the interval and at the smallest effect that matters, m:

    too few to tell           the interval is unknown, or so wide that it holds both 0 and an effect of m or more
                              in either direction
    moved                     the whole interval lies above 0, and reaches m: by as much as matters, or perhaps so
    moved, less than matters  the whole interval lies between 0 and m: as much as matters is ruled out
    moved the wrong way       the whole interval lies below 0
    no sign of movement       the interval holds 0 and nothing of size m or more: that is ruled out

Where less is better (complaints), the same is asked of the effect's negative.
"""

from __future__ import annotations

from commonbeat.estimate import Estimate

__all__ = ["VERDICTS", "verdict"]

VERDICTS = ("moved", "moved_less_than_matters", "no_sign", "too_few", "wrong_way")


def verdict(effect: Estimate, smallest: float, *, better: str = "higher") -> str:
    """Which of the five verdicts does an interval earn?

    smallest : the effect that matters, in the estimate's unit;  better : "higher" or "lower"
    """
    if not effect.known:
        return "too_few"
    low, high = effect.low, effect.high
    if better == "lower":
        low, high = -high, -low
    if high < 0:
        return "wrong_way"
    if low > 0:
        return "moved" if high >= smallest else "moved_less_than_matters"
    return "too_few" if high >= smallest or low <= -smallest else "no_sign"
