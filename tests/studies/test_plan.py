import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput
from commonbeat.studies import run
from commonbeat.studies.plan import Contrast, Outcome, Panel, People, Plan, Ring

GOOD = """
plan_id = "visits"
title = "Do planned visits move trust?"
question = "Does a short friendly visit change how people feel treated?"
design = "cluster"
arms = ["visit", "none"]
waves = [0, 3, 21]
covariates = ["prior_trust"]
[outcome]
name = "trust"
questionnaire = "pulse-1"
items = ["respect", "fairness"]
[primary]
ring = "participant"
wave = 21
treated = "visit"
control = "none"
[rings.participant]
how = "randomised"
[rings.viewer]
how = "randomised"
respondents = "story"
treated = "story"
control = "neutral"
"""


def test_a_plan_is_the_same_however_the_file_was_laid_out():
    a = Plan.parse(GOOD)
    shuffled = GOOD.replace('plan_id = "visits"\n', "").replace(
        "waves =", '\n# a remark\nplan_id = "visits"\nwaves ='
    )
    assert Plan.parse(shuffled) == a
    assert Plan.parse(shuffled).hash == a.hash
    assert Plan.from_dict(a.to_dict()) == a
    assert a.arms_of(a.ring("viewer")) == ("story", "neutral")


def test_one_changed_entry_is_another_plan():
    assert Plan.parse(GOOD.replace("[0, 3, 21]", "[0, 21]")).hash != Plan.parse(GOOD).hash


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("wave = 21", "wave = 90", "waves does not name"),
        ('ring = "participant"', 'ring = "bystander"', "rings does not name"),
        ('how = "randomised"', 'how = "sure"', "use randomised, encouraged, observed"),
        ("[0, 3, 21]", "[0, 21, 3]", "put them in order"),
        ('treated = "visit"', 'treated = "none"', "compares an arm with itself"),
        ('design = "cluster"', 'design = "clever"', "use one of individual"),
        ("[outcome]", "floor = 2\n[outcome]", "the house's floor is 5"),
        ("[outcome]", "power = 2\n[outcome]", "is not an entry of a plan"),
        ("waves = [0, 3, 21]\n", "", '"waves" is missing'),
        ('title = "', "title = ", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(old, new, says):
    with pytest.raises(BadInput) as caught:
        Plan.parse(GOOD.replace(old, new, 1), file="visits.toml")
    assert says in " ".join([str(caught.value), *map(str, caught.value.problems)])


ROOM = (Path(__file__).resolve().parents[2] / "docs" / "rooms" / "studies.md").read_text()


def test_every_entry_of_a_plan_stands_in_the_rooms_page():
    """So that an outsider can write a plan from the page alone."""
    names = {f.name for part in (Plan, Outcome, Contrast, Ring, Panel, People) for f in fields(part)} - {
        "outcome",
        "primary",
        "rings",
        "panel",
        "people",
        "name",
        "score",
    }
    table = ROOM[ROOM.index("## Every entry of a plan") :]
    assert [n for n in sorted(names) if f"`{n}`" not in table] == []


def test_the_rollout_of_the_page_runs_as_it_stands():
    told = re.search(r'(    plan_id = "rollout".*?)\n\n', ROOM, re.S).group(1)
    asked = Plan.parse("\n".join(line[4:] for line in told.splitlines()))
    rng = np.random.default_rng(1)
    rows = [
        (f"o{u}", t, (f := (5, 9, None)[u % 3]), rng.poisson(2) + float(f is not None and t >= f))
        for u in range(90)
        for t in range(1, 13)
    ]
    panel = pl.DataFrame(rows, schema=["officer", "month", "first_month", "complaints"], orient="row")
    e = run(asked, panel).primary.effect
    assert e.low <= 1.0 <= e.high  # one complaint more a month once trained
    assert e.low > 0
