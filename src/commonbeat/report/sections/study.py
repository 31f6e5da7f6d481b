"""Does trust move? The flagship picture and the findings behind it, from one sealed study."""

from __future__ import annotations

from collections.abc import Sequence

from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.ripple_curve import CurvePoint, ripple_curve
from commonbeat.report.words import HOW, RING_NAMES, VERDICT_WORDS, interval, points
from commonbeat.studies.findings import Finding, Findings

__all__ = ["KEY", "curve_of", "curve_sentence", "study"]

KEY = (
    "● randomised",
    "▲ encouraged",
    "□ observed (an association)",
    "┄ empty band: not identified",
    "┈ dashed line: the least that was said to matter",
)


def curve_of(findings: Findings, *, name: str = "ripple-curve") -> Drawn:
    """The ripple curve of one study."""
    shown = [CurvePoint(f.ring, f.wave, f.effect, f.how, f.verdict) for f in findings.rings]
    smallest = findings.primary.smallest
    return Drawn(ripple_curve(shown, smallest=smallest, name=name), KEY)


def curve_sentence(findings: Findings) -> str:
    """The whole picture in one sentence: which rings moved, which did not, where we cannot tell."""
    by = {}
    for f in findings.rings:
        by.setdefault(f.ring, []).append(f)
    parts = []
    for verdict, lead in (
        ("moved", "moved"),
        ("moved_less_than_matters", "moved, but less than would matter"),
        ("wrong_way", "moved the wrong way"),
    ):
        who = [
            f"{RING_NAMES[r]} ({_days(fs, verdict)})" for r, fs in by.items() if any(f.verdict == verdict for f in fs)
        ]
        if who:
            parts.append(f"trust {lead} among {_list(who)}")
    still = [RING_NAMES[r] for r, fs in by.items() if all(f.verdict == "no_sign" for f in fs)]
    if still:
        parts.append(f"there is no sign of movement among {_list(still)}")
    open_ = [
        RING_NAMES[r]
        for r, fs in by.items()
        if all(f.verdict in ("too_few", "no_sign") for f in fs)
        and r not in {k for k, v in by.items() if all(f.verdict == "no_sign" for f in v)}
    ]
    if open_:
        parts.append(f"there are too few answers to tell among {_list(open_)}")
    sentence = "; ".join(parts) or "nothing can be told yet"
    return sentence[0].upper() + sentence[1:] + "."


def study(findings: Findings) -> Page:
    """One study on one page: primary answer first, who was lost, rings, groups, robustness, deviations."""
    plan, f = findings.plan, findings.primary
    sealed = (
        f"The plan was sealed on {findings.sealed_at[:10]}, before the first outcome was known." if findings.sealed_before_data
        else "This plan was not sealed before the data existed; read it as exploration."
    )  # fmt: skip
    blocks = [
        Words(plan["question"], lead=True),
        Said(f.sentence),
        Words(
            f"{sealed} Method: {f.effect.method or 'none could be used'}. n = {f.effect.n if f.effect.n is not None else 'not published'}."
        ),
    ]
    if findings.cautions:
        blocks.append(Cautions(findings.cautions))
    if findings.attrition:
        blocks += _lost(findings)
    if findings.rings:
        blocks += [
            Heading("Near and far, soon and late"),
            curve_of(findings),
            Said(curve_sentence(findings)),
            Words(
                "Intervals hold for all points at once. "
                + " ".join(sorted({HOW[x.how][0].upper() + HOW[x.how][1:] + "." for x in findings.rings}))
            ),
        ]
    if findings.groups:
        blocks += [
            Heading("The same within groups"),
            Tabled("study-groups", _table("The primary comparison within groups", findings.groups)),
            Words(
                "Intervals hold for all values of a group at once. A difference between groups is judged by the difference, not by one being clear and the other not."
            ),
        ]
    if findings.robustness:
        blocks += [
            Heading("By other methods that were named beforehand"),
            Tabled("study-robustness", _table("Robustness", findings.robustness, estimator=True)),
        ]
    if findings.deviations:
        blocks += [Heading("What went differently than planned"), Cautions(findings.deviations)]
    return Page(
        "trust-study.html",
        "Does it move?",
        plan["title"],
        tuple(blocks),
        ("Does trust move?", f.sentence),
        findings.cannot_tell[:6],
    )


def _lost(findings):
    a = findings.attrition
    waves = [w for w, _ in a.flow[0].answered]
    rows = tuple(
        (RING_NAMES[x.ring], x.arm, *(_shown(n) for n in (x.asked, *(n for _, n in x.answered)))) for x in a.flow
    )
    table = Table("Asked and answered", ("who", "arm", "asked", *(f"day {w}" for w in waves)), rows)
    gap = f"Answers came from {points(a.difference.value)} of a hundred more people in the first arm than in the other ({interval(a.difference, signed=True)})."
    blocks = [Heading("Who was lost"), Tabled("study-flow", table), Words(gap)]
    if a.differential:
        blocks.append(Cautions(("Response differs between the arms, so the effect may be one of who answered.",)))
    if a.bounds:
        low, high = a.bounds.low, a.bounds.high
        blocks.append(
            Words(
                f"Whatever those who were lost would have said, the effect lies between {points(low)} and {points(high)} points ({a.bounds.method})."
            )
        )
    return blocks


def _shown(n: int | None) -> str:
    return "withheld" if n is None else f"{n:,}"


def _table(caption: str, findings: Sequence[Finding], *, estimator=False) -> Table:
    rows = tuple(
        (
            (f.estimator.replace("_", " ") if estimator else f.value),
            interval(f.effect, signed=True),
            f"{f.effect.n:,}" if f.effect.n is not None else "—",
            VERDICT_WORDS[f.verdict],
        )
        for f in findings
    )
    return Table(caption, ("method" if estimator else "group", "effect in points", "n", "in words"), rows)


def _days(fs, verdict) -> str:
    days = [str(f.wave) for f in fs if f.verdict == verdict]
    return ("day " if len(days) == 1 else "days ") + _list(days)


def _list(words) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
