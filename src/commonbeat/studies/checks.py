"""Everything that is wrong with a plan, as sentences for the one who writes it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from commonbeat.codebook import RINGS
from commonbeat.errors import Problem
from commonbeat.privacy import FLOOR
from commonbeat.studies.checks_people import people_problems
from commonbeat.studies.choices import DESIGNS, ESTIMATORS, IDENTIFIED, MULTIPLICITY, REFERENTS

__all__ = ["problems_of", "rings_of"]

_NEEDED = ("plan_id", "title", "question", "design", "outcome")
_NEEDED_ASKING = ("arms", "primary", "waves", "rings")  # of a study that asks people
_CHOICES = {"design": DESIGNS, "estimator": ESTIMATORS, "multiplicity": MULTIPLICITY}
_TEXTS = ("plan_id", "title", "question", "design", "estimator", "multiplicity", "units", "stopping", "block", "cluster",
          "contact", "seed_commitment", "town")  # fmt: skip
_MAY_BE_NONE = ("contact", "seed_commitment", "town")
_LISTS = ("groups", "covariates", "robustness")
_MEANING = {
    "plan_id": "a short name without spaces, used in file names and codes",
    "title": "what the study is called",
    "question": "the question as a resident would ask it",
    "design": "how the comparison comes about: " + ", ".join(DESIGNS),
    "arms": 'what units are given, as ["visit", "usual"]',
    "outcome": 'a table with name and items (or a questionnaire), as [outcome] name = "trust"',
    "primary": 'the one comparison: [primary] ring = "participant", wave = 21, treated = "visit", control = "usual"',
    "waves": "days after the start at which people are asked, as [0, 3, 21, 90]",
    "rings": 'whose answers count, as [rings.participant] how = "randomised"; rings are ' + ", ".join(RINGS),
    "people": "the columns of a table of your own: [people] person, arm, outcome",
    "panel": "the columns of the unit-by-time table: [panel] unit, time, first_treated, outcome",
}


class _Found(list):
    """Problems of one file; `say` adds one."""

    def __init__(self, file):
        super().__init__()
        self.file = file

    def say(self, column, value, message):
        self.append(Problem(message, file=self.file, column=column, value=value))


def rings_of(data: Mapping) -> dict[str, dict]:
    """`rings = ["participant"]` and `[rings.participant] how = "randomised"` are both understood."""
    rings = data.get("rings", {})
    return {name: {} for name in rings} if isinstance(rings, list) else dict(rings)


def problems_of(
    data: Mapping, file: str, entries: Sequence[str], parts: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """What is wrong, all of it where that can be told; first the shape, then the sense.

    entries : names a plan may hold;  parts : the same for outcome, primary, panel and a ring
    """
    found = _Found(file)
    _shape(data, entries, found)
    if not found:
        _common(data, parts, found)
        if data["design"] == "stepped":
            if "people" in data:
                found.say(
                    "people",
                    None,
                    "a stepped rollout is read from [panel], not from [people]: name the columns there",
                )
            _panel(data, parts["panel"], found)
        elif data["design"] in DESIGNS:
            _asking(data, parts, found)
            _design(data, found)
            if "people" in data and not found:
                people_problems(data, parts["people"], found)
    return list(found)


def _shape(data, entries, found):
    for name in data:
        if name not in entries:
            found.say(name, data[name], f'"{name}" is not an entry of a plan; the entries are {", ".join(sorted(entries))}')  # fmt: skip
    stepped = data.get("design") == "stepped"
    for name in _NEEDED + (("panel",) if stepped else _NEEDED_ASKING):
        if name not in data:
            found.say(name, None, f'"{name}" is missing: {_MEANING[name]}')
    for name in _TEXTS:
        if name in data and not isinstance(data[name], str) and not (data[name] is None and name in _MAY_BE_NONE):
            found.say(name, data[name], f"{name} is {data[name]!r}; it is words in quotes")
    for name in _LISTS + (() if stepped else ("arms",)):
        if name in data and not _words(data[name]):
            found.say(name, data[name], f'{name} is {data[name]!r}; it is a list of words, as ["one", "two"]')
    for name in ("outcome", "panel" if stepped else "primary", "people"):
        if name in data and not isinstance(data[name], Mapping):
            found.say(name, data[name], f"{name} is {data[name]!r}; it is a table: {_MEANING[name]}")
    rings = data.get("rings", {})
    whole = _words(rings) if isinstance(rings, list) else isinstance(rings, Mapping)
    if not whole or (isinstance(rings, Mapping) and not all(isinstance(r, Mapping) for r in rings.values())):
        found.say("rings", rings, f"rings is {rings!r}; {_MEANING['rings']}")


def _words(value) -> bool:
    return isinstance(value, list | tuple) and all(isinstance(v, str) for v in value)


def _number(value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _common(data, parts, found):
    for name, allowed in _CHOICES.items():
        if name in data and data[name] not in allowed:
            found.say(name, data[name], f'{name} is "{data[name]}"; use one of {", ".join(allowed)}')
    for other in data.get("robustness", ()):
        if other not in ESTIMATORS:
            found.say("robustness", other, f'robustness names "{other}"; use {", ".join(ESTIMATORS)}')
    plan_id = data["plan_id"]
    if not plan_id or not all(c.isalnum() or c in "-_" for c in plan_id):
        found.say("plan_id", plan_id, f"plan_id is {plan_id!r}; use letters, digits, - and _ only")
    smallest = data.get("smallest_effect", 3.0)
    if not _number(smallest) or not 0 < smallest < float("inf"):
        found.say("smallest_effect", smallest, f"smallest_effect is {smallest!r}; a number above 0 in the outcome's unit")  # fmt: skip
    floor = data.get("floor", FLOOR)
    if not _whole(floor) or floor < FLOOR:
        found.say("floor", floor, f"floor is {floor!r}; the house's floor is {FLOOR}, a plan may only raise it")
    level = data.get("level", 0.95)
    if not isinstance(level, float) or not 0.5 < level < 1:
        found.say("level", level, f"level is {level!r}; a share such as 0.95")
    for name, least, most in (("draws", 100, 100_000), ("bootstrap", 0, 100_000)):
        if name in data and not (_whole(data[name]) and least <= data[name] <= most):
            found.say(name, data[name], f"{name} is {data[name]!r}; a whole number from {least} to {most:,}")
    for name in ("starts", "ends"):
        if data.get(name) is not None and not _day(data[name]):
            found.say(name, data[name], f"{name} is {data[name]!r}; a day, as {name} = 2027-03-01")
    _outcome(data["outcome"], parts["outcome"], found)


def _day(value) -> bool:
    if isinstance(value, str):
        try:
            dt.date.fromisoformat(value)
        except ValueError:
            return False
        return True
    return isinstance(value, dt.date) and not isinstance(value, dt.datetime)


def _outcome(outcome, names, found):
    for key in sorted(set(outcome) - set(names)):
        found.say("outcome", key, f'outcome has "{key}"; it holds {", ".join(names)}')
    if not isinstance(outcome.get("name"), str) or not outcome["name"]:
        found.say("outcome", outcome.get("name"), "outcome needs a name, in words")
    if not _words(outcome.get("items", [])):
        found.say("outcome", outcome["items"], f"outcome items is {outcome['items']!r}; a list of items' names")
    for key in ("questionnaire", "unit", "score"):
        if key in outcome and not isinstance(outcome[key], str):
            found.say("outcome", outcome[key], f"outcome {key} is {outcome[key]!r}; it is words in quotes")
    if outcome.get("score", "mean") != "mean":
        found.say("outcome", outcome["score"], f'outcome score is "{outcome["score"]}"; a score is the "mean" of the items')  # fmt: skip
    if outcome.get("better", "higher") not in ("higher", "lower"):
        found.say("outcome", outcome["better"], f'outcome better is "{outcome["better"]}"; use "higher" or "lower"')
    if outcome.get("referent", "my_area") not in REFERENTS:
        found.say(
            "outcome", outcome["referent"], f'referent is "{outcome["referent"]}"; use {" or ".join(REFERENTS)}'
        )


def _asking(data, parts, found):
    arms, waves, rings = data["arms"], data["waves"], rings_of(data)
    if len(set(arms)) != len(arms) or len(arms) < 2:
        found.say("arms", arms, f"arms is {arms!r}; give at least two different names")
    if not rings:
        found.say("rings", None, f"rings is empty: {_MEANING['rings']}")
    for ring, about in rings.items():
        _ring(ring, about, parts["rings"], found)
    if not isinstance(waves, list | tuple) or not waves or any(not _whole(w) or w < 0 for w in waves):
        found.say("waves", waves, f"waves is {waves!r}; use days since the start, whole numbers of 0 or more")
    elif sorted(set(waves)) != list(waves):
        found.say("waves", waves, f"waves is {waves!r}; put them in order, each once")
    else:
        _contrast(data["primary"], {"ring": (list(rings), "rings"), "wave": (waves, "waves"), "treated": (arms, "arms"), "control": (arms, "arms")}, found)  # fmt: skip


def _ring(ring, about, names, found):
    if ring not in RINGS:
        found.say("rings", ring, f'rings names "{ring}"; use {", ".join(RINGS)}')
    how = about.get("how", "observed")
    if how not in IDENTIFIED:
        found.say("rings", how, f'ring {ring} is known by "{how}"; use {", ".join(IDENTIFIED)}')
    for key, value in about.items():
        if key not in names or key == "name":
            found.say("rings", key, f'ring {ring} has "{key}"; it holds how, respondents, treated, control')
        elif key != "how" and not isinstance(value, str):
            found.say("rings", value, f"ring {ring}: {key} is {value!r}; it is words in quotes")


def _contrast(primary, allowed, found):
    if set(primary) != set(allowed):
        found.say("primary", dict(primary), "primary needs ring, wave, treated and control, nothing else")
        return
    for key, (values, source) in allowed.items():
        if primary[key] not in values:
            words = ", ".join(map(str, values))
            found.say("primary", primary[key], f"primary {key} is {primary[key]!r}, which {source} does not name; use one of {words}")  # fmt: skip
    if primary["treated"] == primary["control"]:
        found.say("primary", primary["treated"], "primary compares an arm with itself: name two arms")


def _design(data, found):
    """Do design, estimator and rings agree with one another?"""
    design, estimators = data["design"], [data.get("estimator", "adjusted_effect"), *data.get("robustness", ())]
    if design in ("blocked", "matched_pair") and not data.get("block", "block"):
        found.say("block", "", f'design "{design}" needs block: the column that holds what was drawn within')
    if design == "cluster" and data.get("cluster", "cluster") == data.get("block", "block") == "":
        found.say("cluster", "", 'design "cluster" needs cluster: the column that holds what was drawn together')
    if design == "before_after":
        _before_after(data, found)
    elif "difference_in_differences" in estimators:
        found.say(
            "estimator", "difference_in_differences", 'difference_in_differences belongs to design "before_after"'
        )
    if "complier_effect" in estimators and not data.get("contact"):
        found.say("contact", None, 'complier_effect needs contact: the item that says whether a person was met, as contact = "met_officers"')  # fmt: skip
    _shares(data, found)
    if ("spillover" in estimators) != (design == "saturation"):
        found.say("estimator", estimators[0], 'estimator "spillover" and design "saturation" belong together: name both or neither')  # fmt: skip
    if "staggered_effect" in estimators:
        found.say("estimator", "staggered_effect", 'staggered_effect belongs to design "stepped"')
    if data.get("multiplicity") == "max_t" and data.get("estimator") in ("anytime", "spillover"):
        found.say("multiplicity", "max_t", f'multiplicity "max_t" needs normal estimates, which {data["estimator"]} does not give: use "sidak"')  # fmt: skip
    if "anytime" in estimators and design != "story_experiment":
        found.say("estimator", "anytime", 'anytime needs people who were drawn one by one: design "story_experiment"')


def _shares(data, found):
    """Two stages need two shares, of which chance gives each group one."""
    shares = data.get("shares")
    if shares is None:
        return
    if data["design"] != "saturation":
        found.say(
            "shares",
            shares,
            'shares belongs to design "saturation": groups draw a share, units within them draw the arm',
        )
    good = isinstance(shares, list | tuple) and all(_number(s) and 0 < s < 1 for s in shares)
    if not good or len(set(shares)) < 2 or list(shares) != sorted(set(shares)):
        found.say(
            "shares",
            shares,
            f"shares is {shares!r}; give at least two shares between 0 and 1, the smallest first, as [0.25, 0.75]",
        )


def _before_after(data, found):
    known = {ring: about.get("how", "observed") for ring, about in rings_of(data).items()}
    drawn = [ring for ring, how in known.items() if how != "observed"]
    if drawn:
        found.say("rings", drawn[0], f'nobody draws anything in a before-after study, so ring {drawn[0]} is how = "observed"; it stays an association')  # fmt: skip
    if data.get("estimator") != "difference_in_differences":
        found.say("estimator", data.get("estimator"), 'design "before_after" compares changes: estimator = "difference_in_differences"')  # fmt: skip
    if 0 not in data["waves"] or data["primary"].get("wave") == 0:
        found.say("waves", data["waves"], "a before-after study needs wave 0 (before) and a later primary wave")


def _panel(data, names, found):
    panel = data["panel"]
    for name in names[:4]:
        if name not in panel:
            found.say("panel", None, f'panel needs "{name}": the name of a column')
    for name in panel:
        if name not in names:
            found.say("panel", name, f'panel has "{name}"; it holds {", ".join(names)}')
