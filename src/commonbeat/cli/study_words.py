"""A study's answer on a terminal: the sentence first, then what a careful reader asks next."""

from __future__ import annotations

from commonbeat.studies.sentences import RING_WORDS, VERDICT_WORDS, number, signed

__all__ = ["tell"]


def tell(console, found) -> None:
    """Prints findings in the order in which a report is read."""
    line = lambda text, **how: console.print(text, highlight=False, soft_wrap=True, **how)  # noqa: E731
    line(f"[bold]{found.plan['title']}[/]")
    line(found.primary.sentence)
    line(
        "Sealed before the data." if found.sealed_before_data else "Not sealed beforehand: read it as exploration.",
        style="dim",
    )
    for said in (*found.deviations, *found.cautions):
        line("  ! " + said, style="yellow")
    if found.attrition:
        _part(line, "Who was lost", _lost(found.attrition))
    _part(
        line,
        "Near and far, soon and late (all intervals hold at once)",
        [f"{RING_WORDS.get(f.ring, f.ring)}, day {f.wave}: {_said(f)}" for f in found.rings],
    )
    _part(line, "Within groups", [f"{f.value}: {_said(f)}" for f in found.groups])
    _part(
        line,
        "By other methods that were named beforehand",
        [f"{f.estimator.replace('_', ' ')}: {_said(f)}" for f in found.robustness],
    )
    _part(line, "How long", _lasting(found.persistence))
    _part(
        line,
        "Not the answer, though often printed",
        [f"{n.what}: {_span(n.effect, found.primary.digits)}; {n.why}" for n in found.naive],
    )
    _part(
        line,
        "Not named beforehand: ideas, no answers",
        [f"{(f.value or f.estimator).replace('_', ' ')}: {_said(f)}" for f in found.exploratory],
    )


def _part(line, heading, lines):
    if lines:
        line(f"\n[bold]{heading}[/]")
        for text in lines:
            line("  " + text)


def _span(e, digits: int = 1) -> str:
    if not e.known:
        return "cannot be told"
    return f"{signed(e.value, digits)} ({signed(e.low, digits)} to {signed(e.high, digits)})"


def _said(f) -> str:
    n = f"; {f.effect.n:,} answers" if f.effect.n is not None else ""
    association = ", an association" if f.how == "observed" and f.effect.known else ""
    return (
        f"{_span(f.effect, f.digits)}, {VERDICT_WORDS[f.verdict]}{association}{n}"
        if f.effect.known
        else f"{VERDICT_WORDS[f.verdict]}{n}{_why(f)}"
    )


def _why(f) -> str:
    return f"; {f.effect.cautions[0]}" if f.effect.cautions else ""


def _lost(a) -> list[str]:
    shown = lambda n: "withheld" if n is None else f"{n:,}"  # noqa: E731
    lines = [
        f"{box.arm}: {shown(box.asked)} asked; answered " + ", ".join(f"day {w}: {shown(n)}" for w, n in box.answered)
        for box in a.flow
    ]
    return [
        *lines,
        f"difference in response: {_span(a.difference)} of a hundred"
        + (", enough to be careful" if a.differential else ""),
    ]


def _lasting(p) -> list[str]:
    if not p:
        return []
    half, again = p.get("half_life") or {}, p.get("cadence") or {}
    said = [p["verdict"]]
    if half.get("value") is not None:
        said.append(f"half of it is gone after {number(half['value'], 0)} days")
    if again.get("value") is not None:
        said.append(f"to keep half, come back to an area every {number(again['value'], 0)} days")
    why = list(half.get("cautions", ())[:1])
    return ["; ".join(why if len(said) == 1 and why and why[0].startswith(said[0]) else said + why)]
