"""Numbers and verdicts in plain words. The only place where a verdict becomes a sentence, so that it can be translated."""

from __future__ import annotations

from commonbeat.estimate import Estimate

__all__ = ["HOW", "RING_NAMES", "VERDICT_WORDS", "effect_sentence", "figure", "interval", "points", "rate_pair"]

RING_NAMES = {
    "officer": "officers",
    "participant": "people who took part",
    "onlooker": "onlookers",
    "neighbour": "neighbours",
    "viewer": "viewers",
}
VERDICT_WORDS = {
    "moved": "moved",
    "moved_less_than_matters": "moved, but less than would matter",
    "no_sign": "no sign of movement",
    "too_few": "too few to tell",
    "wrong_way": "moved the wrong way",
}
HOW = {
    "randomised": "randomised: chance decided who, so a difference is an effect",
    "encouraged": "encouraged: chance decided who was invited; the effect is of the invitation",
    "observed": "observed: people came as they came, so a difference is an association",
    "not_identified": "not identified: nothing here can tell",
}


def figure(value: float | None, digits: int = 1) -> str:
    """A number a person can read: thousands apart, a true minus, never -0.0."""
    if value is None:
        return "—"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def points(value: float | None, digits: int = 1) -> str:
    """An effect with its sign."""
    if value is None:
        return "—"
    text = figure(value, digits)
    return f"+{text}" if value > 0 and float(text.replace(",", "")) != 0 else text


def interval(e: Estimate, digits: int = 1, *, signed: bool = False) -> str:
    """`3.1 (0.4 to 5.8)`, or why not."""
    if e.value is None:
        return "cannot tell"
    show = points if signed else figure
    if e.low is None or e.high is None:
        return f"{show(e.value, digits)} (published without an interval)"
    return f"{show(e.value, digits)} ({show(e.low, digits)} to {show(e.high, digits)})"


def effect_sentence(who: str, what: str, e: Estimate, verdict: str, smallest: float) -> str:
    """One finding as one sentence, from the verdict and the same numbers it was made from."""
    n = f"{e.n:,} answers" if e.n is not None else "published without n"
    span = f"{points(e.low)} to {points(e.high)}"
    if verdict == "too_few":
        if not e.known:
            return f"{who}: too few to tell ({n})."
        return f"{who}: too few to tell. {what} may have changed by anything from {span} points ({n})."
    if verdict == "no_sign":
        return f"{who}: no sign of movement. Anything above {points(e.high)} or below {points(e.low)} points is ruled out ({n})."
    if verdict == "wrong_way":
        return f"{who}: moved the wrong way. {what} changed by {points(e.value)} points ({span}; {n})."
    if verdict == "moved_less_than_matters":
        return f"{who}: moved, but less than would matter. {what} changed by {points(e.value)} points ({span}; {n}); {figure(smallest)} was named beforehand as the least that matters."
    return f"{who}: moved. {what} changed by {points(e.value)} points ({span}; {n})."


def rate_pair(enforcement: Estimate, positive: Estimate, *, per: int = 1_000) -> str:
    """The two rates side by side, as intervals, since a ratio is improved by logging more."""
    return (
        f"officers made {figure(enforcement.low, 0)} to {figure(enforcement.high, 0)} enforcement contacts per {per:,} residents "
        f"in a year, and {figure(positive.low, 0)} to {figure(positive.high, 0)} positive ones"
    )
