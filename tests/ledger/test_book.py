"""A book is a folder of snapshots that never change; what is in it can be checked to the byte."""

import errno
import fcntl
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime

import polars as pl
import pytest

from commonbeat import codebook, ledger, tables
from commonbeat.errors import BadInput, BookError, Broken, Busy, Refused
from commonbeat.ledger.lock import writing

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
AREAS = pl.DataFrame({"area_id": ["north", "south"], "name": ["North", "South"]})
SOURCE = ledger.Source("/somewhere/contacts.csv", "a" * 64, licence="made by hand", lines=pl.Series([2, 5]))


def contacts(*ids, **other):
    return pl.DataFrame(
        [
            {"contact_id": i, "at": NOON, "kind": "enforcement", "activity": "stop", "simulated": False} | other
            for i in ids
        ]
    )


@pytest.fixture
def book(tmp_path):
    made = ledger.Book.create(tmp_path / "book", at=NOON).write({"areas": AREAS}, importer="clerk", at=NOON)
    made.add("contacts", contacts("c1", "c2", place="a park by the lake"), source=SOURCE, importer="clerk", at=NOON)
    return ledger.Book.open(tmp_path / "book")


def test_what_was_written_is_read_by_polars_and_by_sql(book):
    assert book.tables == ("areas", "contacts", "receipts")
    assert book.table("contacts")["contact_id"].to_list() == ["c1", "c2"]
    assert book.scan("areas").select(pl.len()).collect().item() == 2
    assert book.duckdb().sql("select count(*) from contacts where kind = 'enforcement'").fetchone() == (2,)
    assert book.table("contacts").schema == {c: a.dtype for c, a in codebook.TABLES["contacts"].columns().items()}


def test_sql_can_read_the_book_and_nothing_else(book, tmp_path):
    (tmp_path / "secret.csv").write_text("a\n1\n")
    connection = book.duckdb()
    for sql in (f"select * from '{tmp_path}/secret.csv'", f"copy contacts to '{tmp_path}/out.csv'"):
        with pytest.raises(Exception, match=r"disabled by configuration|Permission"):
            connection.sql(sql).fetchall()
    assert not (tmp_path / "out.csv").exists()


def test_a_new_snapshot_leaves_the_old_one_as_it_was(book):
    after = book.write({"areas": AREAS.head(1)}, importer="clerk", note="the south was merged")
    assert (after.rows("areas"), book.table("areas").height) == (1, 2)
    assert ledger.Book.open(book.path).snapshot == after.snapshot != book.snapshot
    assert ledger.Book.open(book.path, snapshot=book.snapshot[:12]).table("areas").equals(book.table("areas"))


def test_the_same_rows_have_the_same_name_whoever_writes_them(tmp_path):
    made = [ledger.Book.create(tmp_path / n).write({"areas": AREAS}, importer="clerk", at=NOON) for n in "ab"]
    assert made[0].snapshot == made[1].snapshot


def test_unchanged_tables_are_shared_between_snapshots_not_copied(book):
    after = book.write({"areas": AREAS.head(1)}, importer="clerk")
    part = after.manifest.tables["contacts"][0].file
    assert (after.folder / part).stat().st_ino == (book.folder / part).stat().st_ino


def test_every_row_says_where_it_came_from(book):
    origin = book.where("contacts", "c2")
    assert (origin.row, origin.line) == (2, 5)
    assert origin.receipt["file"] == "contacts.csv"  # without the folder, which may tell who
    assert (origin.receipt["sha256"], origin.receipt["licence"]) == ("a" * 64, "made by hand")
    assert book.where("contacts", 1).id == "c1"
    assert book.where("areas", "south").receipt["importer"] == "clerk"
    with pytest.raises(BadInput, match="number from 1 to 2"):
        book.where("contacts", "c9")


def test_importing_the_same_rows_again_adds_nothing(book):
    again = book.add("contacts", contacts("c1", "c2", place="a park by the lake"), source=SOURCE, importer="clerk")
    assert (again.added, again.already, again.snapshot) == (0, 2, book.snapshot)


