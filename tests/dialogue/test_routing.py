"""What is asked next: where least is known from some group, never by plain chance alone, and repeatable."""

import numpy as np
import pytest
from dialogue.drawn import of_matrix

from commonbeat import dialogue
from commonbeat.errors import BadInput


def talk():
    """20 youths and 10 officers; no officer has voted on statement 2, nobody on 3 but one youth."""
    matrix = np.full((30, 4), np.nan)
    matrix[:, 0] = 1
    matrix[:, 1] = [1, -1] * 15
    matrix[:20, 2] = [1, -1] * 10
    matrix[0, 3] = 1
    votes = of_matrix(matrix)
    return votes, {p: "youth" if p < 20 else "officers" for p in range(30)}


def test_priority_is_the_variance_that_is_left_and_more_where_votes_are_missing():
    votes, of = talk()
    made = dict(zip(votes.statement_ids, dialogue.priorities(votes, of)))

    def variance(a, n):
        return (a + 1) * (n - a + 1) / ((n + 2) ** 2 * (n + 3))

    # statement 2: twenty youths, no officer; statement 3: one youth, no officer
    assert made[2] == pytest.approx(variance(10, 20) ** 2 + (5 * variance(0, 0)) ** 2)
    assert made[3] == pytest.approx(((1 + 4 * 4 / 5) * variance(1, 1)) ** 2 + (5 * variance(0, 0)) ** 2)


def test_what_officers_have_not_voted_on_comes_before_what_they_have():
    votes, of = talk()
    chance = dialogue.next_statement(votes, "new", known_groups=of).probabilities
    assert chance[3] > chance[2] > chance[1] > chance[0]
    assert sum(chance.values()) == pytest.approx(1)


def test_priorities_are_not_constant():
    """A server once served statements uniformly at random for sixteen months because all priorities were equal."""
    votes, of = talk()
    made = dialogue.priorities(votes, of)
    assert made.max() > 5 * made.min() > 0
    chance = list(dialogue.next_statement(votes, "new", known_groups=of).probabilities.values())
    assert max(chance) > 2 * min(chance)


def test_real_priorities_are_not_constant(real):
    votes = dialogue.read_polis(real("polis/bg2050-volunteers"))
    chance = dialogue.next_statement(votes, 3).probabilities
    assert len(set(np.round(list(chance.values()), 12))) > len(chance) / 3


def test_every_open_statement_keeps_its_floor():
    votes, of = talk()
    made = dialogue.next_statement(votes, None, known_groups=of, floor=0.4)
    assert min(made.probabilities.values()) >= 0.4 / 4 == made.floor


def test_nothing_is_asked_twice_and_the_end_is_said():
    votes, of = talk()
    officer = int(votes.people[votes.people >= 20][0])
    assert set(dialogue.next_statement(votes, officer, known_groups=of).probabilities) == {2, 3}
    done = dialogue.next_statement(of_matrix([[1, 1]]), 0)
    assert (done.statement_id, done.probabilities) == (None, {})


def test_attributes_and_rejected_statements_are_never_routed(export):
    votes = dialogue.read_polis(export([(1, s, 1, 1) for s in range(4)], statements=5, moderated={1: -1}), meta="0")
    assert set(dialogue.next_statement(votes, "new").probabilities) == {2, 3, 4}


def test_an_audit_can_repeat_the_draw_and_another_seed_draws_anew():
    votes, of = talk()
    ask = lambda seed: dialogue.next_statement(votes, "new", known_groups=of, seed=seed).statement_id  # noqa: E731
    assert ask(5) == ask(5)
    assert len({ask(s) for s in range(30)}) > 1


def test_the_draw_follows_its_probabilities():
    votes, of = talk()
    told = dialogue.next_statement(votes, "new", known_groups=of).probabilities
    drawn = [dialogue.next_statement(votes, f"p{k}", known_groups=of).statement_id for k in range(2000)]
    for s, p in told.items():
        assert drawn.count(s) / 2000 == pytest.approx(p, abs=4 * np.sqrt(p * (1 - p) / 2000))


def officers_until_heard(routed, seed):
    """200 residents have voted. How many votes of officers, four each, until each of 12 statements has five of theirs?"""
    rng = np.random.default_rng(seed)
    matrix = np.full((260, 12), np.nan)
    matrix[:200] = rng.choice([1, -1], (200, 12))
    matrix[200] = 1
    of = {p: "residents" if p < 200 else "officers" for p in range(260)}
    for p in range(201, 260):
        for _ in range(4):
            if routed:
                votes = of_matrix(matrix)
                s = dialogue.next_statement(votes, p, known_groups=of, group="officers", seed=seed).statement_id
            else:
                s = rng.choice(np.flatnonzero(np.isnan(matrix[p])))
            matrix[p, s] = rng.choice([1, -1])
        if (~np.isnan(matrix[200:])).sum(axis=0).min() >= 5:
            return 4 * (p - 200)
    return 4 * 59


def test_routing_hears_the_small_group_sooner_than_chance_does():
    routed = [officers_until_heard(True, s) for s in range(4)]
    chance = [officers_until_heard(False, s) for s in range(40)]
    assert np.mean(routed) < 0.85 * np.mean(chance)


def test_wrong_questions_are_refused():
    votes, of = talk()
    with pytest.raises(BadInput, match='no group "judges"'):
        dialogue.next_statement(votes, "new", known_groups=of, group="judges")
    with pytest.raises(BadInput, match="floor is 2"):
        dialogue.next_statement(votes, "new", floor=2)
