"""Groups only where held-out votes, chance and other draws of people support them; none is an answer."""

import numpy as np
import polars as pl
import pytest
from dialogue.drawn import of_matrix, town
from scipy.stats import binomtest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from commonbeat import dialogue
from commonbeat.dialogue.clusters import agreement_of_partitions, align, partition
from commonbeat.dialogue.heldout import rates


def shuffled(matrix, seed):
    """The same votes without structure: each statement's votes shuffled among its voters."""
    rng = np.random.default_rng(seed)
    out = matrix.copy()
    for j in range(matrix.shape[1]):
        cast = np.flatnonzero(~np.isnan(matrix[:, j]))
        out[cast, j] = matrix[rng.permutation(cast), j]
    return out


def test_planted_groups_are_found_and_named_stable():
    matrix, truth = town(240, 40, groups=3, apart=2.0, seed=5)
    votes = of_matrix(matrix)
    found = dialogue.groups(votes, seed=1, shuffles=19, subsamples=20)
    assert (found.supported, found.word) == (3, "stable")
    assert found.p_value == pytest.approx(1 / 20) and found.stability >= 0.85
    low, high = found.stability_range
    assert low <= found.stability <= high <= 1
    assert sum(found.sizes) == (found.labels >= 0).sum()
    assert adjusted_rand_score(truth[votes.people][found.labels >= 0], found.labels[found.labels >= 0]) > 0.8


def false_alarms(draws, seed, people=120, statements=30, **how):
    source, _ = town(people, statements, groups=3, apart=2.0, seed=seed)
    supported = flagged = tested = 0
    for b in range(draws):
        votes = of_matrix(shuffled(source, seed + b))
        found = dialogue.groups(votes, seed=b, **how)
        supported += found.supported > 0
        said = dialogue.representative(votes, found, anyway=True)
        flagged += said.flagged
        tested += int(votes.opinions.sum())
    return supported, flagged, tested


def test_without_structure_groups_are_rarely_supported_and_statements_rarely_flagged():
    draws = 16
    supported, flagged, tested = false_alarms(draws, 100, people=90, statements=24, shuffles=19, subsamples=10)
    assert binomtest(supported, draws).proportion_ci(0.999, "exact").low <= 0.05
    assert binomtest(flagged, tested).proportion_ci(0.999, "exact").low <= 0.01


@pytest.mark.truth
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("real_name", [None, "scoop-hivemind.taxes"])
def test_two_hundred_data_sets_without_structure(real, real_name):
    """At most 5 % with groups and 1 % of statements flagged, on drawn and on shuffled real votes."""
    if real_name is None:
        supported, flagged, tested = false_alarms(200, 7000, shuffles=99, subsamples=40)
    else:
        votes = dialogue.read_polis(real(f"polis/{real_name}"), meta="0-14")
        source = np.full((len(votes.people), len(votes.statement_ids)), np.nan)
        source[votes.person, votes.statement] = votes.value
        source = source[:, votes.opinions]
        supported = flagged = tested = 0
        for b in range(200):
            null = of_matrix(shuffled(source, b))
            found = dialogue.groups(null, seed=b, shuffles=99, subsamples=40)
            supported += found.supported > 0
            flagged += dialogue.representative(null, found, anyway=True).flagged
            tested += int(null.opinions.sum())
    print(f"{real_name}: {supported} of 200 with groups, {flagged} of {tested} statements flagged")
    assert supported <= 10
    assert flagged <= 0.01 * tested


@pytest.mark.parametrize("meta", ["1-14", None])
@pytest.mark.parametrize("seed", range(4))
def test_london_is_told_that_no_separate_groups_are_supported(real, meta, seed):
    votes = dialogue.read_polis(real("polis/london.youth.policing"), meta=meta)
    found = dialogue.groups(votes, seed=seed, shuffles=19, subsamples=10)
    assert found.supported == 0 and found.word == "not supported"
    assert (found.labels == -1).all()


def test_vtaiwan_has_groups_and_two_of_them_foretell_about_14_percent_better(real):
    votes = dialogue.read_polis(real("polis/vtaiwan.uberx"))
    found = dialogue.groups(votes, shuffles=19, subsamples=10)
    assert 2 <= found.supported <= 5 and found.p_value <= 0.05 and found.stability >= 0.85
    assert found.foretold.gain[1] == pytest.approx(0.137, abs=0.01)


def test_london_legacy_gives_the_recorded_groups_of_3_18_and_3(real):
    votes = dialogue.read_polis(real("polis/london.youth.policing"), meta="1-14")
    found = dialogue.groups(votes, legacy=True)
    assert found.sizes == (3, 18, 3) and (found.labels >= 0).sum() == 24
    pairs = {(r, int(k)) for r, k in zip(votes.recorded, found.labels)}
    assert pairs == {("0", 0), ("1", 1), ("2", 2), (None, -1)}


