"""The flagship picture: effect on trust against ring and time, with intervals, each point marked by how it is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import altair as alt

from commonbeat.codebook import RINGS
from commonbeat.estimate import Estimate
from commonbeat.report.charts import ACCENT, INK, QUIET, Chart, Table, draw
from commonbeat.report.words import HOW, RING_NAMES, VERDICT_WORDS, figure, interval
from commonbeat.studies.sentences import digits_for

__all__ = ["CurvePoint", "ripple_curve"]

SPAN = 100.0  #: points: an effect on a scale from 0 to 100 lies between minus and plus this

WIDE = 0.7  #: share of the intervals that must fit; longer ones end in an arrow at the edge

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
    edge = _edge(known, smallest)
    if unit.startswith("points, 0-100"):  # what is wider than all that can happen is drawn as wide as the picture
        edge = min(max(edge, 1.08), SPAN)
    beyond = [r | {"at": e} for r in known for e, out in ((edge, r["high"] > edge), (-edge, r["low"] < -edge)) if out]
    known = [
        r | {k: None if r[k] is None else max(-edge, min(edge, r[k])) for k in ("value", "low", "high")}
        for r in known
    ]
    empty = [r | {"low": -edge * 0.6, "high": edge * 0.6} for r in rows if r["value"] is None]
    title = title or f"Effect on {outcome}, by how near people were and how many days had passed"
    digits, words = digits_for(smallest), unit.split(",")[0]
    alternative = _in_words(points, rings, waves, digits, words)
    table = _table(points, digits, outcome)
    shape = _Scale(
        edge, sign * smallest, tuple(beyond), "points on a 0–100 scale" if unit.startswith("points, 0-100") else words
    )

    def wide(width, height):
        return _facets(known, empty, rings, waves, shape, width, height)

    def narrow(width, step):
        return _forest(known, empty, rings, waves, shape, width, step)

    (print_svg, spec), (phone_svg, _) = draw(wide(104, 240)), draw(narrow(200, 26))
    return Chart(name, title, print_svg, phone_svg, alternative, table, spec)


def _edge(known, smallest: float) -> float:
    """How far the axis goes: as far as most intervals, so that one wide ring does not flatten all others; every point lies inside."""
    ends = sorted(max(abs(r["low"]), abs(r["high"])) for r in known)
    most = ends[min(len(ends) - 1, int(WIDE * len(ends)))] if ends else smallest
    inside = max((abs(r["value"]) for r in known), default=0.0)
    return max(1.08 * min(ends[-1], 1.5 * most) if ends else 0.0, 1.2 * inside, 1.2 * smallest)


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
    """edge: the axis goes from -edge to edge; least: where the dashed line stands; beyond: intervals that go on; title: the unit."""

    edge: float
    least: float
    beyond: tuple[dict, ...]
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
    layers = [whisker, point, *_arrows(axis, value, scale, title, across, drawn)]
    if empty:
        band = alt.Chart(alt.Data(values=empty)).mark_bar(
            size=16, fill="#ffffff", stroke=QUIET, strokeDash=[3, 3], strokeWidth=1.2
        )
        layers.insert(
            0, band.encode(**{axis: value("low:Q", scale=scale, title=title), axis + "2": "high:Q"}, **across)
        )
    return layers


def _arrows(axis, value, scale, title, across, drawn):
    """An arrowhead where an interval goes on beyond the picture; words and table say how far."""
    out = []
    for side, shape in (
        (1, "triangle-right" if axis == "x" else "triangle-up"),
        (-1, "triangle-left" if axis == "x" else "triangle-down"),
    ):
        ends = [r for r in drawn.beyond if r["at"] * side > 0]
        if ends:
            mark = alt.Chart(alt.Data(values=ends)).mark_point(
                shape=shape, size=60, color=ACCENT, filled=True, opacity=1, clip=False
            )
            out.append(mark.encode(**{axis: value("at:Q", scale=scale, title=title)}, **across))
    return out


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
        own = replace(shape, beyond=tuple(r for r in shape.beyond if r["ring"] == ring))
        layers = _guides("y", shape) + _marks(here or [], blank, "y", across, own)
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
    order = [label for r in rings for label in (RING_NAMES[r], *(f"{RING_NAMES[r]}, {w} days" for w in waves))]
    across = {
        "y": alt.Y(
            "label:N",
            sort=order,
            scale=alt.Scale(domain=order),
            title=None,
            # a ring's name stands once, above its days: on a narrow screen the words leave room for the picture
            axis=alt.Axis(
                labelExpr="split(datum.value, ', ')[1] || datum.value", domain=False, ticks=False, labelFontSize=13
            ),
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
