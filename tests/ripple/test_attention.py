"""When did half of it happen, by any clock? Times as people write them, and an interval that knows that sharing clusters."""

import datetime as dt
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest

from commonbeat import ripple, stats
from commonbeat.errors import BadInput, TooFew

IDS = {"event_id": ["a", "b", "c", "d"], "parent_id": [None, "a", "b", "a"]}
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
CHICAGO = ZoneInfo("America/Chicago")
WRITTEN = {
    "seconds": [0, 60, 120, 180],
    "numbers as text": ["0", "60.0", " 120 ", "180"],
    "milliseconds since 1970": [1_772_366_400_000 + 60_000 * i for i in range(4)],
    "microseconds since 1970": [1_772_366_400_000_000 + 60_000_000 * i for i in range(4)],
    "one zone": [NOON + dt.timedelta(minutes=i) for i in range(4)],
    "three zones": [
        NOON,
        (NOON + dt.timedelta(minutes=1)).astimezone(CHICAGO),
        (NOON + dt.timedelta(minutes=2)).astimezone(dt.timezone(dt.timedelta(hours=5, minutes=30))),
        NOON + dt.timedelta(minutes=3),
    ],
    "text in several zones": ["2026-03-01T12:00:00Z", "2026-03-01T06:01:00-06:00", "2026-03-01 12:02:00+00:00", "2026-03-01T17:33+05:30"],
    "text and date-times": ["2026-03-01T12:00:00Z", NOON + dt.timedelta(minutes=1), NOON + dt.timedelta(minutes=2), NOON + dt.timedelta(minutes=3)],
    "numpy": np.array(["2026-03-01T12:00", "2026-03-01T12:01", "2026-03-01T12:02", "2026-03-01T12:03"], "datetime64[s]"),
    "polars": pl.Series([NOON + dt.timedelta(minutes=i) for i in range(4)]),
}  # fmt: skip


@pytest.mark.parametrize("way", WRITTEN)
def test_times_may_be_written_in_any_way(way):
    c = ripple.cascade(IDS | {"at": WRITTEN[way]})
    assert c.half_life_seconds.value == 60 and c.before_parent == 0  # 0 60 120 180: two of four by 60
    rows = [dict(zip((*IDS, "at"), row)) for row in zip(*IDS.values(), list(WRITTEN[way]))]
    assert ripple.cascade(rows).half_life_seconds.value == 60


def test_times_without_a_zone_are_said_and_not_mixed_with_others():
    bare = [f"2026-03-01T12:0{i}:00" for i in range(4)]
    c = ripple.cascade(IDS | {"at": bare})
    assert c.half_life_seconds.value == 60 and any("no zone" in w for w in c.warnings)
    with pytest.raises(BadInput, match=r'"2026-03-01T12:01:00" in row 1, which has no time zone'):
        ripple.cascade(IDS | {"at": ["2026-03-01T12:00:00Z", *bare[1:]]})


@pytest.mark.parametrize("bad", ["yesterday", float("inf"), "2026-13-01T00:00:00Z"])
def test_what_is_no_time_is_named_with_its_row(bad):
    with pytest.raises(BadInput, match="in row 3"):
        ripple.cascade(IDS | {"at": [0, 1, 2, bad] if isinstance(bad, float) else [NOON, NOON, NOON, bad]})


def test_events_without_a_time_count_but_not_towards_the_half():
    c = ripple.cascade(IDS | {"at": [0.0, None, 100.0, float("nan")]})
    assert (c.size, c.half_life_seconds.n, c.half_life_seconds.value) == (4, 2, 0.0)
    assert any("2 events have no time" in w for w in c.warnings)


def test_odd_tables_get_a_sentence():
    with pytest.raises(TooFew, match="no event"):
        ripple.cascade([])
    with pytest.raises(TooFew, match="no event"):
        ripple.cascade({})
    with pytest.raises(BadInput, match="event_id 4, parent_id 4, at 2"):
        ripple.cascade(IDS | {"at": [0, 1]})
    with pytest.raises(BadInput, match='audience is "many" for event b'):
        ripple.cascade(IDS | {"audience": ["1", "many", "", "3"]})
    with pytest.raises(BadInput, match="audience is inf for event c"):
        ripple.cascade(IDS | {"audience": [1, 2, float("inf"), 3]})
    with pytest.raises(BadInput, match="last digits are lost"):  # what pandas makes of post numbers beside a gap
        ripple.cascade({"event_id": [1_800_000_000_000_000_001, 7], "parent_id": [None, 1_800_000_000_000_000_001.0]})


