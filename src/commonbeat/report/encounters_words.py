"""Who is met, and is the record honest: the sentences."""

from __future__ import annotations

from commonbeat.report.words import figure

__all__ = [
    "CAUTION",
    "STATUS",
    "caution_words",
    "cell_sentence",
    "practice_words",
    "promise_words",
    "question_words",
    "shown_span",
    "versus_words",
]

CAUTION = {
    "residents_are_not_everyone_present": (
        "Rates are per resident. Residents are not everyone present: a place with shops, schools or a through road is used by "
        "many who live elsewhere."
    ),
    "counts_scatter_more_than_chance": (
        "Monthly counts scatter more than chance alone would make them; verdicts and the spans shown allow for that."
    ),
    "areas_without_residents": "Some areas have no count of residents; they have counts here and no rates.",
    "contacts_outside_every_area": "Contacts without an area, or outside every one, are counted in a row of their own.",
    "group_unknown_is_its_own_row": "Where no group was recorded the contact counts as unknown; nothing was filled in.",
    "one_areas_own_causes_cannot_be_told_apart": (
        "What moved one area for weeks, such as a festival, cannot be told apart from one officer following another's example."
    ),
    "too_few_for_any_test": "There were too few entries or months for any of the tests.",
}
VERDICT = {
    "above_town": "enforcement is clearly above the rest of the town",
    "not_clearly_above": "enforcement is not clearly above the rest of the town",
    "too_few": "too few contacts are expected here to tell",
    "no_denominator": "nobody says how many live here, so there is no rate",
}
STATUS = {
    "kept": "kept", "slipping": "slipping", "broken": "broken", "too_early": "too early to say", "cannot_tell": "cannot be told",
}  # fmt: skip
BECAUSE = {
    "no_target_was_named": "no target was named",
    "nothing_measured_yet": "nothing has been measured yet",
    "interval_reaches_target": "the whole interval reaches the target",
    "interval_below_target": "the whole interval lies below the target",
    "interval_holds_target": "the interval holds the target, so both are possible",
    "document_came_late": "a dated public document shows it, after the day",
    "dated_public_document": "a dated public document shows it",
    "no_dated_public_document_by_the_day": "the day has passed without a dated public document",
    "no_dated_public_document_yet": "there is no dated public document yet",
}
_PRACTICE = {
    "spreads": "An encounter is followed by others in its area more often than shared causes explain",
    "cannot_tell_from_shared_causes": "Whether encounters call forth others cannot be told from causes they share",
    "none_seen": "No sign that one encounter is followed by another",
}
_QUESTION = {
    "month_end": "{found} of {n} positive contacts fall on the last three days of months, where {expected} would be expected. Why?",
    "round_times": "{found} of {n} positive contacts are stamped at a full or half hour; this record's habit is {expected}. Why?",
    "same_words": "{found} pairs of sentences are nearly the same, where dealing them by chance gives {expected}. Why?",
    "doubled_after_target": "{found} positive contacts in the eight weeks after the announcement, {expected} in the eight before. Why?",
    "says_nothing": "{found} of {n} entries do not say what happened. Can it still be written down?",
    "recorded_late": "{found} of {n} entries were written two days later or more. How are they remembered?",
    "impossible_travel": "{found} times two entries by one hand are too far apart for the time between. Which is wrong?",
}


def cell_sentence(cell: dict, name: str) -> str:
    """The two rates side by side, or why they cannot be told."""
    if cell["verdict"] == "no_denominator":
        return f"{name}: nobody says how many live there, so there is no rate."
    verdict = (
        "" if cell.get("area") == "all" else f"; {VERDICT[cell['verdict']]}"
    )  # a town is not compared with itself
    both = {w: shown_span(cell[w]) for w in ("enforcement", "positive")}
    shown = [f"{figure(r[0], 0)} to {figure(r[1], 0)} {w}" for w, r in both.items() if r]
    if not shown:
        return f"{name}: too few contacts to show."
    if len(shown) == 1:
        hidden = next(w for w, r in both.items() if not r)
        said = (
            f"{name}: officers made {shown[0]} contacts per 1,000 residents in a year; too few {hidden} ones to show"
        )
        return said + (f"{verdict}." if hidden == "positive" else ".")
    (e, p) = both.values()
    return (
        f"{name}: officers made {figure(e[0], 0)} to {figure(e[1], 0)} enforcement contacts per 1,000 residents in a year, "
        f"and {figure(p[0], 0)} to {figure(p[1], 0)} positive ones{verdict}."
    )


def shown_span(rate: dict) -> tuple[float, float] | None:
    """The interval people are shown: the one widened for clusters where there is one; None where nothing may be shown."""
    return rate.get("widened") or (None if rate["low"] is None else (rate["low"], rate["high"]))


def versus_words(v: dict) -> str:
    crude, within = v["crude"], v["within"]
    said = f"{v['kind']}: {v['group']} residents {_times(crude)} as often as {v['against']} residents over the whole town"
    return (
        f"{said}, {_times(within)} comparing only within areas."
        if within
        else f"{said}; areas say too little to compare within."
    )


def _times(e: dict) -> str:
    return f"{figure(e['value'], 2)} times ({figure(e['low'], 2)} to {figure(e['high'], 2)})"


def question_words(q: dict) -> str:
    expected = figure(q["expected"], 1) if q["expected"] is not None else ""
    where = f"{q['unit']}: " if q["unit"] else ""
    return where + _QUESTION[q["code"]].format(found=f"{q['found']:,}", n=f"{q['n']:,}", expected=expected)


def practice_words(p: dict) -> str:
    r = p["branching_ratio"]
    low, middle, high = p["shared"]
    return (
        f"{_PRACTICE[p['verdict']]}: {p['followed']:,} pairs within {figure(p['within'], 0)} days, where exchanging the areas gives "
        f"{figure(middle, 0)} ({figure(low, 0)} to {figure(high, 0)}). One encounter calls forth {figure(r['value'], 2)} "
        f"({figure(r['low'], 2)} to {figure(r['high'], 2)})."
    )


def promise_words(c: dict) -> str:
    said, m = f"{STATUS[c['status']]}: {BECAUSE[c['because']]}", c.get("measured")
    if not m or c["target"] is None:
        return said + "."
    share = (m["unit"] or "").startswith("share")
    value, low, high, target = (
        f"{x:.0%}" if share else figure(x, 1) for x in (m["value"], m["low"], m["high"], c["target"])
    )
    span = (
        f"{low} to {high}, " if m["high"] > m["low"] else ""
    )  # where all were counted and none drawn there is no span
    return f"{said}. Measured: {value} ({span}n = {m['n']:,}); promised: {target}."


def caution_words(codes) -> tuple[str, ...]:
    return tuple(CAUTION.get(c, c) for c in codes)
