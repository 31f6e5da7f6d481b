"""The door for those who type: every command answers --help at once, and wrong words get a sentence and a number."""

import subprocess
import sys

import pytest

from commonbeat.cli import COMMANDS, main


def run(*argv, **more):
    return subprocess.run(
        [sys.executable, "-m", "commonbeat", *argv], capture_output=True, text=True, check=False, **more
    )


def code_of(argv, capsys):
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    out = capsys.readouterr()
    return ended.value.code or 0, out.out + out.err


def test_without_a_command_all_are_listed(capsys):
    code, said = code_of([], capsys)
    assert code == 0
    assert all(name in said for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name, capsys):
    code, said = code_of([name, "--help"], capsys)
    assert code == 0
    assert "Usage" in said


def test_an_unknown_command_gets_the_nearest_one(capsys):
    code, said = code_of(["dialouge"], capsys)
    assert code == 2
    assert 'Did you mean "dialogue"?' in said


def test_a_wrong_option_is_a_sentence_not_a_traceback(capsys):
    code, said = code_of(["report", "--nonsense"], capsys)
    assert code == 2
    assert "Traceback" not in said


def test_a_folder_that_is_no_book_is_said_with_its_own_number(tmp_path, capsys):
    code, said = code_of(["report", str(tmp_path), "--out", str(tmp_path / "r")], capsys)
    assert code == 3
    assert str(tmp_path.name) in said
    assert not (tmp_path / "r").exists()


def test_every_command_is_in_the_documents():
    from pathlib import Path

    text = (Path(__file__).parents[1] / "docs" / "start.md").read_text()
    assert [name for name in COMMANDS if f"`{name}`" not in text and f"commonbeat {name}" not in text] == []