def test_ids_of_any_kind():
    import uuid

    for make in (uuid.UUID, lambda int: np.uint64(2**63 + int), lambda int: f"post {int}", lambda int: int + 0.5):
        one, two, three = (make(int=i) if make is uuid.UUID else make(i) for i in range(3))
        c = ripple.cascade({"event_id": [one, two, three], "parent_id": [None, one, two], "at": [0, 1, 2]})
        assert c.depth == 2


def test_one_that_names_itself_is_a_circle_of_one():
    c = ripple.cascade({"event_id": ["a", "b"], "parent_id": ["a", "a"], "at": [0, 1]})
    assert (c.size, c.depth, c.cycles) == (2, 1, 1)


def test_a_circle_without_a_root_is_cut_where_it_is_not_at_its_tail():
    c = ripple.cascade({"event_id": ["a", "b", "c"], "parent_id": ["b", "c", "b"], "at": [0, 1, 2]})
    assert (c.depth, c.max_breadth, c.cycles) == (1, 2, 2)  # b is the root, a and c stay its children


def test_a_declared_child_stamped_before_its_unknown_parent_does_not_break_the_bound():
    # e2's parent is unknown; e1 is declared to come from e2 but stamped before it. As deep as time allows: e0 - e3 - e2 - e1.
    events = {
        "event_id": ["e0", "e1", "e2", "e3"],
        "parent_id": [None, "e2", None, "e0"],
        "parent_how": [None, "declared", "unknown", "declared"],
        "at": [0, 1, 3, 2],
    }
    c = ripple.cascade(events)
    assert c.depth_bounds == (2, 3) and c.before_parent == 1 and c.cycles == 0


def bursty(rng, pieces=60, ratio=0.7):
    """Children of the root come over hours; each brings others of its own, near in time."""
    parent, at = [-1], [0.0]
    for _ in range(rng.poisson(pieces)):
        parent.append(0)
        at.append(rng.exponential(6 * 3600))
        queue = [len(at) - 1]
        while queue:
            k = queue.pop()
            for _ in range(rng.poisson(ratio)):
                parent.append(k)
                at.append(at[k] + rng.exponential(1800))
                queue.append(len(at) - 1)
    return np.array(parent), np.array(at)


def halves_held(runs, seed):
    """How often the interval holds the half-life of the world: (by branches of the root, one by one)."""
    rng = np.random.default_rng(seed)
    truth = np.median(np.concatenate([bursty(rng)[1][1:] for _ in range(2000)]))
    held = [0, 0]
    for _ in range(runs):
        parent, at = bursty(rng)
        ids = np.arange(at.size)
        for k, how in enumerate((None, "unknown")):
            events = {
                "event_id": ids,
                "parent_id": pl.Series(parent).replace(-1, None),
                "at": at,
                "parent_how": [how] * at.size,
            }
            life = ripple.cascade(events).half_life_seconds
            held[k] += life.low <= truth <= life.high
    return held


def test_the_interval_of_the_half_life_knows_that_sharing_clusters():
    by_branches, one_by_one = halves_held(150, 1)
    low, high = stats.clopper_pearson(by_branches, 150, level=0.999)
    assert low <= 0.96 and high >= 0.94
    assert one_by_one < 0.85 * 150  # counted one by one it is far too short, which its caution says


@pytest.mark.truth
def test_the_interval_of_the_half_life_in_the_long_run():
    by_branches, _ = halves_held(10_000, 2)
    low, high = stats.clopper_pearson(by_branches, 10_000, level=0.999)
    assert low <= 0.96 and high >= 0.94


def test_a_few_branches_give_no_interval():
    life = ripple.cascade(
        {"event_id": range(6), "parent_id": [None, 0, 0, 1, 1, 2], "at": range(6)}
    ).half_life_seconds
    # the root itself, and its two children with all that came from them
    assert life.value == 2 and life.low is None and "3 branches" in life.cautions[0]
