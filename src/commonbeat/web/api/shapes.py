"""What each answer looks like, so that its description and its content cannot drift apart."""

from __future__ import annotations

from datetime import datetime

from ninja import Schema


class Said(Schema):
    """Why there is no answer."""

    detail: str


class Snapshot(Schema):
    edition: str
    made_at: str
    snapshot: str


class StoryLine(Schema):
    slug: str
    title: str
    language: str
    published_at: datetime
    page: str
    film: str | None


class StoryWhole(StoryLine):
    words: str
    alt_text: str
    corrections: list[str]


class Area(Schema):
    area_id: str
    name: str
    residents: int | None = None
    positive: int | None = None
    positive_rate: float | None = None
    positive_low: float | None = None
    positive_high: float | None = None
    enforcement: int | None = None
    enforcement_rate: float | None = None
    enforcement_low: float | None = None
    enforcement_high: float | None = None


class Level(Schema):
    label: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    method: str = ""


class Effect(Schema):
    study: str
    ring: str
    days: int
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    design: str


class Commitment(Schema):
    promise: str
    by: str | None
    until: str
    indicator: str
    words: str | None = None
    status: str | None = None
    because: str | None = None
    on: str | None = None
    value: str | None = None
    low: str | None = None
    high: str | None = None
    n: int | None = None
    target: str | None = None


class Conversation(Schema):
    slug: str
    title: str
    question: str
    open: bool


class Line(Schema):
    n: int
    at: str
    what: str
    who: str
    object: str
    hash: str


class Week(Schema):
    live: int
    withdrawn: int
    requests_open: int
    requests_late: int
    jobs_parked: int
    log_head: int
