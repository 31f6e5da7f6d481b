"""Ids looked up in a table and rows sorted by numpy, against the joins and sorts they stand for."""

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import ripple
from commonbeat.ripple import whereabouts


def some_rows(seed, n, spread, text):
    rng = np.random.default_rng(seed)
    ids = rng.choice(spread * n + 1, n, replace=False)
    parents = np.where(rng.random(n) < 0.2, spread * n + 7, rng.choice(ids, n))
    table = pl.DataFrame(
        {
            "story": rng.integers(0, 3, n).astype(np.uint32),
            "when": rng.integers(0, 6, n).astype(float),
            "event_id": ids,
            "parent_id": pl.Series(parents).set(pl.Series(rng.random(n) < 0.3), None),
        }
    )
    table = table.with_columns(when=pl.when(pl.col("when") > 0).then("when"))
    return table.with_columns(pl.col("event_id", "parent_id").cast(pl.String)) if text else table


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(1, 30), st.sampled_from([1, 3, 100_000]), st.booleans())
def test_order_and_parents_are_those_of_sort_and_join(seed, n, spread, text):
    table = some_rows(seed, n, spread, text)
    order = whereabouts.in_time(table)
    ours = table if order is None else table[order]
    assert ours.equals(table.sort("story", "when", "event_id", nulls_last=False))
    row, elsewhere = whereabouts.positions(ours)
    names = ours.select("story", "event_id").rows()
    for i, (story, parent) in enumerate(ours.select("story", "parent_id").iter_rows()):
        here = names.index((story, parent)) if (story, parent) in names else -1
        assert row[i] == here
        assert elsewhere[i] == (here < 0 and parent is not None and parent in ours["event_id"].to_list())


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 100_000), st.integers(2, 40))
def test_numbers_and_words_as_ids_give_the_same_forest(seed, n):
    rng = np.random.default_rng(seed)
    parent = [None, *(int(rng.integers(i)) if rng.random() < 0.8 else None for i in range(1, n))]
    table = pl.DataFrame(
        {"event_id": range(n), "parent_id": parent, "at": range(n), "story_id": rng.integers(0, 3, n)}
    )
    words = table.with_columns(
        pl.format("e{}", pl.col(c).cast(pl.String).str.zfill(3)).alias(c) for c in ("event_id", "parent_id")
    )
    assert ripple.forest(table[rng.permutation(n)]).equals(ripple.forest(words[rng.permutation(n)]))


def test_an_id_used_in_two_stories_is_two_events():
    found = ripple.forest(
        {"event_id": [1, 2, 1, 2], "parent_id": [None, 1, None, 1], "at": [0, 1, 2, 3], "story_id": [7, 7, 8, 8]}
    )
    assert found["size"].to_list() == [2, 2] and found["elsewhere"].to_list() == [0, 0]
