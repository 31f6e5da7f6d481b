"""From the tables of a snapshot to the parts of an edition. Every count and share is suppressed here, before it is written down."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np
import polars as pl

from commonbeat.changes import changepoints
from commonbeat.errors import CommonbeatError
from commonbeat.privacy import shown_count
from commonbeat.stories import context_box

__all__ = ["answer", "areas", "commitments", "context", "ripple_rows", "spread", "trust_moved", "trust_series"]

LEAST_ROUNDS = 4  #: fewer rounds cannot be told from noise
PULSE = ("respect", "fairness", "voice", "safety", "cooperation", "belonging", "understanding")


def areas(tables: Mapping[str, pl.DataFrame]) -> list[dict]:
    """Each area with its border and its rates per 1,000 residents and year; a rate behind fewer than five contacts is left out."""
    places, contacts, population = (tables.get(n) for n in ("areas", "contacts", "population"))
    if places is None or not places.height:
        return []
    cells = _cells(contacts, population)
    return [_area(a, cells.get(a["area_id"])) for a in places.sort("name").to_dicts()]


def _cells(contacts, population) -> dict:
    """area_id -> the encounters room's cell, with exact intervals; nothing where it cannot be told."""
    from commonbeat import encounters

    if contacts is None or population is None or not contacts.height or not population.height:
        return {}
    try:
        return {c.area: c for c in encounters.rates(contacts, population).cells}
    except CommonbeatError:
        return {}


def _area(a: dict, cell) -> dict:
    made = {"area_id": a["area_id"], "name": a["name"], "rings": _rings(a.get("geometry"))}
    made["residents"] = shown_count(cell.enforcement.residents) if cell else None
    for kind in ("positive", "enforcement"):
        rate = getattr(cell, kind, None)
        n = shown_count(rate.count) if rate else None
        known = n is not None and rate.rate is not None
        made[kind] = n
        for name in ("rate", "low", "high"):
            made[f"{kind}_{name}"] = round(getattr(rate, name), 1) if known else None
    return made


def _rings(wkb: bytes | None) -> list:
    if not wkb:
        return []
    from shapely import from_wkb

    shape = from_wkb(wkb)
    if shape.geom_type == "MultiPolygon":
        shape = max(shape.geoms, key=lambda g: g.area)
    return [[[round(x, 5), round(y, 5)] for x, y in ring.coords] for ring in (shape.exterior, *shape.interiors)]


def trust_series(tables: Mapping[str, pl.DataFrame], *, plan: str = "tracker") -> list[dict]:
    """Mean trust by week of asking, as sampled and weighted; people who came of their own accord are not in it."""
    from commonbeat import trust

    people, answers = tables.get("respondents"), tables.get("answers")
    if people is None or answers is None or not people.height:
        return []
    asked = people.filter((pl.col("plan_id") == plan) & (pl.col("sample") == "probability"))
    said = answers.filter(pl.col("item").is_in(PULSE) & (pl.col("questionnaire") == "pulse-1"))
    wide = said.join(asked.select("respondent"), on="respondent", how="semi").pivot(
        "item", index="respondent", values="value", aggregate_function="last"
    )
    if not wide.height:
        return []
    rows = asked.join(wide, on="respondent", how="left")
    scored = trust.score(rows.select(PULSE), how="percent", scale=(1, 5))
    rows = rows.with_columns(score=pl.Series(scored.values))
    return [_level(trust, when[0], part) for when, part in sorted(rows.group_by("week"), key=lambda p: p[0][0])]


def _level(trust, week: str, part: pl.DataFrame) -> dict:
    found = trust.estimate_level(
        part["score"].to_numpy(),
        weights=part["weight"].to_numpy(),
        strata=part["area_id"].to_list(),
        lonely_psu="adjust",
    )
    hidden = found.n is None or found.n < 20
    return {
        "label": week, "value": None if hidden else found.value, "low": None if hidden else found.low,
        "high": None if hidden else found.high, "std_error": None if hidden else found.std_error, "n": found.n, "method": found.method,
    }  # fmt: skip


def trust_moved(series: list[dict]) -> dict:
    """Did the level move? The last change that chance between rounds does not make; else from the first round to the last.

    A change is looked for over all rounds at once (`changes.changepoints`), so that the more rounds there are the less
    one of them counts. {} with fewer than two rounds; "few" with too few to look for a change.
    """
    told = [p for p in series if p.get("std_error")]
    if len(told) < 2:
        return {}
    if len(told) < LEAST_ROUNDS:
        return {"kind": "few"} | _step(told[0], told[-1])
    errors = [p["std_error"] for p in told]
    found = changepoints([p["value"] for p in told], rng=np.random.default_rng(1), std_error=errors)
    if not found.breaks:
        return {"kind": "still"} | _step(told[0], told[-1])
    at = found.breaks[-1]
    return {"kind": "moved"} | _step(told[at - 1], told[at])


