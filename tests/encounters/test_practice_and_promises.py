"""Whether examples are followed, in towns where we know; and whether promises are kept, by dates we chose."""

import os
from datetime import UTC, date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from commonbeat import city, encounters, points, tables
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate
from commonbeat.stats import clopper_pearson

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"


def contacts(seconds, areas):
    start = datetime(2024, 10, 1, tzinfo=UTC)
    return tables.check("contacts", [
        {"contact_id": f"c{i}", "at": start + timedelta(seconds=float(s)), "area_id": a, "kind": "positive", "activity": "play",
         "free_to_leave_officer": "yes", "simulated": False} for i, (s, a) in enumerate(zip(seconds, areas))
    ])  # fmt: skip


@pytest.fixture(scope="module")
def town():
    return city.build(7, 20_000)


def test_the_citys_branching_ratio_and_wait_are_found(town):
    facts = {f.quantity: f for f in town.truth.facts if f.method == "encounters.spread_of_practice"}
    found = encounters.spread_of_practice(town.tables["contacts"])
    ratio, wait = facts["branching ratio"], facts["mean wait"]
    assert found.branching_ratio.low <= ratio.value <= found.branching_ratio.high
    assert found.half_life.low <= wait.value * np.log(2) <= found.half_life.high
    assert found.verdict == "spreads"


def test_without_any_following_nothing_is_claimed():
    """Independent encounters with a weekly rhythm and a busy summer: what is shared is not called an example."""
    wrong = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        day = rng.choice(
            730, 500, p=(w := 1 + 0.6 * np.sin(np.arange(730) / 58) + 0.5 * (np.arange(730) % 7 > 4)) / w.sum()
        )
        found = encounters.spread_of_practice(contacts((day + rng.uniform(9, 19, 500) / 24) * 86_400, rng.choice(list("abcdefgh"), 500)), seed=seed, exchanges=199, histories=5)  # fmt: skip
        wrong += found.verdict == "spreads"
    assert wrong <= 2  # at 5 % each, three or more in twelve happen twice in a hundred


def _unequal(rng, n=400, areas=8):
    """Busy and quiet areas, nobody follows anybody."""
    share = rng.gamma(1, 1, areas)
    return rng.uniform(0, 730, n), rng.choice(areas, n, p=share / share.sum())


def _own_weekends(rng, n=400, areas=8):
    """Areas that are met at weekends and areas that are met on weekdays; 1 October 2024 is a Tuesday."""
    area = rng.integers(0, areas, n)
    weekend = rng.random(n) < rng.choice([0.05, 0.28, 0.8], areas)[area]
    day = np.where(weekend, rng.integers(4, 6, n), rng.choice([0, 1, 2, 3, 6], n))
    return rng.integers(0, 104, n) * 7 + day + rng.uniform(0.4, 0.8, n), area


