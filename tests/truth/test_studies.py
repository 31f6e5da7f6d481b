"""Does the whole path (town, draw, survey with non-response, run, verdict) keep its promises over many towns?

Here some towns stand in for the 500 of each claim that `make truth` asks; they are enough to notice a rate that is ten
points off, since claims that promise the same are counted together.
"""

import os

import numpy as np
import pytest
from truth import towns_asked
from truth.towns_asked import ORDER, Rate, ask_many, one, rates, read

LONG = os.environ.get("COMMONBEAT_TRUTH") == "long"
FEW = {
    "zero": 24, "positive": 16, "negative": 8, "only viewers": 6, "only low trust": 4, "spillover": 2, "leaving by trust": 6, "decaying": 3,
    "a page read daily": 6, "two stages": 4, "two stages without effect": 6,
}  # fmt: skip
pytestmark = pytest.mark.timeout(1_200)  # on a machine that does other things beside


@pytest.fixture(scope="module")
def asked():
    return [one(claim, seed) for claim, towns in FEW.items() for seed in range(towns)]


def test_every_promise_is_kept_as_far_as_so_few_towns_can_tell(asked):
    found = rates(asked)
    assert len(found) > 15
    assert not [str(r) for r in found if r.broken]


def test_the_naive_analyst_is_wrong_where_we_are_not(asked):
    """Where nothing happens: those who were met against those who were not, which departments usually print."""
    still = [r for r in asked if r["claim"] == "zero"]
    met = [r["naive"][0] for r in still]
    assert np.mean([value for _, value, _ in met]) > 2.0  # points of trust that were there before anybody knocked
    assert abs(np.mean([r["primary"]["estimate"] for r in still])) < 0.7
    assert sum(low > 0 for low, *_ in met) > 3 * sum(r["primary"]["low"] > 0 for r in still)


def test_a_rate_ten_points_off_is_noticed_and_a_true_one_is_not():
    assert Rate("c", "p", 75, 100, 0.93, 0.97).broken
    assert not Rate("c", "p", 93, 100, 0.93, 0.97).broken
    assert Rate("c", "p", 18, 100, 0, 0.05).broken


def test_a_run_that_was_stopped_goes_on_where_it_stood(tmp_path, monkeypatch):
    monkeypatch.setattr(towns_asked, "one", lambda claim, seed: {"claim": claim, "seed": seed})
    file = tmp_path / "towns.jsonl"
    assert ask_many(file, towns=3, claims=ORDER[:2])
    file.write_text(file.read_text()[:-5])  # the power went off in the middle of a line
    assert len(read(file)) == 5
    assert ask_many(file, towns=4, claims=ORDER[:2])
    assert sorted((r["claim"], r["seed"] % 10_000) for r in read(file)) == sorted(
        (c, k) for c in ORDER[:2] for k in range(4)
    )


@pytest.mark.truth
@pytest.mark.timeout(6 * 3600)
def test_five_hundred_towns_of_every_claim(tmp_path):
    """An hour or so; `python tests/truth/towns_asked.py OUT.jsonl` does the same in pieces."""
    file = tmp_path / "towns.jsonl"
    assert ask_many(file, towns=500 if LONG else 2, minutes=350)
    assert not [str(r) for r in rates(read(file)) if r.broken]


def test_a_page_that_is_read_every_day_raises_few_false_alarms():
    """Years in which nothing happens: a story and a neutral page, 3 people a day, looked at every evening."""
    from commonbeat import trust

    years = 3_000 if LONG else 150
    rng = np.random.default_rng(7)
    alarms = 0
    for _ in range(years):
        y = 25 * rng.binomial(4, 0.55, 1_095)
        found = trust.anytime(y.astype(float), rng.integers(0, 2, len(y)), looks=np.arange(3, 1_096, 3))
        alarms += found.first is not None
    assert not Rate("years", "an alarm where nothing happens", alarms, years, 0, 0.05).broken, (alarms, years)
