"""`commonbeat trust BOOK`: from answers to what may leave."""

import datetime as dt
import json
import re

import numpy as np
import polars as pl
import pytest

from commonbeat import city
from commonbeat.cli import main
from commonbeat.errors import BadInput
from commonbeat.estimate import Estimate
from commonbeat.ledger import Book
from commonbeat.privacy import FLOOR
from commonbeat.report.trust_release import HIDDEN, public, public_group
from commonbeat.stats import clopper_pearson
from commonbeat.tables import check
from commonbeat.trust.reading import population_margins, read_answers
from commonbeat.trust.town import town_trust

ITEMS = ("respect", "fairness", "voice", "safety")


def tables(groups, *, sample="probability", waves=(0,), seed=1):
    """`groups` {race: people}; each answers four questions of the pulse."""
    rng = np.random.default_rng(seed)
    race = [r for r, n in groups.items() for _ in range(n)]
    people = pl.DataFrame(
        {
            "respondent": [f"r{i:04d}" for i in range(len(race))], "race": race, "plan_id": "tracker", "side": "resident",
            "area_id": [f"a{i % 7}" for i in range(len(race))], "sample": sample, "weight": 1.0, "simulated": True,
        }
    )  # fmt: skip
    rows = [
        {
            "respondent": who, "wave": wave, "questionnaire": "pulse-1", "item": item, "value": float(rng.integers(1, 6)),
            "at": dt.datetime(2025, 1, 2, tzinfo=dt.UTC), "seconds": 60.0,
        }
        for wave in waves for who in people["respondent"] for item in ITEMS
    ]  # fmt: skip
    return shaped("respondents", people), shaped("answers", pl.DataFrame(rows))


def shaped(name, frame):
    from commonbeat.codebook import TABLES

    wanted = TABLES[name].columns()
    frame = frame.with_columns(pl.lit(None).alias(c) for c in wanted if c not in frame.columns)
    return frame.select([pl.col(c).cast(kind.dtype) for c, kind in wanted.items()])


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    town = city.build(seed=7, residents=4_000)
    path = tmp_path_factory.mktemp("trust") / "book"
    names = ("areas", "population", "respondents", "answers")
    Book.create(path).write({k: town.tables[k] for k in names}, importer="test", simulated=True)
    return path


def run(capsys, *words):
    with pytest.raises(SystemExit) as done:
        main(["trust", *map(str, words)])
    said = capsys.readouterr()
    return done.value.code, said.out, said.err


def numbers_of(thing):
    """Every estimate in a JSON answer."""
    if isinstance(thing, dict):
        if "value" in thing:
            yield thing
        for v in thing.values():
            yield from numbers_of(v)
    elif isinstance(thing, list):
        for v in thing:
            yield from numbers_of(v)


def bare_numbers(thing, path=()):
    """Numbers outside an estimate: (path, value)."""
    if isinstance(thing, dict) and "value" not in thing:
        for k, v in thing.items():
            yield from bare_numbers(v, (*path, k))
    elif isinstance(thing, list):
        for v in thing:
            yield from bare_numbers(v, path)
    elif isinstance(thing, int | float) and not isinstance(thing, bool):
        yield path, thing


def test_every_number_says_how_sure_it_is_and_small_groups_stay_inside(book, capsys, tmp_path):
    code, out, _ = run(capsys, book, "--by", "race", "--json", "--html", tmp_path / "page")
    assert code == 0
    found = json.loads(out)
    assert found["label"] == "simulated"
    met = list(numbers_of(found))
    assert len(met) > 50
    for e in met:
        assert {"value", "low", "high", "level", "n", "unit", "method", "cautions"} <= set(e)
        assert e["n"] is None or e["n"] == 0 or e["n"] >= FLOOR
    for section in found["sections"]:
        if section["sample"] != "probability":
            assert all(e["low"] is None for e in numbers_of(section["measures"]))
    for path, value in bare_numbers(found):
        assert path[-1] in ("people", "flagged", "p_value", "false_alarm", "own_share"), (path, value)
    page = (tmp_path / "page" / "trust.html").read_text(encoding="utf-8")
    links = re.findall(r'href="([^"#:]+)"', page)
    assert len(links) > 5 and all((tmp_path / "page" / link).is_file() for link in links)
    assert "A simulated town" in page
    assert "<svg" in page
    assert "not drawn by chance" in page


