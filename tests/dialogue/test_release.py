"""Nothing about a few people leaves: not by small cells, not by their complements, not by numbers that invert."""

import json
from datetime import date
from itertools import product

import numpy as np
import pytest
from dialogue.drawn import of_matrix, town
from scipy import special

from commonbeat import dialogue
from commonbeat.errors import BadInput
from commonbeat.report.dialogue_page import tiles
from commonbeat.report.dialogue_release import complemented, released


def asked(votes, groups):
    return dialogue.conversation(votes, groups, shuffles=0, subsamples=0).to_dict()


@pytest.mark.parametrize(
    ("counts", "total", "shown"),
    [
        ({"a": 9, "b": 12}, None, {"a": 9, "b": 12}),
        ({"a": 3, "b": 12, "c": 30}, None, {"a": None, "b": None, "c": 30}),
        ({"a": 3, "b": 2, "c": 30}, None, {"a": None, "b": None, "c": 30}),
        ({"a": 9, "b": 12}, 23, {"a": None, "b": 12}),  # 23 - 9 - 12 = 2 people of no group
        ({"a": 9, "b": 12}, 21, {"a": 9, "b": 12}),
        ({"officers": 9, "b": 12, "c": 15}, None, {"officers": None, "b": None, "c": 15}),
    ],
)
def test_a_hidden_cell_hides_the_one_that_would_give_it_away(counts, total, shown):
    assert complemented(counts, total=total) == shown


def test_a_probability_a_bound_and_an_n_give_back_the_count_so_all_three_go():
    """First the attack on exact numbers, then that nothing is left to attack."""
    n = 9
    p = {a: special.betaincc(a + 1, n - a + 1, 0.5) for a in range(n + 1)}
    assert len(set(p.values())) == n + 1, "P and n together name A"
    votes = of_matrix([[1]] * 7 + [[-1]] * 2 + [[1]] * 12)
    raw = asked(votes, ["x" if p < 9 else "y" for p in votes.people])
    row = released(raw)["common_ground"][0]
    assert raw["common_ground"][0]["p_every_group"] is not None
    exact = ("p_every_group", "lower", "share_by_group", "low_by_group", "high_by_group", "share_by_size", "low_by_size", "high_by_size", "group_consensus",
             "group_consensus_mean")  # fmt: skip
    assert [row[k] for k in exact] == [None] * 10
    assert row["share_band_by_group"] == {"x": "most", "y": "nearly all"} and row["band"] in ("likely", "very likely")


def test_with_twenty_people_behind_every_group_the_numbers_are_exact():
    votes = of_matrix([[1, -1]] * 30 + [[1, 1]] * 25)
    raw = asked(votes, ["x" if p < 30 else "y" for p in votes.people])
    out = released(raw)
    assert out["suppressed"] == []
    for shown, exact in zip(out["common_ground"], raw["common_ground"], strict=True):
        assert {k: shown[k] for k in exact} == exact


def test_a_group_under_five_is_neither_named_nor_counted():
    votes = of_matrix(np.ones((40, 3)))
    raw = asked(votes, ["three people" if p < 3 else "a" if p < 20 else "b" for p in votes.people])
    text = json.dumps(released(raw))
    assert "three people" in json.dumps(raw) and "three people" not in text


def cells(votes):
    """Everybody's cell of age, sex and ethnicity in their own words, as a group each."""
    kinds = [[1, 4], [5, 6], [9, 10, 11, 12, 13]]
    yes = {
        s: set(votes.person[(votes.statement == votes.places([s])[0]) & (votes.value == 1)].tolist())
        for k in kinds
        for s in k
    }
    told = set(votes.person[np.isin(votes.statement, votes.places([s for k in kinds for s in k]))].tolist())
    return [
        "/".join(str(s) for s, who in yes.items() if p in who) or "none of these" if p in told else None
        for p in range(len(votes.people))
    ]


