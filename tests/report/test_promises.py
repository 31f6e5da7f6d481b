"""Every door says the same of a promise: the report, the command and the square ask one function."""

from datetime import UTC, date, datetime

from commonbeat import city, tables
from commonbeat.report.promises import standing
from commonbeat.web.read import making

SINCE, UNTIL, TODAY = date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 31)
PROMISE = {
    "commitment_id": "p1", "promise": "Trust does not fall below 60.", "by": "office of the chief", "indicator": "trust",
    "since": SINCE, "until": UNTIL, "target": 60.0, "evidence": "our own word", "evidence_on": date(2026, 6, 1),
}  # fmt: skip
ITEMS = ("respect", "fairness", "voice", "safety", "cooperation", "belonging", "understanding")


def asked(*rounds):
    """Rounds of 40 people each: (day, answer of one half, answer of the other half), 1 worst and 5 best."""
    people, answers = [], []
    for r, (day, low, high) in enumerate(rounds):
        for k in range(40):
            who = f"r{r}-{k}"
            people.append({"respondent": who, "plan_id": "tracker", "side": "resident", "week": "2026-W08", "weight": 1.0,
                           "sample": "probability", "referent": "my_area", "proxy": False, "simulated": True})  # fmt: skip
            answers += [
                {"respondent": who, "wave": 0, "questionnaire": "pulse-1", "item": i, "value": float(high if k % 2 else low),
                 "at": datetime.combine(day, datetime.min.time(), UTC), "seconds": 60.0}
                for i in ITEMS
            ]  # fmt: skip
    return {"respondents": tables.check("respondents", people), "answers": tables.check("answers", answers)}


def stood(rounds, **changes):
    told = asked(*rounds) if rounds else {}
    (one,) = standing({"commitments": tables.check("commitments", [PROMISE | changes])} | told, today=TODAY)[0]
    return one


def test_trust_is_judged_by_the_latest_round_since_the_promise_and_by_no_document():
    well, badly = (date(2026, 2, 1), 4, 5), (date(2026, 5, 1), 2, 3)
    fell = stood([well, badly])
    assert (fell.status, round(fell.measured.value, 1), fell.measured.n) == ("broken", (25 + 50) / 2, 40)
    assert stood([badly, (date(2026, 7, 1), 4, 5)]).status == "kept"  # (75 + 100) / 2 = 87.5
    before = stood([(date(2025, 12, 1), 1, 1)])
    assert (before.status, before.because) == ("cannot_tell", "nothing_measured_yet")


def test_without_tables_without_a_target_and_without_promises():
    assert stood([]).because == "nothing_measured_yet"
    assert stood([(date(2026, 5, 1), 2, 3)], target=None).because == "no_target_was_named"
    assert standing({}, today=TODAY) == ((), {})
    assert making.commitments({}) == []


def test_a_town_is_told_the_same_on_the_square_as_in_the_report():
    town = city.build(seed=7, residents=4_000).tables
    today = town["contacts"]["at"].max().date()
    report, square = standing(town, today=today)[0], making.commitments(town)
    assert [(c.promise, c.status, c.because) for c in report] == [
        (p["promise"], p["status"], p["because"]) for p in square
    ]
    shown = next(p for p in square if p["indicator"] == "reach")
    measured = next(c for c in report if c.indicator == "reach").measured
    assert (shown["value"], shown["n"]) == (f"{measured.value:.0%}", measured.n)
    assert all(p["on"] == str(today) for p in square)
    assert {p["status"] for p in square} > {"kept"}
