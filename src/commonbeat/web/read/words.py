"""Numbers as sentences, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

RINGS = ("officer", "participant", "onlooker", "neighbour", "viewer")


def ring_names() -> dict[str, str]:
    return {
        "officer": _("The officers"), "participant": _("Those who were met"), "onlooker": _("Those who stood by"),
        "neighbour": _("Those who live nearby"), "viewer": _("Those who saw it online"),
    }  # fmt: skip


def points(value: float) -> str:
    """+2.0 -> "2.0 points"."""
    return ngettext("%(n)s point", "%(n)s points", 1 if abs(value) == 1 else 2) % {"n": f"{abs(value):.1f}"}


def effect_words(row) -> str:
    """One effect with its interval, in a sentence that promises no more than it can."""
    if row is None or row.get("value") is None:
        return _("Too few to tell.")
    low, high, value = row.get("low"), row.get("high"), row["value"]
    if low is None:
        return _("Too few to tell.")
    span = _("(95 %% interval %(low)s to %(high)s)") % {"low": f"{low:+.1f}", "high": f"{high:+.1f}"}
    if low > 0:
        return _("Trust rose by about %(points)s %(span)s.") % {"points": points(value), "span": span}
    if high < 0:
        return _("Trust fell by about %(points)s %(span)s.") % {"points": points(value), "span": span}
    return _("We cannot tell whether trust moved %(span)s.") % {"span": span}


def ripple_sentence(rows) -> str:
    """The flagship picture in one plain sentence."""
    names = ring_names()
    first = {}
    for row in sorted(rows, key=lambda r: r["days"]):
        if row.get("low") is not None:
            first.setdefault(row["ring"], row)
    up = [names[r] for r in RINGS if r in first and first[r]["low"] > 0]
    down = [names[r] for r in RINGS if r in first and first[r]["high"] < 0]
    open_ = [names[r] for r in RINGS if r in first and first[r]["low"] <= 0 <= first[r]["high"]]
    said = []
    if up:
        said.append(_("Trust rose among: %s.") % ", ".join(up).lower())
    if down:
        said.append(_("Trust fell among: %s.") % ", ".join(down).lower())
    if open_:
        said.append(_("We cannot tell for: %s.") % ", ".join(open_).lower())
    return " ".join(said) or _("Too few to tell.")


def context_sentence(box, year) -> str:
    """What else happened here that year."""
    kinds = box.get("contacts") or {}
    named = [
        ("positive", _("positive contacts")),
        ("service", _("service contacts")),
        ("enforcement", _("enforcement contacts")),
    ]
    counts = ", ".join(f"{kinds[k]:,} {name}" for k, name in named if kinds.get(k) is not None)
    known = set(box.get("known") or ())
    rest = []
    for key, name in (("complaints", _("complaints")), ("force", _("uses of force"))):
        if key not in known:
            rest.append(_("%s: not known") % name)
        elif box.get(key) is None:
            rest.append(_("%s: fewer than five") % name)
        else:
            rest.append(f"{box[key]:,} {name}")
    return _("In %(year)s, in the same area: %(counts)s.") % {
        "year": year,
        "counts": "; ".join(filter(None, [counts, *rest])),
    }
