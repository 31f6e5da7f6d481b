"""Writes to the audit log, inside the transaction of the act itself: no entry, no act."""

from __future__ import annotations

from django.db import connection, transaction
from django.utils import timezone

from commonbeat import audit

__all__ = ["head", "note", "verdict"]


def note(what: str, object: str, *, actor=None, outcome: str = "done", at=None, **about):
    """Adds one line. `actor`: a member of staff, a word such as "resident by link", or None for the site itself.

    `about` carries references, counts and hashes, never names or free text: an erasure must not have to break the chain.
    """
    from commonbeat.web.base.models import Entry

    with transaction.atomic():
        _in_turn()
        last = Entry.objects.order_by("-n").first()
        about = {"object": str(object)[:120], "outcome": outcome, **about}
        made = audit.entry_after(
            last.chained() if last else None, what, who=_who(actor), about=about, at=at or timezone.now()
        )
        return Entry.objects.create(
            n=made.n, at=made.at, what=made.what, who=made.who, about=audit.canonical(made.about),
            object=about["object"], before=made.before, hash=made.hash,
        )  # fmt: skip


def head() -> int:
    """The number of the log's last line. Whatever is done adds one, so what was read under this number still holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(n) FROM base_entry")
        return cursor.fetchone()[0] or 0


def verdict(*heads: audit.Head) -> audit.Verdict:
    """Is the site's log whole, and does it pass through these heads kept outside?"""
    from commonbeat.web.base.models import Entry

    return audit.verify((row.chained() for row in Entry.objects.order_by("n").iterator(1_000)), *heads)


def _who(actor) -> str:
    if actor is None:
        return "site"
    return f"{actor.role}:{actor.pk}" if hasattr(actor, "role") else str(actor)


def _in_turn() -> None:
    """SQLite's writers already stand in a queue; on PostgreSQL the log has a lock of its own for the transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7252011)")
