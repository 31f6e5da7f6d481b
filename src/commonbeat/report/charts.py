"""Charts for print, phone and grey: Vega-Lite specs by Altair, drawn to SVG without a browser or a network.

Every chart is made from records, and so are its text alternative and the table behind it: the three cannot disagree.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import altair as alt
import vl_convert

from commonbeat.estimate import plain

__all__ = ["ACCENT", "INK", "QUIET", "WARM", "Chart", "Table", "dots", "draw", "line_with_band"]

INK, QUIET, ACCENT, WARM, PAPER = "#1d1b19", "#6b645c", "#1c4f7c", "#a8471a", "#ffffff"
_FONT = "Georgia, 'DejaVu Serif', serif"


def _shrinkable(found: re.Match) -> str:
    """No fixed size, so that the page may shrink the picture; at most a third larger than it was drawn."""
    return f'<svg{found[1]} style="max-width:{1.3 * float(found[2]):.0f}px"'


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people and machines: headings, rows of ready words or numbers, and what must be said under them."""

    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart, the same in words and as a table. `narrow` is drawn anew for a phone, not shrunk."""

    name: str
    title: str
    wide: str = field(repr=False)
    narrow: str = field(repr=False)
    alternative: str
    table: Table
    spec: dict = field(repr=False)


ROWS = alt.NamedData("rows")
#: The house's look: ink on paper, no box, few lines, type large enough for a phone.
LOOK = {
    "font": _FONT, "background": PAPER, "padding": 6, "view": {"stroke": None},
    "axis": {
        "labelFontSize": 13, "titleFontSize": 13, "titleFontWeight": "normal", "labelColor": INK, "titleColor": INK,
        "domainColor": QUIET, "tickColor": QUIET, "gridColor": "#e4dfd8", "titlePadding": 8, "labelPadding": 4,
    },
    "header": {"labelFontSize": 14, "labelFontWeight": "bold", "labelColor": INK, "title": None, "labelPadding": 6},
    "legend": {
        "labelFontSize": 13, "titleFontSize": 13, "labelColor": INK, "orient": "top", "symbolSize": 110, "labelLimit": 400,
    },
    "text": {"fontSize": 13, "color": INK},
}  # fmt: skip


def draw(chart, rows: Sequence[dict] = ()) -> tuple[str, dict]:
    """(svg, spec). The svg carries no fixed size, so a page may let it shrink, and says nothing to screen readers itself:
    the page puts the text alternative on it.

    rows: what the chart reads under the name ROWS. They and the look are laid into the finished spec: Altair copies and
    checks everything it holds once for each part of a chart.
    """
    with alt.utils.schemapi.debug_mode(False):  # what is wrong in a spec is said by the renderer
        spec = chart.to_dict(validate=False)
    spec["config"] = LOOK
    if rows:
        spec["datasets"] = {ROWS.name: list(rows)}
    svg = vl_convert.vegalite_to_svg(spec)
    svg = re.sub(r'<svg([^>]*?) width="([\d.]+)" height="([\d.]+)"', _shrinkable, svg, count=1)
    svg = svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
    # roles inside a picture that is hidden as a whole would only confuse those who listen
    return re.sub(r' (?:role|aria-roledescription|aria-label)="[^"]*"', "", svg), spec


def dots(
    rows: Sequence[dict], *, name: str, title: str, axis: str, table: Table, alternative: str, zero: bool = True,
    smallest: float | None = None,
) -> Chart:  # fmt: skip
    """Values with intervals, one line per label: rows of label, value, low, high and, if wanted, series."""
    rows = [plain(r) for r in rows if r.get("value") is not None]
    labels = list(dict.fromkeys(r["label"] for r in rows))
    series = list(dict.fromkeys(r.get("series") or "" for r in rows))

    def one(width, step):
        base = alt.Chart(ROWS)
        y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(labelLimit=width, domain=False, ticks=False))
        offset = alt.YOffset("series:N", sort=series) if len(series) > 1 else alt.Undefined
        tint = alt.Color("series:N", sort=series, scale=alt.Scale(range=[ACCENT, WARM, QUIET]), title=None,
                         legend=alt.Legend() if len(series) > 1 else None)  # fmt: skip
        # the legend shows colours; the page's key names the shapes, which grey print needs
        shape = alt.Shape(
            "series:N", sort=series, scale=alt.Scale(range=["circle", "diamond", "square"]), legend=None
        )
        x = alt.X("value:Q", title=axis, scale=alt.Scale(zero=zero, nice=True))
        whisker = base.mark_rule(strokeWidth=2.5).encode(
            x=alt.X("low:Q", title=axis), x2="high:Q", y=y, yOffset=offset, color=tint
        )
        point = base.mark_point(filled=True, size=95, opacity=1).encode(
            x=x, y=y, yOffset=offset, color=tint, shape=shape
        )
        layers = [whisker, point]
        if zero:
            layers.insert(0, alt.Chart(alt.Data(values=[{"v": 0}])).mark_rule(color=QUIET).encode(x="v:Q"))
        if smallest is not None:
            mark = (
                alt.Chart(alt.Data(values=[{"v": smallest}]))
                .mark_rule(color=QUIET, strokeDash=[4, 4])
                .encode(x="v:Q")
            )
            layers.insert(0, mark)
        return alt.layer(*layers).properties(width=width, height=alt.Step(step if len(series) == 1 else 0.62 * step))

    return _both(one, (480, 26), (210, 26), name, title, alternative, table, rows)


def line_with_band(
    rows: Sequence[dict], *, name: str, title: str, axis: str, x_axis: str, table: Table, alternative: str, time: bool = False,
) -> Chart:  # fmt: skip
    """A value over time with its interval: rows of x, value, low, high and, if wanted, series."""
    rows = [plain(r) for r in rows if r.get("value") is not None]
    series = list(dict.fromkeys(r.get("series") or "" for r in rows))
    ordered = bool(rows) and isinstance(rows[0]["x"], str)
    kind = "T" if time else "O" if ordered else "Q"

    def one(width, height):
        base = alt.Chart(ROWS)
        tint = alt.Color("series:N", sort=series, scale=alt.Scale(range=[ACCENT, WARM, QUIET, INK]), title=None,
                         legend=alt.Legend() if len(series) > 1 else None)  # fmt: skip
        dash = alt.StrokeDash("series:N", sort=series, legend=None)
        axis_x = (
            alt.Axis(format="%b %Y", labelOverlap=True, grid=False)
            if time
            else alt.Axis(grid=False, labelAngle=-40 if ordered else 0)
        )
        more = {"scale": alt.Scale(type="point", padding=0.2), "sort": None} if ordered else {}
        x = alt.X(f"x:{kind}", title=x_axis, axis=axis_x, **more)
        band = base.mark_area(opacity=0.18).encode(
            x=x, y=alt.Y("low:Q", title=axis, scale=alt.Scale(zero=False)), y2="high:Q", color=tint
        )
        line = base.mark_line(strokeWidth=2.5, point=alt.OverlayMarkDef(size=45, filled=True)).encode(
            x=x, y="value:Q", color=tint, strokeDash=dash
        )
        return alt.layer(band, line).properties(width=width, height=height)

    return _both(one, (560, 280), (270, 230), name, title, alternative, table, rows)


def _both(one, wide, narrow, name, title, alternative, table, rows) -> Chart:
    wide_svg, spec = draw(one(*wide), rows)
    narrow_svg, _ = draw(one(*narrow), rows)
    return Chart(name, title, wide_svg, narrow_svg, alternative, table, spec)
