"""Common ground across known groups: published formulas, real check values, and people who are missing."""

import csv

import numpy as np
import pytest
from dialogue.drawn import of_matrix
from scipy import stats

from commonbeat import dialogue
from commonbeat.dialogue.agreement import counts_by_group
from commonbeat.errors import BadInput

AGES = {1: "15-19", 4: "20-25"}


@pytest.fixture
def london(real, tmp_path):
    votes = dialogue.read_polis(real("polis/london.youth.policing"), meta="1-14")
    (tmp_path / "ages.csv").write_text("statement_id,group\n1,15-19\n4,20-25\n")
    return votes, dialogue.read_groups(tmp_path / "ages.csv", votes)


def test_one_statement_two_groups_by_hand():
    # youth: 6 of 7 agree, one passes; officers: 5 of 5.  P(share > 1/2) under Beta(A + 1, N - A + 1) each
    matrix = [[1]] * 6 + [[0]] + [[1]] * 5
    votes = of_matrix(matrix)
    group = {p: "youth" if p < 7 else "officers" for p in range(12)}
    row = dialogue.common_ground(votes, group).agree[0]
    youth, officers = stats.beta(6 + 1, 1 + 1), stats.beta(5 + 1, 0 + 1)
    assert row.p_every_group == pytest.approx(youth.sf(0.5) * officers.sf(0.5), rel=1e-12)
    assert row.n_by_group == {"officers": 5, "youth": 7}
    assert row.lower == pytest.approx(min(youth.ppf(0.1), officers.ppf(0.1))) and row.least_keen == "youth"
    assert row.group_consensus == pytest.approx((6 + 1) / (7 + 2) * (5 + 1) / (5 + 2))
    assert row.share_by_size == pytest.approx((7 * 6 / 7 + 5 * 5 / 5) / 12)
    assert 0 <= row.low_by_size < row.share_by_size <= row.high_by_size <= 1


def test_disagreement_is_the_mirror_image():
    matrix = np.array([[1, -1]] * 4 + [[-1, 1]] + [[1, -1]] * 6, float)
    group = ["a" if p < 5 else "b" for p in range(11)]
    votes = of_matrix(matrix)
    made = dialogue.common_ground(votes, {p: g for p, g in enumerate(group)})
    agree, disagree = ({r.statement_id: r for r in rows} for rows in (made.agree, made.disagree))
    assert agree[0].p_every_group == disagree[1].p_every_group and agree[0].lower == disagree[1].lower


def test_a_statement_without_five_votes_from_a_group_waits_for_that_group():
    matrix = np.full((12, 2), np.nan)
    matrix[:, 0] = 1
    matrix[:9, 1] = 1
    votes = of_matrix(matrix)
    made = dialogue.common_ground(votes, {p: "youth" if p < 6 else "officers" for p in range(12)})
    assert [r.statement_id for r in made.agree] == [0]
    assert [(w.statement_id, w.groups) for w in made.waiting] == [(1, ("officers",))]


def test_one_loud_group_cannot_carry_a_statement():
    """900 residents and 10 officers: what residents alone want ranks under what both want a little less."""
    matrix = np.ones((910, 2))
    matrix[900:, 0] = -1  # statement 0: every resident agrees, every officer rejects it
    matrix[:100, 1] = -1
    matrix[900:902, 1] = -1  # statement 1: eight in nine residents, eight in ten officers
    votes = of_matrix(matrix)
    made = dialogue.common_ground(votes, {p: "residents" if p < 900 else "officers" for p in range(910)})
    assert (matrix == 1).mean(axis=0).argmax() == 0, "the plain majority puts statement 0 first"
    assert [r.statement_id for r in made.agree] == [1, 0]
    assert made.agree[1].least_keen == "officers" and made.agree[1].p_every_group < 0.001


def test_the_score_is_the_share_of_draws_in_which_every_group_agrees():
    rng = np.random.default_rng(1)
    votes = of_matrix([[1]] * 7 + [[-1]] * 3 + [[1]] * 9 + [[0]] * 3)
    row = dialogue.common_ground(votes, {p: "a" if p < 10 else "b" for p in range(22)}).agree[0]
    drawn = (rng.beta(7 + 1, 3 + 1, 200_000) > 0.5) & (rng.beta(9 + 1, 3 + 1, 200_000) > 0.5)
    assert row.p_every_group == pytest.approx(drawn.mean(), abs=0.005)


