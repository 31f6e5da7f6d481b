"""What is wrong with the [people] of a plan, which says how somebody's own table is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

__all__ = ["people_problems"]

_NEEDED = {
    "person": "the column that tells people apart",
    "arm": "the column that says what each was given",
    "outcome": 'the columns of the outcome by wave, as outcome = { 0 = "trust_before", 21 = "trust_after" }; or one column, with wave',
}


def people_problems(data: Mapping, names: Sequence[str], found) -> None:
    """Says to `found` what is missing or wrong; the rest of the plan is right by then."""
    people = data["people"]
    for key in people:
        if key not in names:
            found.say("people", key, f'people has "{key}"; it holds {", ".join(names)}')
    for key, meaning in _NEEDED.items():
        if key not in people:
            found.say("people", None, f'people needs "{key}": {meaning}')
    for key in ("person", "arm", "wave", "weight", "ring", "share", "date", "file"):
        if key in people and not isinstance(people[key], str):
            found.say(
                "people", people[key], f"people {key} is {people[key]!r}; it is the name of a column, in quotes"
            )
    if not isinstance(people.get("missing", []), list | tuple):
        found.say("people", people["missing"], 'people missing is a list of words that mean "not known", as ["-99"]')
    _outcome(data, people.get("outcome"), found)
    _arms(data, people.get("arms", {}), found)
    _own_scale(data, found)
    if data["design"] == "saturation" and "share" not in people:
        found.say(
            "people",
            None,
            'design "saturation" needs share: the column that says which share of its units a group drew',
        )


def _outcome(data, outcome, found):
    people = data["people"]
    if isinstance(outcome, str):
        if "wave" not in people:
            found.say("people", outcome, 'people outcome is one column, so wave is needed: the column that says which wave a row is of; or give one column for each wave, as outcome = { 21 = "trust_after" }')  # fmt: skip
        return
    if outcome is None:
        return
    if not isinstance(outcome, Mapping) or not all(_columns(c) for c in outcome.values()):
        found.say("people", outcome, f"people outcome is {outcome!r}; {_NEEDED['outcome']}")
        return
    if "wave" in people:
        found.say(
            "people", people["wave"], "people names a column for each wave and a column wave too: keep one of them"
        )
    waves = [str(w) for w in data["waves"]]
    for wave in outcome:
        if str(wave) not in waves:
            found.say(
                "people",
                wave,
                f"people outcome has wave {wave}, which waves does not name; waves are {', '.join(waves)}",
            )
    if str(data["primary"].get("wave")) not in {str(w) for w in outcome}:
        found.say(
            "people", None, f"people outcome names no column for the primary wave, {data['primary'].get('wave')}"
        )


def _columns(value) -> bool:
    if isinstance(value, str):
        return True
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(c, str) for c in value)


def _arms(data, arms, found):
    if not isinstance(arms, Mapping):
        found.say("people", arms, 'people arms is a table from the file\'s words to the plan\'s, as arms = { 1 = "visit", 0 = "none" }')  # fmt: skip
        return
    for word, arm in arms.items():
        if arm not in data["arms"]:
            found.say("people", arm, f'people arms turns "{word}" into "{arm}", which is none of the plan\'s arms ({", ".join(data["arms"])})')  # fmt: skip


def _own_scale(data, found):
    """Numbers of one's own have a unit of their own: the house's points would be a guess."""
    outcome = data["outcome"]
    if outcome.get("items") or outcome.get("questionnaire"):
        found.say("outcome", None, "people's outcome is read from its columns as it stands there: leave items and questionnaire out")  # fmt: skip
    if "unit" not in outcome:
        found.say("outcome", None, 'outcome needs its unit, since the file does not say it: [outcome] unit = "points, 0-100", or "complaints a year"')  # fmt: skip
    if "smallest_effect" not in data:
        found.say("smallest_effect", None, "smallest_effect is missing: the least that would matter, in the outcome's own unit; the verdict turns on it")  # fmt: skip
