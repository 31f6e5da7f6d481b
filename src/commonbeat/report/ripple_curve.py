"""The flagship picture: effect on trust against ring and time, with intervals, each point marked by how it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from commonbeat.codebook import RINGS
from commonbeat.estimate import Estimate
from commonbeat.report.charts import ACCENT, INK, QUIET, Chart, Table, draw
from commonbeat.report.words import HOW, RING_NAMES, VERDICT_WORDS, figure, interval
from commonbeat.studies.sentences import digits_for

__all__ = ["CurvePoint", "ripple_curve"]

SPAN = 100.0  #: points: an effect on a scale from 0 to 100 lies between minus and plus this

_SHAPES = {"randomised": "circle", "encouraged": "triangle-up", "observed": "square"}


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The effect in one ring at one wave. how: randomised, encouraged, observed or not_identified."""

    ring: str
    wave: int
    effect: Estimate
    how: str
    verdict: str
    group: str = ""


def ripple_curve(
    points: Sequence[CurvePoint], *, smallest: float, name: str = "ripple-curve", title: str | None = None, outcome: str = "trust",
    unit: str = "points, 0-100", sign: int = 1,
) -> Chart:  # fmt: skip
    """Where, and for how long, did trust (or whatever was asked) move?

    sign   : -1 where less is better, so that the dashed line of the least that matters stands on that side
    points : one per ring and wave (and group); a point without a value is drawn as an empty band, not left out
    """
    rings = [r for r in RINGS if any(p.ring == r for p in points)]
    waves = sorted({p.wave for p in points})
    rows = [_row(p) for p in points]
    known = [r for r in rows if r["value"] is not None]
    edge = max([abs(v) for r in known for v in (r["low"], r["high"]) if v is not None] + [smallest]) * 1.08
    if unit.startswith("points, 0-100"):  # what is wider than all that can happen is drawn as wide as the picture
        edge = min(max(edge, 1.08), SPAN)
    known = [
        r | {k: None if r[k] is None else max(-edge, min(edge, r[k])) for k in ("value", "low", "high")}
        for r in known
    ]
    empty = [r | {"low": -edge * 0.6, "high": edge * 0.6} for r in rows if r["value"] is None]
    title = title or f"Effect on {outcome}, by how near people were and how many days had passed"
    digits, words = digits_for(smallest), unit.split(",")[0]
    alternative = _in_words(points, rings, waves, digits, words)
    table = _table(points, digits, outcome)
    shape = _Scale(edge, sign * smallest, "points on a 0–100 scale" if unit.startswith("points, 0-100") else words)

    def wide(width, height):
        return _facets(known, empty, rings, waves, shape, width, height)

    def narrow(width, step):
        return _forest(known, empty, rings, waves, shape, width, step)

    (print_svg, spec), (phone_svg, _) = draw(wide(104, 240)), draw(narrow(200, 26))
    return Chart(name, title, print_svg, phone_svg, alternative, table, spec)


