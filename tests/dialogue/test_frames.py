"""Any dataframe comes in; what is wrong is said by row."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from commonbeat import dialogue
from commonbeat.errors import BadInput

ROWS = {"person": ["b", "a", "a"], "statement_id": ["s2", "s1", "s2"], "value": [1, 0, -1]}


@pytest.mark.parametrize("made", [pl.DataFrame(ROWS), pd.DataFrame(ROWS), pa.table(ROWS), pl.LazyFrame(ROWS)])
def test_polars_pandas_and_arrow_say_the_same(made):
    votes = dialogue.votes_from_frame(made)
    told = {
        (votes.people[p], votes.statement_ids[s], int(v))
        for p, s, v in zip(votes.person, votes.statement, votes.value)
    }
    assert told == {("b", "s2", 1), ("a", "s1", 0), ("a", "s2", -1)}


def test_the_books_tables_come_with_words_moderation_attributes_and_known_groups():
    at = [datetime(2026, 1, 1, 10, m, tzinfo=UTC) for m in (5, 1, 2)]
    votes = pl.DataFrame(
        {"person": ["p", "p", "q"], "statement_id": ["s1", "s1", "s2"], "value": [1, -1, 1], "at": at,
         "known_group": ["youth", None, "resident"]}
    )  # fmt: skip
    statements = pl.DataFrame(
        {"statement_id": ["s3", "s1", "s2"], "text": ["C", "A", "B"], "attribute": [False, False, True],
         "moderated": ["rejected", "accepted", "waiting"]}
    )  # fmt: skip
    made = dialogue.votes_from_frame(votes, statements)
    assert made.statement_ids == ("s1", "s2", "s3") and made.texts == ("A", "B", "C")
    assert made.attribute.tolist() == [False, True, False] and made.moderated.tolist() == [1, 0, -1]
    assert dict(zip(made.people, made.value.tolist())) == {"p": 1, "q": 1}, "the vote at 10:05 is later than at 10:01"
    assert dict(zip(made.people, made.recorded)) == {"p": "youth", "q": "resident"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"value": [1, 3, 0]}, "votes line 2: the vote is 3; allowed are 1"),
        ({"value": [1, None, 0]}, "votes line 2: value is missing"),
        ({"value": [1.0, 0.5, 0.0]}, "votes line 2: the vote is 0.5"),
        ({"person": [None, "a", "a"]}, "votes line 1: person is missing"),
        ({"statement_id": ["s1", "s9", "s2"]}, "votes line 2: statement s9 is not among the statements"),
        (
            {"person": ["a", "a", "a"], "statement_id": ["s1", "s1", "s2"], "value": [1, -1, 1]},
            "there is no time to tell",
        ),
        ({"at": ["x", "y", "z"]}, "the column at holds text"),
        ({"known_group": ["x", "y", "z"]}, "person a belongs to two known groups"),
    ],
)
def test_a_wrong_row_is_named(change, words):
    statements = pl.DataFrame({"statement_id": ["s1", "s2"], "text": ["A", "B"]})
    with pytest.raises(BadInput, match=words):
        dialogue.votes_from_frame(pl.DataFrame(ROWS | change, strict=False), statements)


def test_a_missing_column_and_a_stranger_are_refused():
    with pytest.raises(BadInput, match="votes has no column value"):
        dialogue.votes_from_frame(pl.DataFrame({"person": [1], "statement_id": [1]}))
    with pytest.raises(BadInput, match="votes is a list"):
        dialogue.votes_from_frame([1, 2])
    with pytest.raises(BadInput, match="s1 is written twice"):
        dialogue.votes_from_frame(pl.DataFrame(ROWS), pl.DataFrame({"statement_id": ["s1", "s1", "s2"]}))


def test_the_same_vote_twice_without_times_is_one_vote():
    doubled = pl.concat([pl.DataFrame(ROWS), pl.DataFrame(ROWS)])
    votes = dialogue.votes_from_frame(doubled)
    assert (len(votes), votes.rows) == (3, 6)


def test_wide_ranging_ids_are_sorted_not_counted():
    frame = pl.DataFrame({"person": [10**15, 5, 10**15], "statement_id": [1, 2, 2], "value": [1, 1, -1]})
    votes = dialogue.votes_from_frame(frame)
    assert sorted(votes.people.tolist()) == [5, 10**15] and np.diff(votes.start).sum() == 3
