"""The few things templates need that Django does not bring."""

from datetime import date

from django import template
from django.utils import formats
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from commonbeat.privacy import BANDED_BELOW, FLOOR, band_of_share, shown_count
from commonbeat.web.base.said import ARMS, VERDICTS, said

register = template.Library()

#: drawn for this site on a 24-unit grid, stroke only
ICONS = {
    "heart": "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.4 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
    "shield": "M12 3l7 3v5c0 4.6-3 8.2-7 10-4-1.8-7-5.4-7-10V6z",
    "eye": "M2.5 12S6 5.8 12 5.8 21.5 12 21.5 12 18 18.2 12 18.2 2.5 12 2.5 12zM12 9.2a2.8 2.8 0 1 0 0 5.6 2.8 2.8 0 0 0 0-5.6z",
    "pen": "M4 20l1-4L16.5 4.5a2.1 2.1 0 0 1 3 3L8 19z",
    "check": "M5 12.5l4.5 4.5L19 7.5",
    "door": "M6 21V4h9v17M4 21h16M12.3 12.5h.01",
    "wave": "M3 12c2-4 4-4 6 0s4 4 6 0 4-4 6 0",
    "scale": "M12 4v16M7 20h10M5 7h14M5 7l-2.5 6h5zM19 7l-2.5 6h5z",
    "arrow": "M5 12h14M13 6l6 6-6 6",
}


@register.simple_tag
def icon(name: str):
    """A small drawing beside words; the words say it, so readers of the screen skip it."""
    return format_html(
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d="{}"/></svg>', ICONS[name]
    )


@register.inclusion_tag("parts/field.html")
def field(bound, **more):
    """One question of a form: label, hint, error, control, tied together for those who listen."""
    widget = bound.field.widget
    described = " ".join(
        part
        for part in (
            f"{bound.auto_id}_hint" if bound.help_text else "",
            f"{bound.auto_id}_error" if bound.errors else "",
        )
        if part
    )
    attrs = dict(widget.attrs)
    if described:
        attrs["aria-describedby"] = described
    if bound.errors:
        attrs["aria-invalid"] = "true"
    kind = type(widget).__name__
    return {
        "bound": bound,
        "drawn": bound.as_widget(attrs=attrs),
        "many": kind in ("RadioSelect", "CheckboxSelectMultiple", "Taps"),
        "tick": kind == "CheckboxInput",
        **more,
    }


@register.filter
def share(value, digits=0):
    """0.4321 -> 43 %"""
    return "" if value is None else f"{100 * float(value):.{int(digits)}f} %"


@register.simple_tag
def attributes(**pairs):
    return format_html_join(
        mark_safe(" "), '{}="{}"', ((k.replace("_", "-"), v) for k, v in pairs.items() if v is not None)
    )


@register.filter
def get(mapping, key):
    return mapping.get(key) if hasattr(mapping, "get") else None


@register.filter
def floored(n):
    """A count of people, or words when it is too small to show."""
    return "<5" if shown_count(n) is None else n


@register.filter
def banded(value, n):
    """A share of people: exact from twenty, in words from five, hidden below."""
    if n is None or n < FLOOR:
        return "–"
    return f"{100 * value:.0f} %" if n >= BANDED_BELOW else band_of_share(value, n)


@register.filter(name="said")
def said_(code):
    """A code word of the tables, in the reader's language."""
    return said(code)


@register.filter
def verdict(code):
    return VERDICTS.get(str(code), code)


@register.filter
def arm(code):
    return ARMS.get(str(code), code)


@register.filter
def day_of(text):
    """2026-08-01 -> 1 August 2026; 2026-W18 -> 27 April 2026, its Monday; anything else as it is."""
    return _dated(text, "j F Y")


@register.filter
def month_of(text):
    """2026-W18 -> April 2026, for labels with little room."""
    return _dated(text, "M Y")


def _dated(text, form: str):
    try:
        return formats.date_format(date.fromisoformat(str(text)), form)
    except ValueError:
        return text


@register.filter
def shown_address(address):
    """An address to be typed: without the code behind the # and the language behind the ?."""
    return str(address).split("#")[0].split("?")[0]
