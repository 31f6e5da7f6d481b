"""One story from a book: since publication, without one large account's burst, still growing or not, voted on, in context."""

import itertools
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from commonbeat import points, ripple
from commonbeat.errors import BadInput
from commonbeat.ripple.pushes import pushing_account
from commonbeat.ripple.sources.door import SpreadRead
from commonbeat.ripple.story import one_story
from commonbeat.ripple.story_fit import fit_story, watched_seconds

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, WEEK = 3600.0, 7 * 86_400.0


def events(rng, sent=90, base=120.0, known=0.7):
    """Shares of ratio 0.7 over a week since publication, and an account that picks the story up after thirty hours."""
    own = points.simulate(rng, branching_ratio=0.7, half_life=6 * HOUR, window=(0, WEEK), background_rate=base / WEEK)
    rows = [
        (f"o{i}", float(t), "share", f"o{p}" if p >= 0 else None, 100)
        for i, (t, p) in enumerate(zip(own.times, own.parent))
    ]
    if sent:
        rows.append(("account", 30 * HOUR, "mention", None, 80_000))
        wait = rng.exponential(2 * HOUR / np.log(2), rng.poisson(sent))
        rows += [
            (f"s{i}", 30 * HOUR + float(w), "share", "account", 100)
            for i, w in enumerate(wait)
            if 30 * HOUR + w < WEEK
        ]
    table = pl.DataFrame(rows, schema=["event_id", "seconds", "kind", "parent_id", "audience"], orient="row")
    hidden = pl.Series(rng.random(len(table)) > known) & table["parent_id"].is_not_null()
    return table.select(
        "event_id", "kind", "audience",
        at=pl.lit(START) + pl.duration(microseconds=(pl.col("seconds") * 1e6).cast(pl.Int64)),
        parent_id=pl.when(~hidden).then("parent_id"),
        parent_how=pl.when(hidden).then(pl.lit("unknown")),
        story_id=pl.lit("s"),
    ).sort("at")  # fmt: skip


def test_a_large_account_is_found_and_modelled_apart():
    table = events(np.random.default_rng(1))
    found = fit_story(table, watched_seconds(table, table), START)
    assert found.account.event_id == "account" and found.account.audience == 80_000
    assert found.push.brought.low < 90 < found.push.brought.high * 1.2
    told = one_story(SpreadRead(table, None, "book", (), {"s": START}), "s").to_dict()["large_account"]
    assert told["kind"] == "mention" and told["brought"]["value"] == pytest.approx(found.push.brought.value)


def test_an_account_after_which_nothing_happened_is_not_blamed():
    rng, wrong = np.random.default_rng(2), 0
    for _ in range(6):
        table = events(rng, sent=0)
        late = table["at"][len(table) // 3]
        quiet = pl.DataFrame(
            {"event_id": ["account"], "kind": ["mention"], "audience": [80_000], "at": [late], "story_id": ["s"]}
        )
        table = pl.concat([table, quiet.with_columns(pl.col("at").cast(table.schema["at"]))], how="diagonal").sort(
            "at"
        )
        acts = table.filter(pl.col("kind") == "share")
        wrong += pushing_account(table, acts, WEEK - HOUR) is not None
    assert wrong <= 1


def test_the_watch_begins_with_publication():
    table = events(np.random.default_rng(3), sent=0)
    watched = watched_seconds(table, table)
    early = fit_story(table, watched, START - timedelta(days=3))
    plain = fit_story(table, watched)
    assert early.intensity.fit.duration == pytest.approx(plain.intensity.fit.duration + 3 * 86_400, rel=0.05)
    wrong = fit_story(table, watched, START + timedelta(days=1))
    assert any("before the story came out" in w for w in wrong.warnings)
    assert wrong.intensity.fit.duration == pytest.approx(plain.intensity.fit.duration)


def test_still_growing_or_fading_day_by_day():
    table = events(np.random.default_rng(4), sent=0, base=200.0)
    growth = one_story(SpreadRead(table, None, "book", (), {"s": START}), "s").to_dict()["reproduction"]
    assert growth["verdict"] in ("growing", "fading", "cannot_tell") and len(growth["days"]) >= 5
    ends = [d["until_seconds"] for d in growth["days"]]
    assert all(b - a == 86_400 for a, b in itertools.pairwise(ends))
    for day in growth["days"]:
        assert (day["value"] is None) == (day["n"] < 12)


def test_votes_on_a_storys_statements():
    votes = {"person": ["a", "b", "c", "a"], "statement_id": ["t1"] * 4, "value": [1, 1, 0, -1], "at": [1, 2, 3, 4]}
    (found,) = ripple.votes_on(votes)  # a changed their mind: the last vote counts
    assert found.people == 3 and [found.shares[s].value for s in ("agree", "object", "pass")] == [1 / 3, 1 / 3, 1 / 3]
    assert found.to_dict(public=True)["suppressed"] and found.to_dict(public=True)["people"] is None
    with pytest.raises(BadInput, match="a vote is 2"):
        ripple.votes_on({"person": ["a"], "statement_id": ["t1"], "value": [2]})


def test_coverage_is_of_the_storys_weeks_and_never_made_up():
    table = events(np.random.default_rng(5), sent=0)
    read = SpreadRead(table, None, "book", ())
    assert one_story(read, "s").coverage.verdict == "not_measured"
    items = pl.DataFrame({"at": [START + timedelta(days=1)] * 320 + [START - timedelta(days=60)] * 50,
                          "first": ["positive"] * 100 + ["negative"] * 270, "second": ["positive"] * 100 + ["negative"] * 270})  # fmt: skip
    found = one_story(read, "s", coverage=items).coverage
    assert found.verdict == "measured" and found.items == 320 and found.shares["positive"].value == 100 / 320
