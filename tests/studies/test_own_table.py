"""A table that somebody else's trial left behind, and a plan that says which of its columns is what."""

import datetime as dt
import json
import re
import runpy
from pathlib import Path

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm

from commonbeat.cli.main import main as command
from commonbeat.errors import BadInput
from commonbeat.ledger import Book
from commonbeat.studies import outcome_known, own_rows, run, seal
from commonbeat.studies.plan import Plan

STAR = {
    "plan_id": "star", "title": "Does support raise grades?", "question": "Does it?", "design": "individual", "arms": ["support", "none"],
    "waves": [365, 730], "smallest_effect": 0.2, "block": "", "cluster": "", "estimator": "difference_in_means", "robustness": [],
    "outcome": {"name": "grades", "unit": "grade points"}, "rings": {"participant": {"how": "randomised"}},
    "primary": {"ring": "participant", "wave": 365, "treated": "support", "control": "none"},
    "people": {"person": "id", "arm": "ssp", "arms": {"1": "support", "0": "none"}, "outcome": {"365": "GPA_year1", "730": "GPA_year2"}},
}  # fmt: skip


def asked(base=STAR, **changes) -> Plan:
    return Plan.from_dict(base | changes)


def people(**changes) -> dict:
    return {"people": STAR["people"] | changes}


@pytest.fixture(scope="module")
def r_says():
    """Records computed with R's estimatr on the same files."""
    from tests.conftest import REAL

    folder = REAL / "trust_reference" / "expected"
    if not folder.exists():
        pytest.skip(f"no reference records in {folder}")
    found = {r["id"]: r["result"] for f in ("experiments_alo", "dim_synth", "iv_cace") for r in json.loads((folder / f"{f}.json").read_text())}  # fmt: skip
    return found


@pytest.mark.parametrize(
    ("record", "changes"),
    [
        ("dim_simple", {}),
        ("dim_weighted", people(weight="w")),
        ("dim_blocked", {"design": "blocked", "block": "block4"}),
        ("dim_matched", {"design": "matched_pair", "block": "pair"}),
    ],
)
def test_a_file_of_students_gives_what_r_gives(real, r_says, record, changes):
    frame = pl.read_csv(real("trust_reference/input/alo_star_men.csv"), null_values="NA")
    frame = frame.filter(pl.col("pair").is_not_null()) if record == "dim_matched" else frame
    e, r = run(asked(**changes), frame).primary.effect, r_says[record]
    assert [e.value, e.std_error, e.low, e.high] == pytest.approx([r[k] for k in ("coefficients", "std.error", "conf.low", "conf.high")], rel=1e-8)  # fmt: skip


TRUST = STAR | {
    "plan_id": "trust", "waves": [21], "outcome": {"name": "trust", "unit": "points, 0-100"}, "arms": ["visit", "none"],
    "primary": {"ring": "participant", "wave": 21, "treated": "visit", "control": "none"}, "contact": "contacted", "smallest_effect": 2,
}  # fmt: skip


def of_trust(arm):
    return {"people": {"person": "id", "arm": arm, "arms": {"1": "visit", "0": "none"}, "outcome": {"21": "trust"}}}


@pytest.mark.parametrize(
    ("record", "arm", "at", "changes"),
    [
        ("dim_clustered_big", "cltreat", None, {"design": "cluster", "cluster": "cluster"}),
        ("dim_blocked_big", "assigned", None, {"design": "blocked", "block": "block"}),
        ("iv_HC2", "assigned", 1, {"estimator": "complier_effect"}),
        (
            "iv_cl_CR2",
            "assigned",
            1,
            {"estimator": "complier_effect", "cluster": "cluster", "covariates": ["x1", "x2"]},
        ),
    ],
)
def test_a_file_of_clusters_blocks_and_contacts_gives_what_r_gives(real, r_says, record, arm, at, changes):
    frame = pl.read_csv(real("trust_reference/input/cace_synth.csv"))
    e, r = run(asked(TRUST, **of_trust(arm), **changes), frame).primary.effect, r_says[record]
    expected = [r[k] if at is None else r[k][at] for k in ("coefficients", "std.error", "conf.low", "conf.high")]
    assert [e.value, e.std_error, e.low, e.high] == pytest.approx(expected, rel=1e-8)


def two_times():
    """Twelve towns, four with a programme worth 4; other people are asked each time."""
    rng, rows = np.random.default_rng(5), []
    for t in range(12):
        town = rng.normal(0, 3)
        for wave in (0, 90):
            rows += [(len(rows) + k, f"town{t}", "yes" if t < 4 else "no", wave, 50 + town + 4 * (t < 4 and wave > 0) + rng.normal(0, 8)) for k in range(30)]  # fmt: skip
    return pl.DataFrame(rows, schema=["who", "town", "got", "day", "trust"], orient="row").with_columns(
        who=pl.int_range(720)
    )


BEFORE = TRUST | {
    "design": "before_after", "waves": [0, 90], "estimator": "difference_in_differences", "contact": None, "cluster": "town",
    "primary": TRUST["primary"] | {"wave": 90}, "rings": {"participant": {"how": "observed"}},
    "people": {"person": "who", "arm": "got", "arms": {"yes": "visit", "no": "none"}, "outcome": "trust", "wave": "day"},
}  # fmt: skip


