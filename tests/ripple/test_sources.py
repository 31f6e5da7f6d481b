"""Readers: each format as its platform writes it, entered by hand, and what each of them refuses."""

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from commonbeat import ripple
from commonbeat.errors import BadInput, TooFew

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def write(folder, name, text):
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path, **options):
    return ripple.read_spread(path, now=NOW, **options)


def test_codebook_csv_with_times_in_many_zones(tmp_path):
    path = write(tmp_path, "spread.csv", (
        "event_id,story_id,at,kind,parent_id,audience\n"
        "a,s,2026-03-01T12:00:00Z,share,,100\n"
        "b,s,2026-03-01T08:00:00-05:00,reply,a,\n"
    ))  # fmt: skip
    found = read(path)
    assert found.format == "codebook"
    assert found.table["at"].to_list() == [datetime(2026, 3, 1, 12, tzinfo=UTC), datetime(2026, 3, 1, 13, tzinfo=UTC)]
    assert ripple.cascade(found.table).depth == 1


def test_a_naive_time_and_a_negative_audience_are_refused_with_their_line(tmp_path):
    path = write(
        tmp_path,
        "s.csv",
        "event_id,story_id,at,kind,audience\na,s,2026-03-01T12:00:00,share,1\nb,s,2026-03-01T12:00:00Z,share,-4\n",
    )
    with pytest.raises(BadInput) as refused:
        read(path)
    said = " | ".join(str(p) for p in refused.value.problems)
    assert "s.csv line 2" in said and "no time zone" in said
    assert "s.csv line 3" in said and '"-4"' in said


def test_events_from_the_future_are_left_out_and_counted(tmp_path):
    path = write(
        tmp_path,
        "s.csv",
        "event_id,story_id,at,kind\na,s,2026-03-01T12:00:00Z,share\nb,s,2027-03-01T12:00:00Z,share\n",
    )
    found = read(path)
    assert len(found.table) == 1 and "1 events are stamped later than now" in found.warnings[0]


def test_repeated_rows_are_left_out_and_counted(tmp_path):
    row = "a,s,2026-03-01T12:00:00Z,share\n"
    found = read(write(tmp_path, "s.csv", "event_id,story_id,at,kind\n" + row + row))
    assert len(found.table) == 1 and "1 rows repeat" in found.warnings[0]


def test_parquet(tmp_path):
    frame = pl.DataFrame(
        {"event_id": ["a"], "story_id": ["s"], "at": [datetime(2026, 3, 1, tzinfo=UTC)], "kind": ["view"]}
    )
    frame.write_parquet(tmp_path / "s.parquet")
    assert read(tmp_path / "s.parquet").table["kind"].to_list() == ["view"]


FOURCAT = (
    "id,thread_id,timestamp,unix_timestamp,body,author,author_followers,is_retweet,is_reply,in_reply_to_id\n"
    '1,1,2026-03-01 12:00:00,1772366400,"one, with comma",river,900,no,no,\n'
    "2,1,2026-03-01 12:05:00,1772366700,two,stone,50,no,yes,1\n"
    "3,1,2026-03-01 12:06:00,1772366760,three,cloud,,yes,no,\n"
)


