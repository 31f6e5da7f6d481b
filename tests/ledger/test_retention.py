"""What is due goes, what is held stays, and both are in the chain."""

from datetime import UTC, date, datetime

import polars as pl
import pytest

from commonbeat import ledger
from commonbeat.errors import BadInput, Refused

TODAY = date(2026, 3, 1)


@pytest.fixture
def book(tmp_path):
    days = [datetime(2024, 1, 1), datetime(2024, 6, 1), datetime(2026, 2, 1)]
    rows = [{"contact_id": f"c{i}", "at": d.replace(tzinfo=UTC), "kind": "service", "activity": "call", "simulated": False}
            for i, d in enumerate(days)]  # fmt: skip
    return ledger.Book.create(tmp_path / "book").write({"contacts": pl.DataFrame(rows)}, importer="clerk")


def rules(tmp_path, text='[contacts]\nfrom = "at"\ndays = 365\n'):
    (tmp_path / "keep.toml").write_text(text)
    return ledger.schedule(tmp_path / "keep.toml")


def test_what_is_older_than_the_schedule_goes_and_the_rest_stays(book, tmp_path):
    (found,) = ledger.due(book, rules(tmp_path), today=TODAY)
    assert (found.ids, found.before) == (("c0", "c1"), date(2025, 3, 1))
    (done,) = ledger.keep_to(book, rules(tmp_path), today=TODAY, by="records officer")
    assert done.rows == {"contacts": 2}
    assert ledger.Book.open(book.path).table("contacts")["contact_id"].to_list() == ["c2"]
    assert [e.what for e in book.chain][-1] == "rows.erased"
    assert ledger.keep_to(ledger.Book.open(book.path), rules(tmp_path), today=TODAY, by="records officer") == ()


def test_what_is_held_stays_although_it_is_due(book, tmp_path):
    ledger.hold(book.path, "contacts", ["c0"], why="records request 3", by="counsel")
    (found,) = ledger.due(book, rules(tmp_path), today=TODAY)
    assert (found.ids, found.held) == (("c1",), 1)
    ledger.hold(book.path, "contacts", None, why="inquiry", by="counsel")
    assert ledger.due(book, rules(tmp_path), today=TODAY)[0].ids == ()
    with pytest.raises(Refused):
        book.erase("contacts", ["c1"], why="x", by="clerk")


@pytest.mark.parametrize(
    "text",
    [
        "[people]\nfrom = 'race'\ndays = 3",
        "[contacts]\nfrom = 'kind'\ndays = 3",
        "[contacts]\nfrom = 'at'\ndays = 0",
        "[x",
    ],
)
def test_a_wrong_schedule_is_told(tmp_path, text):
    with pytest.raises(BadInput):
        rules(tmp_path, text)


def test_an_export_for_a_records_request_has_only_what_its_reader_may_see(book, tmp_path):
    assert ledger.export(book, "contacts", tmp_path / "out.csv", seen_by="public") == 3
    columns = set(pl.read_csv(tmp_path / "out.csv").columns)
    assert "kind" in columns and not columns & {"contact_id", "latitude", "officer_ref", "happened"}
    ledger.export(book, "contacts", tmp_path / "all.csv", seen_by="auditor")
    assert "officer_ref" not in pl.read_csv(tmp_path / "all.csv").columns
    with pytest.raises(Refused):
        ledger.export(book, "contacts", tmp_path / "no.csv", seen_by="never")