def test_rows_without_an_id_are_known_by_their_values_and_how_often(book):
    rows = pl.DataFrame({"area_id": ["north"] * 3, "race": ["white", "white", None], "residents": [5, 5, 7]})
    source = ledger.Source("p.csv", "b" * 64)
    assert book.add("population", rows.head(1), source=source, importer="clerk").added == 1
    assert book.add("population", rows, source=source, importer="clerk").added == 2  # the second 5, and the 7
    assert book.add("population", rows, source=source, importer="clerk").already == 3
    assert ledger.Book.open(book.path).table("population")["residents"].to_list() == [5, 5, 7]


def test_rows_without_an_id_are_counted_over_all_batches_of_a_file(book):
    """Twice in the table, three times over two batches of the file: one is new."""
    row = _checked(pl.DataFrame({"area_id": ["north"], "race": ["white"], "residents": [5]}), "population")
    source, lines = ledger.Source("p.csv", "b" * 64), pl.Series([2, 3])
    book.add("population", pl.concat([row, row]), source=source, importer="clerk")
    batches = iter([(pl.concat([row, row]), lines), (row, lines.head(1) + 2)])
    done = book.add("population", batches, source=ledger.Source("q.csv", "c" * 64), importer="clerk")
    assert (done.added, done.already) == (1, 2)
    assert ledger.Book.open(book.path).where("population", 3).line == 4


def test_an_id_with_other_values_is_told_and_nothing_is_added(book):
    rows = pl.concat([contacts("c3"), contacts("c2", outcome="a warning")], how="diagonal")
    with pytest.raises(BadInput) as caught:
        book.add("contacts", rows, source=SOURCE, importer="clerk")
    assert 'contacts.csv line 5: contact_id "c2" is already in the book' in str(caught.value)
    assert ledger.Book.open(book.path).snapshot == book.snapshot


def test_batches_of_a_big_file_are_one_import_and_an_id_in_two_of_them_is_told(book):
    def batches(*groups):
        for i, ids in enumerate(groups):
            yield contacts(*ids).pipe(lambda f: _checked(f)), pl.Series(range(10 * i + 2, 10 * i + 2 + len(ids)))

    done = book.add("contacts", batches(["c3", "c4"], ["c5"]), source=SOURCE, importer="clerk")
    assert done.added == 3
    assert ledger.Book.open(book.path).where("contacts", "c5").line == 12
    with pytest.raises(BadInput, match=r"line 2: contact_id .* more than one row"):
        book.add("contacts", batches(["c6"], ["c6"]), source=SOURCE, importer="clerk")
    assert ledger.Book.open(book.path).snapshot == done.snapshot


def _checked(frame, table="contacts"):
    return tables.check(table, frame)


def test_a_wrong_cell_changes_nothing(book):
    with pytest.raises(BadInput, match="kind is"):
        book.write({"areas": AREAS.head(1), "contacts": contacts("c1", kind="nice")}, importer="clerk")
    assert ledger.Book.open(book.path).snapshot == book.snapshot
    assert not list(book.path.glob("snapshots/.writing-*"))


def test_the_label_of_simulated_rows_stays_on_the_book(book):
    assert (book.simulated, book.label) == (False, "")
    after = book.write({"contacts": contacts("s1", simulated=True)}, importer="city")
    assert (after.simulated, after.label) == (True, "partly simulated")
    whole = ledger.Book.create(book.path.parent / "town").write(
        {"areas": AREAS, "contacts": contacts("s1", simulated=True)}, importer="city"
    )
    assert whole.label == "simulated"  # what comes with simulated rows is simulated too


def test_what_is_no_book_gets_a_sentence(tmp_path):
    with pytest.raises(BookError, match="no CURRENT file"):
        ledger.Book.open(tmp_path)
    (tmp_path / "x").write_text("")
    with pytest.raises(BookError, match="not empty"):
        ledger.Book.create(tmp_path)


def test_a_book_of_a_newer_program_is_refused(book, monkeypatch):
    monkeypatch.setattr(codebook, "SCHEMA_VERSION", 0)
    with pytest.raises(BookError, match=r"version 1; this program reads up to 0"):
        ledger.Book.open(book.path)


def test_a_column_the_codebook_gained_later_is_null_in_old_books(book):
    part = book.folder / book.manifest.tables["areas"][0].file
    pl.read_parquet(part).drop("source").write_parquet(part)
    assert book.table("areas")["source"].to_list() == [None, None]


