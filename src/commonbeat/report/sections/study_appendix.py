"""One study for a reviewer: every number, every method that was named, what was not, and how to compute it again."""

from __future__ import annotations

from collections.abc import Sequence

from commonbeat.report.blocks import Cautions, Drawn, Heading, Page, Tabled, Words
from commonbeat.report.charts import Table, dots, line_with_band
from commonbeat.report.sections.recompute import citation, script
from commonbeat.report.words import RING_NAMES, VERDICT_WORDS, figure, interval
from commonbeat.studies.findings import Finding, Findings

__all__ = ["appendix"]

MANY_DAYS = 10  #: days of a running page from which a picture says more than rows


def appendix(findings: Findings) -> Page:
    """Everything a reviewer would ask for, in the order in which a trial is read."""
    plan, name = findings.plan, findings.plan["plan_id"]
    blocks = [
        Words(f"What stands behind “{plan['title']}”. Exact numbers are in findings.json; cells below the floor are withheld there too.", lead=True),
        *_alike(findings, name), *_points(findings, name), *_groups(findings, name), *_methods(findings, name), *_running(findings, name),
        *_waves(findings, name), *_exploratory(findings, name), *_open(findings), *_plan(findings, name), *_again(findings, name),
    ]  # fmt: skip
    return Page(
        f"study-{name}-appendix.html", f"{plan['title']} (for reviewers)", f"{plan['title']} For reviewers", tuple(blocks), None, (),
        (("recompute.py", script()), ("CITATION.txt", citation(findings))),
    )  # fmt: skip


def _alike(findings, name):
    rows = tuple(
        (r["covariate"].replace("_", " "), *(figure(r[k], 2) for k in ("treated_mean", "control_mean", "standardised_difference")))
        for r in (findings.balance or {}).get("balance", ())
    )  # fmt: skip
    blocks = []
    if rows:
        table = Table(
            "Before anything happened",
            ("measured beforehand", "first arm", "other arm", "standardised difference"),
            rows,
        )
        blocks += [Heading("Were the arms alike beforehand?"), Tabled(f"study-balance-{name}", table)]
    if findings.sample_ratio:
        counts = "; ".join(
            f"{arm}: {'withheld' if n is None else f'{n:,}'}" for arm, n in findings.sample_ratio.counts
        )
        blocks.append(
            Words(
                f"People drawn into each arm: {counts}. Chance of arms this uneven under a fair draw: {figure(findings.sample_ratio.p_value, 3)}."
            )
        )
    return blocks


def _points(findings, name):
    if not findings.rings:
        return []
    rows = tuple(
        (RING_NAMES.get(f.ring, f.ring), f.wave, interval(f.effect, f.digits, signed=True), _n(f), f"{100 * f.effect.level:.1f} %", f.how.replace("_", " "), VERDICT_WORDS[f.verdict])
        for f in findings.rings
    )  # fmt: skip
    table = Table("By ring and wave", ("who", "days after", f"effect in {findings.primary.short_unit}", "n", "level of each interval", "how it is known", "in words"), rows,
                  "All intervals hold at once; the level of each is therefore higher than the plan's.")  # fmt: skip
    return [Heading("Every ring at every wave"), Tabled(f"study-rings-{name}", table)]


def _groups(findings, name):
    if not findings.groups:
        return []
    table = _table("The primary comparison within groups", findings.groups)
    told = "; ".join(f"{group}: {effect} ({word})" for group, effect, _, word in table.rows)
    known = [f for f in findings.groups if f.effect.value is not None]
    rows = [{"label": f.value, "value": f.effect.value, "low": f.effect.low, "high": f.effect.high} for f in known]
    shown = Tabled(f"study-groups-{name}", table)
    if known:
        shown = Drawn(dots(
            rows, name=f"study-groups-{name}", title="The same comparison within groups", axis="points on a 0-100 scale", table=table,
            alternative=f"{told}.", smallest=findings.primary.smallest,
        ), ("dashed line: the least that was said to matter", "groups of which too little is known have no dot; they stand in the table"))  # fmt: skip
    return [
        Heading("The same within groups"),
        shown,
        Words("Intervals hold for all values of a group at once. A difference between groups is judged by the difference, not by one being clear and the other not."),
    ]  # fmt: skip


def _methods(findings, name):
    if not findings.robustness:
        return []
    both = (findings.primary, *findings.robustness)
    table = _table("The primary comparison by every method that was named beforehand", both, estimator=True)
    return [Heading("By other methods that were named beforehand"), Tabled(f"study-robustness-{name}", table)]


