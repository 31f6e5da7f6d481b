"""The command: its JSON, its page, its refusals."""

import json
import re
from html.parser import HTMLParser

import numpy as np
import polars as pl
import pytest

from commonbeat.cli import main

KEYS = {
    "people", "statements", "votes", "agree", "disagree", "pass", "opinion_votes", "people_placed", "supported_groups",
    "verdict", "stability", "p_value", "groups", "common_ground", "suppressed", "warnings",
}  # fmt: skip


@pytest.fixture
def run(capsys):
    def go(*argv, code=0):
        with pytest.raises(SystemExit) as done:
            main(["dialogue", *map(str, argv)])
        out = capsys.readouterr()
        assert done.value.code == code, out.err
        return out

    return go


def answer(run, *argv):
    out = run(*argv, "--json").out
    assert not re.search(r"\b(NaN|Infinity)\b", out)
    return json.loads(out)


def test_london_as_json(run, real, tmp_path):
    (tmp_path / "ages.csv").write_text("statement_id,group\n1,15-19\n4,20-25\n")
    told = answer(run, real("polis/london.youth.policing"), "--meta", "1-14", "--groups", tmp_path / "ages.csv")
    assert set(told) >= KEYS
    assert [told[k] for k in ("people", "votes", "agree", "disagree", "pass")] == [26, 638, 392, 192, 54]
    assert told["supported_groups"] == 0 and "no separate groups supported" in told["verdict"]
    assert told["groups"] == [] and told["opinion_votes"] < 638 and told["people_placed"] == 22
    assert all(r["p_every_group"] is None and r["lower"] is None for r in told["common_ground"])


def test_an_analyst_sees_the_exact_check_values(run, real, tmp_path):
    (tmp_path / "ages.csv").write_text("statement_id,group\n1,15-19\n4,20-25\n")
    folder = real("polis/london.youth.policing")
    told = answer(run, folder, "--meta", "1-14", "--groups", tmp_path / "ages.csv", "--analyst")
    p = {r["statement_id"]: r["p_every_group"] for r in told["common_ground"]}
    assert (round(p[17], 6), round(p[20], 6), round(p[27], 6)) == (0.99317, 0.99317, 0.988312)
    assert set(told["common_ground"][0]) >= {
        "statement_id",
        "text",
        "p_every_group",
        "least_keen",
        "lower",
        "n_by_group",
    }


def test_words_for_the_terminal_say_the_verdict_first_and_what_was_withheld(run, real, tmp_path):
    (tmp_path / "ages.csv").write_text("statement_id,group\n1,15-19\n4,20-25\n")
    ask = (real("polis/london.youth.policing"), "--meta", "1-14", "--groups", tmp_path / "ages.csv")
    out = run(*ask).out
    assert "no separate groups supported" in out.splitlines()[0]
    assert "almost certain that more than half of every group agree" in out and "Withheld: shares in bands" in out
    exact = run(*ask, "--analyst").out
    assert "probability 0.993" in exact and "Withheld" not in exact


def test_legacy_shows_what_a_polis_server_would(run, real):
    told = answer(run, real("polis/london.youth.policing"), "--meta", "1-14", "--legacy", "--analyst")
    assert [g["size"] for g in told["groups"]] == [3, 18, 3] and told["people_placed"] == 24
    shown = answer(run, real("polis/london.youth.policing"), "--meta", "1-14", "--legacy")
    assert [g["size"] for g in shown["groups"]] == [None, 18, None]


@pytest.mark.parametrize(
    ("rows", "statements", "expected"),
    [
        ([], 0, {"people": 0, "statements": 0, "votes": 0, "supported_groups": 0}),
        ([], 3, {"people": 0, "statements": 0, "votes": 0, "common_ground": []}),
        ([(1, 0, p, 1) for p in range(30)], 1, {"people": 30, "statements": 1, "agree": 30, "supported_groups": 0}),
        ([(1, s, p, 0) for p in range(30) for s in range(9)], 9, {"pass": 270, "agree": 0, "supported_groups": 0}),
        ([(t, 0, 1, 1) for t in range(10_000)], 1, {"people": 1, "votes": 1, "agree": 1}),
    ],
)
def test_hostile_but_well_formed_exports_have_a_defined_answer(run, export, rows, statements, expected):
    told = answer(run, export(rows, statements=statements))
    assert {k: told[k] for k in expected} == expected
    assert told["verdict"].startswith(("Among", "As"))


