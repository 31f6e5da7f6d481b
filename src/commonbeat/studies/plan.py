"""What is asked, of whom, how and when will we know? A plan, written down before the data are seen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from commonbeat.codebook import RINGS
from commonbeat.errors import BadInput, Problem

__all__ = ["DESIGNS", "ESTIMATORS", "IDENTIFIED", "Contrast", "Outcome", "Panel", "Plan", "Ring"]

DESIGNS = (
    "individual", "blocked", "cluster", "matched_pair", "stepped", "saturation", "story_experiment", "before_after",
)  # fmt: skip
IDENTIFIED = ("randomised", "encouraged", "observed")  #: how much a comparison can carry, from most to least
ESTIMATORS = (
    "difference_in_means", "adjusted_effect", "complier_effect", "staggered_effect", "spillover", "anytime",
)  # fmt: skip
MULTIPLICITY = ("max_t", "holm", "benjamini_hochberg", "none")
REFERENTS = ("my_area", "in_general")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is measured: a score from a questionnaire, or a column of a table for things counted by others."""

    name: str
    items: tuple[str, ...] = ()
    questionnaire: str | None = None
    score: str = "mean"
    unit: str = "points, 0-100"
    referent: str = "my_area"


@dataclass(frozen=True, slots=True)
class Contrast:
    """The one comparison that answers the question; all others are named beside it."""

    ring: str
    wave: int
    treated: str
    control: str


@dataclass(frozen=True, slots=True)
class Ring:
    """Whose answers tell about one ring, and how far the comparison can carry.

    how         : "randomised", "encouraged" (chance decided who was invited) or "observed"
    respondents : plan_id under which they were asked, when it is not this plan's own
    treated, control : their arms, when they are not the primary ones
    """

    name: str
    how: str = "observed"
    respondents: str | None = None
    treated: str | None = None
    control: str | None = None


@dataclass(frozen=True, slots=True)
class Panel:
    """Columns of a unit-by-time table, for rollouts in which units start at different times."""

    unit: str
    time: str
    first_treated: str
    outcome: str
    never: int | None = None
    method: str = "callaway-santanna"
    control: str = "notyet"
    se: str = "neyman"