def test_legacy_groups_depend_on_the_numbering_of_people_and_ours_do_not(real):
    votes = dialogue.read_polis(real("polis/london.youth.policing"), meta="1-14")
    rng = np.random.default_rng(0)
    sizes, ours = set(), set()
    for _ in range(12):
        frame = pl.DataFrame(
            {"person": rng.permutation(26)[votes.person], "statement_id": votes.statement, "value": votes.value}
        )
        mixed = dialogue.votes_from_frame(frame).with_attributes([i for i in range(1, 15) if votes.voted_on[i]])
        sizes.add(dialogue.groups(mixed, legacy=True).supported)
        ours.add(str(dialogue.groups(mixed, shuffles=0, subsamples=5).to_dict()))
    assert len(sizes) > 1, "on a cold start the number of groups follows the order of the rows"
    assert len(ours) == 1


@pytest.mark.parametrize("order", range(3))
def test_the_whole_answer_is_the_same_to_the_last_byte_in_any_order(order):
    matrix, _ = town(80, 16, groups=2, apart=2.0, seed=3)
    person, statement = np.nonzero(~np.isnan(matrix))
    frame = pl.DataFrame(
        {"person": person, "statement_id": statement, "value": matrix[person, statement].astype(np.int8)}
    )
    name = np.random.default_rng(order).permutation(80)
    mixed = frame.with_columns(person=pl.Series(name[person])).sample(fraction=1, shuffle=True, seed=order)
    a, b = (
        dialogue.conversation(dialogue.votes_from_frame(f), shuffles=5, subsamples=5).to_dict()
        for f in (frame, mixed)
    )
    assert repr(a) == repr(b)


@pytest.mark.parametrize(
    ("matrix", "code"),
    [(np.zeros((0, 2)), "nobody"), (np.zeros((30, 9)), "too_few"), (np.ones((30, 9)), "too_few"),
     (np.ones((30, 1)), "too_few"), ([[1, -1, 1]], "too_few")],
)  # fmt: skip
def test_nothing_to_divide_is_an_answer(matrix, code):
    found = dialogue.groups(of_matrix(np.asarray(matrix, float)))
    assert (found.supported, found.code, found.stability, found.p_value) == (0, code, None, None)


def test_a_lone_person_far_away_is_never_a_group():
    """39 people vote alike but for noise; one votes the opposite on everything."""
    rng = np.random.default_rng(0)
    matrix = np.where(rng.random((40, 30)) < 0.9, 1.0, -1.0)
    matrix[0] = -1
    found = dialogue.groups(of_matrix(matrix), shuffles=19, subsamples=10)
    assert found.supported == 0


def test_our_kmeans_is_as_tight_as_the_librarys():
    rng = np.random.default_rng(2)
    for k in (2, 3, 4, 5):
        points = rng.normal(size=(300, 2)) + rng.integers(0, k, 300)[:, None] * 2.5
        labels = partition(points, k, seed=0)
        ours = sum(((points[labels == g] - points[labels == g].mean(0)) ** 2).sum() for g in range(k))
        theirs = KMeans(k, n_init=10, random_state=0).fit(points).inertia_
        assert ours <= 1.001 * theirs


def test_cells_above_two_thousand_people_divide_as_the_points_themselves_do():
    rng = np.random.default_rng(1)
    points = np.concatenate([rng.normal(m, 1, (2000, 2)) for m in (-3, 0, 3)])
    by_cells = partition(points, 3, seed=0)
    by_points = KMeans(3, n_init=4, random_state=0).fit_predict(points)
    assert agreement_of_partitions(by_cells, by_points) > 0.98


def test_agreement_of_partitions_is_the_librarys_adjusted_rand():
    rng = np.random.default_rng(0)
    for _ in range(30):
        a, b = rng.integers(0, 4, 50), rng.integers(0, 3, 50)
        assert agreement_of_partitions(a, b) == pytest.approx(adjusted_rand_score(a, b), abs=1e-12)
    assert agreement_of_partitions(np.zeros(5, int), np.zeros(5, int)) == 1.0


def test_parts_keep_the_names_under_which_most_people_know_them():
    assert align(np.array([0, 0, 1, 1, -1]), np.array([1, 1, 0, 0, 0]), 2).tolist() == [1, 1, 0, 0, -1]


def test_rates_add_one_agreeing_and_one_other_vote():
    made = rates(np.array([0, 0, 1]), np.array([0, 0, 1]), np.array([True, False, True]), 2, 2)
    assert made.tolist() == [[(1 + 1) / (2 + 2), 1 / 2], [1 / 2, (1 + 1) / (1 + 2)]]
