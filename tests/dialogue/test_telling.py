"""What a group says is tested on votes that did not make the group."""

import numpy as np
import pytest
from dialogue.drawn import of_matrix, town
from scipy import stats

from commonbeat import dialogue
from commonbeat.dialogue.telling import two_shares


def test_small_cells_use_fishers_exact_test_as_the_library_has_it():
    rng = np.random.default_rng(0)
    for _ in range(60):
        m, r = rng.integers(1, 30, 2)
        a, b = rng.integers(0, m + 1), rng.integers(0, r + 1)
        if min(a, m - a, b, r - b) < 10:
            expected = stats.fisher_exact([[a, m - a], [b, r - b]]).pvalue
            assert two_shares([a], [m], [b], [r])[0] == pytest.approx(expected, rel=1e-9)


def test_large_cells_use_the_pooled_z():
    # 60 of 100 against 40 of 100: pooled 1/2, se sqrt(1/4 * 2/100), z = 0.2 / 0.0707
    assert two_shares([60], [100], [40], [100])[0] == pytest.approx(2 * stats.norm.sf(0.2 / np.sqrt(0.25 * 2 / 100)))


def test_planted_differences_are_found_and_common_statements_are_not():
    rng = np.random.default_rng(4)
    group = np.arange(200) % 2
    chance = np.full((2, 30), 0.7)
    chance[0, :15], chance[1, :15] = 0.9, 0.2
    matrix = np.where(rng.random((200, 30)) < chance[group], 1.0, -1.0)
    votes = of_matrix(matrix)
    found = dialogue.groups(votes, shuffles=0, subsamples=0)
    said = dialogue.representative(votes, found)
    flagged = {s.statement_id for s in said.said if s.found}
    assert found.supported == 2 and set(range(15)) <= flagged
    assert len(flagged - set(range(15))) <= 3
    row = said.of(0)[0]
    assert row.low < row.share < row.high and row.p_adjusted <= 0.10


def test_where_no_groups_are_supported_nothing_is_said():
    matrix, _ = town(60, 20, groups=1, seed=1)
    votes = of_matrix(matrix)
    found = dialogue.groups(votes, shuffles=0, subsamples=0)
    assert found.supported == 0
    said = dialogue.representative(votes, found)
    assert (said.code, said.said, said.flagged) == ("no_groups", (), 0)


def test_groups_that_test_themselves_find_what_is_not_there():
    """The naive way beside ours, on votes without structure: p < 0.05 far too often, and about as often as promised."""
    naive = ours = tested = 0
    for seed in range(8):
        matrix, _ = town(150, 40, groups=1, shown=0.7, seed=seed)
        votes = of_matrix(matrix)
        found = dialogue.groups(votes, seed=seed, shuffles=0, subsamples=0)
        fair = dialogue.representative(votes, found, anyway=True)
        labels = found.candidate[votes.person]
        for j in range(len(votes.statement_ids)):
            mine, rest = (votes.value[(votes.statement == j) & w] == 1 for w in (labels == 0, labels > 0))
            naive += two_shares([mine.sum()], [len(mine)], [rest.sum()], [len(rest)])[0] < 0.05
        ours += sum(s.p_value < 0.05 for s in fair.said if s.group == 0)
        tested += sum(s.group == 0 for s in fair.said)
    assert naive / tested > 0.15
    assert stats.binomtest(ours, tested).proportion_ci(0.999, "exact").low <= 0.05