@dataclass(frozen=True, slots=True)
class Plan:
    """A question as a value: hashable, and the same through file, URL, command line and test.

    smallest_effect : in the outcome's unit; the verdict's words turn on it
    waves           : days since the encounter or the start, in order
    block, cluster  : columns that say what was drawn within, and together; "" for none
    panel           : only for design "stepped", whose rows are units and times rather than answers
    """

    plan_id: str
    title: str
    question: str
    design: str
    outcome: Outcome
    arms: tuple[str, ...] = ()
    primary: Contrast | None = None
    waves: tuple[int, ...] = ()
    rings: tuple[Ring, ...] = ()
    panel: Panel | None = None
    groups: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    block: str = "block"
    cluster: str = "cluster"
    units: str = "areas"
    estimator: str = "adjusted_effect"
    robustness: tuple[str, ...] = ("difference_in_means",)
    multiplicity: str = "max_t"
    smallest_effect: float = 3.0
    stopping: str = "fixed: analysed once, after the last wave"
    floor: int = 5
    level: float = 0.95
    seed_commitment: str | None = None
    town: str | None = None
    starts: dt.date | None = None
    ends: dt.date | None = None

    # -- in -----------------------------------------------------------------------------------------------------------

    @classmethod
    def read(cls, path: str | Path) -> Plan:
        """From a TOML file. BadInput names every entry that is wrong, with what is allowed."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise BadInput(
                f"{path} cannot be read as a plan: {error}. A plan is a TOML file; `commonbeat study new` writes one."
            ) from error
        return cls.parse(text, file=path.name)

    @classmethod
    def parse(cls, text: str, *, file: str = "plan") -> Plan:
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise BadInput(f"{file} is not TOML: {error}") from error
        return cls.from_dict(data, file=file)

    @classmethod
    def from_dict(cls, data: dict, *, file: str = "plan") -> Plan:
        problems = _problems(data, file)
        if problems:
            raise BadInput(problems=problems)
        outcome = dict(data["outcome"])
        outcome["items"] = tuple(outcome.get("items", ()))
        given = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        given |= {
            "outcome": Outcome(**outcome),
            "primary": Contrast(**data["primary"]) if "primary" in data else None,
            "panel": Panel(**data["panel"]) if "panel" in data else None,
            "rings": tuple(Ring(name, **about) for name, about in _rings(data).items()),
            "smallest_effect": float(data.get("smallest_effect", 3.0)),
        }
        for name in ("arms", "waves", "groups", "covariates", "robustness"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)

    # -- out ----------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict:
        """Only what was said, in a fixed order, so that the hash does not depend on how the file was laid out."""
        out = {}
        for f in sorted(fields(self), key=lambda f: f.name):
            value = getattr(self, f.name)
            if value is None or value == ():
                continue
            if f.name in ("outcome", "primary", "panel"):
                value = _said(value)
            elif f.name == "rings":
                value = {r.name: {k: v for k, v in _said(r).items() if k != "name"} for r in value}
            out[f.name] = value
        return json.loads(json.dumps(out, default=lambda v: v.isoformat()))

    def canonical(self) -> str:
        """One line of JSON that two people always write the same way."""
        return json.dumps(self.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.canonical().encode()).hexdigest()

    def ring(self, name: str) -> Ring:
        """What the plan says of one ring."""
        return next(r for r in self.rings if r.name == name)

    def arms_of(self, ring: Ring) -> tuple[str, str]:
        """(treated, control) in this ring."""
        return ring.treated or self.primary.treated, ring.control or self.primary.control


def _said(thing) -> dict:
    return {f.name: getattr(thing, f.name) for f in fields(thing) if getattr(thing, f.name) not in (None, ())}


def _rings(data: dict) -> dict[str, dict]:
    """`rings = ["participant"]` and `[rings.participant] how = "randomised"` are both understood."""
    rings = data.get("rings", {})
    return {name: {} for name in rings} if isinstance(rings, list) else dict(rings)


_NEEDED = ("plan_id", "title", "question", "design", "outcome")
_NEEDED_ASKING = ("arms", "primary", "waves", "rings")  # of a study that asks people
_LISTS = {
    "design": DESIGNS, "estimator": ESTIMATORS, "multiplicity": MULTIPLICITY,
}  # fmt: skip


def _problems(data: dict, file: str) -> list[Problem]:
    """Everything wrong with a plan, as sentences for the one who writes it."""
    wrong: list[Problem] = []

    def say(column: str, value, message: str):
        wrong.append(Problem(message, file=file, column=column, value=value))

    known = {f.name for f in fields(Plan)}
    for name in data:
        if name not in known:
            say(name, data[name], f'"{name}" is not an entry of a plan; the entries are {", ".join(sorted(known))}')
    stepped = data.get("design") == "stepped"
    for name in _NEEDED + (("panel",) if stepped else _NEEDED_ASKING):
        if name not in data:
            say(name, None, f'"{name}" is missing: {_MEANING[name]}')
    if wrong:
        return wrong
    for name, allowed in _LISTS.items():
        if name in data and data[name] not in allowed:
            say(name, data[name], f'{name} is "{data[name]}"; use one of {", ".join(allowed)}')
    for other in data.get("robustness", ()):
        if other not in ESTIMATORS and other != "randomisation_test":
            say("robustness", other, f'robustness names "{other}"; use {", ".join(ESTIMATORS)} or randomisation_test')
    wrong += _common(data, file)
    return wrong + (_panel(data, file) if stepped else _asking(data, file) + _contrast(data, file))


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
    "panel": "the columns of the unit-by-time table: [panel] unit, time, first_treated, outcome",
}


def _common(data, file) -> list[Problem]:
    wrong = []

    def say(column, value, message):
        wrong.append(Problem(message, file=file, column=column, value=value))

    plan_id = data["plan_id"]
    if not isinstance(plan_id, str) or not plan_id or not all(c.isalnum() or c in "-_" for c in plan_id):
        say("plan_id", plan_id, f"plan_id is {plan_id!r}; use letters, digits, - and _ only")
    smallest = data.get("smallest_effect", 3.0)
    if not isinstance(smallest, int | float) or isinstance(smallest, bool) or not smallest > 0:
        say("smallest_effect", smallest, f"smallest_effect is {smallest!r}; a number above 0 in the outcome's unit")
    floor = data.get("floor", 5)
    if not isinstance(floor, int) or floor < 5:
        say("floor", floor, f"floor is {floor!r}; the house's floor is 5, a plan may only raise it")
    level = data.get("level", 0.95)
    if not isinstance(level, float) or not 0.5 < level < 1:
        say("level", level, f"level is {level!r}; a share such as 0.95")
    outcome = data["outcome"]
    if not isinstance(outcome, dict) or not outcome.get("name"):
        say("outcome", outcome, "outcome needs a name")
    else:
        for key in set(outcome) - {f.name for f in fields(Outcome)}:
            say("outcome", key, f'outcome has "{key}"; it holds {", ".join(f.name for f in fields(Outcome))}')
        if outcome.get("referent", "my_area") not in REFERENTS:
            say("outcome", outcome["referent"], f'referent is "{outcome["referent"]}"; use {" or ".join(REFERENTS)}')
    return wrong


def _asking(data, file) -> list[Problem]:
    wrong = []

    def say(column, value, message):
        wrong.append(Problem(message, file=file, column=column, value=value))

    arms = data["arms"]
    if not isinstance(arms, list) or len(set(arms)) != len(arms) or len(arms) < 2:
        say("arms", arms, f"arms is {arms!r}; give at least two different names")
    for ring, about in _rings(data).items():
        if ring not in RINGS:
            say("rings", ring, f'rings names "{ring}"; use {", ".join(RINGS)}')
        how = about.get("how", "observed")
        if how not in IDENTIFIED:
            say("rings", how, f'ring {ring} is known by "{how}"; use {", ".join(IDENTIFIED)}')
        for key in set(about) - {f.name for f in fields(Ring)}:
            say("rings", key, f'ring {ring} has "{key}"; it holds how, respondents, treated, control')
    waves = data["waves"]
    if not waves or any(not isinstance(w, int) or isinstance(w, bool) or w < 0 for w in waves):
        say("waves", waves, f"waves is {waves!r}; use days since the start, whole numbers of 0 or more")
    elif sorted(set(waves)) != list(waves):
        say("waves", waves, f"waves is {waves!r}; put them in order, each once")
    return wrong


def _panel(data, file) -> list[Problem]:
    panel, names = data["panel"], [f.name for f in fields(Panel)]
    missing = [n for n in names[:4] if n not in panel]
    unknown = [n for n in panel if n not in names]
    said = [f'panel needs "{n}": the name of a column' for n in missing] + [
        f'panel has "{n}"; it holds {", ".join(names)}' for n in unknown
    ]
    return [Problem(m, file=file, column="panel") for m in said]


def _contrast(data, file) -> list[Problem]:
    primary, wrong = data["primary"], []
    if not isinstance(primary, dict) or set(primary) != {"ring", "wave", "treated", "control"}:
        return [
            Problem(
                "primary needs ring, wave, treated and control, nothing else",
                file=file,
                column="primary",
                value=primary,
            )
        ]
    checks = (
        ("ring", list(_rings(data)), "rings"),
        ("wave", data["waves"], "waves"),
        ("treated", data["arms"], "arms"),
        ("control", data["arms"], "arms"),
    )
    for key, allowed, source in checks:
        if primary[key] not in allowed:
            words = ", ".join(map(str, allowed))
            wrong.append(
                Problem(
                    f"primary {key} is {primary[key]!r}, which {source} does not name; use one of {words}",
                    file=file,
                    column="primary",
                    value=primary[key],
                )
            )
    if primary["treated"] == primary["control"]:
        wrong.append(
            Problem(
                "primary compares an arm with itself: name two arms",
                file=file,
                column="primary",
                value=primary["treated"],
            )
        )
    return wrong
