"""The command and its page: who may see which number, and a page that needs nobody else."""

import json
import re

import polars as pl
import pytest

from commonbeat import city, encounters, ledger
from commonbeat.cli.main import main
from commonbeat.report.encounters_page import encounters_page
from commonbeat.report.encounters_release import released, released_cells
from commonbeat.report.encounters_words import cell_sentence
from commonbeat.report.verdict_map import LOOKS, verdict_map


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    path = tmp_path_factory.mktemp("town") / "book"
    ledger.Book.create(path).write(city.build(7, 20_000).tables, importer="city")
    return path


def said(capsys, *argv):
    with pytest.raises(SystemExit) as done:
        main([str(a) for a in argv])
    return done.value.code, capsys.readouterr()


def test_the_json_is_the_one_that_was_promised(book, capsys, tmp_path):
    code, out = said(capsys, "encounters", book, "--by", "race", "--json", "--html", tmp_path / "e.html")
    answer = json.loads(out.out)
    assert code == 0 and answer["simulated"] and answer["label"] == "simulated"
    assert answer["snapshot"] == ledger.Book.open(book).snapshot
    cell = answer["cells"][0]
    assert set(cell) >= {"area", "group", "positive", "enforcement", "verdict", "suppressed", "appendix"}
    assert set(cell["positive"]) >= {"count", "residents", "rate", "low", "high"}
    assert "ratio" not in cell and "positive_to_enforcement" in cell["appendix"]
    small = [
        c
        for c in answer["cells"]
        for k in ("positive", "enforcement")
        if c[k]["count"] is not None and c[k]["count"] < 5
    ]
    assert small == []
    assert any(c["suppressed"] for c in answer["cells"])
    page = (tmp_path / "e.html").read_text()
    assert "officers made" in page and "imulated" in page
    assert not re.search(r'(src|href)="https?:', page) and "<script" not in page
    assert page.index("<h2>Appendix</h2>") > page.index("Contacts by area")


def test_an_analyst_sees_exact_numbers_and_the_page_still_does_not(book, capsys, tmp_path):
    _, out = said(capsys, "encounters", book, "--by", "race", "--json", "--analyst", "--html", tmp_path / "e.html")
    answer = json.loads(out.out)
    assert any(0 < c["positive"]["count"] < 5 for c in answer["cells"])
    assert "hidden" in (tmp_path / "e.html").read_text()


def test_words_say_both_rates_and_what_cannot_be_told(book, capsys):
    code, out = said(capsys, "encounters", book)
    flat = " ".join(out.out.split())
    assert code == 0 and "enforcement contacts per 1,000 residents in a year, and" in flat
    assert "Promise p4" in flat and "Residents are not everyone present" in flat


def test_people_present_stand_beside_the_residents_on_the_page(book, capsys, tmp_path):
    areas = ledger.Book.open(book).table("areas")["area_id"]
    pl.DataFrame({"area_id": areas, "people": 700}).write_csv(tmp_path / "there.csv")
    code, out = said(
        capsys, "encounters", book, "--json", "--present", tmp_path / "there.csv", "--html", tmp_path / "e.html"
    )
    rows = json.loads(out.out)["present"]
    assert code == 0 and len(rows) == 2 * len(areas)
    assert all(r["count"] is None or r["count"] >= 5 for r in rows)
    assert "The same contacts by people present" in (tmp_path / "e.html").read_text()
    code, out = said(capsys, "encounters", book, "--present", tmp_path / "nothing.csv")
    assert code == 2 and "There is no file" in " ".join(out.err.split())


def test_a_record_without_positive_contacts_still_says_its_enforcement():
    rate, none = {"low": 40.2, "high": 52.0}, {"low": None, "high": None}
    cell = {"verdict": "above_town", "enforcement": rate, "positive": none}
    assert cell_sentence(cell, "Oak").startswith(
        "Oak: officers made 40 to 52 enforcement contacts per 1,000 residents in a year; too few positive"
    )
    swapped = cell_sentence({"verdict": "too_few", "enforcement": none, "positive": rate}, "Oak")
    assert "40 to 52 positive contacts" in swapped and swapped.endswith("too few enforcement ones to show.")
    assert cell_sentence(cell | {"enforcement": none}, "Oak") == "Oak: too few contacts to show."


def test_the_map_says_the_verdicts_in_words_and_needs_no_colour(book, capsys, tmp_path):
    code, out = said(capsys, "encounters", book, "--json", "--html", tmp_path / "e.html")
    verdicts = {c["area"]: c["verdict"] for c in json.loads(out.out)["cells"] if c["area"]}
    page = (tmp_path / "e.html").read_text()
    assert code == 0 and f"A map of {len(verdicts)} areas." in page
    for code, words in (
        ("above_town", "clearly above the rest of the town"),
        ("not_clearly_above", "not clearly above"),
    ):
        titles = re.findall(rf"<title>([^<]+): {words}</title>", page)
        assert len(titles) == 2 * sum(v == code for v in verdicts.values())  # once wide, once for a phone
    fills = {words: fill for words, fill, _ in LOOKS.values()}
    grey = [sum(int(f[i : i + 2], 16) for i in (1, 3, 5)) / 3 for f in fills.values()]
    assert grey[0] + 80 < grey[1] < grey[2]  # told apart without colour; white areas have broken borders besides
    assert verdict_map(ledger.Book.open(book).table("areas").with_columns(geometry=None), {}, table=None) is None


