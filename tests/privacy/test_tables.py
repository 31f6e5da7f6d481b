"""A hidden cell cannot be worked out: by subtraction, by linear programming, or by asking again."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as some

from commonbeat.errors import BadInput
from commonbeat.privacy import FLOOR, attack, band_of_share, release_table, rounded_count, shown_count


def test_one_small_cell_takes_three_more_with_it():
    shown = release_table([[20, 3, 30], [40, 50, 60], [70, 80, 90]])
    assert (
        shown.hidden[:3, :3].sum() == 4
    )  # a rectangle around it: one more in its row, one in its column, one across
    assert shown.small.sum() == 1
    assert not shown.hidden[-1].any()
    assert not shown.hidden[:, -1].any()
    assert shown.counts[2, 2] in (90,) or np.isnan(shown.counts[2, 2])


def test_a_list_with_its_total_hides_two_or_none():
    shown = release_table([40, 30, 3])
    assert shown.hidden.tolist() == [False, True, True, False]  # the second smallest goes with it, the total stays
    assert release_table([40, 30, 5]).hidden.sum() == 0


@settings(max_examples=12, deadline=None)
@given(some.arrays(np.int64, st.tuples(st.integers(2, 5), st.integers(2, 5)), elements=st.integers(0, 40)))
def test_an_attacker_never_gets_closer_than_the_floor(table):
    shown = release_table(table)
    low, high = attack(shown)
    full = np.block([[table, table.sum(1, keepdims=True)], [table.sum(0, keepdims=True), table.sum()]])
    assert (low <= full + 1e-6).all()
    assert (full <= high + 1e-6).all()
    assert (high - low)[shown.small].min(initial=np.inf) >= FLOOR - 1e-6
    assert np.array_equal(np.nan_to_num(shown.counts[~shown.hidden]), full[~shown.hidden])
    assert (full[~shown.hidden] >= FLOOR).all()


def test_subtraction_alone_recovers_what_is_only_wiped():
    """The naive way, beside: wipe cells under the floor and nothing else."""
    table = np.array([[20, 3, 30], [40, 50, 60]])
    row_total = table.sum(1)[0]
    assert row_total - 20 - 30 == 3  # anybody can do this
    low, high = attack(release_table(table))
    assert high[0, 1] - low[0, 1] >= FLOOR


def test_two_releases_cannot_be_subtracted_from_one_another():
    """Last month's table minus this month's shows the one person who was erased, unless the first is remembered."""
    now = np.array([12, 9, 4])
    public = (np.array([False, True, True]), 13)  # the sum of the last two was printed elsewhere
    alone, remembering = release_table(now), release_table(now, earlier=[public])
    low, high = attack(
        alone.__class__(alone.counts, alone.hidden, alone.small, alone.low, alone.high, FLOOR, (public,))
    )
    assert high[2] - low[2] >= FLOOR  # hidden together, their sum says no more than it did
    assert attack(remembering)[1][2] - attack(remembering)[0][2] >= FLOOR
    one = (np.array([False, False, True]), 4)  # the small cell itself was printed elsewhere: nothing can take it back
    assert attack(release_table(now, earlier=[one]))[1][2] == 4


def test_rounding_is_fair_and_the_same_when_asked_again():
    assert rounded_count(7, key="a") == rounded_count(7, key="a")
    assert {rounded_count(7, key=str(i)) for i in range(50)} == {5, 10}
    drawn = [rounded_count(7, key=str(i)) for i in range(4_000)]
    assert np.mean(drawn) == pytest.approx(7, abs=0.2)  # sd of the mean: 2.45 / sqrt(4000) = 0.04
    assert (rounded_count(10, key="x"), rounded_count(0, key="x")) == (10, 0)


def test_counts_and_bands_under_the_floor():
    assert (shown_count(4), shown_count(5), shown_count(0), shown_count(None)) == (None, 5, None, None)
    assert (band_of_share(0.5, 4), band_of_share(0.5, 12), band_of_share(1.0, 12)) == (
        None,
        "about half",
        "nearly all",
    )


@pytest.mark.parametrize("table", [[[1.5]], [[-1]], [], np.zeros((2, 2, 2))])
def test_what_is_no_table_of_counts_is_refused(table):
    with pytest.raises(BadInput, match="whole numbers"):
        release_table(table)


def test_an_earlier_release_that_does_not_add_up_is_refused():
    with pytest.raises(BadInput, match="add up"):
        release_table([5, 6], earlier=[(np.array([True, True]), 12)])
