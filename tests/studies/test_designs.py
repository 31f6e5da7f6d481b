"""Every design of a plan, run on a town of which the truth is known."""

import datetime as dt

import numpy as np
import polars as pl
import pytest
from studies.rows import plan, tables
from studies.towns import surveyed, the_plan, true_effect

from commonbeat.errors import BadInput
from commonbeat.studies import run


def town(seed, n=240, effect=20.0, *, block=None, cluster=None, arm=None, **more):
    """n people whose answers move by `effect` points of 100 when visited; before and after on codes 1 to 5."""
    rng = np.random.default_rng(seed)
    arm = rng.permutation(np.arange(n) % 2) if arm is None else np.asarray(arm)
    base = rng.uniform(0.3, 0.7, n)
    rows = []
    for i in range(n):
        code = [1 + rng.binomial(4, p) for p in (base[i], min(base[i] + arm[i] * effect / 100, 1))]
        row = {"arm": "visit" if arm[i] else "none", "before": code[0], "after": code[1]}
        row |= {} if block is None else {"block": str(block[i])}
        rows.append(
            row | ({} if cluster is None else {"cluster": str(cluster[i])}) | {k: v[i] for k, v in more.items()}
        )
    return tables(rows)


def holds(found, truth):
    e = found.primary.effect
    return e.low <= truth <= e.high


PAIR = np.repeat(np.arange(120), 2)
WITHIN = np.concatenate([np.random.default_rng(i).permutation([0, 1]) for i in range(120)])
GROUPS = np.repeat(np.arange(24), 10)


