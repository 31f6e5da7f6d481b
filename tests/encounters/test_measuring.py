"""Promises about complaints and training are measured where a town keeps the tables, and then no document outweighs them."""

from datetime import date, timedelta

import polars as pl
import pytest

from commonbeat import city, encounters, ledger, tables
from commonbeat.cli.main import main
from commonbeat.errors import BadInput, TooFew

JAN, JULY = date(2026, 1, 1), date(2026, 7, 1)


def run(argv):
    with pytest.raises(SystemExit) as end:
        main(argv)
    assert end.value.code == 0


def closings(*took, received=date(2026, 2, 1)):
    """One complaint for each number of days it took; None: still open."""
    return tables.check("closings", [
        {"complaint_id": f"k{i}", "received_on": received, "closed_on": None if d is None else received + timedelta(days=d)}
        for i, d in enumerate(took)
    ])  # fmt: skip


def test_open_and_late_complaints_both_count_against_the_promise():
    found = encounters.closed_in_time(closings(*[10] * 15, 30, 31, 90, None, None), since=JAN, today=JULY)
    assert (found.value, found.n) == (16 / 20, 20)
    assert 0.58 < found.low < 0.59 and 0.91 < found.high < 0.93  # Wilson, 16 of 20


def test_complaints_whose_days_are_not_over_are_left_out_even_when_closed():
    both = pl.concat([closings(*[40] * 20), closings(*[1] * 20, received=date(2026, 6, 20)).with_columns(complaint_id="n" + pl.col("complaint_id"))])  # fmt: skip
    assert encounters.closed_in_time(both, since=JAN, today=JULY).value == 0 / 20  # the naive share is 20 / 40
    with pytest.raises(TooFew, match="19 complaints came early enough"):
        encounters.closed_in_time(both.slice(1), since=JAN, today=JULY)


def test_a_complaint_closed_before_it_came_is_refused():
    with pytest.raises(BadInput, match="no complaint is closed before it came"):
        closings(-1)


def test_the_training_that_fewest_finished_is_the_one_that_counts():
    rows = [
        ("2026-02-01", "stops", 40, 100),
        ("2026-03-01", "stops", 45, 100),
        ("2026-03-01", "listening", 60, 100),
        ("2025-03-01", "old", 1, 100),
    ]
    table = tables.check("trainings", [dict(zip(("month", "kind", "completed", "officers"), r)) | {"month": date.fromisoformat(r[0])} for r in rows])  # fmt: skip
    found = encounters.trained(table, since=JAN, today=JULY)
    assert (found.value, found.low, found.high, found.n) == (0.6, 0.6, 0.6, 100)
    with pytest.raises(TooFew):
        encounters.trained(table, since=JULY, today=JULY)
    assert "officer_ref" not in table.columns and "unit" not in table.columns


def promise(**changes):
    base = {"commitment_id": "p", "promise": "answered within 30 days", "by": "complaints office", "since": JAN, "until": date(2026, 6, 1),
            "indicator": "complaint_handling", "target": 0.9, "evidence": "letter", "evidence_on": date(2026, 5, 1)}  # fmt: skip
    return tables.check("commitments", [base | changes])


@pytest.mark.parametrize(("took", "kept", "want"), [
    ([5] * 100, {}, "kept"), ([5] * 50 + [60] * 50, {}, "broken"), ([5] * 92 + [60] * 8, {}, "cannot_tell"),
    ([60] * 100, {"target": None}, "kept"),  # without a target the dated document speaks
])  # fmt: skip
def test_what_is_counted_outweighs_what_is_written(took, kept, want):
    table = promise(**kept)
    found, cannot = encounters.measured(table, {"closings": closings(*took)}, today=JULY)
    (one,) = encounters.commitments(table, today=JULY, measured=found)
    assert one.status == want and not cannot


def test_too_few_complaints_say_so_and_the_document_speaks():
    found, cannot = encounters.measured(promise(), {"closings": closings(5, 5)}, today=JULY)
    assert not found and cannot == {"p": "2 complaints came early enough to be judged; a share needs 20."}
    assert encounters.commitments(promise(), today=JULY, measured=found)[0].because == "dated_public_document"


def test_the_city_writes_both_tables_and_its_letter_says_more_than_its_count(tmp_path, capsys):
    town = city.build(3, 3_000)
    book = ledger.Book.create(tmp_path / "b").write(
        {t: town.tables[t] for t in ("contacts", "population", "closings", "trainings", "commitments")},
        importer="city",
    )
    assert town.tables["closings"].height == town.tables["complaints"]["complaints"].sum()
    found, _ = encounters.measured(
        book.table("commitments"), {t: book.table(t) for t in book.tables}, today=date(2026, 9, 30)
    )
    assert found["p1"].value < 1 and abs(found["p3"].value - 0.8) < 0.1
    run(["encounters", str(tmp_path / "b")])
    said = " ".join(capsys.readouterr().out.split())
    assert "Promise p1" in said and "promised: 100%" in said


def test_people_present_come_with_a_receipt_and_are_used_without_being_named(tmp_path, capsys):
    town = city.build(3, 3_000)
    ledger.Book.create(tmp_path / "b").write(
        {t: town.tables[t] for t in ("areas", "contacts", "population")}, importer="city"
    )
    area = town.tables["areas"]["area_id"][0]
    (tmp_path / "p.csv").write_text(
        f"area_id,hour,people,source\n{area},9,100,counted at the corner\n{area},21,300,counted at the corner\n"
    )
    run(["import", "present", str(tmp_path / "p.csv"), "--into", str(tmp_path / "b")])
    run(["where", str(tmp_path / "b"), "present", "2"])
    assert "p.csv, line 3" in " ".join(capsys.readouterr().out.split())
    run(["encounters", str(tmp_path / "b"), "--json"])
    assert '"people": 200.0' in capsys.readouterr().out
    both = pl.DataFrame({"area_id": ["a", "a"], "hour": [None, 9], "people": [1.0, 2.0]})
    with pytest.raises(BadInput, match="whole day or hour by hour"):
        encounters.by_people_present(town.tables["contacts"], both)