def test_a_book_without_people_or_population_gets_a_sentence(tmp_path, capsys):
    ledger.Book.create(tmp_path / "b")
    code, out = said(capsys, "encounters", tmp_path / "b")
    assert code == 3 and "needs contacts and population" in " ".join(out.err.split())
    code, out = said(capsys, "encounters", tmp_path / "nothing")
    assert code == 3 and "is not a book" in " ".join(out.err.split())


def test_a_wrong_day_and_a_wrong_split_are_told(book, capsys):
    assert said(capsys, "encounters", book, "--announced", "soon")[0] == 2
    assert said(capsys, "encounters", book, "--by", "officer_ref")[0] == 2


def _cell(area, group, positive, enforcement):
    def rate(n):
        return encounters.Rate(n, 100, float(n), 0.0, 1.0)

    return encounters.Cell(area, group, rate(positive), rate(9), rate(enforcement), "too_few", None, (1.0, 0.5, 2.0))


def test_one_hidden_group_takes_the_next_smallest_with_it():
    cells = [_cell("a", "x", 3, 50), _cell("a", "y", 12, 50), _cell("a", "z", 40, 50), _cell("b", "x", 50, 50)]
    rows = released_cells(cells)
    assert [r["positive"]["count"] for r in rows] == [None, None, 40, 50]  # 55 - 40 - 12 would have told the 3
    assert [r["enforcement"]["count"] for r in rows] == [50, 50, 50, 50]
    assert rows[0]["appendix"]["positive_to_enforcement"]["value"] is None
    assert rows[0]["suppressed"] and rows[1]["suppressed"] and not rows[2]["suppressed"]


def test_words_from_the_record_cannot_run_on_the_page(book):
    opened = ledger.Book.open(book)
    found = released(encounters.rates(opened.scan("contacts"), opened.table("population")))
    nothing = {"snapshot": "s", "label": "", "reach": None, "integrity": None, "practice": None, "commitments": [],
               "cannot_tell": {"reach": "<b>few</b>", "integrity": "few", "practice": "few"}}  # fmt: skip
    page = encounters_page(found | nothing, {"a01": "<script>alert(1)</script>"})
    assert "<script>alert" not in page and "&lt;script&gt;" in page and "&lt;b&gt;few" in page


def test_import_where_verify_and_audit_at_the_command_line(tmp_path, capsys):
    head = "contact_id,at,kind,activity,free_to_leave_officer"
    (tmp_path / "c.csv").write_text(
        f"{head}\nc1,2026-03-01T10:00:00Z,positive,dance,yes\nc2,2026-03-01T11:00:00Z,positive,dance,mabye\n"
    )
    book = tmp_path / "book"
    code, out = said(capsys, "import", "contacts", tmp_path / "c.csv", "--into", book, "--errors", tmp_path / "e.csv")
    assert code == 2 and "line 3: free_to_leave_officer is" in " ".join(out.err.split())
    assert pl.read_csv(tmp_path / "e.csv").height == 1
    code, _ = said(
        capsys,
        "import",
        "contacts",
        tmp_path / "c.csv",
        "--into",
        book,
        "--errors",
        tmp_path / "e.csv",
        "--keep-good",
    )
    assert code == 0
    code, out = said(capsys, "where", book, "contacts", "c1", "--json")
    assert json.loads(out.out)["line"] == 2
    assert said(capsys, "verify", book)[0] == 0
    assert said(capsys, "audit", "key", tmp_path / "k")[0] == 0
    assert said(capsys, "audit", "head", book, "--sign", tmp_path / "k", "--out", tmp_path / "h.json")[0] == 0
    assert said(capsys, "audit", "hold", book, "contacts", "--why", "case 7", "--id", "c1")[0] == 0
    code, out = said(capsys, "audit", "erase", book, "contacts", "--id", "c1", "--why", "asked")
    assert code == 5 and "case 7" in " ".join(out.err.split())
    assert said(capsys, "audit", "verify", book, "--head", tmp_path / "h.json", "--key", tmp_path / "k.pub")[0] == 0
    lines = (book / "audit.jsonl").read_bytes().splitlines(keepends=True)
    (book / "audit.jsonl").write_bytes(b"".join(lines[:1]))
    assert said(capsys, "audit", "verify", book, "--head", tmp_path / "h.json", "--key", tmp_path / "k.pub")[0] == 6
    assert said(capsys, "verify", book)[0] == 6


def test_the_codebook_at_the_command_line(capsys):
    code, out = said(capsys, "codebook", "contacts", "--json")
    assert code == 0 and list(json.loads(out.out)["tables"]) == ["contacts"]
    assert said(capsys, "codebook", "contact")[0] == 2
    assert "free_to_leave_resident" in said(capsys, "codebook")[1].out
