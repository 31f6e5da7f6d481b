"""`commonbeat verify-footage OUT RECORD`: has this copy changed since it was protected?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonbeat.cli.common import Json, Quiet, show

Copy = Annotated[Path, typer.Argument(metavar="OUT", help="The protected copy.", show_default=False)]
RecordFile = Annotated[Path, typer.Argument(metavar="RECORD", help="Its detached record.", show_default=False)]
Trust = Annotated[
    Path | None, typer.Option("--trust", help="PEM root that must stand behind the credentials inside.")
]


def command(copy: Copy, record: RecordFile, trust: Trust = None, json: Json = False, quiet: Quiet = False):
    """Check a protected video against its record: same bytes, valid credentials, same original."""
    from commonbeat.footage.provenance import or_raise, verify

    found = verify(copy, record, trust=trust)
    if not found.whole:
        if json:
            show(found, json=True, quiet=quiet, words=lambda console: None)
        or_raise(found)
    show(found, json=json, quiet=quiet, words=lambda console: _say(console, found))


def _say(console, found) -> None:
    inside = {
        None: "none inside the file",
        "valid": "valid, signer not among the trusted",
        "trusted": "valid and trusted",
    }
    console.print("The copy is the one the record speaks of; no byte has changed.", highlight=False)
    console.print(f"Content Credentials: {inside[found.credentials]}.", highlight=False)
    bound = (
        "nobody has looked yet, so no bound is stated"
        if found.upper is None
        else f"at most {found.upper:.1%} of frames"
    )
    console.print(f"A face may still be visible in: {bound}.", highlight=False)