def test_before_and_after_in_a_long_table_is_the_interaction_of_a_regression():
    rows = two_times()
    found = run(asked(BEFORE), rows)
    got, later = (rows["got"] == "yes").to_numpy(), (rows["day"] == 90).to_numpy()
    x = np.column_stack([np.ones(720), got, later, got & later]).astype(float)
    by_hand = sm.OLS(rows["trust"].to_numpy(), x).fit()
    assert found.primary.effect.value == pytest.approx(by_hand.params[3], rel=1e-10)
    assert found.primary.effect.n == 360
    assert found.primary.sentence.endswith("This is an association, not an effect.")
    assert found.attrition is None  # nobody was followed, so nobody was lost


def test_a_two_stage_table_gives_total_and_indirect_effects_of_group_means():
    rng, rows = np.random.default_rng(6), []
    for v in range(12):
        share = 0.8 if v % 2 else 0.2
        got = rng.permutation(20) < 20 * share
        rows += [
            (20 * v + k, v, share, int(got[k]), 50 + 5 * got[k] + 6 * share + rng.normal(0, 5)) for k in range(20)
        ]
    frame = pl.DataFrame(rows, schema=["id", "village", "share", "assigned", "trust"], orient="row")
    about = of_trust("assigned")["people"] | {"share": "share"}
    plan = asked(TRUST, design="saturation", block="village", estimator="spillover", contact=None, people=about, robustness=["randomisation_test"],
                 rings={r: {"how": "randomised"} for r in ("participant", "neighbour")})  # fmt: skip
    found = run(plan, frame, seed=1)
    means = (
        frame.group_by("village", "share", "assigned")
        .agg(pl.col("trust").mean())
        .group_by("share", "assigned")
        .agg(pl.col("trust").mean())
    )
    mean = {(s, a): m for s, a, m in means.iter_rows()}
    total, indirect = mean[0.8, 1] - mean[0.2, 0], mean[0.8, 0] - mean[0.2, 0]
    assert [f.effect.value for f in found.rings] == pytest.approx([total, indirect], rel=1e-10)
    assert found.robustness[0].effect.known


def test_words_and_gaps_of_other_programs_are_read():
    """1.0 is arm 1, -99 and NA are nobody's answer, a person without an arm is left out and counted."""
    rows = [
        (i, ["1.0", " 1 ", "0"][i % 3] if i != 7 else "NA", "-99" if i == 1 else str(50 + i % 5), ["f", "m"][i % 2])
        for i in range(60)
    ]
    frame = pl.DataFrame(rows, schema=["id", "assigned", "trust", "sex"], orient="row").with_columns(pl.col("assigned").str.strip_chars().cast(pl.Float64, strict=False))  # fmt: skip
    about = of_trust("assigned")["people"] | {"missing": ["-99"]}
    found = run(
        asked(TRUST, people=about, contact=None, covariates=["sex"], groups=["sex"], estimator="adjusted_effect"),
        frame,
    )
    assert found.primary.effect.n == 60 - 2
    assert "1 row names no arm and was left out: nobody drew anything there" in found.cautions
    assert [f.value for f in found.groups] == ["sex f", "sex m"]
    assert [r["covariate"] for r in found.balance["balance"]] == ["sex: m"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop("trust"), 'outcome is "trust", and the table has no such column; it has id'),
        (lambda f: f.with_columns(assigned=pl.lit(3)), 'assigned is "3", which is no arm of the plan; the plan\'s arms are visit, none'),
        (lambda f: pl.concat([f, f[:1]]), "line 62: id 0 stands in the table twice"),
        (lambda f: f.with_columns(trust=pl.lit("ten")), 'trust is "ten", and has to be a number'),
        (lambda f: f.with_columns(block=pl.lit(None)), "line 2: block is empty"),
        (lambda f: f.with_columns(day=pl.lit("3 March")), "write a day as 2027-03-01"),
        (lambda f: f[:0], "a header and no rows"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_with_its_line(change, says):
    frame = pl.DataFrame({"id": range(60), "assigned": [i % 2 for i in range(60)], "trust": [50.0] * 60, "block": [i // 30 for i in range(60)],
                          "day": ["2027-03-01"] * 60})  # fmt: skip
    about = of_trust("assigned")["people"] | {"date": "day"}
    plan = asked(TRUST, people=about, contact=None, design="blocked", block="block")
    with pytest.raises(BadInput) as caught:
        run(plan, change(frame))
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"outcome": {"name": "grades"}}, "outcome needs its unit"),
        ({"smallest_effect": None}, "smallest_effect"),
        (people(outcome="GPA"), "so wave is needed"),
        (people(outcome={"730": "GPA_year2"}), "no column for the primary wave"),
        (people(arms={"1": "gift"}), "none of the plan's arms"),
        (people(salary="x"), 'people has "salary"'),
        ({"people": {"arm": "ssp"}}, 'people needs "person"'),
        ({"design": "saturation", "estimator": "spillover", "block": "b"}, "needs share"),
        ({"outcome": {"name": "g", "unit": "u", "better": "more"}}, 'use "higher" or "lower"'),
        ({"people": "all"}, "it is a table"),
    ],
)
def test_a_plan_of_ones_own_table_is_checked_in_sentences(changes, says):
    with pytest.raises(BadInput) as caught:
        asked(**changes)
    assert says in " ".join(map(str, caught.value.problems))


