"""What leaves: nothing behind fewer people than the floor, and nothing that subtraction gives back."""

import json

import pytest
from studies.rows import plan, tables

from commonbeat.studies import run
from commonbeat.studies.release import WITHHELD, released

ROWS = [{"arm": a, "before": 3, "after": 4 - (a == "none"), "race": r} for r, n in (("white", 20), ("black", 12), ("other", 2)) for _ in range(n) for a in ("visit", "none")]  # fmt: skip
ROWS = ROWS[:-1]  # 40, 24 and 3 people


def test_a_group_under_the_floor_is_withheld_and_takes_one_more_with_it():
    found = run(plan(groups=["race"]), tables(ROWS))
    shown = {f.value: f for f in released(found).groups}
    assert [f.effect.n for f in found.groups] == [24, 3, 40]
    assert shown["race other"].effect.n is None
    assert shown["race black"].effect.n is None  # else 67 - 40 - 24 = 3
    assert shown["race white"].effect.n == 40
    assert shown["race black"].effect.value is None
    assert WITHHELD in shown["race other"].effect.cautions
    assert "withheld" in shown["race other"].sentence


def test_an_attacker_with_the_whole_release_cannot_subtract():
    out = released(run(plan(groups=["race"]), tables(ROWS))).to_dict()
    known = [g["n"] for g in out["groups"] if g["n"] is not None]
    missing = [g for g in out["groups"] if g["n"] is None]
    assert len(missing) >= 2
    assert out["primary"]["n"] - sum(known) >= 5 + 5  # what is left is shared by two, either of which may be 0 to 27
    assert "fewer than" in json.dumps(out) or "withheld" in json.dumps(out)


def test_people_who_did_not_say_are_a_part_of_the_whole():
    rows = [dict(r) for r in ROWS if r["race"] != "other"] + [{"arm": "visit", "before": 3, "after": 3}] * 3
    shown = released(run(plan(groups=["race"]), tables(rows))).groups
    assert sum(f.effect.n is None for f in shown) == 1  # 3 silent people: one of the two groups must go


def test_large_groups_leave_as_they_are():
    rows = [r for r in ROWS if r["race"] != "other"]
    found = run(plan(groups=["race"]), tables(rows))
    assert released(found).groups == found.groups
    assert released(found).primary == found.primary


def test_a_few_officers_are_withheld_where_as_many_residents_are_not():
    rows = [{"arm": a, "before": 3, "after": 3 + (a == "visit"), "ring": r} for r in ("officer", "participant") for a in ("visit", "none") for _ in range(6)]  # fmt: skip
    rings = {r: {"how": "randomised"} for r in ("officer", "participant")}
    found = released(run(plan(rings=rings), tables(rows)))
    assert {f.ring: f.effect.n for f in found.rings} == {"officer": None, "participant": 12}


def test_a_box_of_the_flow_diagram_is_a_cell_too():
    rows = [("visit", 3, 4)] * 8 + [("none", 3, 3)] * 8 + [("none", 3, None)] * 4
    rows[:5] = [("visit", 3, None)] * 5
    flow = released(run(plan(), tables(rows))).attrition.flow
    assert flow[0].answered == ((0, 8), (21, None))
    assert flow[1].answered == ((0, 12), (21, 8))


@pytest.mark.parametrize("seen", ["primary", "rings"])
def test_the_reason_never_gives_the_count_away(seen):
    rows = [("visit", 3, 4)] * 30 + [("none", 3, 3)] * 2
    told = json.dumps(released(run(plan(), tables(rows))).to_dict()[seen])
    assert "fewer than 5 answers in none" in told
    assert "2 in none" not in told
