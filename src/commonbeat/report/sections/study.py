"""Does trust move? One study on one page, for those who decide: the answer, what it means, who was lost, how far it went."""

from __future__ import annotations

from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Said, Tabled, Words
from commonbeat.report.charts import Table
from commonbeat.report.flow import flow_diagram
from commonbeat.report.ripple_curve import CurvePoint, ripple_curve
from commonbeat.report.words import HOW, RING_NAMES, figure, interval, points
from commonbeat.studies.findings import Findings

__all__ = ["KEY", "curve_of", "curve_sentence", "study"]

KEY = {
    "randomised": "● randomised",
    "encouraged": "▲ encouraged",
    "observed": "□ observed (an association)",
    "not_identified": "▯ empty band: not identified",
    "least": "┈ dashed line: the least that was said to matter; an arrowhead: the interval goes on",
}


def curve_of(findings: Findings, *, name: str = "ripple-curve") -> Drawn:
    """The ripple curve of one study."""
    shown = [CurvePoint(f.ring, f.wave, f.effect, f.how, f.verdict) for f in findings.rings]
    return Drawn(ripple_curve(shown, name=name, **scale_of(findings)), _key(shown))


def _key(shown) -> tuple[str, ...]:
    """What the marks mean; only of those that are there."""
    used = {p.how if p.effect.known else "not_identified" for p in shown}
    return tuple(words for how, words in KEY.items() if how in used or how == "least")


def scale_of(findings: Findings) -> dict:
    """In what the effects of one study are drawn: the least that matters, the outcome, its unit, which way is better."""
    said = findings.plan.get("outcome", {})
    sign = -1 if said.get("better") == "lower" else 1
    return {
        "smallest": findings.primary.smallest,
        "outcome": findings.primary.outcome.lower(),
        "unit": said.get("unit", "points, 0-100"),
        "sign": sign,
    }


def curve_sentence(findings: Findings) -> str:
    """The whole picture in one sentence: which rings moved, which did not, where we cannot tell."""
    by, what = {}, findings.primary.outcome.lower()
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
            parts.append(f"{what} {lead} among {_list(who)}")
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
    """One study on one page: the answer first, what it means for a decision, who was lost, near and far, what it lasted."""
    plan, f = findings.plan, findings.primary
    blocks = [
        Words(plan["question"], lead=True),
        Said(f.sentence),
        Words(f"{_sealed(findings)} {_meaning(findings)}"),
        *([Cautions(findings.cautions)] if findings.cautions else []),
        *(_lost(findings) if findings.attrition else []),
        *(_ripple(findings) if findings.rings else []),
        *_by_group(findings),
        *_lasting(findings),
        *(_naive(findings) if findings.naive else []),
        *_differently(findings),
        Words(f"Method: {f.effect.method or 'none could be used'}. n = {_n(f.effect.n)}. Every table, every other method and how to compute all of it again stand on the next page."),
    ]  # fmt: skip
    return Page(
        f"study-{plan['plan_id']}.html", plan["title"], plan["title"], tuple(blocks), (plan["title"], f.sentence),
        findings.cannot_tell[:6],
    )  # fmt: skip


def _n(n: int | None) -> str:
    return "not published" if n is None else f"{n:,}"


def _sealed(findings) -> str:
    if findings.sealed_before_data:
        return f"The plan was sealed on {findings.sealed_at[:10]}, before the first outcome was known."
    return "This plan was not sealed before the data existed; read it as exploration."


def _meaning(findings) -> str:
    """What the verdict lets somebody decide, by rule."""
    primary, e = findings.primary, findings.primary.effect
    least = f"{figure(primary.smallest, primary.digits)} {primary.short_unit}"
    enough = primary.verdict == "moved" and (e.low if e.low > 0 else -e.high) >= primary.smallest
    return {
        "moved": f"It moved by at least {least}, said beforehand to be the least that matters."
        if enough
        else f"It moved. Whether by {least}, said beforehand to be the least that matters, cannot be told from these answers.",
        "moved_less_than_matters": f"It moved, but {least}, said beforehand to be the least that matters, is ruled out: whoever pays for it should know that.",
        "no_sign": f"An effect of {least}, said beforehand to be the least that matters, is ruled out. Whoever counted on it need not.",
        "too_few": f"Neither nothing nor {least}, said beforehand to be the least that matters, can be ruled out. Decide nothing on this; `commonbeat study power` says how many answers would.",
        "wrong_way": "Stop, and ask people why, before it is done again.",
    }[primary.verdict]


def _lost(findings):
    a, plan = findings.attrition, findings.plan
    gap = _gap(a.difference, *(f.arm for f in a.flow))
    chart = flow_diagram(a.flow, primary_wave=plan["primary"]["wave"], name=f"study-flow-{plan['plan_id']}")
    blocks = [Heading("Who was lost"), Drawn(chart), Words(gap)]
    if a.differential:
        blocks.append(Cautions(("Response differs between the arms, so the effect may be one of who answered.",)))
    if a.bounds:
        low, high = (points(v, findings.primary.digits) for v in (a.bounds.low, a.bounds.high))
        blocks.append(
            Words(f"If being in one arm made people answer more, or less, but not some of them more and others less, the effect on those who would answer either way lies between {low} and {high} {findings.primary.short_unit} ({a.bounds.method}).")
        )  # fmt: skip
    return blocks


