"""Where spread events come from. To add a source: a module with FORMAT, `fits` and `read`, and a line below."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from commonbeat.errors import BadInput
from commonbeat.ripple.sources import bluesky, codebook_table, columns, daily, fourcat, gdelt, mastodon, weblog
from commonbeat.ripple.sources.door import SpreadRead

__all__ = ["FORMATS", "SpreadRead", "read_spread"]

_TABLES = (codebook_table, gdelt, fourcat, daily, columns)  # the most particular first
_JSON = (bluesky, mastodon)
FORMATS = tuple(m.FORMAT for m in (*_TABLES, *_JSON, weblog))


def read_spread(
    path, *, format: str | None = None, salt: bytes | None = None, pages: str | None = None, now=None
) -> SpreadRead:
    """How did our stories spread, as this file tells it?  -> SpreadRead

    path   : codebook CSV or Parquet; 4CAT or Zeeschuimer CSV; GDELT mentions; Mastodon or Bluesky JSON (or one JSON
             object per line); a web server's log; a daily series of views; a published table of cascades
    format : one of FORMATS, where the file itself leaves doubt
    salt   : keeps pseudonyms the same between imports; without it they are thrown away with this call
    now    : events after this moment are left out and counted
    Raises BadInput with file, line, column and value of what is wrong; TooFew when no event is found.
    """
    path = Path(path)
    if not path.is_file():
        raise BadInput(f"There is no file {path}.")
    if format is not None and format not in FORMATS:
        raise BadInput(f'format "{format}" is not one of {", ".join(FORMATS)}.')
    options = {"salt": salt, "now": now, "pages": pages}
    if path.suffix == ".parquet":
        return codebook_table.read(path, **options)
    head = _head(path)
    if format in (None, *(m.FORMAT for m in _JSON)) and head.lstrip()[:1] in ("{", "["):
        return _from_json(path, format, salt, now)
    reader = _reader(head, format)
    if reader is None:
        raise BadInput(
            f'{path.name} is none of {", ".join(FORMATS)}: its first line is "{head.splitlines()[0][:120] if head else ""}". Say which with format=, or import it into a book first.'
        )
    return reader.read(path, **options)


def _head(path):
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return file.readline()


def _reader(head, format):
    if format is not None:
        return next((m for m in (*_TABLES, weblog) if format == m.FORMAT), None)
    if weblog.fits(head):
        return weblog
    cells = next(csv.reader([head], delimiter="\t" if head.count("\t") > head.count(",") else ","), [])
    return next((m for m in _TABLES if m.fits([c.strip() for c in cells])), None)


def _from_json(path, format, salt, now):
    text = path.read_text(encoding="utf-8-sig")
    try:
        data = json.loads(text)
    except json.JSONDecodeError as whole:
        data = _lines(text, path.name, whole)
    for module in _JSON:
        if format == module.FORMAT or (format is None and module.fits(data)):
            return module.read(data, file=path.name, salt=salt, now=now)
    raise BadInput(f"{path.name} is JSON, but holds neither Mastodon statuses nor Bluesky records.")


def _lines(text, file, whole):
    out = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                out.append(json.loads(line))
            except json.JSONDecodeError:
                raise BadInput(f"{file} line {number}: is not JSON ({whole.msg} at line {whole.lineno}).") from None
    return out
