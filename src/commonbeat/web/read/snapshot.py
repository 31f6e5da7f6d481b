"""The site's tables into one immutable snapshot of its book, and an edition made from it. Run on dated releases, in the background."""

from __future__ import annotations

from datetime import date

import polars as pl
from django.conf import settings
from django.utils import timezone

from commonbeat import dialogue
from commonbeat.errors import TooFew
from commonbeat.ledger import Book
from commonbeat.report.dialogue_release import released, surely_shared
from commonbeat.web.answer import tables as answer
from commonbeat.web.answer.models import Reply
from commonbeat.web.base.log import note
from commonbeat.web.read import edition, making
from commonbeat.web.record import tables as record
from commonbeat.web.record.models import Encounter
from commonbeat.web.study import results as study
from commonbeat.web.study import tables as trials
from commonbeat.web.study.models import Joined, Practice, Trial
from commonbeat.web.study.practice import assignments
from commonbeat.web.talk import tables as talk
from commonbeat.web.talk.models import Conversation
from commonbeat.web.tell import tables as tell
from commonbeat.web.tell.models import Story

__all__ = ["collect", "release"]


def collect() -> dict:
    """Every table the site keeps itself; those it does not (areas, population, complaints) stay as they are in the book."""
    found = {
        "contacts": record.contacts(), "stories": tell.stories(),
        "respondents": pl.concat([answer.respondents(), trials.respondents()]), "answers": pl.concat([answer.answers(), trials.answers()]),
        "assignments": assignments(),
    }  # fmt: skip
    return {name: frame for name, frame in found.items() if frame.height}


def beside(book: Book, mine: dict) -> dict:
    """The site's rows beside those the book has from elsewhere (an import, a survey): only rows the site itself wrote are replaced,
    also those it has taken back since."""
    asked = {*Reply.objects.values_list("person", flat=True), *Joined.objects.values_list("person", flat=True)}
    own = {
        "contacts": ("contact_id", set(Encounter.objects.values_list("pk", flat=True))),
        "stories": ("story_id", set(Story.objects.values_list("pk", flat=True))),
        "respondents": ("respondent", asked), "answers": ("respondent", asked),
        "assignments": ("plan_id", {f"practice-{pk}" for pk in Practice.objects.values_list("pk", flat=True)}),
    }  # fmt: skip
    made = {}
    for name, frame in mine.items():
        key, ids = own[name]
        others = [book.table(name).filter(~pl.col(key).is_in(list(ids)))] if name in book.tables else []
        made[name] = pl.concat([*others, frame])
    return made


def release():
    """Writes the snapshot, makes the edition and swaps it in -> the edition."""
    path, out = settings.SITE.book, edition.current(settings.SITE.root)
    book = Book.open(path) if (path / "CURRENT").exists() else Book.create(path)
    mine = collect()
    if mine:
        book = book.write(
            beside(book, mine),
            importer="site",
            note="release of the site",
            simulated=settings.SITE.demo or None,
            at=timezone.now(),
        )
    tables = {name: book.table(name) for name in book.tables}
    studied = study.of_all(snapshot=book.snapshot)
    titles = dict(Trial.objects.values_list("plan_id", "plan__title"))
    mine_ = set(titles.values())
    rows = [row for plan_id, told in studied.items() for row in study.ripple_rows(titles[plan_id], told)]
    answers = {titles[p]: study.answer(told, p) for p, told in studied.items() if told}
    trust = making.trust_series(tables)
    made = edition.publish(
        settings.SITE.root, at=timezone.now(), snapshot=book.snapshot, areas=making.areas(tables),
        trust=trust, trust_moved=making.trust_moved(trust), trust_how=out.trust_how, spread=making.spread(tables),
        ripple=[*(r for r in out.ripple if r["study"] not in mine_), *rows], answers=out.answers | answers,
        commitments=making.commitments(tables), context=making.context(tables), talk=conversations(out.talk), moments=out.moments,
        studies=studied, register=study.register(studies=studied),
    )  # fmt: skip
    note("edition.released", f"edition:{made.hash}", snapshot=book.snapshot)
    return made


def conversations(before: dict | None = None, today: date | None = None) -> dict:
    """What each conversation shows from this release on. Where people asked to be forgotten, figures made anew could be
    subtracted from the old ones; then the room of dialogue says whether to publish, to keep the old for once, or to withdraw."""
    made, before, today = {}, before or {}, today or timezone.localdate()
    for held in Conversation.objects.all():
        action = "publish"
        if held.erased:
            action = dialogue.next_release(held.erased, [today], today=today, waited=held.waited).action
        shown = {"publish": lambda t=held: together(t.pk), "keep": lambda t=held: before.get(t.pk), "withdraw": dict}[
            action
        ]()
        if shown:
            made[held.pk] = shown
        kept = action == "keep"
        Conversation.objects.filter(pk=held.pk).update(
            erased=held.erased if kept else 0, waited=held.waited + 1 if kept else 0
        )
    return made


def together(slug: str) -> dict:
    """What all known groups hold together, as it may leave; empty while too few have voted.

    agree, disagree : statements that surely every group shares, the surest first; waiting: those some group has not judged
    """
    votes, statements = talk.votes(slug), talk.statements(slug)
    if not votes.height:
        return {}
    try:
        held = dialogue.votes_from_frame(votes, statements)
        of = dict(votes.select("person", "known_group").drop_nulls().iter_rows())  # the last word on a group counts
        known = dialogue.known_groups(held, of)
        shown = released(dialogue.conversation(held, known).to_dict())
    except TooFew:
        return {}
    sure = {
        k: [row for row in shown[name] if surely_shared(row)]
        for k, name in (("agree", "common_ground"), ("disagree", "shared_disagreement"))
    }
    return {
        "people": shown["people"],
        "votes": shown["votes"],
        **sure,
        "waiting": shown["not_enough_votes"],
        "suppressed": shown["suppressed"],
        "abuse": _both_ways(
            shown["abuse"],
            {r["statement_id"]: r["text"] for r in (*shown["common_ground"], *shown["shared_disagreement"])},
        ),
    }


def _both_ways(abuse: dict, texts: dict) -> dict:
    """How many votes look as if they were not one person's own thoughts, and what the common ground is with and without them."""
    sides = {
        side: [texts.get(i, i) for i in (abuse[side] or {}).get("common_ground", ())]
        for side in ("with_flagged", "without_flagged")
    }
    differ = [t for t in sides["with_flagged"] if t not in sides["without_flagged"]]
    gained = [t for t in sides["without_flagged"] if t not in sides["with_flagged"]]
    return {
        "flagged": abuse["flagged_people"],
        "by_kind": abuse["by_kind"],
        "only_with": differ,
        "only_without": gained,
    }
