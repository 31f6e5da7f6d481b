"""A town leaves: how is everything deleted, so that old copies say nothing either, and what proof remains?

The keys go first: without them the films of every old backup are noise. What remains is one small file beside the folder
with the last head of the log, so that whoever holds earlier heads can see that the record was whole to its end.
"""

from __future__ import annotations

import json
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

from commonbeat.errors import BadInput, Refused
from commonbeat.web.folder import KEYS, Site

__all__ = ["delete"]


def delete(site: Site, *, town: str) -> Path:
    """Deletes the site and all it holds -> the file that remains. `town` must be typed as the site has it.

    Raises BadInput when the name differs, Refused when the log is broken: then somebody should look before it is gone.
    """
    from django.db import connections

    from commonbeat.web.base.log import note, verdict

    if town.strip() != site.town or not site.town:
        raise BadInput(f'This site is of "{site.town}", and "{town}" was typed. Nothing was deleted.')
    found = verdict()
    if not found.whole:
        raise Refused(
            f"The log is broken at entry {found.first_broken}: let an auditor look before the site is deleted."
        )
    note("site.deleted", "site", entries=found.entries)
    head = verdict().head.to_dict()
    proof = site.root.with_name(f"{site.root.name}.deleted.json")
    proof.write_text(
        json.dumps(
            {"town": site.town, "deleted_at": datetime.now(UTC).isoformat(timespec="seconds"), "head": head}, indent=1
        )
        + "\n"
    )
    for purpose in KEYS:
        _overwrite(site.root / "keys" / purpose)
    _empty_database(connections["default"])
    connections.close_all()
    shutil.rmtree(site.root)
    return proof


def _overwrite(path: Path) -> None:
    """Noise over the key, on the disk, before its name goes; on a disk that copies on write this is a hope, not a promise."""
    if not path.exists():
        return
    with path.open("r+b") as file:
        file.write(os.urandom(path.stat().st_size))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def _empty_database(connection) -> None:
    """A PostgreSQL database is not in the folder: our tables, and no others, are dropped there."""
    if connection.vendor == "sqlite":
        return
    ours = [*connection.introspection.django_table_names(only_existing=True), "django_migrations"]
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS " + ", ".join(connection.ops.quote_name(t) for t in ours) + " CASCADE")
