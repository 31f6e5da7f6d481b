"""Posts collected with 4CAT or Zeeschuimer, exported as CSV: one row per post, times in UTC."""

from __future__ import annotations

import csv
from pathlib import Path

from commonbeat.errors import BadInput, Problem
from commonbeat.ripple.sources.door import Pseudonyms, SpreadRead, enter, moment

FORMAT = "4cat"
_PARENT = ("in_reply_to_id", "in_reply_to", "reply_to", "replied_to_post", "parent_id", "parent")
_AUDIENCE = ("author_followers", "author_follower_count", "followers", "user_followers", "author_subscribers")
_PLACE = ("place_name", "location_name", "location_city", "location")


def fits(header: list[str]) -> bool:
    return {"id", "timestamp"} <= set(header) and ("unix_timestamp" in header or "thread_id" in header)


def read(path: Path, *, now=None, salt=None, **_) -> SpreadRead:
    """Each post is an event of its thread (or of the whole file without threads); reposts say whose, not through whom."""
    door, rows, unknown = Pseudonyms(salt), [], 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        for post in reader:
            row, lost = _event(post, door, path.name, reader.line_num)
            rows.append(row)
            unknown += lost
    said = (
        [f"{unknown} posts answer or repeat another without saying which; their parents are unknown."]
        if unknown
        else []
    )
    return enter(rows, format=FORMAT, file=path.name, now=now, warnings=said)


def _event(post, door, file, line):
    if not (post.get("id") or "").strip():
        raise BadInput(problems=[Problem("id is empty; every post needs one", file, line, "id", None)])
    thread = (post.get("thread_id") or "").strip() or "all"
    parent = _first(post, _PARENT)
    again = _yes(post.get("is_retweet")) or _yes(post.get("is_quote_tweet")) or _yes(post.get("is_repost"))
    reply = _yes(post.get("is_reply")) or (parent is not None and not again)
    root = post["id"] == thread
    how = "declared" if parent else ("unknown" if (reply or again or not root) and thread != "all" else None)
    kind = "reply" if reply or (not again and not root and thread != "all") else "share"
    stamp = post.get("unix_timestamp") or _utc(post["timestamp"])
    row = {
        "event_id": door.token(thread, post["id"]), "story_id": door.token("story", thread),
        "at": moment(stamp, file=file, line=line, column="timestamp"), "kind": kind,
        "actor": door.token("actor", post.get("author") or None), "parent_id": door.token(thread, parent) if parent else None,
        "parent_how": None if root else how, "audience": _count(_first(post, _AUDIENCE), file, line),
        "place": _first(post, _PLACE), "source": None, "stance": None, "tone": None,
    }  # fmt: skip
    return row, how == "unknown" and not root


def _utc(stamp: str) -> str:
    """4CAT writes its timestamps in UTC and does not say so in the cell."""
    return stamp if "+" in stamp or stamp.endswith("Z") else stamp.replace(" ", "T") + "+00:00"


def _first(post, names):
    return next((post[n].strip() for n in names if (post.get(n) or "").strip()), None)


def _yes(value) -> bool:
    return str(value or "").strip().lower() in ("yes", "true", "1")


def _count(value, file, line):
    if value is None:
        return None
    try:
        number = int(float(value))
    except ValueError:
        number = -1
    if number < 0:
        raise BadInput(
            problems=[Problem(f'audience is "{value}"; use a whole number, 0 or more', file, line, "audience", value)]
        )
    return number
