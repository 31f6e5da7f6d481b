"""When it turned, how people answered, and what else was told: planted changes, labels by hand, published kappas."""

from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from commonbeat import points, ripple, stats
from commonbeat.errors import BadInput, TooFew
from commonbeat.ripple.balance import kappa

HOUR = 3600.0


def timed(t, **more):
    order = np.argsort(t, kind="stable")
    return {
        "event_id": [f"e{i}" for i in range(len(t))],
        "at": np.asarray(t)[order],
        **{k: [v[i] for i in order] for k, v in more.items()},
    }


def test_a_planted_turn_and_what_came_before_it():
    rng = np.random.default_rng(1)
    t = np.r_[0.0, rng.uniform(0, 40 * HOUR, 80), 39.5 * HOUR, rng.uniform(40 * HOUR, 60 * HOUR, 300)]
    kind = ["share"] * 81 + ["mention"] + ["share"] * 300
    found = ripple.moments(timed(t, kind=kind, audience=[10] * 81 + [80_000] + [10] * 300), rng=rng)
    (turn,) = found.turns
    assert abs(turn.seconds - 40 * HOUR) <= HOUR and turn.rate_after > 4 * turn.rate_before
    assert turn.candidates[0].audience == 80_000 and turn.candidates[0].why == "large_audience"


def test_candidates_come_before_not_after():
    rng = np.random.default_rng(2)
    t = np.r_[0.0, rng.uniform(0, 40 * HOUR, 80), rng.uniform(40 * HOUR, 60 * HOUR, 300)]
    found = ripple.moments(timed(t, kind=["share"] * 381), rng=rng)
    assert all(c.seconds_before >= 0 for turn in found.turns for c in turn.candidates)


def test_a_burst_beyond_sharing_is_found():
    rng = np.random.default_rng(3)
    t = points.simulate(rng, branching_ratio=0.4, half_life=600, window=(0, 48 * HOUR), background_rate=1 / 600).times
    t = np.r_[t, 30 * HOUR + rng.uniform(0, 300, 60)]
    found = ripple.moments(timed(t), rng=rng, until=48 * HOUR)
    assert any(abs(b.start_seconds - (30 * HOUR - t.min())) < 900 and b.events >= 40 for b in found.bursts)


def test_sharing_alone_rarely_makes_a_burst():
    rng, alarms = np.random.default_rng(4), 0
    for _ in range(40):
        t = points.simulate(
            rng, branching_ratio=0.5, half_life=600, window=(0, 24 * HOUR), background_rate=1 / 600
        ).times
        alarms += bool(ripple.moments(timed(t), rng=rng, until=24 * HOUR - t.min()).bursts)
    low, _ = stats.clopper_pearson(alarms, 40, level=0.999)
    assert low <= 0.05


def test_moments_refuse_short_stories():
    with pytest.raises(TooFew, match="shorter step"):
        ripple.moments(timed([0.0, 60.0, 120.0]), rng=np.random.default_rng(1))
    with pytest.raises(TooFew, match="no event"):
        ripple.moments({"event_id": [], "at": []}, rng=np.random.default_rng(1))


def test_shares_of_answers_by_hand():
    found = ripple.tone(
        {"stance": ["agree"] * 12 + ["object"] * 4 + ["question"] * 4 + [None] * 5, "at": list(range(25))}, windows=2
    )
    assert found.verdict == "measured"
    assert found.overall.shares["agree"].value == 12 / 20 and found.overall.unlabelled == 5
    assert found.overall.shares["agree"].low < 0.6 < found.overall.shares["agree"].high
    first, second = found.windows
    assert (first.labelled, first.shares["agree"].value) == (10, 10 / 10)
    assert (second.labelled, second.shares["agree"].value) == (10, 2 / 10)


def test_what_nobody_labelled_is_not_a_measurement():
    found = ripple.tone({"stance": [None, None], "at": [0, 1]})
    assert (
        found.verdict == "not_labelled"
        and found.overall.unlabelled == 2
        and found.overall.shares["agree"].value is None
    )
    assert ripple.tone({"stance": ["agree"] * 9}).verdict == "too_few"


def test_an_unknown_stance_is_refused():
    with pytest.raises(BadInput, match='"angry"'):
        ripple.tone({"stance": ["angry"]})


