"""What a plan would see in the town itself: its own areas, sizes and earlier answers."""

import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from studies.rows import plan, tables
from studies.test_cli_study import told, toml
from studies.test_run import SEALED

from commonbeat.codebook import TABLES
from commonbeat.errors import BadInput, TooFew
from commonbeat.ledger import Book
from commonbeat.studies.own_town import own_town, power_here

AREAS = {"a01": 900, "a02": 90, "a03": 10}


def town(folder, *, codes=(1, 2, 3, 4, 5), n=300, clusters=0, likeness=0.0, seed=0, areas=AREAS):
    """A book with three areas of very different size (or others), and n people who answered a tracker once."""
    rng = np.random.default_rng(seed)
    rows = [
        {
            "arm": None,
            "before": int(rng.choice(codes)),
            "after": None,
            "area_id": list(areas)[i % len(areas)],
            "prior_trust": 50.0,
        }
        for i in range(n)
    ]
    if clusters:
        lift = rng.normal(0, likeness, clusters)
        for i, row in enumerate(rows):
            row |= {
                "cluster": f"{row['area_id']}-{i % clusters}",
                "before": int(np.clip(np.round(3 + lift[i % clusters] + rng.normal(0, 0.6)), 1, 5)),
            }
    made = tables(rows)
    made["respondents"] = made["respondents"].with_columns(plan_id=pl.lit("tracker"), ring=pl.lit(None, pl.String))
    made["areas"] = shaped("areas", [{"area_id": a, "name": a, "source": "test"} for a in areas])
    made["population"] = shaped(
        "population",
        [{"area_id": a, "race": "all", "residents": k, "source": "test", "year": 2026} for a, k in areas.items()],
    )
    return Book.create(folder, at=SEALED).write(made, importer="test", at=SEALED)


def shaped(name, rows):
    schema = TABLES[name]
    frame = pl.DataFrame(rows)
    known = [c for c in frame.columns if c in schema.column_names()]
    missing = [pl.lit(None).alias(c) for c in schema.column_names() if c not in known]
    return schema.cast(frame.select(known).with_columns(missing).select(schema.column_names()))


def test_the_error_is_what_arithmetic_says_for_people_drawn_one_by_one(tmp_path):
    book = town(tmp_path / "b")
    found = power_here(plan(), book, people=400, response=0.75, towns=60, icc=0.0, seed=1)
    spread = (
        own_town(plan(), book).answers.filter(pl.col("area_id") == "a01")["score"].std()
    )  # nine of ten live there
    n = 0.75 * 400
    assert found.n == pytest.approx(n, rel=0.03)
    assert found.std_error == pytest.approx(spread * np.sqrt(4 / n), rel=0.05)
    assert found.detectable == pytest.approx(2.8 * found.std_error, rel=0.03)  # 1.96 + 0.84
    assert "its own 3 areas" in found.sentence


def test_people_stand_where_they_live(tmp_path):
    here = own_town(plan(), town(tmp_path / "b"))
    assert here.share.tolist() == [0.9, 0.09, 0.01]
    assert here.answers.height == 300


def test_a_town_whose_people_answer_alike_needs_fewer_of_them(tmp_path):
    wide = power_here(plan(), town(tmp_path / "a", codes=(1, 5)), people=300, towns=20)
    close = power_here(plan(), town(tmp_path / "b", codes=(3, 4)), people=300, towns=20)
    assert close.detectable < wide.detectable / 3


def test_streets_that_are_alike_inside_cost_power(tmp_path):
    clustered = plan(design="cluster", block="block", cluster="cluster")
    book = town(tmp_path / "b")
    one, two = (power_here(clustered, book, people=400, towns=30, units_per_area=8, icc=icc) for icc in (0.0, 0.2))
    assert two.std_error > 1.5 * one.std_error
    assert "24 units to draw" in two.where


def test_likeness_is_learned_from_an_earlier_study_where_there_was_one(tmp_path):
    alike, not_alike = (
        own_town(plan(), town(tmp_path / str(s), n=900, clusters=30, likeness=s)).icc for s in (1.0, 0.0)
    )
    assert alike > 0.3 > 0.05 > not_alike


def test_what_cannot_be_simulated_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(TooFew, match="80 people of this book"):
        power_here(plan(), town(tmp_path / "a", n=80))
    with pytest.raises(TooFew, match="has no respondents"):
        power_here(plan(), Book.create(tmp_path / "b", at=SEALED))
    with pytest.raises(BadInput, match="response is 0"):
        power_here(plan(), town(tmp_path / "c"), response=0.0)
    with pytest.raises(BadInput, match="at least two units"):
        power_here(plan(), town(tmp_path / "d"), units_per_area=1)


def test_a_newcomer_gives_the_book_beside_the_plan(tmp_path):
    book = town(tmp_path / "b")
    found = json.loads(told("power", toml(tmp_path / "p.toml"), book.path, "--people", 300, "--towns", 20, "--json"))
    assert found["where"].startswith("in its own 3 areas")
    assert 0 <= found["seen"] <= 1
    assert found["seen"] == pytest.approx(found["chance"], abs=0.35)  # 20 towns


def test_a_two_stage_study_is_powered_in_the_towns_own_areas(tmp_path):
    """Its draw is made twice, and its noise is that of areas, not of people."""
    about = {
        "design": "saturation",
        "estimator": "spillover",
        "block": "block",
        "cluster": "cluster",
        "shares": [0.25, 0.75],
    }
    book = town(tmp_path / "a", codes=(1, 5), areas={f"a{k:02d}": 100 for k in range(10)})
    found = power_here(plan(**about), book, people=400, towns=40, units_per_area=8, icc=0.05, seed=1)
    by_people = power_here(plan(), book, people=400, towns=40, icc=0.0, seed=1)
    assert found.detectable > 1.5 * by_people.detectable
    assert found.false_alarms <= 0.2
    with pytest.raises(BadInput, match="holds no panel"):
        power_here(replace(plan(), design="stepped"), book)
    with pytest.raises(BadInput, match="needs block"):
        power_here(plan(**about | {"cluster": ""}), book)
