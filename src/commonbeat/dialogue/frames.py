"""Votes from a table of any dataframe library: our own `votes` and `statements`, polars, pandas, pyarrow, DuckDB."""

from __future__ import annotations

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from commonbeat.dialogue.gathering import codes, gather
from commonbeat.dialogue.votes import Votes
from commonbeat.errors import BadInput, Problem

__all__ = ["votes_from_frame"]

MODERATED = {"accepted": 1, "waiting": 0, "rejected": -1, "1": 1, "0": 0, "-1": -1}
WRONG_SHOWN = 20  # places named in one refusal


def votes_from_frame(votes, statements=None, *, meta=None) -> Votes:
    """What was voted, according to this table?

    votes      : columns person, statement_id, value (1, 0, -1); optional at (time, or milliseconds), source, known_group.
                 One row a vote, in any order; of several by one person on one statement the latest counts
    statements : columns statement_id, text; optional attribute (true: a self-description), moderated (accepted,
                 waiting, rejected). Without it every statement is accepted and has no words
    meta       : further self-descriptions, "1-14,20" or a list
    A column known_group becomes `Votes.recorded`. Raises BadInput naming row and value.
    """
    frame = _polars(votes, "votes", ("person", "statement_id", "value"))
    about = None if statements is None else _statements(_polars(statements, "statements", ("statement_id",)))
    _complete(frame)
    people, person = _coded(frame["person"])
    seen, place = _coded(frame["statement_id"])
    ids, texts, attribute, moderated, of_seen = _known(seen, about)
    lost = np.flatnonzero(of_seen < 0)
    if len(lost):
        rows = np.flatnonzero(np.isin(place, lost))[:WRONG_SHOWN]
        raise BadInput(
            problems=[
                Problem(
                    f"statement {seen[place[r]]} is not among the statements; add it there or take the vote out.",
                    "votes", int(r) + 1, "statement_id", str(seen[place[r]]),
                )
                for r in rows
            ]
        )  # fmt: skip
    made = gather(
        people, person, place if _same(of_seen) else of_seen[place], _values(frame["value"]),
        statement_ids=ids, texts=texts, attribute=attribute, moderated=moderated,
        at=_times(frame), source=_coded(frame["source"])[1] if "source" in frame.columns else None,
    )  # fmt: skip
    made = _with_groups(made, frame, people, person)
    return made.with_attributes(meta) if meta is not None and len(meta) else made


def _polars(frame, name: str, needed) -> pl.DataFrame:
    try:
        made = nw.from_native(frame)
    except TypeError as error:
        raise BadInput(
            f"{name} is a {type(frame).__name__}; a dataframe is needed (polars, pandas, pyarrow)."
        ) from error
    made = made.collect("polars") if isinstance(made, nw.LazyFrame) else made
    made = made.to_polars()
    lost = [c for c in needed if c not in made.columns]
    if lost:
        raise BadInput(f"{name} has no column {', '.join(lost)}; found {', '.join(made.columns) or 'none'}.")
    return made


def _complete(frame) -> None:
    for column in ("person", "statement_id", "value"):
        if frame[column].null_count():
            row = int(frame[column].is_null().arg_true()[0])
            raise BadInput(
                problems=[Problem(f"{column} is missing; every vote needs one.", "votes", row + 1, column)]
            )


def _coded(series: pl.Series) -> tuple[np.ndarray, np.ndarray]:
    """Sorted labels and the place of each row among them; text is coded by polars, whole numbers by counting."""
    if series.dtype.is_integer():
        return codes(series.to_numpy())
    words = series.cast(pl.String).fill_null("")
    labels = words.unique().sort()
    place = (
        words.cast(pl.Enum(labels)).to_physical().to_numpy().astype(np.int32)
        if len(labels)
        else np.zeros(0, np.int32)
    )
    return labels.to_numpy().astype(object), place


def _values(series: pl.Series) -> np.ndarray:
    number = series.cast(pl.Float64, strict=False) if not series.dtype.is_numeric() else series
    wrong = ((number != -1) & (number != 0) & (number != 1)).fill_null(True)
    if wrong.any():
        rows = wrong.arg_true().to_list()[:WRONG_SHOWN]
        raise BadInput(
            problems=[
                Problem(
                    f"the vote is {series[r]!r}; allowed are 1 (agree), 0 (pass), -1 (disagree).", "votes", r + 1,
                    "value", series[r],
                )
                for r in rows
            ]
        )  # fmt: skip
    return number.cast(pl.Int8).to_numpy()


def _times(frame):
    """Milliseconds, the missing ones before all others; None when there are no times at all."""
    if "at" not in frame.columns or frame["at"].null_count() == len(frame):
        return None
    at = frame["at"]
    if at.dtype == pl.String:
        raise BadInput("the column at holds text; give times (with their zone) or milliseconds since 1970.")
    at = at.dt.epoch("ms") if at.dtype.is_temporal() else at.cast(pl.Int64)
    return at.fill_null(np.iinfo(np.int64).min + 1).to_numpy()


def _statements(frame: pl.DataFrame):
    ids, _ = _coded(frame["statement_id"])
    if len(ids) < len(frame):
        twice = frame["statement_id"].filter(frame["statement_id"].is_duplicated())[0]
        raise BadInput(f"statement {twice} is written twice in statements; keep one.")
    frame = frame.sort(
        "statement_id" if frame["statement_id"].dtype.is_integer() else pl.col("statement_id").cast(pl.String)
    )
    size = len(frame)
    text = frame["text"].cast(pl.String).fill_null("").to_list() if "text" in frame.columns else [""] * size
    attribute = frame["attribute"].fill_null(False).to_list() if "attribute" in frame.columns else [False] * size
    said = (
        frame["moderated"].cast(pl.String).fill_null("0").to_list() if "moderated" in frame.columns else ["1"] * size
    )
    wrong = [k for k, m in enumerate(said) if m not in MODERATED]
    if wrong:
        raise BadInput(
            f'statement {ids[wrong[0]]}: moderated is "{said[wrong[0]]}"; allowed: accepted, waiting, rejected.'
        )
    return ids, text, attribute, [MODERATED[m] for m in said]


def _known(seen, about):
    if about is None:
        size = len(seen)
        ids, texts, attribute, moderated = seen, [""] * size, [False] * size, [1] * size
    else:
        ids, texts, attribute, moderated = about
    at = {str(i): k for k, i in enumerate(ids)}
    of_seen = np.array([at.get(str(s), -1) for s in seen], np.int32)
    return [i.item() if hasattr(i, "item") else i for i in ids], texts, attribute, moderated, of_seen


def _same(of_seen) -> bool:
    return bool((of_seen == np.arange(len(of_seen))).all())


def _with_groups(made: Votes, frame, people, person) -> Votes:
    if "known_group" not in frame.columns or frame["known_group"].null_count() == len(frame):
        return made
    from dataclasses import replace

    told = pl.DataFrame({"p": person, "g": frame["known_group"].cast(pl.String)}).drop_nulls().unique().sort("p", "g")
    if told["p"].is_duplicated().any():
        twice = people[told.filter(told["p"].is_duplicated())["p"][0]]
        raise BadInput(f"person {twice} belongs to two known groups; give one group a person.")
    of = dict(zip([str(people[p]) for p in told["p"]], told["g"]))
    recorded = np.empty(len(made.people), object)
    recorded[:] = [of.get(str(p)) for p in made.people]
    return replace(made, recorded=recorded)
