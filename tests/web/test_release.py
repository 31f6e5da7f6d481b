"""A dated release: the site's own rows beside those the book has from elsewhere, and the edition made of both."""

from datetime import UTC, datetime

import pytest
from web.test_reliability import encounter


@pytest.fixture
def imported(site):
    """A book with three contacts from the dispatch system."""
    from commonbeat.ledger import Book
    from commonbeat.web.record.tables import shaped

    rows = [
        {"contact_id": f"cad-{n}", "at": datetime(2026, 1, n + 1, 12, tzinfo=UTC), "area_id": "a1", "kind": "enforcement", "activity": "stop",
         "began_by": "officer", "free_to_leave_officer": "no", "simulated": False, "source": "cad"} for n in range(3)
    ]  # fmt: skip
    book = Book.create(site.book)
    return book.write({"contacts": shaped("contacts", rows)}, importer="import")


def contacts(site):
    from commonbeat.ledger import Book

    return sorted(Book.open(site.book).table("contacts")["contact_id"].to_list())


def test_what_was_imported_stays_beside_what_officers_write_and_a_record_taken_back_goes(imported, hire, site):
    from commonbeat.web.read import snapshot
    from commonbeat.web.record import acts

    officer, _desk = hire("officer")
    first, second = encounter(officer), encounter(officer)
    made = snapshot.release()
    assert contacts(site) == sorted(["cad-0", "cad-1", "cad-2", first.pk, second.pk])
    acts.undo(second, officer, "written twice")
    again = snapshot.release()
    assert contacts(site) == sorted(["cad-0", "cad-1", "cad-2", first.pk])
    assert again.snapshot != made.snapshot


def test_an_edition_is_made_when_the_desk_asks_and_not_twice_in_a_minute(imported, hire, site):
    from commonbeat.web.jobs.models import Job
    from commonbeat.web.jobs.worker import all_due
    from commonbeat.web.read import edition

    _analyst, desk = hire("analyst")
    assert edition.current(site.root).hash == ""
    for _ in range(2):
        assert desk.post("/desk/edition/").status_code == 302
    assert Job.objects.filter(kind="edition_now").count() in (1, 2)  # two only if the minute turned between
    all_due()
    assert edition.current(site.root).hash and Job.objects.filter(kind="edition_now", state="done").exists()