def test_intervals_respect_that_answers_to_one_story_are_alike():
    """Naive intervals that take every answer for a story of its own hold the truth far too seldom."""
    rng, clustered, naive = np.random.default_rng(5), 0, 0
    for _ in range(200):
        p = rng.beta(2, 3, 40)
        rows = [(s, "agree" if rng.random() < p[s] else "object") for s in range(40) for _ in range(15)]
        table = {"story_id": [f"s{s}" for s, _ in rows], "stance": [x for _, x in rows]}
        share = ripple.tone(table).overall.shares["agree"]
        clustered += share.low <= 0.4 <= share.high
        low, high = stats.wilson(sum(x == "agree" for _, x in rows), len(rows))
        naive += low <= 0.4 <= high
    low, high = stats.clopper_pearson(clustered, 200, level=0.999)
    assert low <= 0.96 and high >= 0.94
    assert naive < 160


def test_real_labels(real):
    posts = pl.read_csv(real("ripple/rumoureval2019/twitter_threads.csv"), infer_schema_length=0).filter(
        pl.col("topic") == "ferguson", pl.col("is_source") == "0"
    )
    found = ripple.tone(posts.select("stance", story_id="thread_id", at=pl.col("t").cast(pl.Float64)))
    o = found.overall
    assert o.labelled + o.unlabelled == len(posts) and sum(s.value for s in o.shares.values()) == pytest.approx(1)
    assert o.shares["object"].value == pytest.approx((posts["stance"] == "deny").sum() / posts["stance"].count())


def test_the_news_tone_is_named_as_the_sources_own(real):
    news = ripple.read_spread(real("ripple/gdelt_mentions_sample/mentionssamp.csv")).table
    found = ripple.tone(news).news
    assert found.value == pytest.approx(news["tone"].mean()) and "not a measurement of ours" in found.method


def test_kappa_by_another_program():
    inter_rater = pytest.importorskip("statsmodels.stats.inter_rater")
    table = np.array([[40, 9, 1], [5, 30, 10], [2, 3, 50]])
    names = ("positive", "neutral", "negative")
    first = [names[i] for i in range(3) for j in range(3) for _ in range(table[i, j])]
    second = [names[j] for i in range(3) for j in range(3) for _ in range(table[i, j])]
    theirs, ours = inter_rater.cohens_kappa(table), kappa(first, second)
    assert ours.value == pytest.approx(theirs.kappa, rel=1e-12)
    assert ours.std_error == pytest.approx(np.sqrt(theirs.var_kappa), rel=1e-10)


def items(n, seed=1, agree=0.95, both=True):
    rng = np.random.default_rng(seed)
    codes = np.array(["positive", "neutral", "negative"])
    first = rng.choice(3, n, p=(0.2, 0.5, 0.3))
    second = np.where(rng.random(n) < agree, first, rng.choice(3, n))
    at = [datetime(2026, 3, 2, tzinfo=UTC) + timedelta(days=int(d)) for d in rng.integers(0, 21, n)]
    return pl.DataFrame({"first": codes[first], "second": codes[second] if both else [None] * n, "at": at})


def test_balance_from_two_peoples_codes():
    table = items(400)
    found = ripple.narrative_balance(table)
    assert found.verdict == "measured" and found.kappa.low > 0.6 and found.unlabelled == 0
    share = ((table["first"] == "positive").mean() + (table["second"] == "positive").mean()) / 2
    assert found.shares["positive"].value == pytest.approx(share)
    assert len(found.weeks) == 3 and sum(w["items"] for w in found.weeks) == 400


def test_coders_who_disagree_are_shown_as_disputed():
    assert ripple.narrative_balance(items(400, agree=0.3)).verdict == "disputed"


def test_balance_not_measured_and_from_the_sources_tone(real):
    assert ripple.narrative_balance(items(299)).verdict == "not_measured"
    assert ripple.narrative_balance(items(400, both=False)).verdict == "not_measured"
    news = ripple.read_spread(real("ripple/gdelt_mentions_sample/mentionssamp.csv")).table
    found = ripple.narrative_balance(news.select("at", "tone"))
    assert found.verdict == "source_tone" and "the news source's own" in found.why
    assert found.shares["negative"].value == pytest.approx((news["tone"] < -1).mean())


def test_an_unknown_code_is_refused():
    with pytest.raises(BadInput, match='"good"'):
        kappa(["good", "neutral"], ["neutral", "neutral"])
