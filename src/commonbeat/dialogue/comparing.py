"""Two files of one export hold the same votes. Do they say the same?"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from commonbeat.dialogue.votes import Votes
from commonbeat.errors import BadInput, Problem

__all__ = ["compared"]

TOLERATED = 0.01  # share of cells one file may have and the other not before the pair is refused


def compared(votes, wide, events, votes_file, wide_file) -> Votes:
    """Do the two files say the same? Contradictions are refused by place; a few lone cells are said in the notes."""
    of_person = {str(p): k for k, p in enumerate(votes.people)}
    size = len(votes.statement_ids)
    place = {str(i): k for k, i in enumerate(votes.statement_ids)}
    here = votes.person.astype(np.int64) * size + votes.statement
    order = np.argsort(here)
    there = np.array(
        [of_person.get(p, -1) * size + place[s] if p in of_person else -1 for p, s in zip(wide["person"], wide["statement"])],
        np.int64,
    ).reshape(-1)  # fmt: skip
    spot = np.minimum(np.searchsorted(here[order], there), max(len(here) - 1, 0))
    found = (here[order][spot] == there) if len(here) else np.zeros(len(there), bool)
    mine = votes.value[order][spot] if len(here) else np.zeros(len(there), np.int8)
    wrong = np.flatnonzero(found & (mine != wide["value"]))
    tied = np.array([_tied(k, wide, events) for k in wrong], bool)
    if not tied.all():
        wrong = wrong[~tied]
        raise BadInput(problems=[_contradiction(k, wide, events, int(mine[k]), votes_file, wide_file) for k in wrong])
    if len(wrong):
        value = votes.value.copy()
        value[order[spot[wrong]]] = wide["value"][wrong]
        notes = [n for n in votes.notes if "at the same instant" not in n]
        said = f"{len(wrong)} votes given twice at the same instant were taken from {wide_file.name}."
        votes = replace(votes, value=value, notes=(*notes, said))
    lost, extra = int(np.count_nonzero(~found)), len(here) - int(np.count_nonzero(found))
    notes = []
    for count, total, has, lacks, line in (
        (lost, len(there), wide_file, votes_file, _first_line(wide["line"], ~found)),
        (extra, len(here), votes_file, wide_file, None),
    ):
        if not count:
            continue
        where = f" (the first at {has.name} line {line})" if line else ""
        sentence = f"{has.name} holds {count:,} of its {total:,} votes{where} that {lacks.name} does not"
        if count > TOLERATED * total:
            raise BadInput(
                f"{sentence}: {lacks.name}{_end(lacks)} looks cut short. Export again, or take one of the files away "
                "to say which is right."
            )
        notes.append(f"{sentence}; votes.csv was used.")
    return replace(votes, notes=(*votes.notes, *notes)) if notes else votes


def _tied(k, wide, events) -> bool:
    """Did this person vote differently at one last instant, once as the final table says? Then the table knows."""
    pair = (wide["person"][k], wide["statement"][k])
    rows = [
        (int(t), int(v))
        for t, v, p, s in zip(events["at"], events["value"], events["person"], events["statement"])
        if (p, s) == pair
    ]
    last = {v for t, v in rows if t == max(t for t, _ in rows)}
    return len(last) > 1 and int(wide["value"][k]) in last


def _first_line(lines, mask):
    k = np.flatnonzero(mask)
    return lines[k[0]] if len(k) else None


def _end(path) -> str:
    with path.open(encoding="utf-8", errors="replace") as handle:
        return f" (it ends at line {sum(1 for _ in handle)})"


def _contradiction(k, wide, events, mine, votes_file, wide_file) -> Problem:
    person, statement = wide["person"][k], wide["statement"][k]
    line = max(
        n for n, p, s in zip(events["line"], events["person"], events["statement"]) if (p, s) == (person, statement)
    )
    return Problem(
        f"says {int(wide['value'][k])} where {votes_file.name} line {line} says {mine}: participant {person}, "
        f"statement {statement}. Export again, or take one of the files away to say which is right.",
        wide_file.name, wide["line"][k], statement, int(wide["value"][k]),
    )  # fmt: skip
