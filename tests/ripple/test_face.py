"""`commonbeat ripple`: one story, all of them, a page, a book, and what a person sees who asks wrongly."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from commonbeat import points
from commonbeat.cli import main

START = datetime(2026, 3, 1, tzinfo=UTC)
SHAPE = ("events", "reach", "size", "depth", "max_breadth", "structural_virality", "branching_ratio", "half_life_seconds", "fit_ok", "forecast", "places", "warnings")  # fmt: skip


@pytest.fixture(scope="module")
def spread(tmp_path_factory):
    rng, rows = np.random.default_rng(1), []
    for s in range(30):
        t = points.simulate(
            rng, branching_ratio=0.8, half_life=1800, window=(0, 5 * 86_400), sequences=1 if s else 12
        )
        for i, (at, parent) in enumerate(zip(t.times, t.parent)):
            first = None if parent < 0 else f"s{s}e{parent}"
            place = "north <b>" if i % 3 else ("hamlet" if i < 4 else "south")
            rows.append(
                (
                    f"s{s}e{i}",
                    f"story-{s}",
                    START + timedelta(hours=12 * s, seconds=float(at)),
                    "share",
                    first,
                    int(rng.lognormal(5, 1)),
                    place,
                )
            )
    path = tmp_path_factory.mktemp("spread") / "spread.parquet"
    columns = ["event_id", "story_id", "at", "kind", "parent_id", "audience", "place"]
    pl.DataFrame(rows, schema=columns, orient="row").write_parquet(path)
    return path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["ripple", *map(str, arguments)])
    out = capsys.readouterr()
    return ended.value.code, out.out, out.err


def test_one_story_as_json(spread, capsys):
    code, out, _ = run(capsys, spread, "--story", "story-0", "--json")
    found = json.loads(out)
    assert code == 0 and set(SHAPE) <= set(found)
    assert {"value", "low", "high"} <= set(found["branching_ratio"]) and {"value", "low", "high"} <= set(
        found["half_life_seconds"]
    )
    rows = pl.read_parquet(spread).filter(pl.col("story_id") == "story-0")
    assert found["events"] == found["size"] == len(rows) and found["reach"] == rows["audience"].sum()
    assert found["forecast"]["verdict"] in ("forecast", "too_early", "no_past", "supercritical")


def test_small_places_are_hidden_unless_an_analyst_asks(spread, capsys):
    public = json.loads(run(capsys, spread, "--story", "story-0", "--json")[1])
    exact = json.loads(run(capsys, spread, "--story", "story-0", "--json", "--analyst")[1])
    assert "hamlet" not in {p["place"] for p in public["places"]}
    assert {p["place"]: p["events"] for p in exact["places"]}["hamlet"] == 2


def test_all_stories(spread, capsys):
    code, out, _ = run(capsys, spread, "--json")
    found = json.loads(out)
    assert (
        code == 0 and len(found["stories"]) == 30 and found["town"]["ratio"]["low"] < found["town"]["ratio"]["high"]
    )


def test_words_and_a_page(spread, capsys, tmp_path):
    code, out, _ = run(capsys, spread, "--story", "story-0", "--html", tmp_path / "p.html")
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert code == 0 and "Half of all events had happened" in out
    assert "north &lt;b&gt;" in page and "<b>" not in page.split("</style>")[1]
    assert "http" not in page.split("<main")[1].split("</main>")[0] and "<script" not in page
    assert page.count("<h1>") == 1 and 'lang="en"' in page


def test_a_story_of_one_event_has_a_defined_answer(tmp_path, capsys):
    path = tmp_path / "s.csv"
    path.write_text("event_id,story_id,at,kind\na,s,2026-03-01T12:00:00Z,share\n", encoding="utf-8")
    code, out, _ = run(capsys, path, "--json")
    found = json.loads(out)
    assert (
        code == 0
        and found["structural_virality"] is None
        and found["verdict"] == "too_few"
        and found["forecast"]["verdict"] == "too_early"
    )


def test_a_daily_series(tmp_path, capsys):
    rng = np.random.default_rng(2)
    path = tmp_path / "views.csv"
    path.write_text(
        "date,views\n" + "".join(f"{START.date() + timedelta(days=d)},{rng.poisson(50)}\n" for d in range(60)),
        encoding="utf-8",
    )
    code, out, _ = run(capsys, path, "--json")
    found = json.loads(out)
    assert code == 0 and found["size"] is None and found["branching_ratio"]["low"] is not None
    assert "Only daily totals are known" in " ".join(found["warnings"])


def test_the_city_book(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["city", "--seed", "1", "--out", str(tmp_path / "town"), "--quiet"])
    capsys.readouterr()
    if ended.value.code:
        pytest.fail("commonbeat city did not write a book")
    code, out, _ = run(capsys, tmp_path / "town", "--json")
    assert code == 0 and json.loads(out)["simulated"] is True


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [(("nothing.csv",), 2, "There is no file"), ((".",), 3, "book")],
)
def test_wrong_questions_get_a_sentence(arguments, code, says, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ended, _, err = run(capsys, *arguments)
    assert ended == code and says in err and "Traceback" not in err


def test_an_unknown_story_is_said(spread, capsys):
    code, _, err = run(capsys, spread, "--story", "nowhere")
    assert code == 2 and 'no story "nowhere"' in err
