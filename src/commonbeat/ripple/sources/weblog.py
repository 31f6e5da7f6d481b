"""Our own server's log of our own story pages: who came is not kept, only that somebody did, and from which site."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from commonbeat.errors import BadInput, Problem
from commonbeat.ripple.sources.door import Pseudonyms, SpreadRead, enter

FORMAT = "weblog"
_LINE = re.compile(
    r'^(?P<host>\S+) \S+ \S+ \[(?P<at>[^\]]+)\] "(?P<verb>\S+) (?P<path>\S+)[^"]*" (?P<status>\d{3}) \S+(?: "(?P<from>[^"]*)" "(?P<agent>(?:[^"\\]|\\.)*)")?'
)
_BOT = re.compile(
    r"bot|crawl|spider|slurp|preview|scan|monitor|archiv|feed|fetch|curl|wget|python|java/|okhttp|go-http|headless|lighthouse|facebookexternalhit|mastodon/|httpclient|libwww",
    re.I,
)
_PAGE = re.compile(r"/(?:story|stories)/(?P<story>[^/?#\s]+)")


def fits(first_line: str) -> bool:
    return _LINE.match(first_line) is not None


def read(path: Path, *, now=None, pages: str | None = None, **_) -> SpreadRead:
    """One view per successful page request by a person; addresses are hashed under a salt that lives for one day.

    pages : a pattern with a group `story`, where story pages do not live under /story/ or /stories/
    """
    pattern = re.compile(pages) if pages else _PAGE
    salts, rows, left = {}, [], {"bots": 0, "other pages": 0, "errors and redirects": 0}
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                _add(line, number, path.name, pattern, salts, rows, left)
    said = (
        [
            "Requests left out: "
            + ", ".join(f"{n} from {k}" if k == "bots" else f"{n} {k}" for k, n in left.items() if n)
            + "."
        ]
        if any(left.values())
        else []
    )
    return enter(rows, format=FORMAT, file=path.name, now=now, warnings=said)


def _add(line, number, file, pattern, salts, rows, left):
    hit = _LINE.match(line)
    if hit is None:
        raise BadInput(
            problems=[Problem("is not a line of a web server's log in the common or combined form", file, number)]
        )
    page = pattern.search(hit["path"])
    if page is None:
        left["other pages"] += 1
    elif not hit["agent"] or hit["agent"] == "-" or _BOT.search(hit["agent"]):
        left["bots"] += 1  # a browser says what it is; whoever says nothing is taken for a program
    elif hit["verb"] != "GET" or hit["status"] not in ("200", "304"):
        left["errors and redirects"] += 1
    else:
        at = _at(hit["at"], file, number)
        door = salts.setdefault(at.date(), Pseudonyms())
        rows.append({
            "event_id": f"{page['story'][:80]}-{number}", "story_id": page["story"][:128], "at": at, "kind": "view",
            "actor": door.token(hit["host"], hit["agent"]), "parent_id": None, "parent_how": "unknown", "audience": None, "place": None,
            "source": _referrer(hit["from"]), "stance": None, "tone": None,
        })  # fmt: skip


def _at(text, file, number):
    try:
        return datetime.strptime(text, "%d/%b/%Y:%H:%M:%S %z")
    except ValueError:
        raise BadInput(
            problems=[Problem(f'the time "{text}" is not like 21/Nov/2026:14:30:00 +0000', file, number)]
        ) from None


def _referrer(url):
    """The site only: an address of a page can say who reads it."""
    return (urlsplit(url or "").hostname or "")[:128] or None
