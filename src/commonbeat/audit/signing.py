"""Heads signed for somebody outside (Ed25519): keys, signatures, and whether one holds."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commonbeat.audit.entries import Head, canonical
from commonbeat.errors import BadInput, Broken

__all__ = ["SignedHead", "check_signed", "new_key", "read_private", "read_public", "read_signed", "sign"]


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with an Ed25519 signature over its canonical form; `public_key` in hex, to tell keys apart, not to trust."""

    head: Head
    signature: str
    public_key: str

    def to_dict(self) -> dict:
        return asdict(self)


def new_key(path: str | os.PathLike) -> str:
    """Makes a private signing key (PEM, readable by its owner only) and FILE.pub beside it  -> the public key in hex.

    Raises BadInput when the file exists: a key is never overwritten.
    """
    path, key = Path(path), Ed25519PrivateKey.generate()
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise BadInput(f"{path} exists and a key is never overwritten; choose another name.") from None
    with os.fdopen(handle, "wb") as file:
        file.write(secret)
    path.with_name(path.name + ".pub").write_bytes(public)
    return _hex(key.public_key())


def read_private(path: str | os.PathLike) -> Ed25519PrivateKey:
    """The private key in a PEM file; raises BadInput when it is none."""
    return _key(path, lambda pem: serialization.load_pem_private_key(pem, None), Ed25519PrivateKey)


def read_public(path: str | os.PathLike) -> Ed25519PublicKey:
    """The public key in a PEM file; raises BadInput when it is none."""
    return _key(path, serialization.load_pem_public_key, Ed25519PublicKey)


def _key(path, load, wanted):
    try:
        key = load(Path(path).read_bytes())
    except (OSError, ValueError, TypeError) as error:
        raise BadInput(f"{path} is not a key this program can read: {error}.") from error
    if not isinstance(key, wanted):
        raise BadInput(f"{path} holds another kind of key; an Ed25519 key is needed (`commonbeat audit key FILE`).")
    return key


def sign(head: Head, key: Ed25519PrivateKey) -> SignedHead:
    """A head that can be handed to an oversight board: nobody without the key can make or change it."""
    return SignedHead(head, key.sign(canonical(head).encode()).hex(), _hex(key.public_key()))


def check_signed(signed: SignedHead, key: Ed25519PublicKey) -> Head:
    """The head inside, if this public key (which the board keeps itself) signed it; else Broken."""
    try:
        key.verify(bytes.fromhex(signed.signature), canonical(signed.head).encode())
    except (InvalidSignature, ValueError):
        raise Broken(
            f"The head of entry {signed.head.n} was not signed with this key, or was changed after it was signed."
        ) from None
    return signed.head


def read_signed(path: str | os.PathLike) -> SignedHead:
    """A signed head from a JSON file; raises BadInput when it is none."""
    try:
        data = json.loads(Path(path).read_text(encoding="utf-8"))
        return SignedHead(Head(**data["head"]), data["signature"], data["public_key"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{path} is not a signed head (made by `commonbeat audit head`): {error}.") from error


def _hex(key: Ed25519PublicKey) -> str:
    return key.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw).hex()
