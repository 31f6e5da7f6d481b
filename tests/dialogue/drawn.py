"""Conversations drawn from a known truth."""

import numpy as np
import polars as pl

from commonbeat import dialogue


def of_matrix(matrix):
    """Votes of a (people, statements) array; nan where nobody voted."""
    matrix = np.asarray(matrix, float)
    person, statement = np.nonzero(~np.isnan(matrix))
    frame = pl.DataFrame(
        {"person": person, "statement_id": statement, "value": matrix[person, statement].astype(np.int8)}
    )
    return dialogue.votes_from_frame(frame)


def town(people, statements, *, groups=1, apart=1.5, shown=0.6, seed=0):
    """(matrix, group of each person): `groups` latent groups whose log-odds of agreeing differ by draws of sd `apart`."""
    rng = np.random.default_rng(seed)
    group = np.arange(people) % groups
    logit = rng.normal(0.5, 1, statements) + (rng.normal(0, apart, (groups, statements)) if groups > 1 else 0)
    logit = np.broadcast_to(np.atleast_2d(logit), (groups, statements))
    agree = rng.random((people, statements)) < 1 / (1 + np.exp(-logit[group]))
    matrix = np.where(agree, 1.0, -1.0)
    matrix[rng.random(matrix.shape) < 0.1] = 0
    matrix[rng.random(matrix.shape) > shown] = np.nan
    return matrix, group