def _step(before: dict, after: dict) -> dict:
    """From one round to another: different people were asked, so the errors add."""
    value = after["value"] - before["value"]
    half = 1.96 * math.hypot(before["std_error"], after["std_error"])
    return {
        "since": before["label"],
        "until": after["label"],
        "value": value,
        "low": value - half,
        "high": value + half,
    }


def spread(tables: Mapping[str, pl.DataFrame]) -> dict:
    """How far each story went: views, shares, places and the days; hidden where few were there."""
    events = tables.get("spread")
    if events is None or not events.height:
        return {}
    made = {}
    for (story,), part in events.group_by("story_id"):
        kinds = dict(part.group_by("kind").len().iter_rows())
        days = part.filter(pl.col("kind") == "view").group_by(pl.col("at").dt.date().alias("day")).len().sort("day")
        shown = [(str(d), n) for d, n in days.iter_rows() if n >= 5]
        made[story] = {
            "views": shown_count(kinds.get("view")), "shares": shown_count(kinds.get("share")),
            "replies": shown_count(kinds.get("reply")), "places": part["place"].drop_nulls().n_unique(), "days": shown[:45],
            "sources": {s: n for s, n in part.group_by("source").len().sort("len", descending=True).iter_rows() if n >= 5 and s},
        }  # fmt: skip
    return made


def commitments(tables: Mapping[str, pl.DataFrame]) -> list[dict]:
    """What was promised, by which office, until when, and how it stands as of the record's last day."""
    from commonbeat.report.promises import standing

    rows, contacts = tables.get("commitments"), tables.get("contacts")
    if rows is None or not rows.height:
        return []
    today = contacts["at"].max().date() if contacts is not None and contacts.height else datetime.now(UTC).date()
    found, _cannot = standing(tables, today=today)
    return [
        {
            "promise": c.promise, "by": c.by, "until": str(c.until), "indicator": c.indicator, "words": c.evidence, "status": c.status,
            "because": c.because, "on": str(today), **_stood(c),
        }
        for c in found
    ]  # fmt: skip


def _stood(promise) -> dict:
    """What a promise was measured by, as people write it: a share in per cent, a score in points."""
    m = promise.measured
    if m is None or not m.known or promise.target is None:
        return {"value": None, "low": None, "high": None, "n": None, "target": None}
    share = (m.unit or "").startswith("share")
    told = {"value": m.value, "low": m.low, "high": m.high, "target": promise.target}
    return {k: f"{v:.0%}" if share else f"{v:.1f}" for k, v in told.items()} | {"n": m.n}


def context(tables: Mapping[str, pl.DataFrame]) -> dict:
    """What stands beside a story, for every area and year with any contact."""
    contacts = tables.get("contacts")
    if contacts is None or not contacts.height:
        return {}
    made: dict[str, dict] = {}
    pairs = contacts.filter(pl.col("area_id").is_not_null()).select("area_id", year=pl.col("at").dt.year()).unique()
    for area, year in sorted(pairs.iter_rows()):
        box = context_box(
            area, year, contacts=contacts, complaints=tables.get("complaints"), force=tables.get("force")
        )
        made.setdefault(area, {})[str(year)] = box.to_dict()
    return made


def ripple_rows(name: str, findings: Mapping) -> list[dict]:
    """A study's answer by ring and wave, as the page wants it."""
    return [
        {
            "study": name, "ring": f["ring"], "days": f["wave"], "value": f.get("value"), "low": f.get("low"), "high": f.get("high"),
            "n": f.get("n"), "design": f["how"], "verdict": f.get("verdict"),
        }
        for f in findings.get("rings", ()) if f["wave"]
    ]  # fmt: skip


def answer(findings: Mapping) -> dict:
    """What a study turns on, as the page says it first; {} where nothing was found.

    together: the intervals of the picture hold for all its points at once, so that this one is narrower than its point.
    """
    if not findings.get("primary"):
        return {}
    kept = ("ring", "wave", "verdict", "value", "low", "high", "n")
    plan = findings["plan"]
    told = {k: findings["primary"].get(k) for k in kept}
    return told | {"smallest": plan["smallest_effect"], "together": plan["multiplicity"] != "none"}
