"""Cascades: trees drawn by hand, published sums, real threads, and everything that can be odd about a link."""

import itertools
import json

import networkx as nx
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat import ripple
from commonbeat.errors import BadInput, TooFew
from commonbeat.ripple import trees


def story(parents, **more):
    n = len(parents)
    return {
        "event_id": [f"e{i}" for i in range(n)],
        "parent_id": [None if p is None else f"e{p}" for p in parents],
        "at": list(range(n)),
        **more,
    }


def test_a_small_tree_by_hand():
    #       e0
    #      /  \
    #    e1    e2        distances: e0-e1 1, e0-e2 1, e0-e3 2, e1-e2 2, e1-e3 1, e2-e3 3
    #    |
    #    e3
    c = ripple.cascade(story([None, 0, 0, 1]))
    assert (c.size, c.depth, c.max_breadth, c.leaves) == (4, 2, 2, 2)
    assert c.wiener == 1 + 1 + 2 + 2 + 1 + 3
    assert c.structural_virality == 10 / 6
    assert c.generations == (1, 2, 1)


def test_one_event_has_no_virality():
    c = ripple.cascade(story([None]))
    assert (c.size, c.depth, c.structural_virality) == (1, 0, None)


def test_all_recursive_trees_up_to_eight_nodes():
    count = wiener = depth = 0
    for n in range(2, 9):
        for parents in itertools.product(*[range(i) for i in range(1, n)]):
            s = trees.shapes([-1, *parents], [0, n])
            count, wiener, depth = count + 1, wiener + s.wiener(0), depth + int(s.depth[0])
    assert (count, wiener, depth) == (5913, 379_339, 18_667)


def test_recorded_trees(real):
    records = json.loads(real("ripple_reference/structural_virality_small.json").read_text())
    assert len(records) == 10
    for r in records:
        c = ripple.cascade(story(r["parents"]))
        assert (c.depth, c.max_breadth, c.wiener, c.leaves, c.structural_virality) == tuple(
            r[k] for k in ("depth", "max_breadth", "wiener", "leaves", "sv")
        )


def test_real_threads(real):
    posts = pl.read_csv(real("ripple/rumoureval2019/twitter_threads.csv"), infer_schema_length=0)
    records = pl.read_csv(
        real("ripple_reference/structural_virality_rumoureval.csv"), schema_overrides={"thread_id": pl.String}
    )
    seen = ripple.forest(
        posts.select(story_id="thread_id", event_id="post_id", parent_id="parent_id", at=pl.col("t").cast(pl.Float64))
    )
    both = records.join(seen, left_on="thread_id", right_on="story_id")
    assert len(both) == 325
    assert (both["n"] == both["size"]).all() and (both["depth"] == both["depth_right"]).all()
    assert (both["max_breadth"] == both["max_breadth_right"]).all() and (
        both["orphans"] == both["orphans_right"]
    ).all()
    assert (both["sv"].is_null() == both["structural_virality"].is_null()).all()
    assert np.allclose(both["sv"].drop_nulls(), both["structural_virality"].drop_nulls(), rtol=1e-12)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 14), st.integers(0, 10_000))
def test_the_same_as_networkx_in_any_order(n, seed):
    rng = np.random.default_rng(seed)
    parents = [None, *(int(rng.integers(i)) for i in range(1, n))]
    graph = nx.Graph((i, p) for i, p in enumerate(parents) if p is not None)
    table = pl.DataFrame(story(parents))[rng.permutation(n)]
    c = ripple.cascade(table)
    assert c.wiener == nx.wiener_index(graph)
    assert c.depth == max(nx.shortest_path_length(graph, 0).values())
    assert c.to_dict() == ripple.cascade(story(parents)).to_dict()


def test_a_chain_of_five_million_does_not_overflow():
    n = 5_000_000
    assert trees.shapes(np.arange(-1, n - 1), [0, n]).wiener(0) == (n**3 - n) // 6 > 2**63


def test_orphans_hang_on_the_root_and_are_counted():
    events = story([None, 0, None])
    events["parent_id"][2] = "somebody who is not here"
    c = ripple.cascade(events)
    assert (c.orphans, c.depth, c.max_breadth, c.structural_virality) == (1, 1, 2, 4 / 3)
    assert any("name a parent that is not in this story" in w for w in c.warnings)


def test_those_who_come_by_themselves_come_from_the_story_whose_first_event_stands_for_it():
    #  e0 - e1, and e2 came by itself, with e3 after it:  e0-e1 1, e0-e2 1, e0-e3 2, e1-e2 2, e1-e3 3, e2-e3 1
    c = ripple.cascade(story([None, 0, None, 2]))
    assert (c.depth, c.max_breadth, c.wiener, c.parents["unknown"]) == (2, 2, 1 + 1 + 2 + 2 + 3 + 1, 0)


def test_a_parent_in_another_story_is_an_orphan_and_said():
    events = {
        "event_id": ["a", "b", "c"],
        "parent_id": [None, None, "a"],
        "story_id": ["1", "2", "2"],
        "at": [0, 0, 1],
    }
    row = ripple.forest(events).filter(pl.col("story_id") == "2").row(0, named=True)
    assert (row["size"], row["elsewhere"], row["depth"]) == (2, 1, 1)


