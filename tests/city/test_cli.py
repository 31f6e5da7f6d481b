"""`commonbeat city`: a book, and the truth beside it, never in it."""

import json

import pytest

from commonbeat.cli.main import main
from commonbeat.ledger import Book, verify


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as end:
        main(["city", *map(str, arguments)])
    return end.value.code, capsys.readouterr()


def test_a_town_becomes_a_book_and_says_it_is_simulated(tmp_path, capsys):
    out = tmp_path / "town"
    code, said = run(capsys, "--out", out, "--residents", 3000, "--json")
    told = json.loads(said.out)
    book = Book.open(out)
    assert code == 0
    assert told["simulated"] is True
    assert told["snapshot"] == book.snapshot
    assert book.label == "simulated"
    assert told["rows"]["contacts"] == book.rows("contacts") > 500
    assert verify(out).whole


def test_the_truth_stands_beside_the_book_and_not_in_it(tmp_path, capsys):
    run(capsys, "--out", tmp_path / "town", "--residents", 3000, "--world", "null", "--quiet")
    truth = json.loads((tmp_path / "town-truth.json").read_text())
    assert truth["world"]["name"] == "null"
    assert not list((tmp_path / "town").rglob("*truth*"))


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["--residents", 12], 2, "residents is 12"),
        (["--world", "utopia"], 2, "worlds are default, null"),
        (["--years", 40], 2, "years is 40"),
    ],
)
def test_a_town_that_cannot_be_leaves_nothing_behind(tmp_path, capsys, arguments, code, says):
    got, said = run(capsys, "--out", tmp_path / "town", *arguments)
    assert got == code
    assert says in " ".join(said.err.split())
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_in_use_is_left_alone(tmp_path, capsys):
    (tmp_path / "town").mkdir()
    (tmp_path / "town" / "letter.txt").write_text("mine")
    code, said = run(capsys, "--out", tmp_path / "town", "--residents", 3000)
    assert code == 3
    assert "choose another folder" in " ".join(said.err.split())
    assert (tmp_path / "town" / "letter.txt").read_text() == "mine"
