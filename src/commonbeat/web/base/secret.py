"""Private links and receipts: 160 random bits for the person, only a hash for us."""

from __future__ import annotations

import hashlib
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  #: without letters and figures that are taken for one another


def fresh_token() -> str:
    return secrets.token_urlsafe(20)


def fresh_code(length: int = 12) -> str:
    """A code somebody can read out over the telephone; about 59 bits."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(letters[i : i + 4] for i in range(0, length, 4))


def hashed(token: str) -> str:
    tidy = token.strip()
    return hashlib.sha256(tidy.encode()).hexdigest()


def hashed_code(code: str) -> str:
    """As typed by a person: case, spaces and dashes do not matter."""
    return hashlib.sha256("".join(c for c in code.upper() if c.isalnum()).encode()).hexdigest()
