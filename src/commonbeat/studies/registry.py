"""Which questions were asked, also those that nobody answered?"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from commonbeat.audit import Chain
from commonbeat.errors import BadInput
from commonbeat.ledger import Book
from commonbeat.privacy import shown_count
from commonbeat.studies.erasures import ANSWERED
from commonbeat.studies.findings import Findings
from commonbeat.studies.plan import Plan
from commonbeat.studies.seals import not_beforehand, seals_of

__all__ = ["record_answer", "registry", "silence"]


def record_answer(found: Findings, chain: Chain, *, who: str, at: dt.datetime | None = None) -> None:
    """Writes into the chain that a sealed plan was answered, and how: a null cannot be looked at and then forgotten.

    Nothing is written for a plan that was never sealed, or for the same answer from the same snapshot again.
    """
    if found.sealed_at is None:
        return
    about = {"plan_id": found.plan["plan_id"], "plan_hash": found.plan_hash, "snapshot": found.snapshot, "seed": found.seed,
             "verdict": found.primary.verdict, "sealed_before_data": found.sealed_before_data, "n": shown_count(found.primary.effect.n)}  # fmt: skip
    if not any(e.what == ANSWERED and dict(e.about) == about for e in chain):
        chain.append(ANSWERED, who=who, about=about, at=at)


def registry(folder: str | Path, *, now: dt.datetime | None = None) -> list[dict]:
    """Every plan in a book's chain, or in the TOML files of a folder: plan, title, sealed, amended, verdict, silence."""
    folder = Path(folder)
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder; give a book, or a folder that holds plans")
    now = now or dt.datetime.now(dt.UTC)
    return _of_book(folder, now) if (folder / "CURRENT").exists() else _of_files(folder)


def silence(sealed_at: str, now: dt.datetime) -> str:
    """How long a sealed study has been silent, in months a reader can judge."""
    months = int((now - dt.datetime.fromisoformat(sealed_at)).days // 30.44)
    return f"sealed {months} months ago, nothing reported" if months > 1 else "sealed, nothing reported yet"


def _of_book(folder, now):
    book = Book.open(folder)
    entries = list(book.chain)
    seals = {}
    for s in seals_of(entries):
        seals.setdefault(s.plan_id, []).append(s)
    told = dict(book.table("plans").select("plan_id", "verdict").iter_rows()) if "plans" in book else {}
    told |= {e.about["plan_id"]: e.about["verdict"] for e in entries if e.what == ANSWERED}
    titles = dict(book.table("plans").select("plan_id", "title").iter_rows()) if "plans" in book else {}
    return [_row(plan_id, titles, found, told.get(plan_id), entries, now) for plan_id, found in seals.items()]


def _row(plan_id, titles, found, verdict, entries, now):
    """amendments: what each later seal changed, in words; sealed_before_data: None until the plan was answered."""
    last = found[-1].plan_hash
    answers = [e.about["sealed_before_data"] for e in entries if e.what == ANSWERED and e.about["plan_hash"] == last]
    before = False if not_beforehand(entries, last) else answers[-1] if answers else None
    content = next(e.about["plan"] for e in entries if e.n == found[-1].entry)
    return {
        "plan": plan_id, "title": titles.get(plan_id) or content.get("title", plan_id), "sealed": found[0].sealed_at, "amended": len(found) - 1,
        "amendments": [{"sealed": s.sealed_at, "changed": list(s.changed)} for s in found[1:]], "plan_hash": last, "verdict": verdict,
        "sealed_before_data": before, "silence": None if verdict else silence(found[0].sealed_at, now),
    }  # fmt: skip


def _of_files(folder):
    rows = []
    for path in sorted(folder.glob("*.toml")):
        try:
            plan = Plan.read(path)
        except BadInput:
            continue  # other TOML files live in folders too
        rows.append(
            {
                "plan": plan.plan_id,
                "title": plan.title,
                "sealed": None,
                "amended": 0,
                "amendments": [],
                "plan_hash": plan.hash,
                "verdict": None,
                "sealed_before_data": None,
                "silence": None,
                "file": path.name,
            }
        )
    return rows
