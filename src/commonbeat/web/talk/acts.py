"""Voting, proposing, moderating, answering, erasing."""

from __future__ import annotations

import json
from concurrent.futures import Future

from django.db import connection, transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from commonbeat.errors import Refused
from commonbeat.web.base.log import note
from commonbeat.web.sqlite.together import Together
from commonbeat.web.talk.models import Conversation, Statement, Vote

MOST_WAITING = 1_000  #: votes waiting for a commit; more are answered by the pages' door, which turns away
_ONE = """INSERT INTO talk_vote (statement_id, person, value, day, known_group)
SELECT s.statement_id, %s, %s, %s, %s FROM talk_statement s JOIN talk_conversation c ON c.slug = s.conversation_id
WHERE s.statement_id = %s AND c.slug = %s AND c.open AND s.moderated = 'accepted'
ON CONFLICT (statement_id, person) DO UPDATE
SET value = excluded.value, day = excluded.day, known_group = excluded.known_group"""
#: the same for however many rows: one statement that is prepared already, and one turn at the interpreter's lock
_MANY = """INSERT INTO talk_vote (statement_id, person, value, day, known_group)
SELECT s.statement_id, json_extract(v.value, '$[0]'), json_extract(v.value, '$[1]'), json_extract(v.value, '$[2]'),
json_extract(v.value, '$[3]')
FROM json_each(%s) v JOIN talk_statement s ON s.statement_id = json_extract(v.value, '$[4]') AND s.moderated = 'accepted'
JOIN talk_conversation c ON c.slug = s.conversation_id AND c.slug = json_extract(v.value, '$[5]') AND c.open
WHERE true
ON CONFLICT (statement_id, person) DO UPDATE
SET value = excluded.value, day = excluded.day, known_group = excluded.known_group"""


def _keep(votes: list[tuple]) -> list[bool]:
    """Writes (person, value, day, known group, statement, conversation) -> which were kept: the others cannot be voted on now."""
    with connection.cursor() as cursor:
        if connection.vendor != "sqlite":
            return [cursor.execute(_ONE, vote).rowcount == 1 for vote in votes]
        cursor.execute(_MANY, [json.dumps(votes, default=str)])
        if cursor.rowcount == len(votes):
            return [True] * len(votes)
    votable = Statement.objects.filter(conversation__open=True, moderated="accepted")
    open_ = set(votable.filter(pk__in={vote[4] for vote in votes}).values_list("pk", "conversation_id"))
    return [vote[4:] in open_ for vote in votes]


_together = Together(_keep)


def vote(conversation: str, statement: str, person: str, value: int, known_group: str = "") -> bool:
    """Keeps the last word of one token on one statement: one row, however many requests come at once.

    Returns when it is on the disk; votes that come at the same moment share one commit. False: this is no sentence of the
    conversation, or none that can be voted on now (asked within the same transaction).
    """
    return _together((person, value, timezone.now().date(), known_group, statement, conversation))


def vote_soon(conversation: str, statement: str, person: str, value: int, known_group: str, run) -> Future:
    """The same as a promise, for the server's loop: nobody is told of the vote before it is kept."""
    return _together.later((person, value, timezone.now().date(), known_group, statement, conversation), run)


def crowded() -> bool:
    return len(_together.waiting) > MOST_WAITING


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
