"""Bluesky records: firehose or Jetstream events, repository listings, and threads as the public API returns them."""

from __future__ import annotations

from commonbeat.ripple.sources.door import Pseudonyms, enter, moment

FORMAT = "bluesky"
_KINDS = {"app.bsky.feed.repost": "share", "app.bsky.feed.post": "reply"}


def fits(data) -> bool:
    return next(_found(data), None) is not None


def read(data, *, file: str, now=None, salt=None):
    """Reposts say through whom they came when the client sets `via`; else only whose post it was. Likes are left out."""
    door, rows, through = Pseudonyms(salt), {}, 0
    for item in _found(data):
        row, unknown = _event(item, door, file)
        if row is not None and row["event_id"] not in rows:
            rows[row["event_id"]] = row
            through += unknown
    said = [f"{through} reposts do not say through whom they came; their parents are unknown."] if through else []
    return enter(list(rows.values()), format=FORMAT, file=file, now=now, warnings=said)


def _found(data):
    """Every record with its uri, actor, the time a server saw it and the author's followers, wherever it is nested."""
    if isinstance(data, list):
        for item in data:
            yield from _found(item)
    elif isinstance(data, dict):
        if isinstance(data.get("commit"), dict) and isinstance(data["commit"].get("record"), dict) and "did" in data:
            commit = data["commit"]
            uri = f"at://{data['did']}/{commit.get('collection')}/{commit.get('rkey')}"
            yield uri, data["did"], commit["record"], data.get("time_us"), None
        elif isinstance(data.get("uri"), str) and isinstance(data.get("record") or data.get("value"), dict):
            author = data.get("author") or {}
            did = author.get("did") or data["uri"].split("/")[2]
            yield (
                data["uri"],
                did,
                data.get("record") or data["value"],
                data.get("indexedAt"),
                author.get("followersCount"),
            )
        else:
            for key in ("thread", "post", "replies", "posts", "feed", "records", "events", "parent"):
                if key in data:
                    yield from _found(data[key])


def _event(item, door, file):
    uri, did, record, seen_at, followers = item
    kind = _KINDS.get(record.get("$type"))
    if kind is None:
        return None, False
    # createdAt is claimed by the client; what a server saw is believed first
    at = moment(seen_at if seen_at is not None else record.get("createdAt"), file=file, column="createdAt")
    if kind == "share":
        root, via = record["subject"]["uri"], (record.get("via") or {}).get("uri")
        parent, how = via or root, "declared" if via else "unknown"
    else:
        reply = record.get("reply")
        root = reply["root"]["uri"] if reply else uri
        parent, how = (reply["parent"]["uri"], "declared") if reply else (None, None)
        kind = "reply" if reply else "share"
    row = {
        "event_id": door.token(uri), "story_id": door.token("story", root), "at": at, "kind": kind, "actor": door.token("actor", did),
        "parent_id": door.token(parent), "parent_how": how, "audience": followers, "place": None, "source": "bluesky",
        "stance": None, "tone": None,
    }  # fmt: skip
    return row, how == "unknown"