def _fairs(rng, n=400, areas=8):
    """Days on which the whole town is out, in areas of unequal size."""
    day, share = np.repeat(rng.choice(728, 40, replace=False), n // 40), rng.gamma(1, 1, areas)
    return np.minimum(day + rng.exponential(0.5, n), 729.9), rng.choice(areas, n, p=share / share.sum())


def _own_seasons(rng, n=600, areas=10):
    """Areas whose season swings by nine tenths, each with its own summer: no two of them exchangeable for long."""
    area, summer, day, left = rng.integers(0, areas, n), rng.uniform(0, 2 * np.pi, areas), np.zeros(n), np.arange(n)
    while len(left):
        tried = rng.uniform(0, 730, len(left))
        kept = rng.random(len(left)) * 1.9 < 1 + 0.9 * np.sin(2 * np.pi * tried / 365 + summer[area[left]])
        day[left[kept]], left = tried[kept], left[~kept]
    return day, area


@pytest.mark.parametrize("town_of", [_unequal, _own_weekends, _fairs, _own_seasons])
def test_shared_causes_in_unequal_areas_are_called_spread_in_at_most_five_percent(town_of):
    rng, tries = np.random.default_rng(55), 400 if LONG else 16
    said = [
        encounters.spread_of_practice(contacts_quickly(*town_of(rng)), seed=i, exchanges=199, histories=5).verdict
        for i in range(tries)
    ]
    low, _ = clopper_pearson(said.count("spreads"), tries, level=0.999)
    assert low <= 0.05, said.count("spreads")


def _follows(rng, ratio, areas=10):
    """Encounters by day more than by night, at weekends and in summer more than else; each calls forth `ratio` others."""
    day = rng.uniform(0, 730, 2_400)
    rhythm = (
        np.where((day % 1 > 0.33) & (day % 1 < 0.92), 1, 0.15)
        * np.where(day.astype(int) % 7 > 4, 1.5, 1)
        * (1 + 0.5 * np.sin(day / 58))
    )
    day = day[rng.random(len(day)) * 2.25 < rhythm][:300]
    share = rng.gamma(2, 1, areas)
    area = rng.choice(areas, len(day), p=share / share.sum())
    days, where = [day], [area]
    while len(day):
        more = rng.poisson(ratio, len(day))
        day, area = np.repeat(day, more) + rng.exponential(3 / np.log(2), more.sum()), np.repeat(area, more)
        day, area = day[day < 730], area[day < 730]
        days.append(day)
        where.append(area)
    return np.concatenate(days), np.concatenate(where)


def test_the_interval_of_the_ratio_knows_that_its_background_was_learned():
    """The profile likelihood alone, as if the background were given, held the truth in 83 % of such towns."""
    rng, tries = np.random.default_rng(56), 400 if LONG else 16
    held = found = 0
    for i in range(tries):
        answer = encounters.spread_of_practice(
            contacts_quickly(*_follows(rng, 0.4)), seed=i, exchanges=199, histories=20
        )
        held += answer.branching_ratio.low <= 0.4 <= answer.branching_ratio.high
        found += answer.verdict == "spreads"
    assert clopper_pearson(held, tries, level=0.999)[1] >= 0.95, held / tries
    assert clopper_pearson(held, tries, level=0.999)[0] <= 0.98
    assert found >= 0.8 * tries, found


def test_fewer_than_five_redrawn_towns_are_refused():
    with pytest.raises(BadInput, match="at least 5"):
        encounters.spread_of_practice(
            contacts_quickly(*_unequal(np.random.default_rng(1))), exchanges=19, histories=4
        )


def test_a_constant_background_would_have_called_unequal_areas_an_example():
    """The naive fit, every area alike, finds a branching ratio far from 0 where there is none."""
    day, area = _unequal(np.random.default_rng(5))
    each = [np.sort(day[area == a]) for a in range(8)]
    naive = points.fit(each, window=(0, 730))
    share = [len(t) + 0.5 for t in each]
    assert naive.branching_ratio.low > 0.2
    assert points.fit(each, window=(0, 730), share=share).branching_ratio.low == 0


def contacts_quickly(day, area):
    at = pl.Series(np.sort(day) * 86_400_000_000).cast(pl.Int64).cast(pl.Duration("us")) + datetime(
        2024, 10, 1, tzinfo=UTC
    )
    where = pl.Series(np.asarray(area)[np.argsort(day)]).cast(pl.String)
    return pl.DataFrame({"at": at, "area_id": where}).with_columns(
        kind=pl.lit("positive"), programme=pl.lit(None, pl.String)
    )


def test_a_town_that_moves_as_one_is_cannot_tell_and_never_spreads():
    """Bursts on the same days everywhere, a heat wave or a fair: areas exchanged show as many pairs."""
    rng = np.random.default_rng(1)
    day = np.repeat(rng.choice(730, 60, replace=False), 10) + rng.exponential(0.5, 600)
    found = encounters.spread_of_practice(contacts(np.minimum(day, 729) * 86_400, rng.choice(list("abcdef"), 600)))
    assert found.p > 0.05
    assert found.verdict == "cannot_tell_from_shared_causes"


def test_stories_followed_by_encounters_are_seen_and_others_not():
    rng = np.random.default_rng(3)
    days, areas = rng.uniform(0, 700, 300), rng.choice(list("abcd"), 300)
    when = np.linspace(40, 640, 20)
    extra = np.concatenate([t + rng.uniform(0, 12, 5) for t in when])
    where = np.repeat(rng.choice(list("abcd"), 20), 5)
    both = contacts(np.concatenate([days, extra]) * 86_400, np.concatenate([areas, where]))
    stories = pl.DataFrame(
        {
            "area_id": where[::5],
            "published_at": [datetime(2024, 10, 1, tzinfo=UTC) + timedelta(days=float(t)) for t in when],
        }
    )
    after = encounters.spread_of_practice(both, stories=stories).stories
    assert after.p < 0.01 and after.ratio > 1.5
    plain = encounters.spread_of_practice(contacts(days * 86_400, areas), stories=stories).stories
    assert plain.p > 0.01
    assert encounters.spread_of_practice(both, stories=stories.head(4)).stories is None


def test_too_few_encounters_are_too_few():
    with pytest.raises(TooFew, match="needs 100"):
        encounters.spread_of_practice(contacts(np.arange(60) * 86_400.0, ["a"] * 60))


# --- promises ---------------------------------------------------------------------------------------------------------

PROMISE = {"commitment_id": "p1", "promise": "half of positive contact in the most enforced areas", "by": "office of the chief",
           "since": date(2025, 1, 1), "until": date(2026, 1, 1), "indicator": "reach", "target": 0.5}  # fmt: skip
BEFORE, AFTER = date(2025, 9, 1), date(2026, 2, 1)


def status(today, measured=None, **changes):
    (one,) = encounters.commitments([PROMISE | changes], today=today, measured={"p1": measured} if measured else None)
    return one.status, one.because


@pytest.mark.parametrize(("low", "high", "today", "want"), [
    (0.52, 0.7, BEFORE, "kept"), (0.52, 0.7, AFTER, "kept"), (0.3, 0.48, BEFORE, "slipping"), (0.3, 0.48, AFTER, "broken"),
    (0.4, 0.6, BEFORE, "too_early"), (0.4, 0.6, AFTER, "cannot_tell"),
])  # fmt: skip
def test_a_measured_promise_is_judged_by_its_whole_interval(low, high, today, want):
    assert status(today, Estimate((low + high) / 2, low=low, high=high))[0] == want


def test_a_promise_nobody_measured_is_not_kept_by_saying_so():
    assert status(BEFORE) == ("too_early", "nothing_measured_yet")
    assert status(AFTER, evidence="we are proud of our reach") == ("cannot_tell", "nothing_measured_yet")
    assert status(AFTER, Estimate(0.9, low=0.8, high=1.0), target=None)[0] == "cannot_tell"


@pytest.mark.parametrize(("changes", "today", "want"), [
    ({"evidence": "council minutes, item 7", "evidence_on": date(2025, 6, 1)}, BEFORE, "kept"),
    ({"evidence": "council minutes, item 7", "evidence_on": date(2026, 1, 15)}, AFTER, "slipping"),
    ({"evidence": "council minutes, item 7", "evidence_on": date(2024, 6, 1)}, BEFORE, "slipping"),  # before the promise
    ({"evidence": "we did it"}, AFTER, "broken"),  # a word without a dated document
    ({}, date(2025, 3, 1), "too_early"), ({}, BEFORE, "slipping"), ({}, AFTER, "broken"),
])  # fmt: skip
def test_an_unmeasured_promise_needs_a_dated_public_document(changes, today, want):
    assert status(today, indicator="policy", **changes)[0] == want


def test_a_count_of_positive_contacts_is_refused_as_an_indicator_with_the_reason():
    with pytest.raises(
        BadInput, match=r"use training, policy, complaint_handling, reach or trust\. A count .* quota"
    ):
        status(BEFORE, indicator="positive_contacts")


def test_no_promises_are_no_answer():
    assert encounters.commitments(tables.empty("commitments"), today=BEFORE) == ()
