"""How is a clip kept, so that a stolen disk or an old backup shows nothing?

Each file has a key of its own, wrapped by the site's media key and kept in the database. Erasing the wrapped key erases
the file everywhere, in backups too. The file is cut into 128 KiB pieces, each sealed with AES-256-GCM under a nonce that
holds its number and whether it is the last: a changed, swapped, missing or added piece is refused, and any range can be
read without reading the rest.

    file = 8-byte mark | piece 0 | piece 1 | ...        piece = ciphertext (<= 128 KiB) + 16-byte tag
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from commonbeat.errors import Broken
from commonbeat.web.review.models import Blob

__all__ = ["PIECE", "copy_out", "erase", "keep", "pieces", "read_all"]

PIECE = 128 * 1024
TAG = 16
MARK = b"CBMEDIA1"


def _path(blob: str) -> Path:
    return settings.SITE.media / blob[:2] / blob


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\x01" if last else b"\x00")


def _sealed(source, cipher) -> Iterator[bytes]:
    piece, number = source.read(PIECE), 0
    while True:
        after = source.read(PIECE)
        yield cipher.encrypt(_nonce(number, not after), piece, MARK)
        if not after:
            return
        piece, number = after, number + 1


def keep(source: Path, kind: str) -> Blob:
    """Encrypts a file into the store (written beside, then moved) and returns its row; the source is left alone."""
    key, blob = secrets.token_bytes(32), secrets.token_hex(16)
    target = _path(blob)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    beside = target.with_suffix(".part")
    try:
        with Path(source).open("rb") as plain, beside.open("xb") as out:
            out.write(MARK)
            for piece in _sealed(plain, AESGCM(key)):
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    with Path(source).open("rb") as plain:
        digest = hashlib.file_digest(plain, "sha256").hexdigest()
    return Blob.objects.create(
        blob=blob, wrapped_key=aes_key_wrap(settings.SITE.key("media"), key), size=Path(source).stat().st_size,
        sha256=digest, kind=kind, made_at=timezone.now(),
    )  # fmt: skip


def pieces(row: Blob, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """The bytes from `start` to before `stop`, decrypted piece by piece. Broken when a piece is not as it was written."""
    stop = row.size if stop is None else min(stop, row.size)
    if start >= stop and row.size:
        return
    cipher = AESGCM(aes_key_unwrap(settings.SITE.key("media"), bytes(row.wrapped_key)))
    final = max(0, (row.size - 1) // PIECE)
    with _path(row.blob).open("rb") as file:
        if file.read(len(MARK)) != MARK or os.fstat(file.fileno()).st_size != len(MARK) + row.size + TAG * (
            final + 1
        ):
            raise Broken(f"The stored clip {row.blob[:8]} does not have the length it was written with.")
        for number in range(start // PIECE, (max(stop, 1) - 1) // PIECE + 1):
            file.seek(len(MARK) + number * (PIECE + TAG))
            try:
                plain = cipher.decrypt(_nonce(number, number == final), file.read(PIECE + TAG), MARK)
            except InvalidTag:
                raise Broken(f"Piece {number} of the stored clip {row.blob[:8]} was changed.") from None
            yield plain[max(0, start - number * PIECE) : stop - number * PIECE]


def read_all(blob: str) -> bytes:
    return b"".join(pieces(Blob.objects.get(pk=blob)))


def copy_out(row: Blob, target: Path) -> None:
    """The plain file, for a worker in its own private folder."""
    with target.open("xb") as out:
        for piece in pieces(row):
            out.write(piece)


def erase(blob: str) -> None:
    """Forgets a clip: its key with the transaction that says why, its bytes when that transaction stands."""
    Blob.objects.filter(pk=blob).delete()
    transaction.on_commit(lambda: _path(blob).unlink(missing_ok=True))
