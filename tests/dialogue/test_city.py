"""On the simulated town the truth is known: what was planted is found, and the naive answer is wrong."""

from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from commonbeat import dialogue
from commonbeat.city import dialogue as city


@pytest.fixture(scope="module", params=[7, 8])
def talk(request):
    made = city.build(request.param, residents=40_000, start=datetime(2025, 1, 1, tzinfo=UTC), days=365)
    return made, dialogue.votes_from_frame(made.votes, made.statements)


def test_what_every_known_group_shares_comes_first(talk):
    _, votes = talk
    made = dialogue.common_ground(votes, votes.recorded)
    planted = {t for p, t in city.STATEMENTS if p == "all"}
    assert {r.text for r in made.agree[: len(planted)]} == planted
    assert made.disagree[0].text in {t for p, t in city.STATEMENTS if p == "none"}


def test_the_plain_majority_calls_shared_what_a_group_rejects(talk):
    _, votes = talk
    majority = {
        votes.texts[j]: np.mean(votes.value[votes.statement == j] == 1) for j in np.flatnonzero(votes.opinions)
    }
    divided = {t for p, t in city.STATEMENTS if p in ("ab", "ac", "bc")}
    wrong = [t for t in divided if majority[t] > 0.5]
    sure = {r.text for r in dialogue.common_ground(votes, votes.recorded).agree if r.p_every_group >= 0.9}
    assert wrong and not sure & divided


def test_the_three_planted_opinion_groups_are_found(talk):
    made, votes = talk
    found = dialogue.groups(votes, shuffles=19, subsamples=20)
    truth = dict(zip(made.hidden["person"], made.hidden["opinion_group"]))
    placed = found.labels >= 0
    group = np.array([truth[p] for p in votes.people])[placed]
    assert (found.supported, found.word) == (3, "stable")
    assert adjusted_rand_score(group, found.labels[placed]) > 0.7
