"""Research tables of cascades: one row per event under names of its own, as they are published beside papers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput, Problem
from commonbeat.ripple.sources.door import Pseudonyms, SpreadRead, enter, moment
from commonbeat.ripple.tone import SAME

FORMAT = "table"
NAMES = {
    "at": ("at", "time", "t", "timestamp", "created_at", "relative_time_second", "relative_time", "seconds", "date"),
    "story": ("story_id", "story", "thread_id", "thread", "cascade", "cascade_id", "conversation_id", "topic_id"),
    "event": ("event_id", "post_id", "tweet_id", "status_id", "message_id", "id", "node"),
    "parent": ("parent_id", "parent", "in_reply_to_id", "in_reply_to_status_id", "reply_to", "retweeted_from", "source_id"),
    "audience": ("audience", "followers", "number_of_followers", "followers_count", "follower_count", "magnitude"),
    "actor": ("actor", "user", "user_id", "author", "author_id", "screen_name"),
    "stance": ("stance", "label"),
    "place": ("place", "place_name"),
}  # fmt: skip
EMPTY = ("", "na", "nan", "null", "none")
LONGEST = 1e9  #: seconds; smaller times are counted from each story's start, larger ones from 1970


def fits(header: list[str]) -> bool:
    low = {h.strip().lower() for h in header}
    found = {what for what, names in NAMES.items() if low & set(names)}
    return "at" in found and bool(found & {"story", "parent", "audience"})


def read(path: Path, *, now=None, salt=None, **_) -> SpreadRead:
    """Every row is an event: a reply where it carries a stance and a parent, else a share."""
    given = pl.read_csv(path, infer_schema_length=0, separator="\t" if path.suffix == ".tsv" else ",")
    given = given.rename({c: c.strip().lower() for c in given.columns})
    clean = pl.col(pl.String).str.strip_chars()
    given = given.with_columns(pl.when(~clean.str.to_lowercase().is_in(EMPTY)).then(clean))
    named = {what: next((n for n in names if n in given.columns), None) for what, names in NAMES.items()}
    if named["at"] is None:
        raise BadInput(f"{path.name} has no column of times; it may be called {', '.join(NAMES['at'])}.")
    untimed = given[named["at"]].null_count()
    lines = [k for k, v in enumerate(given[named["at"]], 2) if v is not None]
    given = given.filter(pl.col(named["at"]).is_not_null())
    column = {what: given[c].to_list() if c else [None] * len(given) for what, c in named.items()}
    at, said = _times(column["at"], named["at"], path.name, lines)
    said += [f"{untimed} rows have no time and were left out."] if untimed else []
    door = Pseudonyms(salt)
    events = column["event"] if named["event"] else [str(k) for k in range(len(given))]
    # a story named after a post would tell whose post it was; a number or a word may stay
    posts = set(events) if named["event"] else set()
    secret = posts & set(column["story"])
    rows = {
        "event_id": [door.token(s, e) if e else None for s, e in zip(_filled(column["story"]), events)],
        "story_id": [door.token("story", s) if s in secret else s for s in _filled(column["story"], path.stem)],
        "at": at,
        "kind": ["reply" if p and s else "share" for p, s in zip(column["parent"], column["stance"])],
        "actor": [door.token("actor", a) for a in column["actor"]],
        "parent_id": [door.token(s, p) if p else None for s, p in zip(_filled(column["story"]), column["parent"])],
        "parent_how": ["declared" if p else None if named["parent"] else "unknown" for p in column["parent"]],
        "audience": _whole(column["audience"], named["audience"], path.name, lines),
        "place": column["place"],
        "stance": [SAME.get(s.lower(), s.lower()) if s else None for s in column["stance"]],
    }
    if named["event"] and None in rows["event_id"]:
        line = lines[rows["event_id"].index(None)]
        raise BadInput(problems=[Problem(f"{named['event']} is empty; every event needs one", path.name, line, named["event"], None)])  # fmt: skip
    read_as = ", ".join(f"{c} as {what}" for what, c in named.items() if c and c != what)
    frame = pl.DataFrame(rows, schema_overrides={"at": pl.Datetime("us", "UTC"), "audience": pl.Int64})
    return enter(frame, format=FORMAT, file=path.name, now=now, warnings=[f"Columns were read by their names: {read_as}.", *said])  # fmt: skip


def _filled(stories, name="all"):
    return [s or name for s in stories]


def _times(values, column, file, lines):
    """Moments; numbers too small for a date are seconds since each story's start and get a day that is not theirs."""
    try:
        seconds = [float(v) for v in values]
    except (TypeError, ValueError):
        return [moment(v, file=file, line=k, column=column) for k, v in zip(lines, values)], []
    if wrong := [k for k, s in enumerate(seconds) if not 0 <= s < 1e18]:
        said = (
            f'{column} is "{values[wrong[0]]}"; use seconds since the story began, 0 or more, or a time with its zone'
        )
        raise BadInput(problems=[Problem(said, file, lines[wrong[0]], column, values[wrong[0]])])
    if max(seconds, default=0.0) >= LONGEST:
        return [moment(v, file=file, line=k, column=column) for k, v in zip(lines, values)], []
    start = datetime(1970, 1, 1, tzinfo=UTC)
    said = f"{column} holds seconds since each story's start; its events carry no date, and all stories are taken to begin together."
    return [start + timedelta(seconds=s) for s in seconds], [said]


def _whole(values, column, file, lines):
    out = []
    for line, value in zip(lines, values):
        try:
            number = None if value is None else int(float(value))
        except (ValueError, OverflowError):
            number = -1
        if number is not None and number < 0:
            said = f'{column} is "{value}"; use a whole number, 0 or more, or leave it empty'
            raise BadInput(problems=[Problem(said, file, line, column, value)])
        out.append(number)
    return out
