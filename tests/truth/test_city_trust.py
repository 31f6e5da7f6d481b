"""The city's own truths about trust, recovered with nothing but arithmetic, over many towns."""

import numpy as np
import polars as pl
import pytest
from scipy import stats
from truth.city_parts import surveyed

from commonbeat import city
from commonbeat.stats import clopper_pearson

LONG = [pytest.mark.truth, pytest.mark.timeout(7200)]


def blocked_difference(frame, value="score"):
    """Visited minus other patches, within areas, from patch means  -> estimate, low, high (Neyman's variance, Student's t)."""
    patch = frame.group_by("block", "cluster", "arm").agg(pl.col(value).mean())
    area = patch.group_by("block", "arm").agg(m=pl.col(value).mean(), v=pl.col(value).var() / pl.len(), n=pl.len())
    wide = area.pivot("arm", index="block", values=["m", "v"])
    blocks = len(wide)
    estimate = (wide["m_visit"] - wide["m_none"]).mean()
    error = np.sqrt((wide["v_visit"] + wide["v_none"]).sum()) / blocks
    reach = stats.t.ppf(0.975, area["n"].sum() - 2 * blocks) * error
    return estimate, estimate - reach, estimate + reach


def patch_truth(frame):
    """The effect on those asked, every patch counting alike within its area, as the estimator counts them."""
    patch = frame.group_by("block", "arm", "cluster").agg((pl.col("y1") - pl.col("y0")).mean().alias("d"))
    return patch.group_by("block", "arm").agg(pl.col("d").mean())["d"].mean()


def cases(draws, world="default", wave=3, ring="participant", **changes):
    """How often the interval holds the truth, and how often it excludes zero."""
    holds = alarms = 0
    for seed in range(draws):
        frame, _ = surveyed(seed, world, **changes)
        ours = frame.filter((pl.col("plan_id") == "visits") & (pl.col("ring") == ring) & (pl.col("wave") == wave))
        here = ours.filter(pl.col("answered"))
        _, low, high = blocked_difference(here)
        holds += low <= patch_truth(here) <= high
        alarms += low > 0 or high < 0
    return holds, alarms


@pytest.mark.parametrize("draws", [50, pytest.param(10_000, marks=LONG)])
def test_a_difference_in_means_recovers_the_effect_of_the_draw(draws):
    """Coverage of a 95 % interval; with few patches Neyman's variance may be a little wide: 93 to 98 %."""
    holds, _ = cases(draws)
    low, high = clopper_pearson(holds, draws, level=0.999)
    assert low <= 0.98
    assert high >= 0.93


@pytest.mark.parametrize("draws", [50, pytest.param(10_000, marks=LONG)])
def test_where_nothing_happens_it_raises_few_false_alarms(draws):
    _, alarms = cases(draws, "null", ring="neighbour")
    assert clopper_pearson(alarms, draws, level=0.999)[0] <= 0.05


def test_before_and_after_calls_the_bad_season_an_effect():
    """In the null town trust swings by the season: before-after moves, the draw's contrast does not."""
    frames = [surveyed(seed, "null", nonresponse="none", lost=0.0)[0] for seed in range(12)]
    ours = pl.concat(frames).filter((pl.col("plan_id") == "visits") & (pl.col("ring") != "officer"))
    visited = ours.filter(pl.col("arm") == "visit").group_by("wave").agg(pl.col("score").mean())
    change = (
        visited.filter(pl.col("wave") == 90)["score"].item() - visited.filter(pl.col("wave") == 0)["score"].item()
    )
    last = ours.filter(pl.col("wave") == 90).group_by("arm").agg(pl.col("score").mean())
    contrast = (
        last.filter(pl.col("arm") == "visit")["score"].item() - last.filter(pl.col("arm") == "none")["score"].item()
    )
    assert change < -1.0
    assert abs(contrast) < 1.0