def test_verify_finds_a_changed_byte_wherever_it_is(book):
    whole = ledger.verify(book.path)
    assert whole.whole and whole.snapshots == 3 and whole.entries == 3
    files = [f for f in book.path.rglob("*") if f.is_file() and f.name != "LOCK"]
    assert len(files) > 8
    for file in files:
        bytes_ = file.read_bytes()
        file.write_bytes(
            bytes_[: len(bytes_) // 2] + bytes([bytes_[len(bytes_) // 2] ^ 1]) + bytes_[len(bytes_) // 2 + 1 :]
        )
        try:
            broken = not ledger.verify(book.path).whole
        except BookError:
            broken = True
        assert broken, file
        file.write_bytes(bytes_)
    assert ledger.verify(book.path).whole


def test_verify_finds_what_is_missing_and_what_is_strange(book):
    part = book.folder / book.manifest.tables["contacts"][0].file
    kept = part.read_bytes()
    part.unlink()
    with pytest.raises(Broken, match="is missing from snapshot"):
        ledger.verify(book.path).or_raise()
    part.write_bytes(kept)
    (book.folder / "more.parquet").write_bytes(b"")
    assert "does not belong" in ledger.verify(book.path).problems[0]


def test_going_back_to_an_old_snapshot_by_hand_is_found(book):
    old = book.write({"areas": AREAS.head(1)}, importer="clerk")
    (book.path / "CURRENT").write_text(book.snapshot + "\n")
    assert "CURRENT names" in ledger.verify(old.path).problems[0]


def test_a_chain_that_was_cut_is_found_with_a_head_kept_outside(book):
    head = book.chain.head()
    lines = (book.path / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (book.path / "audit.jsonl").write_bytes(b"".join(lines[:-1]))
    assert "cut off" in ledger.verify(book.path, head).problems[0]


def test_erasing_takes_the_row_out_of_every_file_and_keeps_a_tombstone(book):
    people = pl.DataFrame({"contact_id": ["c1", "c2"], "race": ["black", "white"], "age_band": ["0-9", "18-29"],
                           "sex": ["female", "male"], "people": [1, 2], "how_known": ["not_asked", "not_asked"]})  # fmt: skip
    book.write({"people": people}, importer="clerk")
    done = book.erase("contacts", ["c1"], why="asked by the family", by="clerk", at=NOON)
    now = ledger.Book.open(book.path)
    assert done.rows == {"contacts": 1, "people": 1}
    assert now.table("contacts")["contact_id"].to_list() == ["c2"]
    assert now.table("people")["contact_id"].to_list() == ["c2"]
    assert now.where("contacts", "c2").line == 5  # it still knows where it came from
    left = [f for f in book.path.rglob("*.parquet") if "contacts" in f.name and ".from." not in f.name]
    assert all("c1" not in pl.read_parquet(f)["contact_id"] for f in left)
    assert ledger.verify(book.path).whole
    with pytest.raises(BookError, match="were erased"):
        book.table("contacts")  # the old snapshot no longer has them


def test_an_erased_row_does_not_come_back_with_the_same_file(book):
    book.erase("contacts", ["c1"], why="asked by the family", by="clerk")
    again = book.add("contacts", contacts("c1", "c2", place="a park by the lake"), source=SOURCE, importer="clerk")
    assert (again.added, again.already, again.erased) == (0, 1, 1)


def test_a_missing_tombstone_is_found(book):
    book.erase("contacts", ["c1"], why="asked by the family", by="clerk")
    shutil.rmtree(book.path / "erased")
    assert any("Tombstone" in p for p in ledger.verify(book.path).problems)


def test_a_row_under_legal_hold_cannot_be_erased_until_it_is_lifted(book):
    placed = ledger.hold(book.path, "contacts", ["c1"], why="complaint 2026-14", by="counsel")
    with pytest.raises(Refused, match="complaint 2026-14"):
        book.erase("contacts", ["c1", "c2"], why="retention", by="clerk")
    assert ledger.Book.open(book.path).rows("contacts") == 2
    ledger.lift(book.path, placed.n, why="closed", by="counsel")
    assert book.erase("contacts", ["c1"], why="retention", by="clerk").rows == {"contacts": 1}
    assert ledger.held(book.path) == ()


def test_erasing_what_is_not_there_says_so(book):
    with pytest.raises(BadInput, match="nothing was erased"):
        book.erase("contacts", ["c9"], why="x", by="clerk")


def test_a_second_writer_is_told_who_writes_or_waits_for_it(book):
    with writing(book.path, who="the night import", wait=0), pytest.raises(Busy, match="the night import"):
        book.write({"areas": AREAS.head(1)}, importer="clerk", wait=0.1)

    def hold_for(seconds):
        with writing(book.path, who="the night import", wait=0):
            started.set()
            time.sleep(seconds)

    started = threading.Event()
    first = threading.Thread(target=hold_for, args=(0.3,))
    first.start()
    started.wait()
    assert book.write({"areas": AREAS.head(1)}, importer="clerk", wait=20).rows("areas") == 1
    first.join()


FULL = """
import resource, signal, sys
import polars as pl
from commonbeat import ledger
from commonbeat.errors import BookError
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
book = ledger.Book.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
rows = pl.DataFrame({"area_id": [f"a{i}" for i in range(200_000)], "name": [f"area {i}" for i in range(200_000)]})
try:
    book.write({"areas": rows}, importer="clerk")
except BookError as error:
    print(error)
"""


def test_a_disk_that_fills_up_in_the_middle_changes_nothing(book):
    assert hasattr(resource, "RLIMIT_FSIZE") and hasattr(signal, "SIGXFSZ")
    before = sorted((str(f), f.read_bytes()) for f in book.path.rglob("*") if f.is_file())
    done = subprocess.run([sys.executable, "-c", FULL, str(book.path)], capture_output=True, text=True, timeout=60)
    assert "no room left" in done.stdout and "Nothing was changed" in done.stdout, done
    assert sorted((str(f), f.read_bytes()) for f in book.path.rglob("*") if f.is_file()) == before
    assert ledger.verify(book.path).whole


def test_a_crash_in_the_middle_leaves_nothing_that_counts(book, monkeypatch):
    def crash(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("commonbeat.ledger.change.os.replace", crash)
    with pytest.raises(KeyboardInterrupt):
        book.write({"areas": AREAS.head(1)}, importer="clerk")
    assert ledger.Book.open(book.path).table("areas").height == 2


# --- network shares ---------------------------------------------------------------------------------------------------


@pytest.fixture
def share(monkeypatch):
    """A file system without links, locks, or folders that can be flushed, as some network shares are."""

    def refuse(number):
        def call(*args, **more):
            raise OSError(number, os.strerror(number))

        return call

    flush = os.fsync

    def only_files(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "Invalid argument")
        flush(handle)

    monkeypatch.setattr(os, "link", refuse(errno.EPERM))
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOLCK))
    monkeypatch.setattr(os, "fsync", only_files)


def test_a_book_on_a_share_without_links_and_locks_is_written_and_whole(share, tmp_path):
    book = ledger.Book.create(tmp_path / "b").write({"areas": [{"area_id": "a", "name": "a"}]}, importer="clerk")
    book = book.write({"population": [{"area_id": "a", "residents": 9}]}, importer="clerk")
    assert book.tables == ("areas", "population", "receipts") and ledger.verify(book.path).whole
    assert not (book.path / "LOCK.held").exists()


def test_a_second_writer_on_such_a_share_is_told_what_to_remove_after_a_crash(share, tmp_path):
    book = ledger.Book.create(tmp_path / "b")
    with (
        writing(book.path, who="clerk", wait=0),
        pytest.raises(Busy, match=r"clerk .* is writing .* remove .*LOCK\.held"),
    ):
        book.write({"areas": [{"area_id": "a", "name": "a"}]}, importer="other", wait=0.1)
    assert book.write({"areas": [{"area_id": "a", "name": "a"}]}, importer="other").rows("areas") == 1


def test_a_row_typed_by_hand_has_a_receipt_too(tmp_path):
    """Rows that come from no file name the desk and the line among those written together."""
    typed = {"contact_id": "c1", "at": datetime(2026, 3, 1, 14, tzinfo=UTC), "kind": "positive", "activity": "dance", "free_to_leave_officer": "yes",
             "simulated": False}  # fmt: skip
    book = ledger.Book.create(tmp_path / "b").write({"contacts": [typed]}, importer="desk")
    origin = book.where("contacts", "c1")
    assert (origin.line, origin.receipt["importer"], origin.receipt["file"]) == (1, "desk", "written by desk")
    assert len(origin.receipt["sha256"]) == 64
