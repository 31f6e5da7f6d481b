"""What is asked, of whom, how and when will we know? A plan, written down before the data are seen."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

from commonbeat.errors import BadInput
from commonbeat.studies.checks import problems_of, rings_of
from commonbeat.studies.choices import DESIGNS, ESTIMATORS, IDENTIFIED
from commonbeat.studies.columns import Panel, People

__all__ = ["DESIGNS", "ESTIMATORS", "IDENTIFIED", "Contrast", "Outcome", "Panel", "People", "Plan", "Ring"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is measured: a score from a questionnaire, or a column of a table for things counted by others.

    better : "higher" or "lower", so that a fall in complaints is not called a move the wrong way
    """

    name: str
    items: tuple[str, ...] = ()
    questionnaire: str | None = None
    score: str = "mean"
    unit: str = "points, 0-100"
    referent: str = "my_area"
    better: str = "higher"


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
class Plan:
    """A question as a value: hashable, and the same through file, URL, command line and test.

    smallest_effect : in the outcome's unit; the verdict's words turn on it
    waves           : days since the encounter or the start, in order
    block, cluster  : columns that say what was drawn within (for matched pairs: the pair), and together; "" for none
    shares          : saturation: which shares of their units groups draw, each group one of them
    contact         : item that says whether a person met it in fact (0 or 1); for "complier_effect" and the naive answer
    draws, bootstrap: redraws of the assignment and of people
    town            : first characters of the book's identity (`studies.identity`); no other book is accepted then
    panel           : only for design "stepped", whose rows are units and times rather than answers
    people          : where the rows are a table of one's own rather than a book's respondents and answers
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
    people: People | None = None
    groups: tuple[str, ...] = ()
    covariates: tuple[str, ...] = ()
    block: str = "block"
    cluster: str = "cluster"
    units: str = "areas"
    shares: tuple[float, ...] = ()
    estimator: str = "adjusted_effect"
    robustness: tuple[str, ...] = ("difference_in_means",)
    multiplicity: str = "sidak"
    smallest_effect: float = 3.0
    stopping: str = "fixed: analysed once, after the last wave"
    floor: int = 5
    level: float = 0.95
    contact: str | None = None
    draws: int = 2_000
    bootstrap: int = 0
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
        problems = problems_of(data, file, [f.name for f in fields(cls)], _PARTS)
        if problems:
            raise BadInput(problems=problems)
        outcome = dict(data["outcome"])
        outcome["items"] = tuple(outcome.get("items", ()))
        given = {f.name: data[f.name] for f in fields(cls) if f.name in data}
        given |= {
            "outcome": Outcome(**outcome),
            "primary": Contrast(**data["primary"]) if "primary" in data else None,
            "panel": Panel(**data["panel"]) if "panel" in data else None,
            "people": People.of(data["people"]) if "people" in data else None,
            "rings": tuple(Ring(name, **about) for name, about in rings_of(data).items()),
            "smallest_effect": float(data.get("smallest_effect", 3.0)),
        }
        for name in ("starts", "ends"):
            if isinstance(given.get(name), str):
                given[name] = dt.date.fromisoformat(given[name])
        for name in ("arms", "waves", "groups", "covariates", "robustness", "shares"):
            if name in given:
                given[name] = tuple(given[name])
        return cls(**given)

    # -- out ----------------------------------------------------------------------------------------------------------

    def to_dict(self) -> dict:
        """Only what was said, in a fixed order, so that the hash does not depend on how the file was laid out."""
        out = {}
        for f in sorted(fields(self), key=lambda f: f.name):
            value = getattr(self, f.name)
            if value is None or (value == () and f.default == ()):  # an emptied list is a choice, not a silence
                continue
            if f.name in ("outcome", "primary", "panel"):
                value = _said(value)
            elif f.name == "people":
                value = value.said()
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
    """What was said; `better` only where it differs, so that plans sealed before there was such an entry keep their hash."""
    said = {f.name: getattr(thing, f.name) for f in fields(thing) if getattr(thing, f.name) not in (None, ())}
    return {k: v for k, v in said.items() if (k, v) != ("better", "higher")}


_PARTS = {
    name: [f.name for f in fields(part)]
    for name, part in (
        ("outcome", Outcome),
        ("primary", Contrast),
        ("panel", Panel),
        ("people", People),
        ("rings", Ring),
    )
}
