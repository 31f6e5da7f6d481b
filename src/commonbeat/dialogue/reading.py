"""A Polis export folder, read with its traps: signs, revotes, moderation, exporters' clocks, files that disagree.

The format is described by the exporter at https://compdemocracy.org/export and was checked on five open conversations.
In exports +1 is agree in both files; times are milliseconds since 1970 in UTC, and `datetime` is the exporter's own zone.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np

from commonbeat.dialogue.comparing import compared
from commonbeat.dialogue.gathering import codes, gather
from commonbeat.dialogue.sheets import Sheet, read_sheet
from commonbeat.dialogue.votes import Votes, parse_ids
from commonbeat.errors import BadInput, Problem

__all__ = ["read_polis"]

VOTE_COLUMNS = ("timestamp", "comment-id", "voter-id", "vote")
ALLOWED = {"1": 1, "0": 0, "-1": -1, "+1": 1, "1.0": 1, "0.0": 0, "-1.0": -1, "-0": 0, "-0.0": 0}


def read_polis(folder, *, meta=None) -> Votes:
    """What was voted in this exported conversation?

    folder : holds `votes.csv` (every vote, in time) or `participants-votes.csv` (the final table), or both; and
             `comments.csv` with the statements' words and moderation
    meta   : statements that are self-descriptions, "1-14,20" or a list; those the file marks `is-meta` are added
    Raises BadInput with file and line: a vote outside -1, 0, 1; a statement nobody wrote; a line cut short; two files
    that contradict each other; signs turned round.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder; give the folder that holds votes.csv or participants-votes.csv.")
    names = [folder / n for n in ("votes.csv", "participants-votes.csv", "comments.csv")]
    votes_file, wide_file, comments_file = (n if n.is_file() else None for n in names)
    if not votes_file and not wide_file:
        raise BadInput(
            f"{folder} has neither votes.csv nor participants-votes.csv. Put the unpacked export there, "
            "or name the folder inside it that holds them."
        )
    statements = _comments(comments_file)
    wide = _wide(wide_file) if wide_file else None
    events = _events(votes_file) if votes_file else _from_wide(wide)
    votes = _join(events, statements, wide, votes_file or wide_file)
    if wide is not None:
        votes = _with_recorded(votes, wide)
        if votes_file:
            votes = compared(votes, wide, events, votes_file, wide_file)
    if not votes_file:
        votes = _noted(votes, "votes.csv is not there: the final table was read, so revotes and times are unknown.")
    if meta is not None and len(meta):
        votes = votes.with_attributes(parse_ids(meta, votes.statement_ids) if isinstance(meta, str) else meta)
    return votes


def _noted(votes: Votes, *sentences: str) -> Votes:
    return replace(votes, notes=(*votes.notes, *sentences))


def _label(text: str):
    """An id as a whole number where it is one, so that 2 comes before 10."""
    return int(text) if text.isascii() and text.isdigit() and str(int(text)) == text else text


def _labels(words) -> tuple[list, np.ndarray]:
    """Distinct ids in their order, and the place of each row among them."""
    unique, place = codes(np.asarray(words, dtype=str) if len(words) else np.zeros(0, "U1"))
    made = [_label(str(u)) for u in unique]
    order = sorted(range(len(made)), key=lambda i: (isinstance(made[i], str), made[i]))
    rank = np.empty(len(made), np.int32)
    rank[order] = np.arange(len(made), dtype=np.int32)
    return [made[i] for i in order], rank[place] if len(place) else np.zeros(0, np.int32)


def _comments(path) -> dict:
    """statement id (text) -> (words, moderated, is a self-description)."""
    if path is None:
        return {}
    sheet = read_sheet(path, ("comment-id",))
    body, moderated, meta = (sheet.get(c) for c in ("comment-body", "moderated", "is-meta"))
    out, problems = {}, []
    for k, name in enumerate(sheet["comment-id"]):
        said = (moderated[k] or "").strip() if moderated else ""
        if not name.strip():
            problems.append(Problem("the comment-id is empty; every statement needs one.", path.name, sheet.lines[k]))
        elif name.strip() in out:
            problems.append(
                Problem(f"statement {name.strip()} is written twice; keep one.", path.name, sheet.lines[k])
            )
        elif said not in ("", "-1", "0", "1"):
            problems.append(
                Problem(
                    f'moderated is "{said}"; allowed are 1 (accepted), 0, -1 (rejected).', path.name, sheet.lines[k]
                )
            )
        else:
            is_meta = bool(meta) and (meta[k] or "").strip().lower() in ("true", "t", "1")
            words = " ".join((body[k] or "").split()) if body else ""
            out[name.strip()] = (words, int(said or 0), is_meta)
    if problems:
        raise BadInput(problems=problems)
    return out


def _events(path) -> dict:
    sheet = read_sheet(path, VOTE_COLUMNS)
    value = _values(sheet, "vote", path)
    at = _whole(sheet, "timestamp", path, "milliseconds since 1970")
    for column in ("comment-id", "voter-id"):
        empty = [k for k, x in enumerate(sheet[column]) if not x.strip()]
        if empty:
            raise BadInput(
                problems=[
                    Problem(f"{column} is empty; every vote needs one.", path.name, sheet.lines[k]) for k in empty
                ]
            )
    return {
        "person": [x.strip() for x in sheet["voter-id"]],
        "statement": [x.strip() for x in sheet["comment-id"]],
        "value": value,
        "at": at,
        "line": sheet.lines,
    }


