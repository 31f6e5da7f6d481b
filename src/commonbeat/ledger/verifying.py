"""Has a byte of a book changed? Reads all of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from commonbeat.audit import Chain, Head
from commonbeat.errors import BookError, Broken
from commonbeat.estimate import plain
from commonbeat.ledger.change import CHAIN, SNAPSHOTS, current
from commonbeat.ledger.erasing import ERASED, erased_parts
from commonbeat.ledger.manifest import MANIFEST, read_manifest
from commonbeat.ledger.parts import sha256

__all__ = ["Verified", "verify"]


@dataclass(frozen=True, slots=True)
class Verified:
    """What was read, and every place that is not as it was written; none means the book is whole."""

    snapshot: str
    snapshots: int
    files: int
    bytes: int
    entries: int
    problems: tuple[str, ...]

    @property
    def whole(self) -> bool:
        return not self.problems

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"whole": self.whole})

    def or_raise(self) -> Verified:
        if self.problems:
            more = f" (and {len(self.problems) - 1} more)" if len(self.problems) > 1 else ""
            raise Broken(f"{self.problems[0]}{more}")
        return self


def verify(path, *heads: Head) -> Verified:
    """Is every file of every snapshot what its hash says, and does the chain know them all?

    heads : heads of the audit chain that were kept outside; with one, a chain whose end was cut off is found too
    Raises BookError when this is no book or was written by a newer program; what is broken is listed, not raised.
    """
    book = Path(path)
    now = current(book)
    problems: list[str] = []
    gone, sizes = erased_parts(book), {}
    folders = sorted(f for f in (book / SNAPSHOTS).iterdir() if not f.name.startswith(".writing-"))
    for folder in folders:
        problems += _of_snapshot(folder, gone, sizes)
    chain = Chain(book / CHAIN)
    verdict = chain.verify(*heads)
    if verdict.whole:
        problems += _of_chain(chain, {f.name for f in folders}, now, book)
    else:
        problems.append(f"The audit chain is broken at entry {verdict.first_broken}: {verdict.why}.")
    return Verified(now, len(folders), len(sizes), sum(sizes.values()), verdict.entries, tuple(problems))


def _of_snapshot(folder: Path, gone: set[str], sizes: dict) -> list[str]:
    try:
        manifest = read_manifest(folder)
    except BookError:
        raise
    except Broken as broken:
        return [str(broken)]
    wanted = {}
    for part in (p for parts in manifest.tables.values() for p in parts):
        wanted |= {part.file: part.sha256, part.from_file: part.from_sha256}
    found = []
    for name, sha in wanted.items():
        file = folder / name
        if not file.exists():
            if name not in gone:
                found.append(f"{name} is missing from snapshot {folder.name[:12]}, and no erasure explains it.")
        elif _changed(file, sha, sizes):
            found.append(f"{name} in snapshot {folder.name[:12]} was changed: its bytes do not match its hash.")
    strangers = {f.name for f in folder.iterdir()} - set(wanted) - {MANIFEST}
    return found + [f"{name} does not belong into snapshot {folder.name[:12]}." for name in sorted(strangers)]


def _changed(file: Path, sha: str, sizes: dict) -> bool:
    """Parts are shared between snapshots by links: each is read once."""
    about = file.stat()
    if (about.st_dev, about.st_ino) in sizes:
        return False
    if sha256(file) != sha:
        return True
    sizes[about.st_dev, about.st_ino] = about.st_size
    return False


def _of_chain(chain: Chain, there: set[str], now: str, book: Path) -> list[str]:
    said, last, stones = set(), None, set()
    for entry in chain:
        if "snapshot" in entry.about and entry.what in (
            "book.created",
            "snapshot.written",
            "rows.added",
            "rows.erased",
        ):
            last = entry.about["snapshot"]
            said.add(last)
        if entry.what == "rows.erased":
            stones.add(entry.about["tombstone"])
    found = [f"Snapshot {name[:12]} is not in the audit chain." for name in sorted(there - said)]
    found += [f"Snapshot {name[:12]} is in the audit chain and not in the book." for name in sorted(said - there)]
    if last != now:
        found.append(
            f"CURRENT names {now[:12]}, but the chain's last snapshot is {str(last)[:12]}: "
            "a write was interrupted at its last step, or CURRENT was changed by hand."
        )
    files = {f.stem: sha256(f) for f in (book / ERASED).glob("*.json")}
    found += [f"Tombstone {name[:12]} was changed." for name, sha in files.items() if name != sha]
    return found + [f"Tombstone {name[:12]} is missing." for name in sorted(stones - set(files))]
