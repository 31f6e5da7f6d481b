"""Who was asked, who answered, who was lost: the flow diagram that trials are read by (after CONSORT 2010)."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import escape

from commonbeat.report.charts import ACCENT, INK, QUIET, Chart, Table
from commonbeat.report.words import RING_NAMES
from commonbeat.studies.findings import Flow

__all__ = ["flow_diagram"]

_LINE, _GAP = 20, 26  # pixels: of a line of text, between boxes


def flow_diagram(flow: Sequence[Flow], *, primary_wave: int, name: str = "study-flow") -> Chart:
    """How many were asked in each arm, and how many of them answered, wave by wave?

    flow : one box line per arm of the primary comparison; counts that are None are withheld
    """
    columns = [_boxes(f, primary_wave) for f in flow]
    head = [_who(flow), f"{_all(flow)} asked"]
    wide, narrow = (_drawn(head, columns, width) for width in (250, 140))
    waves = [w for w, _ in flow[0].answered]
    rows = tuple(
        (RING_NAMES[f.ring], f.arm, *(_shown(n) for n in (f.asked, *(n for _, n in f.answered)))) for f in flow
    )
    table = Table("Asked and answered", ("who", "arm", "asked", *(f"day {w}" for w in waves)), rows)
    words = f"{head[1]} among {_who(flow)}. " + " ".join(
        f"{f.arm}: {_shown(f.asked)} asked; " + "; ".join(f"day {w}: {_shown(n)} answered" for w, n in f.answered) + "." for f in flow
    )  # fmt: skip
    return Chart(name, "From those who were asked to those whose answers count", wide, narrow, words, table, {})


def _who(flow) -> str:
    return RING_NAMES[flow[0].ring]


def _all(flow) -> str:
    asked = [f.asked for f in flow]
    return "withheld" if None in asked else f"{sum(asked):,}"


def _shown(n: int | None) -> str:
    return "withheld" if n is None else f"{n:,}"


def _boxes(f: Flow, primary_wave: int) -> list[list[str]]:
    boxes = [[f"{f.arm}", f"{_shown(f.asked)} asked"]]
    for wave, n in f.answered:
        lost = [] if n is None or f.asked is None else [f"{f.asked - n:,} did not"]
        mark = ["decides the answer"] if wave == primary_wave else []
        boxes.append([f"day {wave}", f"{_shown(n)} answered", *lost, *mark])
    return boxes


def _drawn(head, columns, width) -> str:
    """The head over one column per arm; boxes of one row are equally high."""
    whole, y = len(columns) * (width + 14) - 14, 0
    parts, y = _box(head, (whole - width) / 2, y, width, len(head), strong=True)
    for k, row in enumerate(zip(*columns, strict=True)):
        lines, top = max(map(len, row)), y + _GAP
        for c, box in enumerate(row):
            x = c * (width + 14)
            parts += _arrow(whole / 2 if k == 0 else x + width / 2, y, x + width / 2, top)
            drawn, low = _box(box, x, top, width, lines, strong="decides the answer" in box)
            parts += drawn
        y = low
    return (
        f'<svg aria-hidden="true" focusable="false" xmlns="http://www.w3.org/2000/svg" viewBox="-2 -2 {whole + 4} {y + 4:g}" '
        f'style="max-width:{1.2 * whole:.0f}px" font-family="Georgia, serif" font-size="13">{"".join(parts)}</svg>'
    )


def _box(lines, x, y, width, high, *, strong=False):
    height = high * _LINE + 12
    edge = f'stroke="{ACCENT}" stroke-width="2.5"' if strong else f'stroke="{QUIET}" stroke-width="1.2"'
    parts = [f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="#ffffff" {edge}/>']
    for k, line in enumerate(lines):
        weight = ' font-weight="bold"' if k == 0 else ""
        shown = line if len(line) * 7 < width else line[: int(width / 7)] + "…"
        parts.append(
            f'<text x="{x + width / 2:g}" y="{y + 20 + k * _LINE:g}" text-anchor="middle" fill="{INK}"{weight}>{escape(shown)}</text>'
        )
    return parts, y + height


def _arrow(x0, y0, x1, y1):
    bend = (y0 + y1) / 2
    tip = f"{x1 - 4:g},{y1 - 7:g} {x1 + 4:g},{y1 - 7:g} {x1:g},{y1:g}"
    return [
        f'<path d="M{x0:g} {y0:g}V{bend:g}H{x1:g}V{y1 - 6:g}" fill="none" stroke="{QUIET}"/><polygon points="{tip}" fill="{QUIET}"/>'
    ]
