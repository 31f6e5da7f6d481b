"""What was done, in an order that cannot be rewritten unseen: each entry carries the hash of the one before.

    entry 1 ──hash──▶ entry 2 ──hash──▶ entry 3 = head ──signed (Ed25519)──▶ oversight board

A chain alone shows a changed, swapped or missing entry. It cannot show that its *end* was cut off, or that all of it was
made anew: for that somebody outside keeps a head (number and hash), signed so that neither side can invent it.

Pure functions over entries (`entry_after`, `verify`), so that the site keeps its entries in its own database, and a
`Chain` in a file of JSON lines for everybody else. Entries carry ids and hashes, never words about a person.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from commonbeat.audit.chain import Chain
from commonbeat.audit.entries import START, Entry, Head, Verdict, canonical, entry_after, verify

if TYPE_CHECKING:
    from commonbeat.audit.signing import (
        SignedHead,
        check_signed,
        new_key,
        read_private,
        read_public,
        read_signed,
        sign,
    )

__all__ = [
    "START", "Chain", "Entry", "Head", "SignedHead", "Verdict", "canonical", "check_signed", "entry_after", "new_key",
    "read_private", "read_public", "read_signed", "sign", "verify",
]  # fmt: skip


def __getattr__(name: str):
    """Keys and signatures come when they are asked for: their library takes as long to load as a whole command."""
    if name not in __all__:
        raise AttributeError(f"commonbeat.audit has no {name}")
    return getattr(import_module("commonbeat.audit.signing"), name)
