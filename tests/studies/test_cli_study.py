"""The commands as a newcomer types them."""

import json

import pytest
from studies.rows import plan
from studies.test_run import book
from typer.testing import CliRunner

from commonbeat.cli.study import app
from commonbeat.ledger import Book
from commonbeat.studies import read_seal
from commonbeat.studies.plan import Plan

RUN = CliRunner()


def toml(path, said=None):
    said = said or plan()
    d = said.to_dict()
    lines = [f"{k} = {json.dumps(v)}" for k, v in d.items() if not isinstance(v, dict)]
    for name in ("outcome", "primary"):
        lines += [f"[{name}]", *(f"{k} = {json.dumps(v)}" for k, v in d[name].items())]
    for ring, about in d["rings"].items():
        lines += [f"[rings.{ring}]", *(f"{k} = {json.dumps(v)}" for k, v in about.items())]
    path.write_text("\n".join(lines))
    assert Plan.read(path).hash == said.hash
    return path


def told(*words):
    done = RUN.invoke(app, [str(w) for w in words])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


def test_new_asks_suggests_and_writes_a_plan_that_is_valid(tmp_path):
    done = RUN.invoke(app, ["new", str(tmp_path / "p.toml")], input="\n" * 20)
    assert done.exit_code == 0, done.output
    assert Plan.read(tmp_path / "p.toml").primary.wave == 21
    with pytest.raises(Exception, match="never overwritten"):
        told("new", tmp_path / "p.toml")


def test_seal_run_verify_list(tmp_path):
    where, asked = book(tmp_path / "b", sealed=None), toml(tmp_path / "p.toml")
    told("seal", asked, where.path, "--receipt", tmp_path / "r.json")
    assert read_seal((tmp_path / "r.json").read_text(), where.chain).plan_hash == plan().hash
    assert "stands" in told("verify", tmp_path / "r.json", where.path)
    assert json.loads(told("list", where.path, "--json"))[0]["verdict"] is None
    found = json.loads(told("run", asked, where.path, "--json"))
    assert found["primary"]["n"] == 30
    assert found["sealed_before_data"] is False
    rows = json.loads(told("list", where.path, "--json"))
    assert isinstance(rows, list)
    assert rows[0]["plan"] == "p"
    assert rows[0]["sealed"]
    assert rows[0]["verdict"] == found["primary"]["verdict"]
    assert where.chain.verify().whole


def test_a_receipt_with_one_byte_changed_does_not_stand(tmp_path):
    where, asked = book(tmp_path / "b", sealed=None), toml(tmp_path / "p.toml")
    told("seal", asked, where.path, "--receipt", tmp_path / "r.json")
    text = (tmp_path / "r.json").read_text()
    (tmp_path / "r.json").write_text(
        text.replace('"entry": 3', '"entry": 4') if '"entry": 3' in text else text.replace("T", "t", 1)
    )
    with pytest.raises(Exception, match="does not stand"):
        told("verify", tmp_path / "r.json", where.path)


def test_small_groups_leave_only_for_the_analyst(tmp_path):
    from studies.test_release import ROWS

    where = book(tmp_path / "b", ROWS, sealed=None)
    asked = toml(tmp_path / "p.toml", plan(groups=["race"]))
    public = json.loads(told("run", asked, where.path, "--json"))["groups"]
    exact = json.loads(told("run", asked, where.path, "--json", "--analyst"))["groups"]
    assert sorted(str(g["n"]) for g in public) == ["40", "None", "None"]
    assert sorted(g["n"] for g in exact) == [3, 24, 40]


def test_assign_from_a_committed_seed_and_one_by_one(tmp_path):
    made = json.loads(told("assign", toml(tmp_path / "p.toml"), "--new-seed", "--json"))
    asked = toml(tmp_path / "q.toml", plan(seed_commitment=made["seed_commitment"]))
    (tmp_path / "units.csv").write_text("unit\n" + "\n".join(f"u{i}" for i in range(10)))
    where = book(tmp_path / "b", sealed=None)
    told("seal", asked, where.path)
    said = told(
        "assign",
        asked,
        tmp_path / "units.csv",
        "--seed",
        made["seed"],
        "--out",
        tmp_path / "d.csv",
        "--book",
        where.path,
    )
    assert "10 units drawn: 5" in said
    assert (tmp_path / "d.csv").read_text().count("\n") == 11
    for _ in range(3):
        told("assign", asked, "--next", "youth", "--seed", made["seed"], "--book", where.path)
    assert "All 3 draws" in told("assign", asked, "--check", "--seed", made["seed"], "--book", where.path)
    assert [e.what for e in where.chain][-4:] == ["plan.assigned", *["plan.drawn"] * 3]


def test_a_list_is_drawn_into_the_chain_after_the_seal_and_checked_from_the_seed(tmp_path):
    made = json.loads(told("assign", toml(tmp_path / "x.toml"), "--new-seed", "--json"))
    asked = toml(
        tmp_path / "p.toml",
        plan(block="block", cluster="street", design="cluster", seed_commitment=made["seed_commitment"]),
    )
    where, units = book(tmp_path / "b", sealed=None), tmp_path / "units.csv"
    units.write_text("unit,block,street\n" + "\n".join(f"u{k},b{k // 8},s{k // 2}" for k in range(24)))
    call = ("assign", asked, units, "--seed", made["seed"], "--book", where.path)
    with pytest.raises(Exception, match="study seal` comes before the draw"):
        told(*call)
    told("seal", asked, where.path)
    assert "24 units drawn: 12" in told(*call)
    assert "follows from this list and this seed" in told(*call, "--check")
    units.write_text(units.read_text().replace("u3,b0,s1", "u3,b0,s2"))  # one house moved to another street
    with pytest.raises(Exception, match="holds another draw"):
        told(*call, "--check")
    with pytest.raises(Exception, match="commits to no seed"):
        told(
            "assign",
            toml(tmp_path / "q.toml", plan(block="", cluster="")),
            units,
            "--seed",
            made["seed"],
            "--book",
            where.path,
        )
    assert "stands in no audit chain" in told("assign", asked, units, "--seed", made["seed"])
    assert Book.open(where.path).chain.verify().whole
