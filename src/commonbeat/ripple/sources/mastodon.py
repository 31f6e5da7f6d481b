"""Statuses as Mastodon's public API returns them: lists, a context, or accounts that boosted (without time or parent)."""

from __future__ import annotations

from commonbeat.errors import BadInput
from commonbeat.ripple.sources.door import Pseudonyms, enter, moment

FORMAT = "mastodon"


def fits(data) -> bool:
    first = next(iter(_statuses(data)), None)
    return (
        isinstance(first, dict)
        and ("reblogs_count" in first or "reblog" in first or "followers_count" in first)
        and "id" in first
    )


def read(data, *, file: str, now=None, salt=None):
    """Replies name the post they answer; boosts name the first post only, never the boost they came through."""
    door, rows, boosts = Pseudonyms(salt), [], 0
    statuses = [s for s in _statuses(data) if isinstance(s, dict)]
    bare = sum("created_at" in s and "account" not in s and "reblog" not in s for s in statuses)
    if statuses and bare == len(statuses):
        raise BadInput(
            f"{file} lists {bare} accounts that boosted or favourited. Mastodon gives them without time or parent, so nothing can be followed; collect the statuses themselves (home or streaming timeline)."
        )
    known = {str(s["id"]): s for s in statuses} | {
        str(s["reblog"]["id"]): s["reblog"] for s in statuses if s.get("reblog")
    }
    for status in known.values():
        rows.append(_event(status, known, door, file))
        boosts += bool(status.get("reblog"))
    said = (
        [f"{boosts} boosts: Mastodon does not say which boost they came through, so their parents are unknown."]
        if boosts
        else []
    )
    return enter(rows, format=FORMAT, file=file, now=now, warnings=said)


def _statuses(data):
    if isinstance(data, dict) and ("ancestors" in data or "descendants" in data):
        own = [data["status"]] if isinstance(data.get("status"), dict) else []
        return [*data.get("ancestors", []), *own, *data.get("descendants", [])]
    if isinstance(data, dict):
        return data.get("statuses", [data] if "id" in data else [])
    return data if isinstance(data, list) else []


def _event(status, known, door, file):
    boosted, answers = status.get("reblog"), status.get("in_reply_to_id")
    parent = str(boosted["id"]) if boosted else (str(answers) if answers else None)
    account = status.get("account") or {}
    return {
        "event_id": door.token(status["id"]), "story_id": door.token("story", _root(status, known)),
        "at": moment(status.get("created_at"), file=file, column="created_at"), "kind": "share" if boosted or not answers else "reply",
        "actor": door.token("actor", account.get("id")), "parent_id": door.token(parent),
        "parent_how": "unknown" if boosted else ("declared" if answers else None),
        "audience": account.get("followers_count"), "place": None, "source": "mastodon", "stance": None, "tone": None,
    }  # fmt: skip


def _root(status, known) -> str:
    """Follows replies and boosts up to the first post; a post that is not here stands for its own thread."""
    seen = set()
    while str(status["id"]) not in seen:
        seen.add(str(status["id"]))
        up = (status.get("reblog") or {}).get("id") or status.get("in_reply_to_id")
        if up is None:
            return str(status["id"])
        if str(up) not in known:
            return str(up)
        status = known[str(up)]
    return min(seen)
