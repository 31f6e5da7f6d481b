"""Numbers as sentences, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from commonbeat.web.base.templatetags.house import month_of

RINGS = ("officer", "participant", "onlooker", "neighbour", "viewer")


def ring_names() -> dict[str, str]:
    return {
        "officer": _("The officers"), "participant": _("Those who were met"), "onlooker": _("Those who stood by"),
        "neighbour": _("Those who live nearby"), "viewer": _("Those who saw it online"),
    }  # fmt: skip


def points(value: float) -> str:
    """+2.0 -> "2.0 points"."""
    return ngettext("%(n)s point", "%(n)s points", 1 if abs(value) == 1 else 2) % {"n": f"{abs(value):.1f}"}


def _span(low: float, high: float) -> str:
    return _("(95 %% interval %(low)s to %(high)s)") % {"low": f"{low:+.1f}", "high": f"{high:+.1f}"}


def effect_words(row) -> str:
    """One effect with its interval, in a sentence that promises no more than it can."""
    if row is None or row.get("value") is None:
        return _("Too few to tell.")
    low, high, value = row.get("low"), row.get("high"), row["value"]
    if low is None:
        return _("Too few to tell.")
    span = _span(low, high)
    if low > 0:
        return _("Trust rose by about %(points)s %(span)s.") % {"points": points(value), "span": span}
    if high < 0:
        return _("Trust fell by about %(points)s %(span)s.") % {"points": points(value), "span": span}
    return _("We cannot tell whether trust moved %(span)s.") % {"span": span}


def ripple_sentence(rows) -> str:
    """The flagship picture in words: in which rings trust rose or fell and after how many days, where nothing moved, where we cannot tell."""
    up, down, still, open_ = [], [], [], []
    for ring in RINGS:
        mine = sorted((r for r in rows if r["ring"] == ring), key=lambda r: r["days"])
        told = [r for r in mine if r.get("low") is not None]
        rose, fell = [r for r in told if r["low"] > 0], [r for r in told if r["high"] < 0]
        for some, said in ((rose, up), (fell, down)):
            if some:
                said.append(_with_days(ring, some))
        if mine and not rose and not fell:
            (still if all(r.get("verdict") == "no_sign" for r in mine) else open_).append(_with_days(ring))
    parts = (
        (up, _("Trust rose among: %s.")),
        (down, _("Trust fell among: %s.")),
        (still, _("No sign of movement among: %s.")),
        (open_, _("We cannot tell for: %s.")),
    )
    return " ".join(lead % ", ".join(who) for who, lead in parts if who) or _("Too few to tell.")


def _with_days(ring: str, rows=()) -> str:
    name = ring_names()[ring].lower()
    if not rows:
        return name
    days = ngettext("%(name)s (day %(days)s)", "%(name)s (days %(days)s)", len(rows))
    return days % {"name": name, "days": ", ".join(str(r["days"]) for r in rows)}


def answer_sentence(answer: dict) -> str:
    """What a study turns on: who, after how long, and its verdict with the numbers it was earned by."""
    if not answer:
        return ""
    who, said = ring_names()[answer["ring"]], verdict_words(answer, answer["smallest"])
    if not answer["wave"]:
        return f"{who}: {said}"
    return _("%(who)s, after %(days)s days: %(said)s") % {"who": who, "days": answer["wave"], "said": said}


def verdict_words(row: dict, smallest: float) -> str:
    """A verdict of the room of studies, with its numbers, so that neither can be had without the other."""
    if row["verdict"] == "too_few" or row.get("low") is None:
        return _("Too few to tell.")
    numbers = {
        "value": f"{row['value']:+.1f}",
        "low": f"{row['low']:+.1f}",
        "high": f"{row['high']:+.1f}",
        "smallest": f"{smallest:g}",
    }
    said = {
        "moved": _("Trust moved: %(value)s points (between %(low)s and %(high)s)."),
        "moved_less_than_matters": _("Trust moved, but less than the %(smallest)s points that would matter: %(value)s (between %(low)s and %(high)s)."),
        "no_sign": _("No sign that trust moved: more than %(high)s or less than %(low)s points is ruled out."),
        "wrong_way": _("Trust moved the wrong way: %(value)s points (between %(low)s and %(high)s)."),
    }  # fmt: skip
    return said[row["verdict"]] % numbers


def moved_sentence(moved: dict) -> str:
    """Did the town's level move? A change that chance does not make, or none, with its interval; never why."""
    if not moved:
        return ""
    said = {
        "since": month_of(moved["since"]), "until": month_of(moved["until"]), "points": points(moved["value"]),
        "span": _span(moved["low"], moved["high"]),
    }  # fmt: skip
    if moved["kind"] == "few":
        return _("Asked too few times to tell a change from chance.")
    if moved["kind"] == "still":
        return _("No change from %(since)s to %(until)s that chance between rounds would not make %(span)s.") % said
    if moved["value"] > 0:
        return (
            _(
                "It rose by %(points)s between %(since)s and %(until)s %(span)s, more than chance does. Why is another question."
            )
            % said
        )
    return (
        _(
            "It fell by %(points)s between %(since)s and %(until)s %(span)s, more than chance does. Why is another question."
        )
        % said
    )


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