def _gap(e, first, other) -> str:
    if e.value is None:
        return "How response differs between the arms is withheld or cannot be told."
    if round(abs(e.value), 1) == 0:
        return (
            f"As many of a hundred people answered in the arm “{first}” as in “{other}” ({interval(e, signed=True)})."
        )
    more = "more" if e.value > 0 else "fewer"
    return f"Of a hundred people, {figure(abs(e.value))} {more} answered in the arm “{first}” than in “{other}” ({interval(e, signed=True)})."


def _ripple(findings):
    hows = " ".join(sorted({HOW[x.how][0].upper() + HOW[x.how][1:] + "." for x in findings.rings}))
    return [
        Heading("Near and far, soon and late"),
        curve_of(findings, name=f"ripple-curve-{findings.plan['plan_id']}"),
        Said(curve_sentence(findings)),
        Words(f"Intervals hold for all points at once. {_twice(findings)}{hows}{_asked_of(findings)}"),
    ]


def _twice(findings) -> str:
    """Why the point of the answer may say less here than the answer did, where it does."""
    f = findings.primary
    here = next((x for x in findings.rings if (x.ring, x.wave) == (f.ring, f.wave)), None)
    if here is None or here.verdict == f.verdict:
        return ""
    return f"The answer above was named beforehand as the one that counts and stands by itself; as one of {len(findings.rings)} points its interval is wider. "


def _by_group(findings):
    """The same picture once for each value of the group that was asked for."""
    if not findings.curves:
        return []
    drawn = []
    for k, value in enumerate(dict.fromkeys(f.value for f in findings.curves)):
        shown = [CurvePoint(f.ring, f.wave, f.effect, f.how, f.verdict) for f in findings.curves if f.value == value]
        name = f"ripple-curve-{findings.plan['plan_id']}-{findings.curves[0].group}-{k + 1}"
        drawn.append(
            Drawn(
                ripple_curve(
                    shown,
                    name=name,
                    title=f"Effect on {findings.primary.outcome.lower()}: {value}",
                    **scale_of(findings),
                ),
                _key(shown),
            )
        )
    group = findings.curves[0].group.replace("_", " ")
    note = (
        "Intervals hold for all points of these pictures at once, and are therefore wide. Officers are not divided."
    )
    if not findings.curves[0].planned:
        note += " This group was not named in the plan: read it as exploration."
    return [Heading(f"The same by {group}"), *drawn, Words(note)]


def _asked_of(findings) -> str:
    """Whom the answers are about, so that nobody reads more into them."""
    where = {"my_area": "police in one's own area", "in_general": "police in general"}
    return f" People were asked about {where[findings.plan['outcome'].get('referent', 'my_area')]}."


def _lasting(findings):
    p = findings.persistence
    if not p:
        return []
    half, again = p.get("half_life") or {}, p.get("cadence") or {}
    why = half.get("cautions", ())[:1]
    said = ["Does it last?"] + ([] if why and why[0].startswith(p["verdict"]) else [f"{p['verdict'].capitalize()}."])
    if half.get("value") is not None:
        said.append(f"Half of it is gone after {figure(half['value'], 0)} days ({_span(half)}).")
    if again.get("value") is not None:
        said.append(
            f"To keep half of it, come back to an area every {figure(again['value'], 0)} days ({_span(again)}): a number for areas, never for officers."
        )
    reasons = [c[0].upper() + c[1:] + "." for c in why]
    return [Heading("How long"), Words(" ".join(said + reasons))]


def _span(e: dict) -> str:
    low, high = ("—" if e.get(k) is None else figure(e[k], 0) for k in ("low", "high"))
    return f"{low} to {high}"


def _naive(findings):
    f = findings.primary
    rows = [(f"not the answer: {n.what}", interval(n.effect, f.digits, signed=True), n.why) for n in findings.naive]
    rows.append(("the answer, from the draw", interval(f.effect, f.digits, signed=True), "chance decided who" if findings.primary.how == "randomised" else "see how it is known"))  # fmt: skip
    table = Table("The same question without a draw", ("comparison", f"effect in {f.short_unit}", "why"), tuple(rows))
    return [Heading("What would usually be printed"), Tabled(f"study-naive-{findings.plan['plan_id']}", table)]


def _differently(findings):
    told = list(findings.deviations)
    if findings.sample_ratio and findings.sample_ratio.broken:
        told.append("The arms came out too uneven for a fair draw.")
    return [Heading("What went differently than planned"), Cautions(tuple(told))] if told else []


def _days(fs, verdict) -> str:
    days = [str(f.wave) for f in fs if f.verdict == verdict]
    return ("day " if len(days) == 1 else "days ") + _list(days)


def _list(words) -> str:
    words = list(words)
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]
