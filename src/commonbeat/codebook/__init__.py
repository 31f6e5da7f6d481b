"""Every table of the house, declared once: columns, meaning, unit, allowed values, and who may see them.

Rooms meet here. `TABLES["contacts"]` is a dataframely schema over polars; `columns("contacts")` describes it for people.
"""

from __future__ import annotations

from dataclasses import dataclass

import dataframely as dy

from commonbeat.codebook import words
from commonbeat.codebook.asking import Assignments, Invitations, Plans, Receipts, Ties
from commonbeat.codebook.columns import SEE
from commonbeat.codebook.places import Areas, Population, Present
from commonbeat.codebook.record import Closings, Commitments, Complaints, Contacts, Force, People, Trainings
from commonbeat.codebook.tellings import Consents, Footage, Spread, Stories
from commonbeat.codebook.voices import Answers, Respondents, Statements, Votes

__all__ = ["RINGS", "SCHEMA_VERSION", "SEE", "TABLES", "Described", "columns", "words"]

SCHEMA_VERSION = 1  #: of the tables; a book written by a newer program is refused
RINGS = words.RINGS

TABLES: dict[str, type[dy.Schema]] = {
    "areas": Areas,
    "population": Population,
    "present": Present,
    "contacts": Contacts,
    "people": People,
    "complaints": Complaints,
    "closings": Closings,
    "force": Force,
    "trainings": Trainings,
    "commitments": Commitments,
    "footage": Footage,
    "consents": Consents,
    "stories": Stories,
    "spread": Spread,
    "statements": Statements,
    "votes": Votes,
    "respondents": Respondents,
    "answers": Answers,
    "assignments": Assignments,
    "invitations": Invitations,
    "ties": Ties,
    "plans": Plans,
    "receipts": Receipts,
}


@dataclass(frozen=True, slots=True)
class Described:
    """One column in words."""

    name: str
    meaning: str
    unit: str | None
    allowed: str | None
    see: str
    may_be_missing: bool


def columns(table: str) -> tuple[Described, ...]:
    """What does each column of a table mean, in which unit, and who may see it?"""
    return tuple(
        Described(
            name,
            c.description or "",
            c.metadata.get("unit"),
            c.metadata.get("allowed"),
            c.metadata["see"],
            c.nullable,
        )
        for name, c in TABLES[table].columns().items()
    )