def test_in_words_and_not_at_all(book, capsys):
    code, out, _ = run(capsys, book)
    assert code == 0
    assert "tracker, residents, pulse-1 (probability)" in out
    assert "no margin of error" in out
    assert run(capsys, book, "--quiet")[:2] == (0, "")


def test_raking_to_the_population_is_said(book, capsys):
    code, out, _ = run(capsys, book, "--rake", "race,sex", "--json")
    assert code == 0
    first = json.loads(out)["sections"][0]
    assert first["weighting"]["method"] == "raked to race, sex"
    assert "raked to race, sex" in first["score"]["method"]


def test_what_cannot_be_asked_is_refused(book, capsys, tmp_path):
    code, _, err = run(capsys, book, "--by", "shoe_size")
    assert code == 2
    assert "it may be race" in err
    assert run(capsys, tmp_path / "nowhere")[0] == 3
    empty = tmp_path / "empty"
    Book.create(empty)
    code, _, err = run(capsys, empty)
    assert code == 2
    assert "nobody was asked" in err


def test_a_published_table_is_read_without_n(tmp_path, capsys):
    path = tmp_path / "pas.csv"
    path.write_text(
        'Date,Survey,Borough,Measure,Proportion,MPS\n31/1/2023,PAS,A,Trust,"0,5",\n31/1/2023,PAS,B,Trust,"0,7",\n'
    )
    code, out, _ = run(capsys, path)
    assert code == 0
    assert "from 50 % (A) to 70 % (B)" in out
    assert "without n" in out
    code, out, _ = run(capsys, path, "--json")
    assert json.loads(out)["levels"]["Trust"]["A"]["n"] is None
    assert run(capsys, path, "--by", "race")[0] == 2


def test_a_group_under_the_floor_is_hidden_and_so_is_what_would_give_it_away():
    found = town_trust(*tables({"asian": 3, "black": 30, "white": 60}), by="race").sections[0]
    assert found.by["asian"].n == 3
    shown = dict(public_group(list(found.by)))
    assert shown["asian"].value is None
    assert shown["black"].value is None  # the total less the others would give the three away
    assert HIDDEN in shown["black"].cautions
    assert shown["white"].n == 60


def test_two_hidden_groups_hide_one_another():
    found = town_trust(*tables({"asian": 3, "black": 4, "white": 60}), by="race").sections[0]
    shown = dict(public_group(list(found.by)))
    assert [shown[k].value is None for k in ("asian", "black", "white")] == [True, True, False]


def test_few_people_are_shown_in_whole_points():
    exact = Estimate(55.4321, 2.0, 9, 50.9, 59.96, n=12)
    assert (public(exact).value, public(exact).low, public(exact).high, public(exact).std_error) == (55, 51, 60, None)
    assert public(Estimate(55.4321, n=200)).value == 55.4321
    assert public(Estimate(55.4321, n=4)).value is None


def test_an_area_under_the_floor_adds_nothing_of_its_own():
    respondents, answers = tables({"white": 80})
    only = respondents.with_columns(
        area_id=pl.when(pl.int_range(pl.len()) < 3).then(pl.lit("tiny")).otherwise(pl.col("area_id"))
    )
    areas = town_trust(only, answers).sections[0].areas
    assert areas.own_share[areas.names.index("tiny")] == 0
    assert areas["tiny"].n == 0


def test_the_score_is_the_mean_of_the_questions_on_0_to_100():
    respondents, answers = tables({"white": 40})
    found = town_trust(respondents, answers).sections[0]
    assert found.score.value == pytest.approx((answers["value"].mean() - 1) / 4 * 100)
    assert dict(found.measures)["voice"].n == 40


def test_answers_of_a_panel_stand_on_people_not_on_answers():
    found = town_trust(*tables({"white": 40}, waves=(3, 21, 90))).sections[0]
    assert (found.people, found.score.n, found.score.df) == (40, 120, 40 - 1)
    assert found.track.waves == ("3", "21", "90")
    assert found.track.kind == "panel"
    assert any("Pools waves 3 to 90" in c for c in found.cautions)


