"""Voting, proposing, moderating, answering, erasing."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat.errors import Refused
from commonbeat.web.base.log import head, note
from commonbeat.web.sqlite.together import Together
from commonbeat.web.talk.models import Conversation, Statement, Vote

_KEEP = """INSERT INTO talk_vote (statement_id, person, value, day, known_group) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (statement_id, person) DO UPDATE SET value = excluded.value, day = excluded.day, known_group = excluded.known_group"""


def _keep(votes: list[tuple]) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(_KEEP, votes)


_together = Together(_keep)
_votable: dict[str, tuple] = {}


def votable(slug: str, statement_id: str) -> bool:
    """Is this one of the sentences that can be voted on now?  Whatever changes that is in the log, so the answer holds until its next line."""
    now, held = head(), _votable.get(slug)
    if held is None or held[0] != now or statement_id not in held[1]:
        rows = Statement.objects.filter(conversation=slug, conversation__open=True, moderated="accepted")
        held = _votable[slug] = (now, frozenset(rows.values_list("pk", flat=True)))
    return statement_id in held[1]


def vote(statement_id: str, person: str, value: int, known_group: str = "") -> None:
    """Keeps the last word of one token on one statement: one row, however many requests come at once.

    Returns when it is on the disk; votes that come at the same moment share one commit.
    """
    _together((statement_id, person, value, timezone.localdate(), known_group))


@transaction.atomic
def propose(conversation: Conversation, person: str, words: str, language: str) -> Statement:
    """A resident's own sentence; it waits until somebody has seen that it is about the question and names nobody."""
    today = Statement.objects.filter(proposer=person, at__date=timezone.now().date()).count()
    if today >= 5:
        raise Refused(_("Five proposals a day and person. Please come back tomorrow."))
    made = Statement.objects.create(
        conversation=conversation, words=words, at=timezone.now(), proposer=person, language=language
    )
    note("statement.proposed", f"statement:{made.pk}", actor="resident")
    return made


@transaction.atomic
def moderate(statement: Statement, staff, *, accept: bool, reason: str = "") -> None:
    """Accepts or rejects by the listed reasons, none of which is a viewpoint; each decision is public and in the log."""
    if not accept and not reason:
        raise Refused(_("A rejection names one of the public reasons."))
    statement.moderated, statement.reason = ("accepted", "") if accept else ("rejected", reason)
    statement.save(update_fields=["moderated", "reason"])
    note("statement.moderated", f"statement:{statement.pk}", actor=staff, accept=accept, reason=reason)


@transaction.atomic
def appeal(statement: Statement, words: str) -> None:
    if statement.moderated != "rejected" or statement.appeal:
        raise Refused(_("Only a rejected statement can be appealed, once."))
    statement.appeal, statement.moderated = words, "waiting"
    statement.save(update_fields=["appeal", "moderated"])
    note("statement.appealed", f"statement:{statement.pk}", actor="resident")


@transaction.atomic
def erase(conversation: Conversation, person: str) -> int:
    """Forgets all votes of one token in a conversation, and its proposals' tie to it -> how many votes went.

    What is published changes on the next dated release only, and so that nobody can subtract (`dialogue.next_release`).
    """
    gone = Vote.objects.filter(person=person, statement__conversation=conversation).delete()[0]
    conversation.statements.filter(proposer=person).update(proposer="")
    if gone:
        Conversation.objects.filter(pk=conversation.pk).update(erased=F("erased") + 1)
    note("votes.erased", f"conversation:{conversation.pk}", actor="resident", votes=gone)
    return gone


def counted(conversation: Conversation):
    """Accepted statements with how many voted."""
    return conversation.statements.filter(Q(moderated="accepted")).annotate(n=Count("votes"))
