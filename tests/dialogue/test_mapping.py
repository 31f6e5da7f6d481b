"""The map is sparse, exact and the same in every order."""

import numpy as np
import polars as pl
import pytest
from dialogue.drawn import of_matrix, town
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import dialogue


def dense_twin(matrix):
    """The obvious way: fill with column means, centre, decompose, project, stretch by what was seen."""
    mean = np.nanmean(matrix, axis=0)
    centred = np.where(np.isnan(matrix), mean, matrix) - mean
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2].T
    heavy = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(axes[heavy, [0, 1]] < 0, -1, 1)
    seen = (~np.isnan(matrix)).sum(axis=1)
    return centred @ axes * np.sqrt(matrix.shape[1] / seen)[:, None]


@pytest.mark.parametrize("statements", [5, 12, 13, 40])
def test_sparse_positions_equal_the_dense_ones(statements):
    matrix, _ = town(60, statements, groups=3, shown=0.8, seed=statements)
    matrix = matrix[(~np.isnan(matrix)).sum(axis=1) >= min(7, statements)]
    matrix = matrix[:, (~np.isnan(matrix)).any(axis=0)]
    votes = of_matrix(matrix)
    made = dialogue.opinion_map(votes, least=1)
    np.testing.assert_allclose(made.points[np.argsort(votes.people)], dense_twin(matrix), atol=1e-6)


def test_seven_opinion_votes_place_a_person_and_self_descriptions_do_not_count():
    matrix = np.full((3, 10), np.nan)
    matrix[0, :7], matrix[1, :6], matrix[2] = 1, -1, [1, -1] * 5
    votes = of_matrix(matrix)
    placed = dict(zip(votes.people.tolist(), dialogue.opinion_map(votes).placed.tolist()))
    assert placed == {0: True, 1: False, 2: True}
    votes = votes.with_attributes([0])
    placed = dict(zip(votes.people.tolist(), dialogue.opinion_map(votes).placed.tolist()))
    assert placed == {0: False, 1: False, 2: True}


def test_with_fewer_statements_than_seven_all_are_needed():
    votes = of_matrix([[1, -1, 1], [1, np.nan, -1], [-1, -1, 1]])
    made = dialogue.opinion_map(votes)
    assert made.least == 3
    assert dict(zip(votes.people.tolist(), made.placed.tolist())) == {0: True, 1: False, 2: True}


@pytest.mark.parametrize(
    "matrix", [np.zeros((0, 3)), [[1.0], [-1.0], [1.0]], np.zeros((5, 9)), np.ones((5, 9)), [[1.0, -1.0]]]
)
def test_the_smallest_conversations_have_a_map_without_nan(matrix):
    votes = of_matrix(np.asarray(matrix, float))
    made = dialogue.opinion_map(votes)
    assert np.isfinite(made.points[made.placed]).all()
    assert "NaN" not in str(made.to_dict())


def test_a_rejected_statement_leaves_no_trace_on_the_map(export):
    rows = [(1, s, p, (-1) ** (s * p)) for s in range(8) for p in range(6)]
    with_it = dialogue.read_polis(export([*rows, (1, 8, 3, -1)], statements=9, moderated={8: -1}, name="a"))
    without = dialogue.read_polis(export(rows, statements=8, name="b"))
    one, other = (dict(zip(v.people.tolist(), dialogue.opinion_map(v).points.tolist())) for v in (with_it, without))
    assert one == other


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_rows_in_any_order_and_people_by_any_name_give_the_same_bytes(seed):
    rng = np.random.default_rng(seed)
    matrix, _ = town(int(rng.integers(1, 40)), int(rng.integers(1, 16)), groups=2, shown=0.5, seed=seed)
    person, statement = np.nonzero(~np.isnan(matrix))
    frame = pl.DataFrame(
        {"person": person, "statement_id": statement, "value": matrix[person, statement].astype(np.int8)}
    )
    name = rng.permutation(len(matrix)) + 1000
    mixed = frame.with_columns(person=pl.Series(name[person])).sample(fraction=1, shuffle=True, seed=seed % 1000)
    a, b = (dialogue.opinion_map(dialogue.votes_from_frame(f)) for f in (frame, mixed))
    assert a.points.tobytes() == b.points.tobytes() and a.axes.tobytes() == b.axes.tobytes()
