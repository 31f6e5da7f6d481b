"""A verdict and its numbers as one sentence, made from the same record, so that they can never disagree."""

from __future__ import annotations

import math

from commonbeat.estimate import Estimate

__all__ = ["RING_WORDS", "VERDICT_WORDS", "digits_for", "effect_sentence", "number", "signed"]

RING_WORDS = {
    "officer": "Officers",
    "participant": "People who took part",
    "onlooker": "Onlookers",
    "neighbour": "Neighbours",
    "viewer": "Viewers",
}
VERDICT_WORDS = {
    "moved": "moved",
    "moved_less_than_matters": "moved, but less than would matter",
    "no_sign": "no sign of movement",
    "too_few": "too few to tell",
    "wrong_way": "moved the wrong way",
}


def number(value: float | None, digits: int = 1) -> str:
    """A number a person can read: thousands apart, a true minus, never -0.0."""
    if value is None:
        return "—"
    text = f"{value:,.{digits}f}"
    if float(text.replace(",", "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def signed(value: float | None, digits: int = 1) -> str:
    """An effect with its sign."""
    text = number(value, digits)
    return f"+{text}" if value is not None and value > 0 and text.strip("0.,") else text


def digits_for(smallest: float) -> int:
    """Digits after the point with which an effect a tenth of the smallest that matters can still be seen; at least one."""
    return max(1, 1 + math.ceil(-math.log10(smallest)))


def effect_sentence(who: str, what: str, e: Estimate, verdict: str, smallest: float, *, unit: str = "points") -> str:
    """One finding as one sentence, from the verdict and the same numbers it was made from."""
    n = f"{e.n:,} answers" if e.n is not None else "published without n" if e.known else "their number is withheld"
    if verdict == "too_few" and not e.known:
        return f"{who}: too few to tell ({n})."
    # what is asked of each end, besides its sign; where less is better the same is asked of the negative
    edges = {"value": (), "low": (-smallest, smallest), "high": (-smallest, smallest)}
    digits = digits_for(smallest)
    said = {name: _digits(getattr(e, name), *asked, least=digits) for name, asked in edges.items()}
    least = _digits(smallest, least=digits).lstrip("+")
    nearest = e.low if e.low > 0 else -e.high  # of the two ends, the one nearer to nothing
    enough = (
        f"at least the {least} that matter"
        if nearest >= smallest
        else f"whether by the {least} that matter, cannot be told"
    )
    span = f"{said['low']} to {said['high']}"
    change = f"{what} changed by {said['value']} {unit} ({span}; {n})"
    return {
        "too_few": f"{who}: too few to tell. {what} may have changed by anything from {span} {unit} ({n}).",
        "no_sign": f"{who}: no sign of movement. Anything above {said['high']} or below {said['low']} {unit} is ruled out ({n}).",
        "wrong_way": f"{who}: moved the wrong way. {change}.",
        "moved_less_than_matters": f"{who}: moved, but less than would matter. {change}; {least}, named beforehand as the least that matters, is ruled out.",
        "moved": f"{who}: moved. {change}; {enough}.",
    }[verdict]


def _digits(value: float, *edges: float, least: int = 1) -> str:
    """As few digits as tell the same as the number itself: on which side it lies of nothing, and of what matters."""
    for digits in range(least, 12):
        shown = round(value, digits)
        if all(_side(shown, edge) == _side(value, edge) for edge in (0.0, *edges)):
            break
    return signed(value, digits)


def _side(value: float, edge: float) -> int:
    return (value > edge) - (value < edge)
