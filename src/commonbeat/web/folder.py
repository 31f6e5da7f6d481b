"""Where does a site keep its things, and with which keys?

    SITE/
      site.json      what kind of site this is: its name, its town, whether it is a demonstration
      keys/          secrets, readable by the owner only
      site.sqlite3   the record (unless DATABASE_URL names a PostgreSQL database)
      media/         encrypted clips, by content hash
      uploads/       files on their way in
      book/          the snapshots the public pages are drawn from

Nothing here knows Django, so that `doctor`, `backup` and the settings can all ask the same questions.
"""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from commonbeat.errors import BadInput, Missing

__all__ = ["Site", "create", "default_folder", "open_site"]

KEYS = ("session", "media", "links")  #: one secret per purpose, so that one can be changed alone
KNOWN = {"name", "town", "demo", "help_lines", "independent_body", "hosts", "trusted_proxies", "languages", "salt"}


@dataclass(frozen=True, slots=True)
class Site:
    """An opened site folder: its settings and the paths inside it."""

    root: Path
    name: str = "Commonbeat"
    town: str = ""
    demo: bool = False
    hosts: tuple[str, ...] = ("localhost", "127.0.0.1")
    trusted_proxies: tuple[str, ...] = ()
    independent_body: dict = field(default_factory=dict)
    help_lines: tuple[dict, ...] = ()

    @property
    def database(self) -> Path:
        return self.root / "site.sqlite3"

    @property
    def media(self) -> Path:
        return self.root / "media"

    @property
    def uploads(self) -> Path:
        return self.root / "uploads"

    @property
    def book(self) -> Path:
        return self.root / "book"

    def key(self, purpose: str) -> bytes:
        """The 32 secret bytes kept for one purpose."""
        return _secret(self.root, purpose)


@lru_cache(maxsize=16)
def _secret(root: Path, purpose: str) -> bytes:
    """Read once: votes and films ask for their key at every request."""
    path = root / "keys" / purpose
    try:
        return bytes.fromhex(path.read_text().strip())
    except FileNotFoundError:
        raise Missing(
            f"{path} is missing. Without it, what it protects cannot be read: restore it from your backup of keys."
        ) from None
    except ValueError:
        raise BadInput(f"{path} does not hold a key (64 hexadecimal digits): restore it from your backup.") from None


def default_folder() -> Path:
    """COMMONBEAT_SITE, else ./site."""
    return Path(os.environ.get("COMMONBEAT_SITE") or "site").expanduser().absolute()


def create(root: Path, *, name: str = "Commonbeat", town: str = "", demo: bool = False, **more) -> Site:
    """A new site folder with fresh keys. An existing one is opened untouched: it never becomes a demonstration later."""
    root = Path(root).absolute()
    if (root / "site.json").exists():
        site = open_site(root)
        if demo and not site.demo:
            raise BadInput(
                f"{root} holds a real site. A demonstration needs a folder of its own: choose another --dir."
            )
        return site
    if root.exists() and any(root.iterdir()):
        raise BadInput(
            f"{root} is not empty and holds no site. Choose an empty folder, or one that does not exist yet."
        )
    for folder in (root, root / "keys", root / "media", root / "uploads"):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    for purpose in KEYS:
        _write_secret(root / "keys" / purpose, secrets.token_hex(32))
    wanted = {"name": name, "town": town, "demo": demo, **more}
    (root / "site.json").write_text(json.dumps(wanted, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return open_site(root)


def open_site(root: Path | None = None) -> Site:
    """The site in a folder; BadInput says what is wrong with `site.json`."""
    root = Path(root or default_folder()).absolute()
    path = root / "site.json"
    if not path.exists():
        raise BadInput(
            f"{root} holds no site (no site.json). `commonbeat createstaff --site {root}` makes one; "
            "`commonbeat demo` shows a whole simulated town."
        )
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise BadInput(f"{path} is not JSON: {error}.") from None
    unknown = sorted(set(held) - KNOWN)
    if unknown:
        raise BadInput(f"{path}: unknown setting {', '.join(unknown)}. Known: {', '.join(sorted(KNOWN))}.")
    return Site(
        root,
        name=held.get("name") or "Commonbeat",
        town=held.get("town") or "",
        demo=bool(held.get("demo")),
        hosts=tuple(held.get("hosts") or ("localhost", "127.0.0.1")),
        trusted_proxies=tuple(held.get("trusted_proxies") or ()),
        independent_body=held.get("independent_body") or {},
        help_lines=tuple(held.get("help_lines") or ()),
    )


def _write_secret(path: Path, secret: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as out:
        out.write(secret + "\n")