def _row(p: CurvePoint) -> dict:
    e = p.effect
    known = e.known and p.how != "not_identified"
    return {
        "ring": RING_NAMES[p.ring], "wave": p.wave, "days": f"{p.wave} days", "how": p.how if known else "not identified",
        "value": e.value if known else None, "low": e.low if known else None, "high": e.high if known else None,
        "label": f"{RING_NAMES[p.ring]}, {p.wave} days", "group": p.group,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Scale:
    """edge: the axis goes from -edge to edge; least: where the dashed line stands; title: the unit in words."""

    edge: float
    least: float
    title: str

    @property
    def scale(self):
        return alt.Scale(domain=[-self.edge, self.edge], nice=False)


def _marks(known, empty, axis, across, drawn):
    """Whisker, point and empty band along one axis; `across` are the encodings of the other."""
    scale = drawn.scale
    value = {axis: alt.X if axis == "x" else alt.Y}[axis]
    shape = alt.Shape(
        "how:N", title=None, scale=alt.Scale(domain=list(_SHAPES), range=list(_SHAPES.values())),
        legend=alt.Legend(orient="bottom", direction="horizontal"),
    )  # fmt: skip
    fill = alt.Fill("how:N", scale=alt.Scale(domain=list(_SHAPES), range=[ACCENT, ACCENT, "#ffffff"]), legend=None)
    dash = alt.StrokeDash("how:N", scale=alt.Scale(domain=list(_SHAPES), range=[[1, 0], [1, 0], [4, 3]]), legend=None)
    title = drawn.title
    base = alt.Chart(alt.Data(values=known))
    whisker = base.mark_rule(color=ACCENT, strokeWidth=2.5).encode(
        **{axis: value("low:Q", scale=scale, title=title), axis + "2": "high:Q"}, strokeDash=dash, **across
    )
    point = base.mark_point(size=110, stroke=ACCENT, strokeWidth=2, opacity=1).encode(
        **{axis: value("value:Q", scale=scale, title=title)}, shape=shape, fill=fill, **across
    )
    layers = [whisker, point]
    if empty:
        band = alt.Chart(alt.Data(values=empty)).mark_bar(
            size=16, fill="#ffffff", stroke=QUIET, strokeDash=[3, 3], strokeWidth=1.2
        )
        layers.insert(
            0, band.encode(**{axis: value("low:Q", scale=scale, title=title), axis + "2": "high:Q"}, **across)
        )
    return layers


def _guides(axis, drawn):
    scale = drawn.scale
    value = alt.X if axis == "x" else alt.Y
    lines = []
    for at, dash, colour in ((0.0, [1, 0], INK), (drawn.least, [5, 4], QUIET)):
        rule = alt.Chart(alt.Data(values=[{"v": at}])).mark_rule(color=colour, strokeDash=dash)
        lines.append(rule.encode(**{axis: value("v:Q", scale=scale)}))
    return lines


def _facets(known, empty, rings, waves, shape, width, height):
    panels = []
    for i, ring in enumerate(RING_NAMES[r] for r in rings):
        here = [r for r in known if r["ring"] == ring]
        blank = [r for r in empty if r["ring"] == ring]
        across = {
            "x": alt.X(
                "wave:O", title="days after", sort=waves, scale=alt.Scale(domain=waves), axis=alt.Axis(labelAngle=0)
            )
        }
        layers = _guides("y", shape) + _marks(here or [], blank, "y", across, shape)
        panel = alt.layer(*layers).properties(
            width=width, height=height, title=alt.TitleParams(_broken(ring), fontSize=13, color=INK)
        )
        if i:
            panel = panel.encode(y=alt.Y(title=None, axis=alt.Axis(labels=False, ticks=False, domain=False)))
        panels.append(panel)
    return alt.hconcat(*panels, spacing=14).resolve_scale(
        shape="shared", fill="shared", strokeDash="shared", y="shared"
    )


def _broken(words: str):
    return ["people who", "took part"] if words == RING_NAMES["participant"] else words


def _forest(known, empty, rings, waves, shape, width, step):
    order = [f"{RING_NAMES[r]}, {w} days" for r in rings for w in waves]
    across = {
        "y": alt.Y(
            "label:N",
            sort=order,
            scale=alt.Scale(domain=order),
            title=None,
            axis=alt.Axis(labelLimit=190, domain=False, ticks=False, labelFontSize=12),
        )
    }
    layers = _guides("x", shape) + _marks(known, empty, "x", across, shape)
    return alt.layer(*layers).properties(width=width, height=alt.Step(step))


def _in_words(points, rings, waves, digits, unit) -> str:
    told = []
    for ring in rings:
        parts = [
            f"{p.wave} days: {interval(p.effect, digits, signed=True)}, {VERDICT_WORDS[p.verdict]}"
            for p in points
            if p.ring == ring and p.effect.known
        ]
        hows = {p.how for p in points if p.ring == ring}
        told.append(
            f"{RING_NAMES[ring]} ({', '.join(sorted(hows)).replace('_', ' ')}): "
            + ("; ".join(parts) or "cannot tell")
        )
    days = ", ".join(str(w) for w in waves)
    return f"Effect in {unit} with its interval, at {days} days. " + ". ".join(told) + "."


def _table(points, digits, outcome) -> Table:
    rows = tuple(
        (
            RING_NAMES[p.ring], p.wave, p.group or "everybody", *(figure(v, digits) for v in (p.effect.value, p.effect.low, p.effect.high)),
            f"{p.effect.n:,}" if p.effect.n is not None else "—", p.how.replace("_", " "), VERDICT_WORDS[p.verdict],
        )
        for p in points
    )  # fmt: skip
    used = [h for h in HOW if any(p.how == h for p in points)]
    return Table(
        f"Effect on {outcome} by ring and time",
        ("who", "days after", "group", "effect", "from", "to", "n", "how it is known", "in words"),
        rows,
        "; ".join(HOW[h] for h in used) + ".",
    )