def test_where_answering_depends_on_trust_the_answerers_are_too_trusting_and_bounds_hold():
    frame, _ = surveyed(3, "distrust_attrition", residents=20_000, panel=6_000)
    ours = frame.filter((pl.col("plan_id") == "visits") & (pl.col("ring") == "onlooker") & (pl.col("wave") == 3))
    here = ours.filter(pl.col("answered"))
    assert here["y0"].mean() > ours["y0"].mean() + 2
    bounds = []
    for lost_visited, lost_other in ((0, 100), (100, 0)):  # Manski: whoever is silent may think anything
        filled = ours.with_columns(
            score=pl.when(pl.col("answered"))
            .then("score")
            .when(pl.col("arm") == "visit")
            .then(float(lost_visited))
            .otherwise(float(lost_other))
        )
        means = dict(filled.group_by("arm").agg(pl.col("score").mean()).iter_rows())
        bounds.append(means["visit"] - means["none"])
    assert bounds[0] <= patch_truth(ours) <= bounds[1]


def test_losing_people_at_random_shifts_nobody():
    frame, _ = surveyed(3, "default", residents=20_000, panel=6_000)
    ours = frame.filter((pl.col("plan_id") == "visits") & (pl.col("wave") == 90))
    here = ours.filter(pl.col("answered"))
    assert here["y0"].mean() == pytest.approx(ours["y0"].mean(), abs=0.6)
    assert len(here) / len(ours) == pytest.approx(0.8, abs=0.02)


def test_a_score_of_ticks_is_trust_on_average():
    frame, _ = surveyed(5, "null", residents=20_000, panel=6_000, nonresponse="none", lost=0.0)
    ours = frame.filter((pl.col("plan_id") == "visits") & (pl.col("ring") != "officer"))
    error = (ours["score"] - ours["y0"]).to_numpy()
    assert abs(error.mean()) < 4 * error.std() / np.sqrt(len(error))
    low = ours.filter(pl.col("y0") < 25)
    assert (low["score"] - low["y0"]).mean() == pytest.approx(0, abs=1.5)


def test_those_who_choose_to_watch_were_different_before():
    """The story moves viewers by about 2 points; watchers differ from others by more than 8."""
    town = city.build(seed=11, residents=20_000)
    fact = town.truth.one("trust.difference_in_means", "effect of the page", wave=3, arm="story")
    assert 1 < fact.value < 4
    assert fact.naive > 8
    pages = town.truth.rows["respondents"].join(
        town.tables["respondents"].filter(pl.col("plan_id") == "story"), on="respondent"
    )
    asked = pages.filter((pl.col("wave") == 3) & (pl.col("arm") == "story"))
    assert fact.value == pytest.approx((asked["y1"] - asked["y0"]).mean(), rel=1e-12)


def test_weights_bring_back_the_towns_mean_and_without_them_it_is_missed():
    hits = misses = 0
    for seed in range(4):
        town = city.build(seed=seed, residents=20_000)
        rows = town.truth.rows["respondents"].join(
            town.tables["respondents"].filter(pl.col("plan_id") == "tracker"), on="respondent"
        )
        for fact in town.truth.find("trust.estimate_level", "mean trust"):
            asked = rows.filter(pl.col("respondent").str.starts_with(f"q{fact.by['quarter']:02d}-"))
            weighted = (asked["y1"] * asked["weight"]).sum() / asked["weight"].sum()
            error = asked["y1"].std() * np.sqrt((asked["weight"] ** 2).sum()) / asked["weight"].sum()
            hits += abs(weighted - fact.value) < 2.5 * error
            misses += fact.naive < fact.value
    assert hits >= 30
    assert misses >= 26


@pytest.mark.parametrize(("arm", "share"), [("story", 1.0), ("context", 0.9), ("pulse_first", 0.0)])
def test_a_page_drawn_by_chance_is_compared_with_the_neutral_page(arm, share):
    inside = 0
    for seed in range(16):
        frame, _ = surveyed(seed, residents=12_000, panel=200)
        pages = frame.filter((pl.col("plan_id") == "story") & (pl.col("wave") == 3) & pl.col("answered"))
        one, two = (pages.filter(pl.col("arm") == a)["score"].to_numpy() for a in (arm, "neutral"))
        truth = pages.filter(pl.col("arm") == arm).select((pl.col("y1") - pl.col("y0")).mean()).item()
        error = np.sqrt(one.var(ddof=1) / len(one) + two.var(ddof=1) / len(two))
        inside += abs(one.mean() - two.mean() - truth) < 1.96 * error
        assert (abs(truth) < 1e-9) == (share == 0)
    assert clopper_pearson(inside, 16, level=0.999)[1] >= 0.95