def test_london_by_age_sex_and_ethnicity_releases_none_of_the_small_cells(real):
    votes = dialogue.read_polis(real("polis/london.youth.policing"), meta="1-14")
    known = dialogue.known_groups(votes, cells(votes))
    assert sum(known.sizes) >= 23 and max(known.sizes) < 5
    out = released(asked(votes, known))
    assert out["known_groups"] == [] and out["suppressed"]
    for row in (*out["common_ground"], *out["shared_disagreement"]):
        assert row["p_every_group"] is None and all(v is None for v in row["n_by_group"].values())
    text = json.dumps(out)
    assert not any(name in text for name in known.names if "/" in name)


def test_no_subset_of_released_counts_adds_up_to_a_small_cell():
    """Every way to add and subtract what is shown, over random groups: no hidden cell under five can be computed."""
    rng = np.random.default_rng(0)
    for _ in range(300):
        sizes = {f"g{i}": int(s) for i, s in enumerate(rng.integers(1, 15, rng.integers(2, 5)))}
        total = sum(sizes.values()) + int(rng.integers(0, 8))
        shown = complemented(sizes, total=total)
        hidden = [s for n, s in sizes.items() if shown[n] is None] + [total - sum(sizes.values())]
        small = [s for s in hidden if 0 < s < 5]
        unknown = sum(s > 0 for s in hidden)
        assert not small or unknown > 1 or all(v is None for v in shown.values()), (sizes, total, shown)


def test_the_map_draws_no_square_with_fewer_than_five_people():
    rng = np.random.default_rng(1)
    for n, seed in product((3, 24, 300, 2000), range(3)):
        points = np.random.default_rng(seed).normal(size=(n, 2))
        across, made, _ = tiles(points, rng.integers(0, 2, n))
        low, high = np.quantile(points, [0.01, 0.99], axis=0)
        span = max((high - low).max(), 1e-9)
        at = np.clip(((points - (low + high - span) / 2) / span * across).astype(int), 0, across - 1)
        for tile in made:
            assert ((at[:, 0] == tile.column) & (at[:, 1] == across - 1 - tile.row)).sum() >= 5
        assert n > 3 or made == []


def test_results_hold_no_table_of_persons():
    matrix, _ = town(60, 20, groups=2, apart=2.5, seed=0)
    made = asked(of_matrix(matrix), None)
    lists = [len(v) for v in made.values() if isinstance(v, list)]
    assert max(lists) <= 40 and "labels" not in json.dumps(made) and "points" not in json.dumps(made)


def test_erasing_a_person_equals_their_never_having_come():
    matrix, _ = town(60, 20, groups=2, apart=2.5, seed=0)
    votes = of_matrix(matrix)
    after = dialogue.erase(votes, [3, 17])
    never = of_matrix(np.delete(matrix, [3, 17], axis=0))
    assert 3 not in after.people and len(after.people) == 58
    a, b = (dialogue.conversation(v, shuffles=0, subsamples=5).to_dict() for v in (after, never))
    assert repr(a) == repr(b)


def test_erasing_a_stranger_or_nobody_is_refused():
    votes = of_matrix([[1, 1], [1, -1]])
    with pytest.raises(BadInput, match="1 of the people to erase did not vote here"):
        dialogue.erase(votes, [0, 99])
    with pytest.raises(BadInput, match="nobody is named"):
        dialogue.erase(votes, [])


DATES = [date(2026, 3, 1), date(2026, 6, 1)]


@pytest.mark.parametrize(
    ("erased", "waited", "action"),
    [(0, 0, "keep"), (3, 0, "keep"), (3, 1, "withdraw"), (5, 0, "publish"), (40, 2, "publish")],
)
def test_erasures_change_what_is_published_only_in_batches_of_five(erased, waited, action):
    made = dialogue.next_release(erased, DATES, today=date(2026, 2, 1), waited=waited)
    assert (made.action, made.on) == (action, DATES[0])
    assert made.to_dict()["erased"] == (erased if erased == 0 or erased >= 5 else None)


def test_without_a_date_ahead_nothing_is_released():
    with pytest.raises(BadInput, match="no release date lies ahead"):
        dialogue.next_release(9, DATES, today=date(2027, 1, 1))
