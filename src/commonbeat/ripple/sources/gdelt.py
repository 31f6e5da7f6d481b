"""News mentions as GDELT publishes them: 16 columns, tab-separated without header, or CSV with one; stamps in UTC."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from commonbeat.errors import BadInput, Problem
from commonbeat.ripple.sources.door import Pseudonyms, SpreadRead, enter

FORMAT = "gdelt"
_STAMPED = "Mention times are those of GDELT's 15-minute batches, in UTC: nothing finer is known."


def fits(header: list[str]) -> bool:
    low = [h.strip().lower() for h in header]
    return {"globaleventid", "mentiontimedate"} <= set(low) or (
        len(header) in (15, 16) and all(h.strip().isdigit() for h in header[:3]) and len(header[2].strip()) == 14
    )


def read(path: Path, *, now=None, salt=None, **_) -> SpreadRead:
    """Each article is a mention of its event; several sentences of one article count once. Audience is not known."""
    door, rows, seen = Pseudonyms(salt), [], {}
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        tabbed = "\t" in file.readline()
        file.seek(0)
        reader = csv.reader(
            file, delimiter="\t" if tabbed else ",", quoting=csv.QUOTE_NONE if tabbed else csv.QUOTE_MINIMAL
        )
        for cells in reader:
            if cells and not cells[0].strip().lower().startswith("globaleventid"):
                _add(cells, rows, seen, door, path.name, reader.line_num)
    again = sum(seen.values()) - len(seen)
    said = [_STAMPED] + ([f"{again} further sentences of the same articles were left out."] if again else [])
    return enter(rows, format=FORMAT, file=path.name, now=now, warnings=said)


def _add(cells, rows, seen, door, file, line):
    if len(cells) < 14:
        raise BadInput(problems=[Problem(f"has {len(cells)} columns; GDELT mentions have 16", file, line)])
    story, stamp, outlet, url = cells[0].strip(), cells[2].strip(), cells[4].strip(), cells[5].strip()
    seen[story, url] = seen.get((story, url), 0) + 1
    if seen[story, url] > 1:
        return
    rows.append({
        "event_id": door.token(story, url), "story_id": story, "at": _stamp(stamp, file, line), "kind": "mention", "actor": None,
        "parent_id": None, "parent_how": "unknown", "audience": None, "place": None, "source": _outlet(outlet, url), "stance": None,
        "tone": _tone(cells[13], file, line),
    })  # fmt: skip


def _stamp(stamp, file, line):
    try:
        return datetime.strptime(stamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise BadInput(
            problems=[
                Problem(
                    f'MentionTimeDate is "{stamp}"; GDELT writes YYYYMMDDHHMMSS in UTC',
                    file,
                    line,
                    "MentionTimeDate",
                    stamp,
                )
            ]
        ) from None


def _tone(text, file, line):
    try:
        return float(text) if text.strip() else None
    except ValueError:
        raise BadInput(
            problems=[Problem(f'MentionDocTone is "{text}"; use a number', file, line, "MentionDocTone", text)]
        ) from None


def _outlet(name, url):
    name = (name or urlsplit(url).hostname or "").replace(" ", "_")[:128]
    return name or None
