"""Which sentence next? The room of dialogue gives every sentence its chance; here they are drawn, with what this person has left."""

from __future__ import annotations

import zlib

import numpy as np
from django.core.cache import cache

from commonbeat import dialogue
from commonbeat.errors import CommonbeatError
from commonbeat.web.talk import tables
from commonbeat.web.talk.models import Conversation, Statement, Vote

HELD_FOR = 60  #: seconds for which chances may be a little old: reading every vote for every reader would be slow


def chances(talk: Conversation, group: str = "") -> dict[str, float]:
    """statement -> chance of being shown, to somebody of this group who has voted on nothing yet."""
    key = f"chances:{talk.pk}:{group}"
    held = cache.get(key)
    if held is None:
        held = _asked(talk, group)
        cache.set(key, held, HELD_FOR)
    return held


def _asked(talk, group) -> dict:
    votes = tables.votes(talk.pk)
    if not votes.height:
        return {}
    of = dict(votes.select("person", "known_group").drop_nulls().iter_rows())
    try:
        read = dialogue.votes_from_frame(votes, tables.statements(talk.pk))
        known = dialogue.known_groups(read, of) if of else None
        mine = group if known is not None and group in known.names else None
        return dialogue.next_statement(read, known_groups=known, group=mine).probabilities
    except CommonbeatError:
        return {}


def next_for(talk: Conversation, person: str | None, group: str = "") -> Statement | None:
    """One sentence this person has not voted on; None when all are done. The same page again shows the same sentence."""
    rows = talk.statements.filter(moderated="accepted", attribute=False)
    voted = (
        set(Vote.objects.filter(statement__conversation=talk, person=person).values_list("statement_id", flat=True))
        if person
        else set()
    )
    left = [pk for pk in rows.order_by("statement_id").values_list("pk", flat=True) if pk not in voted]
    if not left:
        return None
    known = chances(talk, group)
    least = min(known.values(), default=1.0)
    weight = np.array([known.get(pk, least) for pk in left])  # one that was accepted a moment ago is not starved
    rng = np.random.default_rng([zlib.crc32(str(person).encode()), len(voted)])
    return Statement.objects.get(pk=left[int(rng.choice(len(left), p=weight / weight.sum()))])
