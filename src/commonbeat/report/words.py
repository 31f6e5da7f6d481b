"""Numbers and verdicts in plain words, for every page of the report."""

from __future__ import annotations

from commonbeat.estimate import Estimate
from commonbeat.studies.sentences import VERDICT_WORDS, effect_sentence
from commonbeat.studies.sentences import number as figure
from commonbeat.studies.sentences import signed as points

__all__ = ["HOW", "RING_NAMES", "VERDICT_WORDS", "effect_sentence", "figure", "interval", "points", "rate_pair"]

RING_NAMES = {
    "officer": "officers",
    "participant": "people who took part",
    "onlooker": "onlookers",
    "neighbour": "neighbours",
    "viewer": "viewers",
}
HOW = {
    "randomised": "randomised: chance decided who, so a difference is an effect",
    "encouraged": "encouraged: chance decided who was invited; the effect is of the invitation",
    "observed": "observed: people came as they came, so a difference is an association",
    "not_identified": "not identified: nothing here can tell",
}


def interval(e: Estimate, digits: int = 1, *, signed: bool = False) -> str:
    """`3.1 (0.4 to 5.8)`, or why not."""
    if e.value is None:
        return "cannot tell"
    show = points if signed else figure
    if e.low is None or e.high is None:
        return f"{show(e.value, digits)} (published without an interval)"
    return f"{show(e.value, digits)} ({show(e.low, digits)} to {show(e.high, digits)})"


def rate_pair(enforcement: Estimate, positive: Estimate, *, per: int = 1_000) -> str:
    """The two rates side by side, as intervals, since a ratio is improved by logging more."""
    return (
        f"officers made {figure(enforcement.low, 0)} to {figure(enforcement.high, 0)} enforcement contacts per {per:,} residents "
        f"in a year, and {figure(positive.low, 0)} to {figure(positive.high, 0)} positive ones"
    )
