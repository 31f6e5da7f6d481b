"""How a book changes: beside the old snapshot, then all at once. Until CURRENT is swapped nothing has happened."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from commonbeat.audit import Chain
from commonbeat.errors import BookError
from commonbeat.ledger.lock import writing
from commonbeat.ledger.manifest import MANIFEST, Manifest, read_manifest
from commonbeat.ledger.parts import Part, PartWriter

__all__ = ["CHAIN", "CURRENT", "SNAPSHOTS", "Change", "change", "current", "swap_in"]

CURRENT, SNAPSHOTS, CHAIN = "CURRENT", "snapshots", "audit.jsonl"
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True, slots=True)
class Change:
    """A change under way: `before` is the manifest it starts from, `folder` where new parts are written."""

    book: Path
    folder: Path
    before: Manifest

    def writer(self, table: str) -> PartWriter:
        return PartWriter(self.folder, table)

    def commit(self, tables: Mapping[str, tuple[Part, ...]], *, what: str, who: str, about: Mapping, at: datetime):
        """Makes these tables the book's current snapshot and says so in the chain  -> its manifest.

        Tables with the same content as before change nothing, not even the chain.
        """
        about = {"before": self.before.snapshot, "who": who, "at": at.isoformat(), **about}
        manifest = Manifest({t: parts for t, parts in tables.items() if parts}, about)
        if manifest.snapshot == self.before.snapshot:
            return self.before
        self._settle(manifest)
        rows = {t: manifest.rows(t) for t in manifest.tables}
        entry = {"snapshot": manifest.snapshot, "before": self.before.snapshot, "rows": rows, **about}
        swap_in(
            self.book, manifest.snapshot, lambda: Chain(self.book / CHAIN).append(what, who=who, about=entry, at=at)
        )
        return manifest

    def _settle(self, manifest: Manifest) -> None:
        """Gives the new snapshot its name, with the parts it shares with older ones linked, not copied."""
        target = self.book / SNAPSHOTS / manifest.snapshot
        old = self.book / SNAPSHOTS / self.before.snapshot
        for part in (p for parts in manifest.tables.values() for p in parts):
            for name in (part.file, part.from_file):
                if not (self.folder / name).exists():
                    _link(old / name, self.folder / name)
        _write(self.folder / MANIFEST, manifest.text())
        if target.exists():  # the same rows were here before: that snapshot serves again, whole
            shutil.rmtree(target)
        self.folder.rename(target)
        _folder_to_disk(target)
        _folder_to_disk(target.parent)


@contextmanager
def change(book: Path, *, who: str, wait: float) -> Iterator[Change]:
    """The one way to change a book: holds its lock, and leaves nothing behind when something goes wrong."""
    with writing(book, who=who, wait=wait):
        snapshots = book / SNAPSHOTS
        for left in snapshots.glob(".writing-*"):  # somebody's crash: never part of the book
            shutil.rmtree(left, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=".writing-", dir=snapshots))
        folder.chmod(0o755)
        try:
            yield Change(book, folder, read_manifest(snapshots / current(book)))
        except OSError as error:
            raise _as_letter(error, book) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            (book / "CURRENT.new").unlink(missing_ok=True)


def current(book: Path) -> str:
    """The name of the snapshot that counts now; BookError when this is no book."""
    try:
        name = (book / CURRENT).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        raise BookError(
            f"{book} is not a book: it has no CURRENT file. A book is a folder made by `commonbeat import` or "
            "`commonbeat city`."
        ) from None
    if len(name) != 64 or not (book / SNAPSHOTS / name).is_dir():
        raise BookError(
            f"{book / CURRENT} names the snapshot {name[:12]!r}, which is not there. Restore the book from a backup, or "
            "write a name from its snapshots folder into CURRENT."
        )
    return name


def swap_in(book: Path, snapshot: str, say) -> None:
    """Replaces CURRENT in one step. The new file is on the disk, and the chain knows, before the swap."""
    new = book / "CURRENT.new"
    _write(new, snapshot + "\n")
    say()
    os.replace(new, book / CURRENT)
    _folder_to_disk(book)


def _link(old: Path, new: Path) -> None:
    try:
        os.link(old, new)
    except FileNotFoundError:
        raise BookError(f"{old.name} is missing from the current snapshot. Run `commonbeat verify`.") from None
    except OSError:  # a file system without links
        shutil.copyfile(old, new)


def _write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _folder_to_disk(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:  # network shares that keep no folders' buffers of their own
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def _as_letter(error: Exception, book: Path) -> BookError:
    if getattr(error, "errno", None) in _NO_ROOM:
        return BookError(
            f"There is no room left on the disk of {book}. Nothing was changed; make room and try again."
        )
    return BookError(f"{book.name} could not be written: {error}. Nothing was changed.")