def _running(findings, name):
    days = [d for d in findings.running if d.value is not None]
    if not days:
        return []
    rows = tuple(
        (
            d.day,
            f"{d.n:,}",
            *(figure(v, findings.primary.digits) for v in (d.value, d.low, d.high)),
            VERDICT_WORDS[d.verdict],
        )
        for d in days
    )
    table = Table("What the public page showed, day by day", ("day", "answers so far", "effect", "from", "to", "in words"), rows,
                  "The intervals hold on all days together, so that looking daily is not shopping for a good day.")  # fmt: skip
    told = f"From {days[0].day} to {days[-1].day}, the interval went from {figure(days[0].low)} to {figure(days[0].high)} points down to {figure(days[-1].low)} to {figure(days[-1].high)}."
    if len(days) < MANY_DAYS:
        return [Heading("Read while it ran"), Tabled(f"study-running-{name}", table)]
    points = [{"x": d.day, "value": d.value, "low": d.low, "high": d.high} for d in days]
    chart = line_with_band(points, name=f"study-running-{name}", title="What the public page showed", axis="points", x_axis="", table=table, alternative=told, time=True)  # fmt: skip
    return [Heading("Read while it ran"), Drawn(chart), Words(told)]


def _waves(findings, name):
    p = findings.persistence or {}
    if not p.get("effects"):
        return []
    rows = tuple(
        (f"{t:g}", *(figure(e[k], findings.primary.digits) for k in ("value", "low", "high")), f"{e['n']:,}")
        for t, e in zip(p["times"], p["effects"], strict=True)
    )
    chi2, df, chance = p["decays"]
    told = f"That the effect stays as it is: chi-square {figure(chi2)} on {df}, p = {figure(chance, 3)}. "
    if p.get("bootstrap"):
        low, high = (figure(v, 0) for v in p["bootstrap"])
        told += f"Redrawing those who were drawn together, the half-life lies between {low} and {high if high != '—' else 'no end'} days. "
    table = Table("The effect at each wave, estimated together", ("days after", "effect", "from", "to", "n"), rows)
    return [
        Heading("How it lasts"),
        Tabled(f"study-waves-{name}", table),
        Words(told + " ".join(c[0].upper() + c[1:] + "." for c in p.get("cautions", ()))),
    ]


def _exploratory(findings, name):
    if not findings.exploratory:
        return []
    return [
        Heading("Not named beforehand"),
        Cautions(
            (
                "These were looked at after the data were known. They are ideas for the next study, never an answer of this one.",
            )
        ),
        Tabled(f"study-exploratory-{name}", _table("Exploratory", findings.exploratory, estimator=True)),
    ]


def _open(findings):
    return [Heading("What cannot be told"), Cautions(findings.cannot_tell)] if findings.cannot_tell else []


def _plan(findings, name):
    rows = tuple((key, _said(value)) for key, value in findings.plan.items())
    hashed = " ".join(findings.plan_hash[k : k + 8] for k in range(0, 64, 8))  # so that a narrow page can break it
    note = f"Hash of the plan: {hashed}. " + (
        f"Sealed: {findings.sealed_at}." if findings.sealed_at else "Never sealed."
    )
    return [
        Heading("The plan"),
        Tabled(f"study-plan-{name}", Table("As it was sealed", ("entry", "says"), rows, note)),
    ]


def _said(value) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{k}: {_said(v)}" for k, v in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _again(findings, name):
    made = ", ".join(f"{what} {version}" for what, version in findings.versions)
    return [
        Heading("Compute it again"),
        Words(f"python recompute.py findings.json BOOK computes every number of this study from snapshot {findings.snapshot[:12] or 'of the panel'} and seed {findings.seed}, and says which of twelve digits differ. Made with {made}."),
        Heading("How to cite it"),
        Words(citation(findings).strip()),
    ]  # fmt: skip


def _n(f: Finding) -> str:
    return f"{f.effect.n:,}" if f.effect.n is not None else "—"


def _table(caption: str, findings: Sequence[Finding], *, estimator=False) -> Table:
    rows = tuple(
        (" · ".join(w for w in (f.estimator.replace("_", " ") if estimator else "", f.value) if w), interval(f.effect, f.digits, signed=True), _n(f), VERDICT_WORDS[f.verdict])
        for f in findings
    )  # fmt: skip
    why = "; ".join(
        f"{f.estimator.replace('_', ' ')}: {f.effect.cautions[0]}"
        for f in findings
        if estimator and not f.effect.known and f.effect.cautions
    )
    return Table(
        caption,
        ("method" if estimator else "group", f"effect in {findings[0].short_unit}", "n", "in words"),
        rows,
        why and f"Why it cannot be told: {why}.",
    )