@pytest.mark.parametrize(
    ("design", "shape", "columns", "method"),
    [
        ("individual", {}, {}, "Welch"),
        ("blocked", {"block": "block"}, {"block": PAIR // 12, "arm": WITHIN}, "blocks"),
        ("cluster", {"cluster": "cluster"}, {"cluster": GROUPS, "arm": GROUPS % 2}, "CR2"),
        ("matched_pair", {"block": "block"}, {"block": PAIR, "arm": WITHIN}, "120 matched pairs"),
    ],
)
def test_a_drawn_design_finds_the_truth_and_says_how(design, shape, columns, method):
    found = [run(plan(design=design, **shape), town(seed, **columns)) for seed in range(6)]
    assert sum(holds(f, 20.0) for f in found) >= 4
    assert all(f.primary.verdict == "moved" for f in found)
    assert method in found[0].primary.effect.method
    assert found[0].primary.how == "randomised"
    beside = run(
        plan(design=design, robustness=["randomisation_test"], draws=500, **shape), town(0, **columns)
    ).robustness[0]
    assert beside.effect.value == pytest.approx(found[0].primary.effect.value, abs=1.0)
    assert "redraws" in beside.effect.method


BEFORE_AFTER = {
    "design": "before_after", "estimator": "difference_in_differences", "rings": {"participant": {"how": "observed"}}, "cluster": "cluster",
}  # fmt: skip


def test_before_and_after_with_comparison_areas_stays_an_association():
    found = run(plan(**BEFORE_AFTER), town(3, cluster=GROUPS, arm=GROUPS % 2))
    rows = town(3, cluster=GROUPS, arm=GROUPS % 2)
    score = (
        rows["answers"]
        .with_columns((25 * (pl.col("value") - 1)).alias("value"))
        .join(rows["respondents"].select("respondent", "arm"), on="respondent")
    )
    mean = {(a, w): v for a, w, v in score.group_by("arm", "wave").agg(pl.col("value").mean()).iter_rows()}
    change = {a: mean[a, 21] - mean[a, 0] for a in ("visit", "none")}
    assert found.primary.effect.value == pytest.approx(change["visit"] - change["none"])
    assert "association, not an effect" in found.primary.sentence
    assert found.primary.how == "observed"
    assert found.persistence is None


def test_before_and_after_also_when_other_people_answer_the_second_time():
    rows = town(4, cluster=GROUPS, arm=GROUPS % 2)
    half = rows["respondents"]["respondent"].gather_every(2).to_list()
    first, second = pl.col("respondent").is_in(half), ~pl.col("respondent").is_in(half)
    rows["answers"] = rows["answers"].filter((first & (pl.col("wave") == 0)) | (second & (pl.col("wave") == 21)))
    assert holds(run(plan(**BEFORE_AFTER), rows), 20.0)


def saturated(seed, *, direct=20.0, leak=10.0):
    """Twelve groups of five clusters of six people; half the groups treat one cluster, half four; the untreated gain by the share."""
    rng = np.random.default_rng(seed)
    share = rng.permutation([0.2, 0.8] * 6)
    rows, drawn = [], []
    for g in range(12):
        treated = rng.permutation(5) < round(5 * share[g])
        for c in range(5):
            label, arm = f"g{g}c{c}", "visit" if treated[c] else "none"
            drawn.append({"plan_id": "p", "unit": label, "arm": arm, "block": f"g{g}", "cluster": label, "probability": share[g] if treated[c] else 1 - share[g], "at": None})  # fmt: skip
            p = 0.4 + (direct * treated[c] + leak * (share[g] == 0.8)) / 100
            rows += [{"arm": arm, "before": 3, "after": 1 + rng.binomial(4, p), "block": f"g{g}", "cluster": label, "ring": "participant" if treated[c] else r} for r in ("participant", "neighbour") * 3]  # fmt: skip
    return tables(rows) | {"assignments": pl.DataFrame(drawn, schema_overrides={"at": pl.Datetime("us", "UTC")})}


SATURATION = {
    "design": "saturation", "estimator": "spillover", "block": "block", "cluster": "cluster", "units": "clusters within areas",
    "rings": {"participant": {"how": "randomised"}, "neighbour": {"how": "randomised"}},
}  # fmt: skip


def test_two_stages_tell_what_reached_those_who_got_nothing():
    rings = [{f.ring: f for f in run(plan(**SATURATION), saturated(seed)).rings} for seed in range(8)]
    mean = lambda ring: np.mean([r[ring].effect.value for r in rings])  # noqa: E731
    assert mean("participant") == pytest.approx(20 + 10, abs=3)  # among many visited, against unvisited among few
    assert mean("neighbour") == pytest.approx(10, abs=4)
    assert "share 0.8 against 0.2 in 12 groups" in rings[0]["neighbour"].effect.method


def test_without_the_table_of_assignments_a_saturation_cannot_be_told():
    rows = saturated(0)
    rows["assignments"] = rows["assignments"].head(0)
    assert run(plan(**SATURATION), rows).primary.verdict == "too_few"
    with pytest.raises(BadInput, match="no table assignments"):
        run(plan(**SATURATION), {k: v for k, v in rows.items() if k != "assignments"})


STORY = {
    "plan_id": "story", "design": "story_experiment", "estimator": "anytime", "arms": ["story", "context", "statement_first", "neutral"],
    "waves": [0, 21], "rings": {"viewer": {"how": "randomised"}}, "groups": ["prior_trust", "recent_enforcement"],
    "primary": {"ring": "viewer", "wave": 0, "treated": "story", "control": "neutral"}, "robustness": ["difference_in_means"],
    "block": "", "cluster": "",
}  # fmt: skip


def test_a_story_experiment_runs_in_public_and_holds_on_every_day():
    rows, hidden = surveyed(11, "only_viewers", residents=60_000, panel=200)
    found = run(the_plan(**STORY), rows)
    truth = true_effect(rows, hidden.with_columns(pl.col("y1")), "viewer", 0, "story")
    assert found.running[-1].n == found.primary.effect.n
    assert all(a.n < b.n and a.day < b.day for a, b in zip(found.running, found.running[1:], strict=False))
    assert found.primary.effect.low == pytest.approx(found.running[-1].low)
    assert (
        found.primary.effect.high - found.primary.effect.low
        > found.robustness[0].effect.high - found.robustness[0].effect.low
    )
    assert holds(found, truth) or truth > 0
    assert not found.sample_ratio.broken
    assert {f.group for f in found.groups} == {"prior_trust", "recent_enforcement"}


def test_arms_that_no_fair_draw_makes_are_said_before_any_effect():
    rows, _ = surveyed(11, "null", residents=20_000, panel=200)
    lost = (pl.col("arm") == "story") & (
        pl.col("prior_trust") < 65
    )  # those who distrust closed the page before they were counted
    rows["respondents"] = rows["respondents"].filter(~lost)
    found = run(the_plan(**STORY), rows)
    assert found.sample_ratio.broken
    assert "too uneven for a fair draw" in " ".join(found.cautions)


def test_the_effect_on_those_who_were_met_is_larger_than_on_all_who_were_to_be():
    first = {"ring": "participant", "wave": 3, "treated": "visit", "control": "none"}
    asked = the_plan(contact="met_officers", robustness=["complier_effect"], waves=[0, 3], primary=first)
    rows, _ = surveyed(5, "only_participants")
    found = run(asked, rows)
    met = found.robustness[0]
    assert met.estimator == "complier_effect"
    assert met.effect.value > found.primary.effect.value > 0
    assert any("of a hundred" in c for c in met.effect.cautions)
    assert found.naive[0].effect.value > met.effect.value  # and the naive answer is larger still


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"design": "matched_pair", "block": ""}, "needs block"),
        ({"design": "cluster"}, "needs cluster"),
        (BEFORE_AFTER | {"rings": {"participant": {"how": "randomised"}}}, "nobody draws anything"),
        (BEFORE_AFTER | {"waves": [21]}, "needs wave 0"),
        (BEFORE_AFTER | {"estimator": "difference_in_means"}, "compares changes"),
        ({"estimator": "complier_effect"}, "needs contact"),
        ({"estimator": "spillover"}, "belong together"),
        ({"estimator": "anytime"}, "drawn one by one"),
        ({"estimator": "staggered_effect"}, "stepped"),
    ],
)  # fmt: skip
def test_a_design_that_does_not_fit_its_estimator_is_refused(changes, says):
    with pytest.raises(BadInput) as caught:
        plan(**changes)
    assert says in " ".join(map(str, caught.value.problems))


def test_an_arrival_without_a_day_is_not_on_the_public_page():
    rows = tables([("visit", 3, 4), ("none", 3, 3)] * 60)
    found = run(plan(plan_id="p", design="story_experiment", estimator="anytime"), rows)
    assert found.running[-1].n == 120
    rows["answers"] = rows["answers"].with_columns(at=pl.lit(None, rows["answers"]["at"].dtype))
    assert (
        run(
            plan(design="story_experiment", estimator="anytime"), rows, now=dt.datetime(2030, 1, 1, tzinfo=dt.UTC)
        ).running
        == ()
    )
