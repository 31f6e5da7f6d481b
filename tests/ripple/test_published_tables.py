"""Tables as researchers publish them: any order of columns, other names, seconds or dates, and stories asked for by name."""

import json

import polars as pl
import pytest

from commonbeat import ripple
from commonbeat.cli import main
from commonbeat.errors import BadInput

THREADS = """followers,thread_id,Post_ID,parent_id,t,stance,user
100,p1,p1,,1420628871,support,u1
20,p1,p2,p1,1420628931,deny,u2
,p1,p3,p2,1420628991,query,u3
5,p1,p4,p2,NA,comment,u4
"""


def written(tmp_path, text, name="threads.csv"):
    path = tmp_path / name
    path.write_text(text)
    return path


def run(capsys, *arguments):
    with pytest.raises(SystemExit) as ended:
        main(["ripple", *map(str, arguments)])
    out = capsys.readouterr()
    return ended.value.code, out.out, out.err


def test_threads_under_names_of_their_own(tmp_path):
    read = ripple.read_spread(written(tmp_path, THREADS))
    assert read.format == "table" and len(read.table) == 3
    assert any("1 rows have no time" in w for w in read.warnings)
    assert any("t as at" in w and "followers as audience" in w for w in read.warnings)
    assert read.table["stance"].to_list() == ["agree", "object", "question"]
    c = ripple.cascade(read.table)
    assert (c.size, c.depth, c.reach, c.half_life_seconds.value) == (3, 2, 100 + 20, 60)
    told = read.table.write_csv()
    assert not any(
        name in told for name in ("p1", "p2", "u1")
    )  # a thread is named after a post, a post after a person


def test_a_story_is_found_by_the_name_its_source_gives_it(tmp_path, capsys):
    path = written(tmp_path, THREADS + "7,q1,q1,,1420628999,support,u9\n")
    shown = json.loads(run(capsys, path, "--json")[1])["stories"][0]["story_id"]
    again = json.loads(run(capsys, path, "--json")[1])["stories"][0]["story_id"]
    assert shown == again  # the same file gives the same names
    by_shown, by_own = (json.loads(run(capsys, path, "--story", s, "--json")[1]) for s in (shown, "p1"))
    assert by_shown == by_own and by_own["size"] == 3
    code, _, err = run(capsys, path, "--story", "nobody's")
    assert code == 2 and "There is no story" in err


def test_seconds_since_the_start_carry_no_date(tmp_path):
    read = ripple.read_spread(written(tmp_path, "magnitude,time,cascade\n58,0,1\n10,5.5,1\n1,0,2\n"))
    assert read.table["story_id"].to_list() == ["1", "1", "2"] and any("no date" in w for w in read.warnings)
    assert ripple.cascade(read.table.filter(pl.col("story_id") == "1")).parents["unknown"] == 1


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("cascade,time\n1,-5\n", 'line 2: time is "-5"'),
        ("cascade,time,followers\n1,0,3\n1,2,-4\n", 'line 3: followers is "-4"'),
        ("thread_id,post_id,t\np,,5\n", "line 2: post_id is empty"),
        ("thread_id,post_id,t\np,p,2026-03-01T10:00:00\n", "no time zone"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, text, says):
    with pytest.raises(BadInput, match=says):
        ripple.read_spread(written(tmp_path, text))


@pytest.mark.parametrize(
    ("name", "stories", "events"),
    [("seismic_tweet/tweet.csv", 1, 15_563), ("evently_auspol/auspol.csv", 3333, 10_504),
     ("rumoureval2019/twitter_threads.csv", 325, 5568)],
)  # fmt: skip
def test_published_files_as_they_are(real, name, stories, events):
    table = ripple.read_spread(real(f"ripple/{name}")).table
    assert (table["story_id"].n_unique(), len(table)) == (stories, events)
