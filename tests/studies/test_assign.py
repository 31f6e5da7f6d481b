import polars as pl
import pytest

from commonbeat.errors import BadInput, Broken
from commonbeat.studies.drawing import assign, balance, commitment, new_seed, next_arm
from commonbeat.studies.plan import Plan

PLAN = Plan.from_dict(
    {
        "plan_id": "p", "title": "t", "question": "q", "design": "cluster", "arms": ["visit", "none"], "waves": [0, 21],
        "outcome": {"name": "trust", "items": ["respect"], "questionnaire": "pulse-1"}, "rings": {"participant": {"how": "randomised"}},
        "primary": {"ring": "participant", "wave": 21, "treated": "visit", "control": "none"}, "block": "area", "cluster": "",
    }
)  # fmt: skip
UNITS = pl.DataFrame({"unit": [f"u{i:02d}" for i in range(20)], "area": ["a"] * 8 + ["b"] * 12})
SEED = "00112233445566778899aabbccddeeff"


def test_half_of_every_block_gets_each_arm():
    drawn = assign(PLAN, UNITS, seed=SEED)
    counts = drawn.frame.group_by("block", "arm").len().sort("block", "arm")
    assert counts["len"].to_list() == [4, 4, 6, 6]
    assert drawn.frame["probability"].unique().to_list() == [0.5]


def test_anyone_with_the_seed_gets_the_same_draw_whatever_the_order_of_the_list():
    again = assign(PLAN, UNITS.sample(fraction=1, shuffle=True, seed=3), seed=SEED)
    assert again.frame.equals(assign(PLAN, UNITS, seed=SEED).frame)
    assert not again.frame.equals(assign(PLAN, UNITS, seed=SEED[::-1]).frame)


def test_an_odd_block_does_not_always_favour_the_same_arm():
    odd = pl.DataFrame({"unit": ["x", "y", "z"], "area": ["a"] * 3})
    more = {assign(PLAN, odd, seed=f"{i:032x}").frame["arm"].value_counts(sort=True)["arm"][0] for i in range(20)}
    assert more == {"visit", "none"}


def test_every_unit_is_as_likely_as_the_design_says():
    hits = sum(assign(PLAN, UNITS, seed=f"{i:032x}").frame.row(0, named=True)["arm"] == "visit" for i in range(400))
    assert 150 < hits < 250  # binomial(400, 1/2): outside with probability below 1e-6


def test_a_seed_that_was_not_committed_is_refused():
    committed = Plan.from_dict(PLAN.to_dict() | {"seed_commitment": commitment(SEED)})
    assert assign(committed, UNITS, seed=SEED).seed_commitment == commitment(SEED)
    with pytest.raises(Broken, match="does not answer"):
        assign(committed, UNITS, seed=new_seed())


@pytest.mark.parametrize(
    ("units", "says"),
    [(UNITS.head(0), "at least one row"), (pl.concat([UNITS, UNITS]), "twice"), (UNITS.drop("area"), '"area"')],
)
def test_a_list_that_cannot_be_drawn_says_why(units, says):
    with pytest.raises(BadInput, match=says):
        assign(PLAN, units, seed=SEED)


@pytest.mark.parametrize("seed", ["short", "abcd", "zz" * 16])
def test_a_seed_that_could_be_guessed_is_refused(seed):
    with pytest.raises(BadInput):
        assign(PLAN, UNITS, seed=seed)


def test_people_who_appear_one_by_one_stay_balanced_and_strata_differ():
    a = [next_arm(PLAN, seed=SEED, stratum="youth", arrived=k) for k in range(60)]
    b = [next_arm(PLAN, seed=SEED, stratum="elders", arrived=k) for k in range(60)]
    assert a == [next_arm(PLAN, seed=SEED, stratum="youth", arrived=k) for k in range(60)]
    assert a != b
    for k in range(1, 61):
        assert abs(a[:k].count("visit") - a[:k].count("none")) <= 3  # blocks of 2, 4 or 6


def test_balance_is_the_difference_over_the_spread():
    frame = pl.DataFrame({"arm": ["v", "v", "n", "n"], "age": [1.0, 3.0, 2.0, 4.0], "same": [1.0] * 4})
    rows = {r["covariate"]: r for r in balance(frame, ["age", "same"], treated="v", control="n").to_dict()["balance"]}
    assert rows["age"]["standardised_difference"] == (2 - 3) / 1.0
    assert rows["same"]["standardised_difference"] is None
