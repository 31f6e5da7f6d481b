"""Small drawings made on the server: they work without a script, print in grey, and have a table beside them."""

from __future__ import annotations

from django.utils.html import escape
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from commonbeat.web.base.templatetags.house import month_of

RING_ORDER = ("officer", "participant", "onlooker", "neighbour", "viewer")


def _n(x: float) -> str:
    return f"{x:.1f}"


def trust_line(points, *, width=720, height=260):
    """Trust over time with its interval, on the whole scale's honest part: the axis names its ends."""
    known = [p for p in points if p.get("value") is not None]
    if len(known) < 2:
        return ""
    lows = [p["low"] if p.get("low") is not None else p["value"] for p in known]
    highs = [p["high"] if p.get("high") is not None else p["value"] for p in known]
    bottom, top = 10 * (min(lows) // 10), 10 * (max(highs) // 10 + 1)
    left, right, up, down = 44, width - 14, 14, height - 34

    def x(i):
        return left + (right - left) * i / (len(known) - 1)

    def y(v):
        return down - (down - up) * (v - bottom) / (top - bottom)

    out = [
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(_trust_words(known))}">'
    ]
    for tick in range(int(bottom), int(top) + 1, 10):
        out.append(f'<line class="axis" x1="{left}" x2="{right}" y1="{_n(y(tick))}" y2="{_n(y(tick))}"/>')
        out.append(f'<text x="{left - 8}" y="{_n(y(tick) + 4)}" text-anchor="end">{tick}</text>')
    band = [f"{_n(x(i))},{_n(y(h))}" for i, h in enumerate(highs)]
    band += [f"{_n(x(i))},{_n(y(lows[i]))}" for i in reversed(range(len(lows)))]
    corners = " ".join(band)
    out.append(f'<polygon class="band" points="{corners}"/>')
    line = " ".join(f"{_n(x(i))},{_n(y(p['value']))}" for i, p in enumerate(known))
    out.append(f'<polyline class="line" points="{line}"/>')
    every = max(1, -(-len(known) * 78 // (right - left)))
    for i, p in enumerate(known):
        out.append(f'<circle class="dot" cx="{_n(x(i))}" cy="{_n(y(p["value"]))}" r="3"/>')
        if i % every == 0:
            label = escape(month_of(p["label"]))
            out.append(f'<text x="{_n(x(i))}" y="{height - 10}" text-anchor="middle">{label}</text>')
    out.append("</svg>")
    return mark_safe("".join(out))


def _trust_words(points) -> str:
    first, last = points[0], points[-1]
    return _("Trust from %(a)s to %(b)s: from %(x).0f to %(y).0f of 100 points. The table has every value.") % {
        "a": month_of(first["label"]), "b": month_of(last["label"]), "x": first["value"], "y": last["value"],
    }  # fmt: skip


MARKS = {"randomised": "●", "encouraged": "◐", "observed": "○"}


def ripple_curve(rows, names, *, width=420):
    """Effect on trust by ring and day, with intervals: one row per ring and day, zero in the middle, readable in grey.

    What cannot be told is an empty band: left out, it would look as if nobody had asked.
    """
    if not any(r.get("value") is not None for r in rows):
        return ""
    rows = sorted(rows, key=lambda r: (RING_ORDER.index(r["ring"]), r["days"]))
    ends = [abs(v) for r in rows for v in (r.get("value"), r.get("low"), r.get("high")) if v is not None]
    reach = max(2.0, max(ends) * 1.08)
    left, right, step, up = 66, width - 46, 24, 44
    height = up + step * len(rows) + 34 * (len({r["ring"] for r in rows}) - 1) + 16
    middle = (left + right) / 2

    def x(v):
        return middle + (right - left) / 2 * v / reach

    untold = _("cannot be told")
    said = "; ".join(
        f"{names.get(r['ring'], r['ring'])}, {r['days']}: {untold if r.get('value') is None else format(r['value'], '+.1f')}"
        for r in rows
    )
    label = escape(_("Effect on trust in points, by ring and days: ") + said)
    out = [f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">']
    unit = 1 if reach < 5 else 2 if reach < 9 else 5 if reach < 22 else 10
    tick = -int(reach // unit) * unit
    while tick <= reach:
        kind = "zero" if tick == 0 else "axis"
        out.append(f'<line class="{kind}" x1="{_n(x(tick))}" x2="{_n(x(tick))}" y1="{up - 10}" y2="{height - 22}"/>')
        out.append(f'<text x="{_n(x(tick))}" y="{height - 6}" text-anchor="middle">{tick:+d}</text>' if tick else
                   f'<text x="{_n(x(0))}" y="{height - 6}" text-anchor="middle">0</text>')  # fmt: skip
        tick += unit
    y, before = up, None
    for r in rows:
        if before is not None and r["ring"] != before:
            y += 34
        if r["ring"] != before:
            name = escape(names.get(r["ring"], r["ring"]))
            out.append(f'<text x="4" y="{y - 18}" font-weight="600">{name}</text>')
        before = r["ring"]
        days = escape(_("%d days") % r["days"])
        out.append(f'<text x="{left - 12}" y="{y + 5}" text-anchor="end">{days}</text>')
        if r.get("value") is None:
            out.append(f'<rect class="untold" x="{left}" width="{right - left}" y="{y - 7}" height="14"/>')
        else:
            out += _effect(r, x, y, right)
        y += step
    out.append("</svg>")
    return mark_safe("".join(out))


def _effect(r, x, y, right) -> list[str]:
    line = []
    if r.get("low") is not None:
        line = [f'<line class="line" x1="{_n(x(r["low"]))}" x2="{_n(x(r["high"]))}" y1="{y}" y2="{y}"/>']
    return [
        *line,
        _mark(r.get("design"), x(r["value"]), y),
        f'<text x="{right + 12}" y="{y + 5}">{r["value"]:+.1f}</text>',
    ]


def _mark(design, x, y) -> str:
    if design == "randomised":
        return f'<circle class="dot" cx="{_n(x)}" cy="{y}" r="5"/>'
    if design == "encouraged":
        return f'<path class="dot" d="M{_n(x)} {y - 6}L{_n(x + 6)} {y}L{_n(x)} {y + 6}L{_n(x - 6)} {y}Z"/>'
    return f'<circle class="naive" cx="{_n(x)}" cy="{y}" r="5"/>'


def days_bars(days, *, width=720, height=150):
    """How often something happened, day by day: bars from zero."""
    if not days:
        return ""
    most = max(c for _d, c in days) or 1
    gap = (width - 8) / len(days)
    bars = "".join(
        f'<rect class="dot" x="{_n(4 + i * gap)}" width="{_n(max(1.0, gap - 1.5))}" y="{_n(height - 24 - (height - 34) * c / most)}" '
        f'height="{_n((height - 34) * c / most)}"/>'
        for i, (_d, c) in enumerate(days)
    )
    label = escape(_("Seen per day; most on one day: %d") % most)
    ends = (
        f'<text x="4" y="{height - 6}">{escape(str(days[0][0]))}</text>'
        f'<text x="{width - 4}" y="{height - 6}" text-anchor="end">{escape(str(days[-1][0]))}</text>'
    )
    return mark_safe(
        f'<svg class="chart" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">{bars}'
        f'<line class="zero" x1="4" x2="{width - 4}" y1="{height - 24}" y2="{height - 24}"/>{ends}</svg>'
    )