def test_london_ages_give_the_recorded_check_values(london):
    votes, ages = london
    assert dict(zip(ages.known.names, ages.known.sizes)) == {"15-19": 9, "20-25": 12}
    made = dialogue.common_ground(votes, ages.known)
    p = {r.statement_id: r.p_every_group for r in made.agree}
    assert p[17] == pytest.approx(0.993170, abs=5e-7) and p[20] == pytest.approx(0.993170, abs=5e-7)
    assert p[27] == pytest.approx(0.988312, abs=5e-7)
    assert made.agree[-1].statement_id == 24


def test_group_consensus_matches_every_recorded_one(real):
    folder = real("polis/bg2050-volunteers")
    votes = dialogue.read_polis(folder)
    agree, _, n = counts_by_group(votes, dialogue.known_groups(votes, votes.recorded))
    ours = ((agree + 1) / (n + 2)).prod(axis=0)
    with (folder / "comments.csv").open(encoding="utf-8", newline="") as handle:
        told = {int(r["comment-id"]): float(r["group-informed-consensus"]) for r in csv.DictReader(handle)}
    same = [abs(ours[k] - told[s]) <= 1e-12 for k, s in enumerate(votes.statement_ids)]
    assert (sum(same), len(same)) == (371, 371)
    shown = dialogue.common_ground(votes, votes.recorded)
    assert all(abs(r.group_consensus - told[r.statement_id]) <= 1e-12 for r in shown.agree) and len(shown.agree) > 20


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("person,team\n1,a\n", "columns are person, team; needed are person,group"),
        ("person,group\n1,a\n1,b\n", r"line 3: this person is in a and in b"),
        ("person,group\n1,\n", r"line 2: the group is empty"),
        ("statement_id,group\n99,a\n", r"line 2: there is no statement 99"),
        ("person,group\n77,a\n", "none of the people in the groups voted here"),
        ("person,group\n", "names no groups"),
        ("", "is empty"),
    ],
)
def test_a_wrong_groups_file_gets_a_sentence(tmp_path, text, words):
    (tmp_path / "g.csv").write_text(text)
    with pytest.raises(BadInput, match=words):
        dialogue.read_groups(tmp_path / "g.csv", of_matrix([[1, 1], [1, -1]]))


def test_who_agrees_with_two_self_descriptions_is_in_neither_group(tmp_path):
    (tmp_path / "g.csv").write_text("statement_id,group\n0,young\n1,old\n")
    votes = of_matrix([[1, -1, 1], [-1, 1, 1], [1, 1, 1]])
    named = dialogue.read_groups(tmp_path / "g.csv", votes)
    assert named.known.sizes == (1, 1) and "counted in neither" in named.notes[0]


def test_groups_of_another_length_are_refused():
    with pytest.raises(BadInput, match="1 groups for 2 people"):
        dialogue.common_ground(of_matrix([[1], [1]]), ["a"])


def test_two_divisions_may_be_crossed(tmp_path):
    """Statements 0, 1 are ages, 2, 3 are sexes: only who agreed with one of each stands in a crossing."""
    votes = of_matrix([[1, -1, 1, -1], [1, -1, -1, 1], [-1, 1, 1, -1], [-1, 1, -1, -1]])
    rows = "0,young,age\n1,old,age\n2,woman,sex\n3,man,sex\n"
    (tmp_path / "g.csv").write_text("statement_id,group,dimension\n" + rows, encoding="utf-8")
    named = dialogue.read_groups(tmp_path / "g.csv", votes)
    label = [named.known.names[k] if k >= 0 else None for k in named.known.of]
    assert [label[list(votes.people).index(p)] for p in sorted(votes.people)] == [
        "young, woman",
        "young, man",
        "old, woman",
        None,
    ]
    assert named.attributes == ("0", "1", "2", "3")


def test_people_may_stand_in_two_divisions(tmp_path):
    votes = of_matrix([[1, 1], [1, -1]])
    first, second = (str(p) for p in votes.people)
    (tmp_path / "g.csv").write_text(
        f"person,group,second_group\n{first},youth,north\n{second},youth,\n", encoding="utf-8"
    )
    assert dialogue.read_groups(tmp_path / "g.csv", votes).known.names == ("youth, north", "youth, not said")