def _values(sheet: Sheet, column: str, path) -> np.ndarray:
    said = sheet[column]
    wrong = [k for k, x in enumerate(said) if x.strip() not in ALLOWED]
    if wrong:
        raise BadInput(
            problems=[
                Problem(
                    f'the vote is "{said[k]}"; allowed are 1 (agree), 0 (pass), -1 (disagree). Mend the line or export '
                    "again.",
                    path.name, sheet.lines[k], column, said[k],
                )
                for k in wrong
            ]
        )  # fmt: skip
    return np.array([ALLOWED[x.strip()] for x in said], np.int8)


def _whole(sheet: Sheet, column: str, path, unit: str) -> np.ndarray:
    said = sheet[column]
    wrong = [k for k, x in enumerate(said) if not x.strip().lstrip("-").isdecimal() or len(x.strip()) > 18]
    if wrong:
        raise BadInput(
            problems=[
                Problem(f'{column} is "{said[k]}"; a whole number of {unit} is needed.', path.name, sheet.lines[k])
                for k in wrong
            ]
        )
    return np.array([int(x) for x in said], np.int64)


def _wide(path) -> dict:
    """The final table: one row a person, one column a statement; empty cells are no vote."""
    sheet = read_sheet(path, ("participant",))
    known = {"participant", "xid", "group-id", "n-comments", "n-votes", "n-agree", "n-disagree"}
    columns = [c for c in sheet.columns if c not in known]
    twice = {p for p, n in Counter(x.strip() for x in sheet["participant"]).items() if n > 1}
    problems = [
        Problem(f"participant {p} has two rows; keep one.", path.name, sheet.lines[k])
        for k, p in enumerate(sheet["participant"])
        if p.strip() in twice
    ]
    person, statement, value, line = [], [], [], []
    for column in columns:
        for k, cell in enumerate(sheet[column]):
            said = cell.strip()
            if not said:
                continue
            if said not in ALLOWED:
                problems.append(
                    Problem(
                        f'the vote on statement {column} is "{cell}"; allowed are 1, 0, -1 or nothing.',
                        path.name, sheet.lines[k], column, cell,
                    )
                )  # fmt: skip
                continue
            person.append(k)
            statement.append(column)
            value.append(ALLOWED[said])
            line.append(sheet.lines[k])
    if problems:
        raise BadInput(problems=problems)
    names = [p.strip() for p in sheet["participant"]]
    made = {
        "names": names,
        "group": [g.strip() for g in sheet["group-id"]] if sheet.get("group-id") else None,
        "person": [names[k] for k in person],
        "statement": statement,
        "value": np.array(value, np.int8),
        "line": line,
        "at": None,
    }
    _signs(sheet, np.array(person, np.int64), made["value"], path)
    return made


def _signs(sheet: Sheet, person, value, path) -> None:
    """Refuses a table whose own counts say that its signs are turned round (the live database writes agree as -1)."""
    agree, disagree = sheet.get("n-agree"), sheet.get("n-disagree")
    if not agree or not disagree or not all(x.strip().isdecimal() for x in (*agree, *disagree)):
        return
    told = np.array([[int(x) for x in agree], [int(x) for x in disagree]])
    size = len(sheet["participant"])
    found = np.array([np.bincount(person[value == v], minlength=size) for v in (1, -1)])
    if (told == found[::-1]).all() and (told != found).any():
        raise BadInput(
            f"{path.name}: n-agree counts the cells that hold -1, so the signs are turned round. In an export 1 is "
            "agree; this looks like the live database's own sign. Multiply the votes by -1 and read again."
        )


def _from_wide(wide: dict) -> dict:
    return {k: wide[k] for k in ("person", "statement", "value", "at", "line")}


def _join(events, statements, wide, path) -> Votes:
    voted = set(events["statement"])
    unknown = voted - set(statements) if statements else set()
    if unknown:
        lines = [(k, s) for k, s in zip(events["line"], events["statement"]) if s in unknown]
        raise BadInput(
            problems=[
                Problem(
                    f"statement {s} is not in comments.csv; add it there, or take these votes out.", path.name, k,
                    "comment-id", s,
                )
                for k, s in lines
            ]
        )  # fmt: skip
    ids, _ = _labels(sorted(set(statements) | voted | (set(wide["statement"]) if wide else set())))
    at = {str(i): k for k, i in enumerate(ids)}
    about = [statements.get(str(i), ("", 0, False)) for i in ids]
    people, person = _labels(events["person"])
    notes = () if statements else ("comments.csv is not there: statements have no words and no moderation.",)
    return gather(
        _array(people), person, np.array([at[s] for s in events["statement"]], np.int32), events["value"],
        statement_ids=ids, texts=[a[0] for a in about], attribute=[a[2] for a in about],
        moderated=[a[1] for a in about], at=events["at"], notes=notes,
    )  # fmt: skip


def _array(labels: list) -> np.ndarray:
    if all(isinstance(x, int) for x in labels):
        return np.array(labels, np.int64)
    out = np.empty(len(labels), object)
    out[:] = labels
    return out


def _with_recorded(votes: Votes, wide) -> Votes:
    if wide["group"] is None:
        return votes
    of = dict(zip(wide["names"], wide["group"]))
    out = np.empty(len(votes.people), object)
    out[:] = [of.get(str(p)) or None for p in votes.people]
    return replace(votes, recorded=out)