def test_answers_that_do_not_fit_are_named():
    respondents, answers = tables({"white": 10})
    with pytest.raises(BadInput, match="line 1: the answer 9 to respect"):
        read_answers(respondents, answers.with_columns(value=pl.lit(9.0)))
    with pytest.raises(BadInput, match="nobody of that pseudonym"):
        read_answers(respondents.head(5), answers)
    with pytest.raises(BadInput, match="twice in one wave"):
        read_answers(respondents, pl.concat([answers, answers.head(1)]))
    with pytest.raises(BadInput, match='no questionnaire "mood-3"'):
        read_answers(respondents, answers.with_columns(questionnaire=pl.lit("mood-3")))


def test_the_population_gives_margins_of_adults():
    people = pl.DataFrame(
        {
            "area_id": ["a"] * 4, "race": ["x", "y", "x", "y"], "age_band": ["0-9", "18-29", "65+", "30-44"],
            "sex": [None] * 4, "residents": [100, 10, 20, 30],
        }
    ).with_columns(pl.col("sex").cast(pl.String))  # fmt: skip
    assert population_margins(people, ["race"]) == {"race": {"x": 20, "y": 10 + 30}}
    with pytest.raises(BadInput, match="by sex"):
        population_margins(people, ["sex"])
    mixed = pl.concat([people, people.with_columns(age_band=pl.lit(None, pl.String))])
    with pytest.raises(BadInput, match="counted twice"):
        population_margins(mixed, ["race"])


def test_the_helper_rows_are_rows_of_the_codebook():
    respondents, answers = tables({"white": 6})
    assert len(check("respondents", respondents)) == 6
    assert len(check("answers", answers)) == 24


def test_the_city_s_own_trust_is_inside_the_interval():
    """The tracker is drawn by chance with unequal chances; ignoring the weights is the naive wrong answer beside it."""
    town = city.build(seed=11, residents=20_000, years=1, world="everyone_answers")
    asked = read_answers(town.tables["respondents"], town.tables["answers"])
    pulse = next(a for a in asked if a.questionnaire.name == "pulse")
    hidden = town.truth.rows["respondents"].filter(pl.col("respondent").str.starts_with("q00-"))
    rows = pulse.rows.with_columns(score=np.asarray(pulse.score)).join(hidden, on=["respondent", "wave"])
    found = town_trust(
        town.tables["respondents"].filter(pl.col("respondent").is_in(hidden["respondent"].to_list())),
        town.tables["answers"].filter(pl.col("respondent").is_in(hidden["respondent"].to_list())),
    ).sections
    score = next(s for s in found if s.questionnaire == "pulse-1").score
    truth = (rows["y1"] * rows["weight"]).sum() / rows["weight"].sum()
    assert score.low < truth < score.high


def test_quarter_by_quarter_the_tracker_holds_the_truth_and_the_plain_mean_is_biased():
    """The city writes down its truth for every quarter, and what a plain mean of the same people would have said."""
    hits, off, naive_off = 0, [], []
    for seed in (3, 5, 7, 9):
        town = city.build(seed=seed, residents=8_000)
        plan = town.tables["respondents"].filter(pl.col("plan_id") == "tracker")
        answers = town.tables["answers"].filter(pl.col("questionnaire") == "pulse-1")
        answers = answers.join(plan.select("respondent"), on="respondent", how="semi")
        tracked = town_trust(plan, answers).sections[0].track
        facts = [f for f in town.truth.facts if f.method == "trust.estimate_level" and f.quantity == "mean trust"]
        assert len(facts) == len(tracked.levels) == 8
        for fact, level in zip(facts, tracked.levels, strict=True):
            hits += level.low <= fact.value <= level.high
            off.append(level.value - fact.value)
            naive_off.append(fact.naive - fact.value)
    low, high = clopper_pearson(hits, len(off), level=0.999)
    assert low <= 0.96
    assert high >= 0.94
    assert abs(np.mean(off)) < 0.7
    assert np.mean(naive_off) < -1  # the tracker asks more often where trust is lower
