"""Heads of the log that the auditor signed: taken away, signed with a key this site never sees, and shown back to it.

    the auditor's machine                               the site
    commonbeat audit key board.pem                      "Take the head away" -> head.json
    commonbeat audit sign head.json --sign board.pem    the signed head comes back here, is checked and kept
    commonbeat audit verify SITE --head ... --key ...   every later check passes through every head kept

What is kept here convinces the site's own people; what convinces the auditor is the copy the auditor kept.
"""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import transaction
from django.utils import timezone

from commonbeat import audit
from commonbeat.errors import BadInput, Broken, Refused
from commonbeat.web.base.log import note, verdict
from commonbeat.web.oversee.models import Checkpoint

__all__ = ["check", "keep", "kept"]


def kept() -> list[audit.Head]:
    """Every head kept here whose signature still holds; Broken when one was tampered with."""
    return [
        audit.check_signed(_signed(c), Ed25519PublicKey.from_public_bytes(bytes.fromhex(c.public_key)))
        for c in Checkpoint.objects.order_by("n")
    ]


def check(*heads: audit.Head) -> audit.Verdict:
    """Is the log whole, and does it pass through every head kept here and these?"""
    try:
        return verdict(*kept(), *heads)
    except Broken as broken:
        found = verdict(*heads)
        return audit.Verdict(
            found.entries, found.head, found.first_broken or found.entries, str(broken), found.heads_checked
        )


def _signed(c: Checkpoint) -> audit.SignedHead:
    return audit.SignedHead(audit.Head(c.n, c.hash, c.at), c.signature, c.public_key)


def read(text: str) -> audit.SignedHead:
    """The signed head in a pasted file; BadInput when it is none."""
    try:
        data = json.loads(text)
        signed = audit.SignedHead(audit.Head(**data["head"]), str(data["signature"]), str(data["public_key"]))
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key))
    except (ValueError, KeyError, TypeError):
        raise BadInput(
            "This is not a signed head: paste the whole file that `commonbeat audit sign` wrote."
        ) from None
    return signed


@transaction.atomic
def keep(text: str, staff) -> Checkpoint:
    """Keeps a signed head. Refused when it is not of this log, or was signed with another key than the ones before."""
    signed = read(text)
    head = audit.check_signed(signed, Ed25519PublicKey.from_public_bytes(bytes.fromhex(signed.public_key)))
    first = Checkpoint.objects.order_by("pk").first()
    if first is not None and first.public_key != signed.public_key:
        raise Refused(f"Earlier heads were signed with the key {first.public_key[:16]}…; this one with another.")
    found = verdict(head)
    if not found.whole:
        raise Refused(f"This head is not of this log as it stands: {found.why}.")
    made = Checkpoint.objects.create(
        n=head.n, hash=head.hash, at=head.at, signature=signed.signature, public_key=signed.public_key, by=staff,
        made_at=timezone.now(),
    )  # fmt: skip
    note("oversee.head_kept", f"log:{head.n}", actor=staff, head=head.hash, key=signed.public_key)
    return made
