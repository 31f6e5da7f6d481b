"""What was done, in an order that cannot be rewritten unseen: each entry carries the hash of the one before.

    entry 1 ──hash──▶ entry 2 ──hash──▶ entry 3 = head ──signed (Ed25519)──▶ oversight board

A chain alone shows a changed, swapped or missing entry. It cannot show that its *end* was cut off, or that all of it was
made anew: for that somebody outside keeps a head (number and hash), signed so that neither side can invent it.

Pure functions over entries (`entry_after`, `verify`), so that the site keeps its entries in its own database, and a
`Chain` in a file of JSON lines for everybody else. Entries carry ids and hashes, never words about a person.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from commonbeat.errors import BadInput, Broken
from commonbeat.estimate import plain

__all__ = [
    "START",
    "Chain",
    "Entry",
    "Head",
    "SignedHead",
    "Verdict",
    "canonical",
    "check_signed",
    "entry_after",
    "new_key",
    "read_private",
    "read_public",
    "read_signed",
    "sign",
    "verify",
]

START = "0" * 64  #: what the first entry carries as the hash before it


def canonical(thing) -> str:
    """The one way to write a value as JSON, so that the same value always has the same hash."""
    return json.dumps(plain(thing), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done.

    n      : 1, 2, 3 ...              what : the act, as `footage.viewed`
    at     : ISO time in UTC          who  : a role or pseudonym, never a name
    about  : ids, hashes, counts      before, hash : SHA-256 of the entry before and of this one
    """

    n: int
    at: str
    what: str
    who: str
    about: Mapping
    before: str
    hash: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stood: its last entry's number and hash. Keep one outside, and no later cut goes unseen."""

    n: int
    hash: str
    at: str

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head with an Ed25519 signature over its canonical form; `public_key` in hex, to tell keys apart, not to trust."""

    head: Head
    signature: str
    public_key: str

    def to_dict(self) -> dict:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Is the chain whole? `first_broken` is the number of the first entry that does not fit; `why` says it in words."""

    entries: int
    head: Head | None
    first_broken: int | None = None
    why: str = ""
    heads_checked: int = field(default=0)

    @property
    def whole(self) -> bool:
        return self.first_broken is None

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"whole": self.whole})

    def or_raise(self) -> Verdict:
        """The same verdict, or Broken with its words."""
        if not self.whole:
            raise Broken(f"The audit chain is broken at entry {self.first_broken}: {self.why}")
        return self


def entry_after(last: Entry | None, what: str, *, who: str, about: Mapping | None = None, at: datetime) -> Entry:
    """What would the next entry be?  Pure: nothing is written.

    last : the newest entry, or None for the first;  at : when, with its zone
    Raises BadInput for a time without a zone or an act without a name.
    """
    if at.tzinfo is None:
        raise BadInput("An audit entry needs a time with its zone.")
    if not what or not who:
        raise BadInput("An audit entry says what was done and in which role.")
    n, before = (last.n + 1, last.hash) if last else (1, START)
    body = {
        "n": n,
        "at": at.astimezone(UTC).isoformat(timespec="microseconds"),
        "what": what,
        "who": who,
        "about": plain(dict(about or {})),
        "before": before,
    }
    return Entry(**body, hash=_hash(body))


def verify(entries: Iterable[Entry], *heads: Head) -> Verdict:
    """Does every entry follow from the one before, and does the chain pass through every head kept outside?

    entries : oldest first; read once, so that a long chain needs no memory
    Names the first broken entry. A chain that ends before a kept head was cut off: then that is the entry after its end.
    """
    wanted: dict[int, set[str]] = {}
    for head in heads:
        wanted.setdefault(head.n, set()).add(head.hash)
    last: Entry | None = None
    for entry in entries:
        why = _does_not_follow(last, entry) or _not_the_kept(entry, wanted)
        if why:
            return Verdict(last.n if last else 0, _head(last), (last.n if last else 0) + 1, why, len(heads))
        last = entry
    n = last.n if last else 0
    cut = [k for k in wanted if k > n]
    if cut:
        why = f"the chain ends at entry {n}, yet a head kept outside saw entry {max(cut)}: the end was cut off"
        return Verdict(n, _head(last), n + 1, why, len(heads))
    return Verdict(n, _head(last), heads_checked=len(heads))


