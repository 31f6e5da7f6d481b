"""What the register and the page of a study say, written once for each edition."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from commonbeat.errors import CommonbeatError
from commonbeat.studies import Plan, released, seals_of
from commonbeat.studies.registry import registry, silence
from commonbeat.studies.running import run_asking
from commonbeat.studies.scales import spans_of
from commonbeat.studies.seals import times_that_cannot_be, trusted_times
from commonbeat.web.base.models import Entry
from commonbeat.web.read.words import verdict_words
from commonbeat.web.study import tables
from commonbeat.web.study.models import Trial, Wave


def found(
    trial: Trial, respondents, answers, *, plan: Plan | None = None, snapshot: str = "", now: datetime | None = None
):
    """The findings of one trial; None while nobody in both arms has answered."""
    plan = plan or Plan.from_dict(trial.plan)
    entries = [
        row.chained() for row in Entry.objects.filter(what="plan.sealed", object=f"plan:{trial.pk}").order_by("n")
    ]
    try:
        return run_asking(
            plan, {"respondents": respondents, "answers": answers}, spans_of(plan), seals=seals_of(entries, trial.pk),
            sealed_at=trusted_times(entries), clocks=times_that_cannot_be(entries), snapshot=snapshot, now=now,
        )  # fmt: skip
    except CommonbeatError:
        return None


def of_all(*, snapshot: str = "") -> dict:
    """plan_id -> what its page shows, already suppressed."""
    people, said = tables.respondents(), tables.answers()
    return {
        t.pk: _shown(t, found(t, people, said, snapshot=snapshot), _others(t, people, said))
        for t in Trial.objects.all()
    }


def _others(trial: Trial, people, said) -> list[dict]:
    """Each further arm against the neutral story: named beforehand, but not the question the study turns on."""
    plan, rows = Plan.from_dict(trial.plan), []
    for arm in plan.arms:
        if arm not in (plan.primary.treated, plan.primary.control):
            other = found(
                trial, people, said, plan=replace(plan, primary=replace(plan.primary, treated=arm), groups=())
            )
            if other is not None:
                rows.append(released(other).primary.to_dict() | {"arm": arm})
    return rows


def _shown(trial: Trial, findings, others) -> dict:
    if findings is None:
        return _nothing() if Wave.objects.filter(joined__trial=trial).exists() else {}
    told = released(findings).to_dict()
    ratio = told["sample_ratio"]
    drawn = sum(findings.sample_ratio.to_dict()["counts"].values()) if findings.sample_ratio else 0
    return {
        "others": others, "primary": told["primary"], "rings": told["rings"], "groups": told["groups"], "running": told["running"][-30:],
        "sealed_before_data": told["sealed_before_data"], "cautions": told["cautions"],
        "ratio": {"p_value": ratio["p_value"], "broken": ratio["broken"]} if ratio and drawn >= 20 else None,
    }  # fmt: skip


def register(*, now: datetime | None = None, studies: dict, book: Path | None = None) -> list[dict]:
    """Every sealed study of this town, also those nobody heard of again: those of the book, and those of the square."""
    now = now or timezone.now()
    book = book or settings.SITE.book
    rows = [r | {"page": False} for r in registry(book, now=now)] if (book / "CURRENT").exists() else []
    for t in Trial.objects.order_by("sealed_at"):
        told = (studies.get(t.pk) or {}).get("primary")
        rows.append({
            "plan": t.pk, "title": t.plan["title"], "sealed": t.sealed_at.isoformat(timespec="seconds"), "amended": 0, "plan_hash": t.plan_hash,
            "verdict": told["verdict"] if told else None, "silence": None if told else silence(t.sealed_at.isoformat(), now), "page": True,
        })  # fmt: skip
    for r in rows:
        r["months"] = int((now - datetime.fromisoformat(r["sealed"])).days // 30.44) if r["sealed"] else 0
    return sorted(rows, key=lambda r: r["sealed"] or "", reverse=True)


def _nothing() -> dict:
    """Somebody answered, but not in both arms that are compared."""
    none = {
        "ring": "viewer",
        "wave": 0,
        "how": "not_identified",
        "verdict": "too_few",
        "value": None,
        "low": None,
        "high": None,
        "n": None,
    }
    return {
        "others": [],
        "primary": none,
        "rings": [none],
        "groups": [],
        "running": [],
        "sealed_before_data": True,
        "cautions": [],
        "ratio": None,
    }


def ripple_rows(title: str, told: dict) -> list[dict]:
    """A trial's answers as the page of the ripple wants them: of viewers, from the same day on."""
    return [
        {"study": title, "ring": r["ring"], "days": r["wave"], "design": r["how"], **{k: r.get(k) for k in ("value", "low", "high", "n", "verdict")}}
        for r in told.get("rings", ())
    ]  # fmt: skip


def answer(told: dict, plan_id: str) -> dict:
    """What a trial turns on, for the page of the ripple."""
    smallest = Trial.objects.get(pk=plan_id).plan["smallest_effect"]
    kept = ("ring", "wave", "verdict", "value", "low", "high", "n")
    return {k: told["primary"].get(k) for k in kept} | {"smallest": smallest, "together": False}


def sentences(told: dict, smallest: float) -> list[dict]:
    """The answers of a study in the reader's language: of the question, of the later waves, of the groups, of the other arms."""
    rows = [("primary", told["primary"])]
    rows += [("wave", r) for r in told["rings"] if r["wave"]]
    rows += [("group", r) for r in told["groups"]] + [("arm", r) for r in told.get("others", ())]
    return [{"kind": kind, "row": row, "words": verdict_words(row, smallest)} for kind, row in rows]
