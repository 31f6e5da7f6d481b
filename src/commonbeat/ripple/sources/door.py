"""What every source passes on its way in: names become salted pseudonyms, times become UTC, rows become the codebook's."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from commonbeat.errors import BadInput, Problem, TooFew
from commonbeat.tables import check

__all__ = ["Pseudonyms", "SpreadRead", "enter", "moment"]

COLUMNS = {
    "event_id": pl.String, "story_id": pl.String, "at": pl.Datetime("us", "UTC"), "kind": pl.String, "actor": pl.String,
    "parent_id": pl.String, "parent_how": pl.String, "audience": pl.Int64, "place": pl.String, "source": pl.String,
    "stance": pl.String, "tone": pl.Float64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class SpreadRead:
    """What a file said about how stories spread.

    table    : the codebook's spread table, one row per event; empty for daily series
    counts   : story_id, day, views (and likes, comments where given), for daily series only
    format   : which reader understood the file
    warnings : what was left out or could not be known, counted
    published: when each story came out, where a book says so: people may have come from then on
    """

    table: pl.DataFrame
    counts: pl.DataFrame | None
    format: str
    warnings: tuple[str, ...]
    published: dict[str, datetime] | None = None

    @classmethod
    def of_book(cls, book) -> SpreadRead:
        """The spread table of an opened book, with the stories' times of publication."""
        told = book.table("stories") if book.rows("stories") else None
        published = {} if told is None else dict(told.select("story_id", "published_at").drop_nulls().iter_rows())
        return cls(book.table("spread"), None, "book", (), published)


class Pseudonyms:
    """Turns names into tokens under a salt that is thrown away with this object, unless the caller brings one.

    The same salt gives the same tokens, so a second import can meet the first; without it nobody can go back.
    """

    __slots__ = ("_salt",)

    def __init__(self, salt: bytes | None = None):
        self._salt = salt if salt is not None else secrets.token_bytes(32)

    def token(self, *parts) -> str | None:
        if any(p is None for p in parts):
            return None
        text = "\x1f".join(str(p) for p in parts)
        return hmac.new(self._salt, text.encode(), hashlib.sha256).hexdigest()[:20]


def enter(rows, *, format: str, file: str, now: datetime | None = None, warnings=(), lines=None) -> SpreadRead:
    """Rows of a reader as a checked spread table; events after `now` are left out and counted, repeats as well."""
    frame = pl.DataFrame(rows, schema=None if isinstance(rows, pl.DataFrame) else COLUMNS, orient="row")
    said = list(warnings)
    if not len(frame):
        raise TooFew(f"{file} holds no event of a story. " + " ".join(said))
    again = int(frame["event_id"].is_duplicated().sum()) and len(frame) - frame["event_id"].n_unique()
    if again:
        frame = frame.unique("event_id", keep="first", maintain_order=True)
        said.append(f"{again} rows repeat an event and were left out.")
    table = check("spread", frame, file=file, lines=lines if not again else None)
    now = now or datetime.now(UTC)
    later = int((table["at"] > now).sum())
    if later:
        table = table.filter(pl.col("at") <= now)
        said.append(
            f"{later} events are stamped later than now ({now:%Y-%m-%d %H:%M} UTC) and were left out: mend the clock that wrote them."
        )
    if not len(table):
        raise TooFew(f"{file} holds no event of a story. " + " ".join(said))
    return SpreadRead(table, None, format, tuple(said))


def moment(value, *, file: str, line: int | None = None, column: str = "at") -> datetime:
    """A time as platforms write it: ISO with zone, or seconds, milli- or microseconds since 1970. Never a naive guess."""
    try:
        if isinstance(value, (int, float)) or (isinstance(value, str) and value.replace(".", "", 1).isdigit()):
            number = float(value)
            while number > 1e11:
                number /= 1000
            return datetime.fromtimestamp(number, UTC)
        at = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    except (ValueError, OverflowError, OSError):
        raise BadInput(
            problems=[
                Problem(
                    f'{column} is "{value}"; write a time like 2026-03-01T14:30:00-06:00', file, line, column, value
                )
            ]
        ) from None
    if at.tzinfo is None:
        raise BadInput(
            problems=[
                Problem(
                    f'{column} is "{value}", which has no time zone; add it, like {value}Z', file, line, column, value
                )
            ]
        )
    return at.astimezone(UTC)
