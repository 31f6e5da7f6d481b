"""Who belongs to which known group, from a file: by person, or by the self-description they agreed with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from commonbeat.dialogue.agreement import KnownGroups, known_groups
from commonbeat.dialogue.sheets import Sheet, read_sheet
from commonbeat.dialogue.votes import AGREE, Votes
from commonbeat.errors import BadInput, Problem

__all__ = ["NamedGroups", "read_groups"]

PERSON = ("person", "participant", "voter-id", "voter_id", "person_id", "participant-id")
STATEMENT = ("statement_id", "statement", "comment-id")
GROUP = ("group", "known_group", "group-id")
SECOND = ("second_group",)  #: of people: crossed with the first
DIMENSION = ("dimension",)  #: of self-descriptions: age, sex; groups of different dimensions are crossed


@dataclass(frozen=True, slots=True, eq=False)
class NamedGroups:
    """known : the groups;  attributes : statements that named them;  notes : sentences for the reader."""

    known: KnownGroups
    attributes: tuple
    notes: tuple[str, ...]


def read_groups(path, votes: Votes) -> NamedGroups:
    """Which known groups does this file name?

    path : CSV with columns person,group (one row a person) or statement_id,group (everybody who agreed with that
           self-description; it then counts as an attribute). Who agreed with two of different groups belongs to none.
           A further column crosses two divisions: second_group beside person,group, or dimension beside
           statement_id,group; the floors then hold for the crossed groups
    Raises BadInput with the line: no such statement, an empty group, one person in two groups.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"{path} is not a file; give a CSV with the columns person,group or statement_id,group.")
    sheet = read_sheet(path, ())
    group = _column(sheet, GROUP)
    person, statement = _column(sheet, PERSON), _column(sheet, STATEMENT)
    if group is None or (person is None) == (statement is None):
        raise BadInput(
            f"{path.name} line 1: the columns are {', '.join(sheet.columns)}; needed are person,group or "
            "statement_id,group."
        )
    if not group:
        raise BadInput(f"{path.name} names no groups: there is no line under the column names.")
    empty = [k for k, g in enumerate(group) if not g.strip()]
    if empty:
        raise BadInput(
            problems=[
                Problem("the group is empty; name it or take the line out.", path.name, sheet.lines[k]) for k in empty
            ]
        )
    group = [" ".join(g.split()) for g in group]
    second, dimension = _column(sheet, SECOND), _column(sheet, DIMENSION)
    if second is not None and person is not None:
        group = [f"{g}, {' '.join(h.split()) or 'not said'}" for g, h in zip(group, second)]
    if dimension is not None and person is None:
        return _crossed(votes, [s.strip() for s in statement], group, [d.strip() for d in dimension], sheet, path)
    if person is not None:
        return _by_person(votes, [p.strip() for p in person], group, sheet, path)
    return _by_statement(votes, [s.strip() for s in statement], group, sheet, path)


def _column(sheet: Sheet, names):
    return next((sheet[n] for n in names if n in sheet.columns), None)


def _by_person(votes, person, group, sheet, path) -> NamedGroups:
    of: dict[str, str] = {}
    for k, (p, g) in enumerate(zip(person, group)):
        if of.setdefault(p, g) != g:
            raise BadInput(
                problems=[
                    Problem(
                        f"this person is in {of[p]} and in {g}; one group a person.",
                        path.name,
                        sheet.lines[k],
                        "group",
                        g,
                    )
                ]
            )
    here = {str(p) for p in votes.people}
    lost = sum(p not in here for p in of)
    notes = (f"{lost} of {len(of)} people in {path.name} did not vote here.",) if lost else ()
    return NamedGroups(known_groups(votes, of), (), notes)


def _by_statement(votes, statement, group, sheet, path) -> NamedGroups:
    known = {str(i) for i in votes.statement_ids}
    wrong = [k for k, s in enumerate(statement) if s not in known]
    if wrong:
        raise BadInput(
            problems=[
                Problem(
                    f"there is no statement {statement[k]} here.",
                    path.name,
                    sheet.lines[k],
                    "statement_id",
                    statement[k],
                )
                for k in wrong
            ]
        )
    names = sorted(set(group))
    member = np.zeros((len(names), len(votes.people)), bool)
    voter = votes.person
    for s, g in zip(statement, group):
        yes = (votes.statement == votes.places([s])[0]) & (votes.value == AGREE)
        member[names.index(g), voter[yes]] = True
    several = member.sum(axis=0) > 1
    of = np.where(member.any(axis=0) & ~several, member.argmax(axis=0), -1).astype(np.int32)
    notes = (
        ("Some people agreed with self-descriptions of two groups; they are counted in neither.",)
        if several.any()
        else ()
    )
    return NamedGroups(KnownGroups(tuple(names), of), tuple(statement), notes)


def _crossed(votes, statement, group, dimension, sheet, path) -> NamedGroups:
    """One group a person and dimension, joined: who said nothing in one of them belongs to none."""
    parts = []
    for name in dict.fromkeys(dimension):
        rows = [k for k, d in enumerate(dimension) if d == name]
        pick = Sheet(sheet.columns, [sheet.lines[k] for k in rows])
        parts.append(_by_statement(votes, [statement[k] for k in rows], [group[k] for k in rows], pick, path))
    names, of = parts[0].known.names, parts[0].known.of
    for part in parts[1:]:
        width = len(part.known.names)
        of = np.where((of >= 0) & (part.known.of >= 0), of * width + part.known.of, -1).astype(np.int32)
        names = tuple(f"{a}, {b}" for a in names for b in part.known.names)
    there = np.unique(of[of >= 0])  # nobody stands in the other crossings
    place = np.full(len(names), -1, np.int32)
    place[there] = np.arange(len(there))
    notes = tuple(dict.fromkeys(n for p in parts for n in p.notes))
    return NamedGroups(
        KnownGroups(tuple(names[k] for k in there), np.where(of >= 0, place[of], -1)), tuple(statement), notes
    )