def _does_not_follow(last: Entry | None, entry: Entry) -> str:
    n, before = (last.n + 1, last.hash) if last else (1, START)
    body = {k: v for k, v in asdict(entry).items() if k != "hash"}
    if entry.n != n:
        return f"number {n} was expected here and {entry.n} stands there"
    if entry.before != before:
        return "it does not carry the hash of the entry before: one was changed, removed or put in"
    if _hash(body) != entry.hash:
        return "its content does not match its own hash: it was changed"
    return ""


def _not_the_kept(entry: Entry, wanted: dict[int, set[str]]) -> str:
    if any(kept != entry.hash for kept in wanted.get(entry.n, ())):
        return "a head kept outside has another hash here: the chain was made anew up to this entry"
    return ""


def _hash(body: Mapping) -> str:
    return hashlib.sha256(canonical(body).encode()).hexdigest()


def _head(entry: Entry | None) -> Head | None:
    return Head(entry.n, entry.hash, entry.at) if entry else None


class Chain:
    """A chain in a file: one JSON line per entry, only ever added to, on the disk (fsync) before `append` returns."""

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)

    def append(self, what: str, *, who: str, about: Mapping | None = None, at: datetime | None = None) -> Entry:
        """Adds one entry and returns it. Two programs appending at once wait for each other."""
        with self._open() as file:
            entry = entry_after(self._last(file), what, who=who, about=about, at=at or datetime.now(UTC))
            file.seek(0, os.SEEK_END)
            end = file.tell()
            try:
                file.write(canonical(entry).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                os.ftruncate(file.fileno(), end)
                raise
        return entry

    def __iter__(self) -> Iterator[Entry]:
        if not self.path.exists():
            return
        with self.path.open("rb") as lines:
            for n, line in enumerate(lines, 1):
                yield _read(line, n, self.path)

    def head(self) -> Head | None:
        """Number and hash of the newest entry; None for an empty chain. Reads only the end of the file."""
        if not self.path.exists():
            return None
        with self.path.open("rb") as file:
            return _head(self._last(file))

    def verify(self, *heads: Head) -> Verdict:
        """Is the file whole, and does it pass through these heads? Any changed byte is found. Never raises for content."""
        good = []  # only the last whole entry is kept

        def entries():
            for entry in self:
                good[:] = [entry]
                yield entry

        try:
            return verify(entries(), *heads)
        except Broken as broken:
            n = good[0].n if good else 0
            return Verdict(n, _head(good[0] if good else None), n + 1, str(broken), len(heads))

    @contextmanager
    def _open(self):
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            self._set_torn_end_aside(file)
            yield file

    def _set_torn_end_aside(self, file) -> None:
        """A line without its end was never confirmed to anybody (power failed in the middle): kept beside, then cut."""
        end = file.seek(0, os.SEEK_END)
        if not end or _byte_at(file, end - 1) == b"\n":
            return
        start = _start_of_last_line(file, end)
        file.seek(start)
        self.path.with_suffix(self.path.suffix + ".torn").write_bytes(file.read())
        os.ftruncate(file.fileno(), start)

    def _last(self, file) -> Entry | None:
        end = file.seek(0, os.SEEK_END)
        if not end:
            return None
        start = _start_of_last_line(file, end - 1)
        file.seek(start)
        return _read(file.read(end - start), None, self.path)


def _byte_at(file, where: int) -> bytes:
    file.seek(where)
    return file.read(1)


def _start_of_last_line(file, end: int) -> int:
    """Byte where the line that ends at `end` begins."""
    while end > 0:
        step = min(4096, end)
        file.seek(end - step)
        found = file.read(step).rfind(b"\n")
        if found >= 0:
            return end - step + found + 1
        end -= step
    return 0


def _read(line: bytes, n: int | None, path: Path) -> Entry:
    """One line as an entry; it must be written in the one canonical way, so that no byte can change unseen."""
    try:
        entry = Entry(**json.loads(line))
        same = canonical(entry).encode() + b"\n" == line
    except (ValueError, TypeError):
        same = False
    if not same:
        raise Broken(f"{path.name} line {n or 'at the end'} is not an entry as it was written.")
    return entry


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
