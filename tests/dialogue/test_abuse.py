"""Odd votes are marked and shown beside the rest, never dropped."""

import zlib

import numpy as np
import polars as pl
from dialogue.drawn import of_matrix, town

from commonbeat import dialogue


def test_equal_vote_vectors_of_seven_and_more_are_marked():
    matrix, _ = town(40, 25, shown=1.0, seed=2)
    matrix[1] = matrix[0]
    matrix[3, 6:] = np.nan
    matrix[2] = matrix[3]
    votes = of_matrix(matrix)
    marked = votes.people[dialogue.flags(votes).kinds["identical"]]
    assert set(marked.tolist()) == {0, 1}, "2 and 3 share only six votes"


def test_one_answer_to_ten_statements_is_marked():
    matrix, _ = town(10, 12, shown=1.0, seed=1)
    matrix[4] = -1
    matrix[5] = [1] * 9 + [np.nan] * 3
    votes = of_matrix(matrix)
    assert votes.people[dialogue.flags(votes).kinds["straight"]].tolist() == [4]


def events(person, statements, start, step, source):
    return [
        (person, s, 1 if (s * 7 + zlib.crc32(person.encode())) % 5 > s % 3 else -1, start + step * k, source)
        for k, s in enumerate(range(statements))
    ]


def frame(rows):
    return pl.DataFrame(rows, schema=["person", "statement_id", "value", "at", "source"], orient="row")


def test_a_burst_from_one_source_and_a_hurried_person_are_marked():
    calm = events("calm", 30, 0, 20_000, "home")
    hurried = events("hurried", 30, 0, 300, "phone")
    crowd = [r for k in range(12) for r in events(f"c{k:02d}", 10, 1000 * k, 3000, "one address")]
    votes = dialogue.votes_from_frame(frame([*calm, *hurried, *crowd]))
    found = dialogue.flags(votes)
    assert votes.people[found.kinds["hurried"]].tolist() == ["hurried"]
    assert set(votes.people[found.kinds["source"]]) == {f"c{k:02d}" for k in range(12)}
    assert not found.any[list(votes.people).index("calm")]


def test_what_cannot_be_checked_is_said():
    found = dialogue.flags(of_matrix([[1, -1], [1, 1]])).to_dict()
    assert found["not_checked"] == ["hurried", "source", "revoting"] and found["flagged_people"] == 0


def test_results_stand_side_by_side_and_nobody_is_dropped():
    matrix, _ = town(120, 20, groups=1, seed=4)
    clones = np.tile(np.where(np.arange(20) % 2, 1.0, -1.0), (40, 1))
    votes = of_matrix(np.vstack([matrix, clones]))
    made = dialogue.conversation(votes, shuffles=19, subsamples=10)
    told = made.to_dict()
    assert told["people"] == 160 and told["abuse"]["by_kind"]["identical"] == 40
    assert told["abuse"]["with_flagged"]["supported_groups"] == 2
    assert told["abuse"]["without_flagged"]["supported_groups"] == 0
    assert told["abuse"]["without_flagged"]["people"] == 160 - told["abuse"]["flagged_people"]


def test_honest_conversations_share_no_vote_vector(real):
    for name in ("london.youth.policing", "bg2050-volunteers", "scoop-hivemind.taxes", "vtaiwan.uberx"):
        assert not dialogue.flags(dialogue.read_polis(real(f"polis/{name}"))).kinds["identical"].any()


def test_nobody_is_no_error():
    assert dialogue.flags(of_matrix(np.zeros((0, 2)))).to_dict()["flagged_people"] == 0
