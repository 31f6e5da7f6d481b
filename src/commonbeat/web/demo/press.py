"""The demonstration's first edition: everything the square shows, and the numbers of the two moments."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import polars as pl

from commonbeat.web.read import edition, making
from commonbeat.web.read.snapshot import conversations as snapshot_talk
from commonbeat.web.study.results import register

WAVE = 21  #: days after which the visitor's guess is compared
STUDIES = {
    "default": "Visits in Rivermeet",
    "null": "The same study in a town where nothing moves",
    "backfire": "The same study in a town where it backfires",
}


def publish_edition(site, snapshot: str, tables, town) -> None:
    ripple = [
        row for world, name in STUDIES.items() for row in making.ripple_rows(name, town.findings.get(world, {}))
    ]
    spread, trust = making.spread(tables), making.trust_series(tables)
    answers = {name: making.answer(town.findings.get(world, {})) for world, name in STUDIES.items()}
    edition.publish(
        site.root, snapshot=snapshot, areas=making.areas(tables), trust=trust, trust_moved=making.trust_moved(trust),
        trust_how="Answers of adults drawn by lot each quarter, weighted to the town; simulated.", ripple=ripple, answers=answers, spread=spread,
        commitments=making.commitments(tables), context=making.context(tables), talk=snapshot_talk(),
        moments={kind: moment(site, kind, tables, town, spread) for kind in town.clips},
        register=register(studies={}, book=site.book),
    )  # fmt: skip


def moment(site, kind: str, tables, town, spread) -> dict:
    """One moment's seven stations, as numbers and words."""
    told = tables["stories"].filter(pl.col("story_id") == kind).to_dicts()[0]
    met = tables["contacts"].filter(pl.col("contact_id") == told["contact_id"]).to_dicts()[0]
    clip = town.clips[kind]
    stills(site, kind, clip)
    return {
        "title": told["title"], "slug": kind, "when": met["at"].date().isoformat(), "place": met["place"],
        "happened": met["happened"], "began_by": str(met["began_by"]), "free": str(met["free_to_leave_officer"]), "people": met["people"], "children": met["children"],
        "tracks": len(clip.record.get("tracks") or []), "frames": clip.record.get("frames"), "leak": clip.record.get("leak") or {}, "drawn": clip.record.get("truth") or {},
        "spread": spread.get(kind) or {}, "guess": {w: guess_rows(town.findings.get(w, {}), town.truths.get(w, {})) for w in STUDIES},
        "studies": STUDIES, "wave": WAVE, "pad": padded(tables["contacts"]),
    }  # fmt: skip


def stills(site, kind: str, clip) -> None:
    """The same instant as filmed and as published, for the slider. Drawn scenes only: nobody in them exists."""
    import av

    folder = site.root / "moments"
    folder.mkdir(exist_ok=True)
    for name, path in (("as-filmed", clip.original), ("as-published", clip.protected)):
        with av.open(str(Path(path))) as film:
            frames = list(film.decode(video=0))
        frames[int(len(frames) * 0.55)].to_image().save(folder / f"{kind}-{name}.jpg", "JPEG", quality=88)


def guess_rows(findings, truth) -> list[dict]:
    """Ring by ring after 21 days: the naive answer, ours with its interval, and what is true in this simulated town."""
    facts = truth.get("facts", [])
    rows = []
    for f in findings.get("rings", ()):
        if f["wave"] != WAVE:
            continue
        fact = _fact(facts, f["ring"])
        rows.append({
            "ring": f["ring"], "value": f.get("value"), "low": f.get("low"), "high": f.get("high"), "n": f.get("n"),
            "how": f["how"], "verdict": f.get("verdict"), "truth": fact.get("value"), "naive": fact.get("naive"),
            "naive_method": fact.get("naive_method"),
        })  # fmt: skip
    return rows


def _fact(facts, ring: str) -> dict:
    """The fact about this ring's trial: the visits, the encouragement of officers, or the story's page."""
    for fact in facts:
        by = fact.get("by", {})
        if (
            fact["method"] == "trust.difference_in_means"
            and by.get("ring") == ring
            and by.get("wave") == WAVE
            and by.get("arm", "story") == "story"
        ):
            return fact
    return {}


def padded(contacts: pl.DataFrame) -> dict:
    """The last whole month as recorded and with a fifth more written in on its last evening: which questions does the record raise?"""
    from commonbeat import encounters

    good = contacts.filter((pl.col("kind") == "positive") & pl.col("programme").is_null())
    end = good["at"].max().replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    month = good.filter(pl.col("at").is_between(end - timedelta(days=31), end, closed="left"))
    more = max(3, round(0.2 * month.height))
    one = month.filter(pl.col("unit") == month["unit"].mode()[0])
    made = pl.concat([one] * (more // one.height + 1)).head(more).with_columns(
        contact_id=pl.format("padded-{}", pl.int_range(more)), at=pl.lit(end - timedelta(hours=6)),
        recorded_at=pl.lit(end - timedelta(hours=5)), happened=pl.lit("Friendly talk with residents."),
    )  # fmt: skip
    asked = [
        encounters.integrity(table, draws=999)
        for table in (contacts, pl.concat([contacts, made.cast(contacts.schema)]))
    ]
    before, after = ([{"code": q.code, "n": q.n, "found": q.found, "expected": q.expected, "p": q.p} for q in a.questions if q.p is not None and q.unit is None] for a in asked)  # fmt: skip
    return {
        "month": f"{end - timedelta(days=1):%Y-%m}",
        "recorded": month.height,
        "more": more,
        "before": before,
        "after": after,
    }
