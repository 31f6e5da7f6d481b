"""A study in the report: one page for those who decide, one for reviewers, and a program that computes it again."""

import json
import subprocess
import sys
from dataclasses import replace

import pytest
from studies.rows import plan, tables
from studies.test_designs import STORY, the_plan
from studies.test_run import LATER, PEOPLE, book

from commonbeat.estimate import Estimate
from commonbeat.report.flow import flow_diagram
from commonbeat.report.make import make
from commonbeat.report.sections.recompute import script
from commonbeat.report.sections.study import study
from commonbeat.report.sections.study_appendix import appendix
from commonbeat.studies import released, run
from commonbeat.studies.findings import Flow

MET = [{"arm": a, "before": 3, "after": 3 + (a == "visit"), "met": int(a == "visit"), "race": r, "prior_trust": 40.0 + k} for r in ("white", "black") for k in range(10) for a in ("visit", "none")]  # fmt: skip


def text_of(page):
    return repr(page.blocks)


@pytest.fixture(scope="module")
def findings():
    asked = plan(
        groups=["race"],
        robustness=["randomisation_test"],
        contact="met_officers",
        covariates=["prior_trust"],
        waves=[0, 21],
    )
    return released(run(asked, tables(MET), explore=["prior_trust"]))


def test_the_first_page_says_what_it_means_and_who_was_lost(findings):
    told = text_of(study(findings))
    assert findings.primary.sentence in told
    assert "It moved by at least" in told
    assert "20 asked" in told
    assert "police in one's own area" in told
    assert "not the answer: those who were met" in told


def test_the_second_page_holds_every_number_and_keeps_what_was_not_named_apart(findings):
    told = text_of(appendix(findings))
    for part in (
        "Were the arms alike",
        "Every ring at every wave",
        "within groups",
        "randomisation test",
        "Not named beforehand",
        "As it was sealed",
        "recompute.py",
    ):
        assert part in told, part
    assert dict(appendix(findings).files)["CITATION.txt"].startswith("“Do visits move trust?”")
    assert "Not named beforehand" not in text_of(study(findings))


@pytest.mark.parametrize(("e", "says"), [
    (Estimate(-0.2, low=-1, high=1, n=40), "Whoever counted on it need not"), (Estimate(-4, low=-6, high=-2, n=40), "Stop, and ask people why"),
    (Estimate(1, low=0.5, high=2, n=40), "whoever pays for it should know"), (Estimate(1, low=-5, high=7, n=40), "Decide nothing on this"),
])  # fmt: skip
def test_every_verdict_says_what_may_be_decided(findings, e, says):
    from commonbeat.studies import verdict

    primary = replace(findings.primary, effect=e, verdict=verdict(e, 3.0))
    assert says in text_of(study(replace(findings, primary=primary)))


def test_the_flow_diagram_its_words_and_its_table_tell_the_same_and_hide_the_same():
    flow = (
        Flow("viewer", "story <b>", 40, ((0, 38), (21, 30))),
        Flow("viewer", "neutral", None, ((0, 39), (21, None))),
    )
    chart = flow_diagram(flow, primary_wave=21)
    assert chart.table.rows[0] == ("viewers", "story <b>", "40", "38", "30")
    for shown in (chart.wide, chart.narrow):
        assert "10 did not" in shown
        assert "&lt;b&gt;" in shown
        assert shown.count("decides the answer") == 2
        assert "None" not in shown
    assert "neutral: withheld asked; day 0: 39 answered; day 21: withheld answered." in chart.alternative


def test_a_running_experiment_shows_its_days_and_its_arms():
    rows = [
        {"arm": a, "before": 3 + (k % 2), "after": 3, "day": k // 4, "plan_id": "story", "ring": "viewer"}
        for k in range(200)
        for a in ("story", "neutral")
    ]
    asked = the_plan(
        **(
            STORY
            | {
                "arms": ["story", "neutral"],
                "waves": [0, 21],
                "groups": [],
                "covariates": [],
                "outcome": {"name": "trust", "items": ["respect"], "questionnaire": "pulse-1"},
            }
        )
    )
    told = text_of(appendix(released(run(asked, tables(rows)))))
    assert "What the public page showed" in told
    assert "Chance of arms this uneven under a fair draw" in told


def test_a_reviewer_computes_it_again_and_a_changed_digit_is_found(tmp_path):
    where = book(tmp_path / "b", [("visit", 3, 4), ("none", 3, 3)] * 10 + PEOPLE)
    make(where, tmp_path / "r", findings=[released(run(plan(), where, now=LATER, seed=3))], sections=None)
    (tmp_path / "again.py").write_text(script())
    call = [sys.executable, str(tmp_path / "again.py"), str(tmp_path / "r" / "findings.json"), str(where.path)]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "same to 12 digits" in done.stdout
    assert (tmp_path / "r" / "recompute.py").read_text() == script()
    told = json.loads((tmp_path / "r" / "findings.json").read_text())
    told[0]["primary"]["low"] += 1e-6
    (tmp_path / "r" / "findings.json").write_text(json.dumps(told))
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "primary.low" in done.stdout