def test_fourcat(tmp_path):
    found = read(write(tmp_path, "posts.csv", FOURCAT))
    assert found.format == "4cat"
    assert found.table["kind"].to_list() == ["share", "reply", "share"]
    assert found.table["parent_how"].to_list() == [None, "declared", "unknown"]
    assert found.table["audience"].to_list() == [900, 50, None]
    assert found.table["at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert ripple.cascade(found.table).parents == {"declared": 1, "inferred": 0, "unknown": 1}


def test_names_and_ids_do_not_come_through_the_door(tmp_path):
    path = write(tmp_path, "posts.csv", FOURCAT)
    first, second, kept = read(path), read(path), [read(path, salt=b"kept") for _ in range(2)]
    text = first.table.write_csv()
    assert "river" not in text and "stone" not in text and "two" not in text
    assert first.table["actor"][0] != second.table["actor"][0]  # the salt was thrown away
    assert kept[0].table["actor"][0] == kept[1].table["actor"][0]


def test_fourcat_refuses_a_bad_count_with_its_line(tmp_path):
    path = write(tmp_path, "posts.csv", FOURCAT.replace(",50,", ",many,"))
    with pytest.raises(BadInput, match=r'posts.csv line 3.*"many"'):
        read(path)


MENTION = "\t".join(
    [
        "77",
        "20260301113000",
        "20260301120000",
        "1",
        "river.example",
        "https://river.example/a",
        "3",
        "-1",
        "5",
        "9",
        "1",
        "60",
        "2000",
        "-2.5",
        "",
        "",
    ]
)


def test_gdelt_mentions_without_header(tmp_path):
    other = MENTION.replace("/a", "/b").replace("-2.5", "1.5")
    found = read(
        write(
            tmp_path,
            "x.mentions.CSV",
            f"{MENTION}\n{MENTION.replace(chr(9) + '3' + chr(9), chr(9) + '8' + chr(9))}\n{other}\n",
        )
    )
    assert found.format == "gdelt"
    assert found.table["tone"].to_list() == [-2.5, 1.5]
    assert found.table["at"][0] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert found.table["source"].to_list() == ["river.example"] * 2
    assert any("1 further sentences" in w for w in found.warnings)


def test_gdelt_real_slice(real):
    found = ripple.read_spread(real("ripple/gdelt_mentions_sample/mentionssamp.csv"))
    assert found.format == "gdelt" and len(found.table) + 20 == 1635
    assert found.table["tone"].null_count() == 0


def test_gdelt_refuses_a_wrong_stamp(tmp_path):
    with pytest.raises(BadInput, match=r"line 1.*YYYYMMDDHHMMSS"):
        read(write(tmp_path, "x.csv", MENTION.replace("20260301120000", "2026-03-01 120") + "\n"), format="gdelt")


def toot(id, **more):
    return {
        "id": id,
        "created_at": "2026-03-01T12:00:00.000Z",
        "account": {"id": f"p{id}", "followers_count": 10},
        "reblogs_count": 0,
        "reblog": None,
        "in_reply_to_id": None,
    } | more


def test_mastodon_statuses(tmp_path):
    first = toot("1")
    statuses = [first, toot("2", in_reply_to_id="1"), toot("3", reblog=first, created_at="2026-03-01T13:00:00Z")]
    found = read(write(tmp_path, "m.json", json.dumps(statuses)))
    assert found.format == "mastodon"
    assert found.table["kind"].to_list() == ["share", "reply", "share"]
    assert found.table["parent_how"].to_list() == [None, "declared", "unknown"]
    assert found.table["story_id"].n_unique() == 1 and "do not" not in found.table["story_id"][0]
    assert any("does not say which boost" in w for w in found.warnings)


def test_mastodon_context(tmp_path):
    context = {
        "ancestors": [toot("1")],
        "descendants": [toot("3", in_reply_to_id="2")],
        "status": toot("2", in_reply_to_id="1"),
    }
    assert ripple.cascade(read(write(tmp_path, "m.json", json.dumps(context))).table).depth == 2


def test_mastodon_boosters_without_time_are_refused(tmp_path):
    accounts = [{"id": "1", "username": "x", "followers_count": 3, "created_at": "2020-01-01T00:00:00Z"}]
    with pytest.raises(BadInput, match="without time or parent"):
        read(write(tmp_path, "m.json", json.dumps(accounts)))


def event(did, key, record, at=1_772_366_400_000_000):
    return {
        "did": did,
        "time_us": at,
        "kind": "commit",
        "commit": {"operation": "create", "collection": record["$type"], "rkey": key, "record": record},
    }


ROOT = "at://did:plc:one/app.bsky.feed.post/1"
STREAM = [
    event(
        "did:plc:one",
        "1",
        {"$type": "app.bsky.feed.post", "createdAt": "2026-03-01T12:00:00Z", "text": "a dance-off"},
    ),
    event(
        "did:plc:two",
        "2",
        {"$type": "app.bsky.feed.repost", "createdAt": "1999-01-01T00:00:00Z", "subject": {"uri": ROOT}},
        1_772_366_500_000_000,
    ),
    event(
        "did:plc:three",
        "3",
        {
            "$type": "app.bsky.feed.repost",
            "createdAt": "2026-03-01T12:05:00Z",
            "subject": {"uri": ROOT},
            "via": {"uri": "at://did:plc:two/app.bsky.feed.repost/2"},
        },
        1_772_366_600_000_000,
    ),
    event(
        "did:plc:four",
        "4",
        {
            "$type": "app.bsky.feed.post",
            "createdAt": "2026-03-01T12:06:00Z",
            "reply": {"root": {"uri": ROOT}, "parent": {"uri": ROOT}},
        },
        1_772_366_700_000_000,
    ),
    event(
        "did:plc:five",
        "5",
        {"$type": "app.bsky.feed.like", "createdAt": "2026-03-01T12:06:00Z", "subject": {"uri": ROOT}},
    ),
]


def test_bluesky_stream_with_via(tmp_path):
    found = read(write(tmp_path, "b.json", "\n".join(json.dumps(e) for e in STREAM)))
    assert found.format == "bluesky" and len(found.table) == 4
    assert found.table["parent_how"].to_list() == [None, "unknown", "declared", "declared"]
    assert found.table["at"].min() == datetime(
        2026, 3, 1, 12, tzinfo=UTC
    )  # what the server saw, not the claimed 1999
    c = ripple.cascade(found.table)
    assert (c.depth, c.parents["declared"], c.parents["unknown"]) == (2, 2, 1)
    assert "did:plc" not in found.table.write_csv()


def test_bluesky_thread(tmp_path):
    def post(uri, parent=None):
        reply = {"reply": {"root": {"uri": ROOT}, "parent": {"uri": parent}}} if parent else {}
        return {
            "uri": uri,
            "author": {"did": uri.split("/")[2], "followersCount": 7},
            "indexedAt": "2026-03-01T12:00:00Z",
            "record": {"$type": "app.bsky.feed.post", "createdAt": "2026-03-01T11:00:00Z"} | reply,
        }

    a, b = "at://did:plc:two/app.bsky.feed.post/2", "at://did:plc:three/app.bsky.feed.post/3"
    thread = {
        "thread": {
            "post": post(ROOT),
            "replies": [{"post": post(a, ROOT), "replies": [{"post": post(b, a), "replies": []}]}],
        }
    }
    found = read(write(tmp_path, "t.json", json.dumps(thread)))
    assert ripple.cascade(found.table).depth == 2 and found.table["audience"].sum() == 3 * 7


AGENT = '"https://friends.example/p?who=42" "Mozilla/5.0 (X11; Linux) Firefox/140"'
LOG = f"""198.51.100.7 - - [01/Mar/2026:12:00:00 +0000] "GET /story/dance-off HTTP/1.1" 200 512 {AGENT}
198.51.100.7 - - [01/Mar/2026:12:01:00 +0000] "GET /story/dance-off?x=1 HTTP/1.1" 304 0 {AGENT}
198.51.100.8 - - [01/Mar/2026:12:02:00 +0000] "GET /story/dance-off HTTP/1.1" 200 512 "-" "ExampleBot/1.0"
198.51.100.9 - - [01/Mar/2026:12:03:00 +0000] "GET /style.css HTTP/1.1" 200 512 {AGENT}
198.51.100.9 - - [01/Mar/2026:12:04:00 +0000] "GET /story/gone HTTP/1.1" 404 0 {AGENT}
198.51.100.7 - - [02/Mar/2026:12:00:00 +0000] "GET /story/dance-off HTTP/1.1" 200 512 {AGENT}
"""


def test_web_log(tmp_path):
    found = read(write(tmp_path, "access.log", LOG))
    assert found.format == "weblog" and found.table["kind"].to_list() == ["view"] * 3
    assert found.table["story_id"].unique().to_list() == ["dance-off"]
    assert found.table["source"].to_list() == ["friends.example"] * 3  # the site, never the page
    one, again, next_day = found.table["actor"]
    assert one == again != next_day  # the salt lives for a day
    assert "198.51.100" not in found.table.write_csv()
    assert "1 from bots" in found.warnings[0] and "1 other pages" in found.warnings[0]


def test_web_log_refuses_a_broken_line(tmp_path):
    with pytest.raises(BadInput, match="line 7"):
        read(write(tmp_path, "access.log", LOG + "what is this\n"))


def test_daily_totals_become_days(tmp_path):
    rows = "".join(f"2026-03-{d:02d},{100 * d},{d}\n" for d in range(1, 29))
    found = read(write(tmp_path, "v.csv", "date,views,likes\n" + rows))
    assert found.format == "daily" and found.counts["views"].to_list() == [100] * 27
    assert "running totals" in found.warnings[0]


def test_daily_counts_stay_as_they_are(tmp_path):
    found = read(write(tmp_path, "v.csv", "Date,Views\n2026-03-01,5\n2026-03-02,3\n2026-03-03,9\n"))
    assert found.counts["views"].to_list() == [5, 3, 9]


def test_daily_refuses_with_the_line(tmp_path):
    with pytest.raises(BadInput, match=r"line 3.*a whole number"):
        read(write(tmp_path, "v.csv", "date,views\n2026-03-01,5\n2026-03-02,lots\n"))


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("x.csv", "apple,pear\n1,2\n", "is none of"),
        ("x.json", '{"hello": 1}', "neither Mastodon"),
        ("x.json", "{broken", "not JSON"),
        ("x.csv", "", "is none of"),
    ],
)
def test_what_nobody_can_read_is_said(tmp_path, name, text, says):
    with pytest.raises(BadInput, match=says):
        read(write(tmp_path, name, text))


def test_a_missing_file_and_an_empty_table(tmp_path):
    with pytest.raises(BadInput, match="no file"):
        read(tmp_path / "nothing.csv")
    with pytest.raises(TooFew, match="no event"):
        read(write(tmp_path, "s.csv", "event_id,story_id,at,kind\n"))