def test_where_less_is_better_a_fall_is_a_move():
    rng = np.random.default_rng(1)
    frame = pl.DataFrame({"id": range(400), "assigned": [i % 2 for i in range(400)]})
    frame = frame.with_columns(trust=20 - 5 * pl.col("assigned") + pl.Series(rng.normal(0, 3, 400)))
    plan = asked(
        TRUST,
        **of_trust("assigned"),
        contact=None,
        outcome={"name": "complaints", "unit": "a year", "better": "lower"},
    )
    assert run(plan, frame).primary.sentence.startswith(
        "People who took part, after 21 days: moved. Complaints changed by −"
    )
    assert run(asked(TRUST, **of_trust("assigned"), contact=None), frame).primary.verdict == "wrong_way"
    assert (
        "better" not in asked(TRUST, **of_trust("assigned")).to_dict()["outcome"]
    )  # plans sealed before keep their hash


def main(words) -> int:
    """The command line, as a shell would see it end."""
    with pytest.raises(SystemExit) as ended:
        command(words)
    return ended.value.code


ROOM = (Path(__file__).resolve().parents[2] / "docs" / "rooms" / "studies.md").read_text()


def test_the_ten_minutes_of_the_page_as_a_stranger_types_them(tmp_path, monkeypatch, capsys):
    """The plan of the page, a table with its columns, and its four commands."""
    told = re.search(r'(    plan_id = "own".*?)\n\n', ROOM, re.S).group(1)
    (tmp_path / "own.toml").write_text("\n".join(line[4:] for line in told.splitlines()))
    header = re.search(r"    (id,street,.*)", ROOM).group(1)
    monkeypatch.chdir(tmp_path)
    assert main(["study", "seal", "own.toml", "BOOK", "--new-book"]) == 0  # before the table is there
    rng, rows = np.random.default_rng(3), []
    for i in range(480):
        street, visit = i // 10, (i // 10) % 2
        before = rng.normal(50, 10)
        after = before + 6 * visit + rng.normal(0, 5)
        rows.append((i, f"s{street}", f"b{street // 12}", visit, visit * int(rng.random() < 0.7), 20 + i % 50, "fm"[i % 2], 1 + (i % 3) / 10, round(before, 1), "NA" if i % 9 == 0 else round(after, 1), round(after, 1)))  # fmt: skip
    (tmp_path / "own.csv").write_text("\n".join([header, *(",".join(map(str, r)) for r in rows)]))
    capsys.readouterr()
    assert main(["study", "run", "own.toml", "BOOK", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["primary"]["verdict"] == "moved" and found["sealed_at"]
    assert not found["sealed_before_data"]  # the table carries no dates
    assert main(["study", "run", "own.toml", "own.csv", "--json"]) == 0
    alone = json.loads(capsys.readouterr().out)
    assert alone["primary"] == found["primary"]
    assert main(["report", "BOOK", "--study", "own.toml", "--out", "DIR", "--quiet"]) == 0
    assert "Effect on trust" in (tmp_path / "DIR" / "study-own.html").read_text()
    again = runpy.run_path(str(tmp_path / "DIR" / "recompute.py"))
    assert again["main"]("DIR/findings.json", "BOOK", "own.csv") == 0


def test_a_dated_table_that_came_after_the_seal_was_asked_beforehand(tmp_path):
    frame = pl.DataFrame({"id": range(60), "assigned": [i % 2 for i in range(60)], "trust": [50.0 + i % 7 for i in range(60)], "day": ["2099-03-01"] * 60})  # fmt: skip
    plan = asked(TRUST, people=of_trust("assigned")["people"] | {"date": "day"}, contact=None)
    book = Book.create(tmp_path / "b")
    assert not outcome_known(plan, book, frame.drop("trust")) and outcome_known(plan, book, frame)
    seal(plan, book.chain, who="desk", after_data=outcome_known(plan, book))
    later = dt.datetime(2099, 4, 1, tzinfo=dt.UTC)
    assert run(plan, book, rows=frame, now=later).sealed_before_data
    with pytest.raises(BadInput, match="clocks disagree"):
        run(plan, book, rows=frame)
    with pytest.raises(BadInput, match=r"\[people\] file"):
        run(plan, book)


def test_a_file_that_is_no_table_is_refused(tmp_path):
    (tmp_path / "x.parquet").write_text("nothing")
    with pytest.raises(BadInput, match="cannot be read as a table of people"):
        own_rows(asked(), given=tmp_path / "x.parquet")
    with pytest.raises(BadInput, match="cannot be read"):
        own_rows(asked(**people(file="gone.csv")), tmp_path / "plan.toml")