def test_a_wrong_vote_ends_with_code_2_and_a_sentence_without_traceback(run, export):
    err = run(export([(1, 0, 1, 4), (1, 1, 1, 9)]), "--json", code=2).err
    assert 'votes.csv line 2: the vote is "4"; allowed are 1 (agree)' in err and "line 3" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["--meta", "77"], "there is no statement 77"),
        (["--meta", "x-"], "is not an id or a range"),
        (["--groups", "/nowhere.csv"], "/nowhere.csv is not a file"),
        (["--html", "/nowhere/out.html"], "cannot be written"),
    ],
)
def test_wrong_arguments_get_a_sentence(run, export, more, words):
    assert words in run(export([(1, 0, 1, 1)]), *more, code=2).err


def test_a_folder_that_is_neither_export_nor_book(run, tmp_path):
    assert "neither votes.csv nor participants-votes.csv" in run(tmp_path, code=2).err


def test_json_is_the_same_to_the_last_byte_whatever_the_order_of_lines(run, export):
    rng = np.random.default_rng(0)
    rows = [
        (t, s, p, int(rng.choice([-1, 0, 1])))
        for t, (p, s) in enumerate((p, s) for p in range(40) for s in range(10))
    ]
    a = run(export(rows, statements=10, name="a"), "--json").out
    b = run(export([rows[i] for i in rng.permutation(len(rows))], statements=10, name="b"), "--json").out
    assert a == b


def test_a_book_is_asked_by_its_own_known_groups(run, tmp_path):
    from commonbeat.ledger import Book

    rng = np.random.default_rng(1)
    person = np.repeat([f"p{i:03d}" for i in range(90)], 8)
    votes = pl.DataFrame(
        {
            "person": person, "statement_id": np.tile([f"s{j}" for j in range(8)], 90),
            "value": rng.choice([1, 1, 1, -1], 720).astype(np.int8), "at": None,
            "known_group": np.where(np.isin([p[-1] for p in person], ["0", "1", "2"]), "officer", "resident"),
        }
    ).with_columns(pl.col("at").cast(pl.Datetime("us", "UTC")))  # fmt: skip
    statements = pl.DataFrame(
        {"statement_id": [f"s{j}" for j in range(8)], "text": [f"Words {j}" for j in range(8)],
         "attribute": [False] * 7 + [True], "moderated": ["accepted"] * 8}
    ).with_columns(at=pl.lit(None, pl.Datetime("us", "UTC")), proposed_by=pl.lit(None, pl.String), language=pl.lit("en"))  # fmt: skip
    Book.create(tmp_path / "book").write({"statements": statements, "votes": votes}, importer="test")
    told = answer(run, tmp_path / "book")
    assert told["known_groups"] == [{"name": "officer", "size": 27}, {"name": "resident", "size": 63}]
    assert len(told["common_ground"]) == 7 and told["common_ground"][0]["n_by_group"] == {
        "officer": 27,
        "resident": 63,
    }
    assert told["snapshot"] and told["opinion_votes"] == 630


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attrs = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attrs += [(tag, *a) for a in attrs]


def test_the_page_is_self_contained_accessible_and_escaped(run, export, tmp_path):
    rng = np.random.default_rng(0)
    rows = [(1, s, p, int(rng.choice([-1, 1, 1, 1]))) for p in range(120) for s in range(12)]
    head = "comment-id,moderated,comment-body\n"
    comments = head + "".join(f'{s},1,"<script>alert({s})</script> & more"\n' for s in range(12))
    out = tmp_path / "talk.html"
    run(export(rows, comments=comments), "--html", out, "--quiet")
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    assert "script" not in page.tags and "&lt;script&gt;" in text
    assert not [a for a in page.attrs if a[1] in ("src", "href") and str(a[2]).startswith(("http", "//"))]
    assert ("html", "lang", "en") in page.attrs and ("meta", "name", "viewport") in page.attrs
    assert page.tags.count("h1") == 1 and "svg" in page.tags and ("svg", "role", "img") in page.attrs
    assert "no separate groups supported" in text and "The groups" not in text
    assert text.index("What everyone agrees on") < text.index("The map")


def test_the_page_shows_groups_only_where_they_are_supported(run, export, tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        (1, s, p, 1 if rng.random() < (0.9 if (p + s) % 2 else 0.1) else -1) for p in range(120) for s in range(14)
    ]
    out = tmp_path / "talk.html"
    told = json.loads(run(export(rows, statements=14), "--html", out, "--json").out)
    assert told["supported_groups"] == 2 and len(told["groups"]) == 2
    text = out.read_text(encoding="utf-8")
    assert "The groups" in text and "Group A, " in text and "Group B, " in text
