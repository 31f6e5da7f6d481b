"""Open data of one edition: the numbers the pages show, suppressed as they are there, in forms that open elsewhere at once.

open-data.zip / open-data.sqlite3   every table; `datasette open-data.sqlite3 --metadata metadata.json`
                metadata.json       titles, licence, source, what each column means
                TABLE.csv           the same for a spreadsheet (`pandas.read_csv`); no cell of it is a formula
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import zipfile

from commonbeat.web.read.edition import Edition

__all__ = ["packed", "safe_cell", "tables"]

COLUMNS = {
    "areas": {
        "area_id": "area", "name": "its name", "residents": "people who live there; empty when fewer than five",
        **{f"{k}{e}": f"{w} {k} contacts" for k in ("positive", "enforcement")
           for e, w in (("", "count of"), ("_rate", "per 1,000 residents and year:"), ("_low", "lower end (95 %) of the rate of"), ("_high", "upper end (95 %) of the rate of"))},
    },
    "trust": {"label": "week of asking", "value": "mean trust, 0 to 100", "low": "lower end (95 %)", "high": "upper end (95 %)", "n": "people who answered", "method": "how it was computed"},
    "ripple": {"study": "study", "ring": "how near", "days": "days after", "value": "effect on trust in points", "low": "lower end (95 %)", "high": "upper end (95 %)", "n": "people who answered", "design": "randomised, encouraged or observed"},
    "commitments": {"promise": "what was promised", "by": "by which office", "until": "until when", "indicator": "measured by", "words": "what is known"},
    "context": {"area_id": "area", "year": "year", "what": "kind of contact, complaints or force", "count": "how many; empty when fewer than five"},
    "common_ground": {"conversation": "conversation", "statement": "sentence", "held": "agreed or rejected by all groups"},
}  # fmt: skip


def tables(out: Edition) -> dict[str, list[dict]]:
    """Every table of the edition as rows; what the edition withholds is not here either."""
    context = [
        {"area_id": area, "year": int(year), "what": what, "count": count}
        for area, years in out.context.items() for year, box in years.items()
        for what, count in {**(box.get("contacts") or {}), **{k: box.get(k) for k in ("complaints", "force") if k in (box.get("known") or ())}}.items()
    ]  # fmt: skip
    ground = [
        {"conversation": slug, "statement": row.get("text") or row.get("statement_id"), "held": held}
        for slug, found in out.talk.items() for held in ("agree", "disagree") for row in found.get(held) or ()
    ]  # fmt: skip
    return {
        "areas": out.areas, "trust": out.trust, "ripple": out.ripple, "commitments": out.commitments, "context": context,
        "common_ground": ground,
    }  # fmt: skip


def safe_cell(value) -> str:
    """A cell no spreadsheet will run: words that begin like a formula get a quote in front; numbers stay numbers."""
    if value is None:
        return ""
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def packed(out: Edition, *, town: str = "") -> bytes:
    """The whole of it as a zip file."""
    rows = tables(out)
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as pack:
        pack.writestr("open-data.sqlite3", _database(rows, out))
        pack.writestr("metadata.json", json.dumps(_metadata(out, town), indent=1, ensure_ascii=False))
        for name, columns in COLUMNS.items():
            text = io.StringIO()
            write = csv.writer(text)
            write.writerow(columns)
            write.writerows([safe_cell(r.get(c)) for c in columns] for r in rows[name])
            pack.writestr(f"{name}.csv", text.getvalue())
    return made.getvalue()


def _database(rows: dict[str, list[dict]], out: Edition) -> bytes:
    held = sqlite3.connect(":memory:")
    try:
        for name, columns in COLUMNS.items():
            named = ", ".join(f'"{c}"' for c in columns)
            held.execute(f'CREATE TABLE "{name}" ({named})')  # names are ours, from the table above
            marks = ", ".join("?" * len(columns))
            held.executemany(
                f'INSERT INTO "{name}" VALUES ({marks})', [[r.get(c) for c in columns] for r in rows[name]]
            )
        held.execute("CREATE TABLE edition (hash, made_at, snapshot)")
        held.execute("INSERT INTO edition VALUES (?, ?, ?)", [out.hash, out.made_at, out.snapshot])
        held.commit()
        return held.serialize()
    finally:
        held.close()


def _metadata(out: Edition, town: str) -> dict:
    """As Datasette reads it."""
    return {
        "title": f"Open data of {town}" if town else "Open data",
        "description": f"Edition {out.hash[:12]} of {out.made_at}. Counts below five are withheld, and shares behind few people.",
        "databases": {"open-data": {"tables": {n: {"columns": c} for n, c in COLUMNS.items()}}},
    }