def test_a_circle_is_cut_and_counted():
    events = story([None, 0, 3, 2])
    c = ripple.cascade(events)
    assert (c.size, c.cycles, c.depth) == (4, 2, 2)
    assert any("circle" in w for w in c.warnings)


def test_only_a_circle():
    c = ripple.cascade(story([1, 0]))
    assert (c.size, c.depth) == (2, 1)


def test_children_stamped_before_their_parents_keep_their_link():
    events = story([None, 0, 1, 2])
    events["at"] = [3, 2, 1, 0]
    c = ripple.cascade(events)
    assert (c.depth, c.before_parent) == (3, 3)


def test_repeated_events_are_left_out_and_counted():
    events = {"event_id": ["a", "b", "b"], "parent_id": [None, "a", "a"], "at": [0, 1, 2]}
    c = ripple.cascade(events)
    assert (c.size, c.duplicates) == (2, 1)


def test_unknown_parents_give_bounds():
    how = [None, "declared", "unknown", "inferred"]
    c = ripple.cascade(story([None, 0, 1, 2], parent_how=how))
    assert c.parents == {"declared": 1, "inferred": 1, "unknown": 1}
    assert c.depth == 2  # e2 read as a child of the root, e3 below it
    assert c.depth_bounds == (1, 3)  # only what is declared .. as deep as time allows
    low, high = c.structural_virality_bounds
    assert low <= c.structural_virality <= high and high == 10 / 6


def test_no_parents_at_all_says_so():
    c = ripple.cascade({"event_id": [1, 2, 3, 4], "at": [0, 1, 2, 3]})
    assert c.parents["unknown"] == 3 and c.depth_bounds == (1, 3)


def test_a_missing_how_with_a_parent_is_declared():
    assert ripple.cascade(story([None, 0, 1], parent_how=[None, None, None])).parents["declared"] == 2


def test_views_without_parents_are_in_no_tree():
    c = ripple.cascade(
        story(
            [None, 0, None, None],
            kind=["share", "share", "view", "view"],
            parent_how=[None, None, "unknown", "unknown"],
        )
    )
    assert (c.events, c.views, c.size) == (4, 2, 2)


def test_reach_is_a_sum_and_half_life_a_median():
    c = ripple.cascade(story([None, 0, 0, 0, 0], audience=[100, None, 20, 3, 0]))
    assert (c.reach, c.reach_known) == (100 + 20 + 3 + 0, 4)
    assert c.half_life_seconds.value == 2  # times 0 1 2 3 4: half of five events by the third


def test_the_share_outside_the_place_it_began():
    c = ripple.cascade(story([None, 0, 0, 0], place=["north", "north", "south", None]))
    assert c.outside.value == 1 / 3 and c.outside.n == 3
    assert [(p.place, p.events) for p in c.places] == [("north", 2), ("south", 1)]


def test_branching_has_an_interval_that_knows_the_spread():
    c = ripple.cascade(story([None, 0, 0, 1, 1, 1, 1]))
    assert [b.value for b in c.branching] == [2 / 1, 4 / 2]
    assert c.branching[1].low < 1 < c.branching[1].high


@pytest.mark.parametrize("kind", ["pandas", "arrow", "list"])
def test_any_frame_will_do(kind):
    table = pl.DataFrame(story([None, 0, 1]))
    given_ = {"pandas": table.to_pandas, "arrow": table.to_arrow, "list": table.to_dicts}[kind]()
    assert ripple.cascade(given_).depth == 2


def test_whole_number_ids_with_gaps_from_pandas():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"event_id": [10, 11, 12], "parent_id": [None, 10, 11], "at": [0.0, 1.0, 2.0]})
    assert ripple.cascade(frame).depth == 2


@pytest.mark.parametrize(
    ("events", "says"),
    [
        ({"parent_id": [None]}, "event_id"),
        ({"event_id": ["a", None], "parent_id": [None, "a"]}, "row 1"),
        (story([None, 0], audience=[5, -1]), "audience is -1"),
        (story([None, 0], parent_how=[None, "guessed"]), "declared, inferred, unknown"),
        ({"event_id": ["a", "b"], "parent_id": [None, None], "story_id": ["1", "2"]}, "2 stories"),
        (story([None, 0]) | {"at": ["1 May", "2 May"]}, "1 May"),
    ],
)
def test_refusals_say_what_is_wrong(events, says):
    with pytest.raises(BadInput, match=says):
        ripple.cascade(events)


def test_an_empty_story_is_too_few():
    with pytest.raises(TooFew, match="no event"):
        ripple.cascade({"event_id": [], "parent_id": [], "at": []})


def test_all_at_once_and_one_actor():
    n = 20_000
    c = ripple.cascade(
        {
            "event_id": np.arange(n),
            "parent_id": [None, *np.zeros(n - 1, int).tolist()],
            "at": np.zeros(n),
            "actor": ["x"] * n,
        }
    )
    assert (c.size, c.depth, c.max_breadth, c.half_life_seconds.value) == (n, 1, n - 1, 0)


def test_times_in_mixed_zones_are_one_clock():
    at = ["2026-03-01T12:00:00-06:00", "2026-03-01T19:00:00Z", "2026-03-01T21:00:00+01:00"]  # 18, 19, 20 UTC
    c = ripple.cascade(story([None, 0, 1]) | {"at": at})
    assert (c.depth, c.before_parent, c.half_life_seconds.value) == (2, 0, 3600.0)
