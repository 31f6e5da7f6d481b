"""The translators' language: every marked word gets accents, brackets and a third more length, so that unmarked words and
cut lines show; once more written from right to left. Made from the Spanish catalogue's own list of words, for tests only."""

from __future__ import annotations

import gettext
import re
import struct
from pathlib import Path

CATALOGUE = Path(__file__).resolve().parents[2] / "src/commonbeat/web/locale/es/LC_MESSAGES/django.mo"
ACCENTS = str.maketrans("aceilnorsuyACEILNORSUY", "áçéíļñóŕšúýÁÇÉÍĻÑÓŔŠÚÝ")
KEPT = re.compile(r"%\(\w+\)[-+.\d]*[sdf]|%[-+.\d]*[sdf]|%%|<[^>]+>|&\w+;|\{\w*\}")


def accented(words: str) -> str:
    """Accents on everything but placeholders and tags."""
    out, last = [], 0
    for found in KEPT.finditer(words):
        out += [words[last : found.start()].translate(ACCENTS), found.group()]
        last = found.end()
    out.append(words[last:].translate(ACCENTS))
    return f"[{''.join(out)}{'·' * max(1, len(words) // 3) if ' ' in words else '·'}]"


def compiled(pairs: dict[str, str]) -> bytes:
    """A .mo file (GNU gettext's format, without its hash table)."""
    rows = sorted((k.encode(), v.encode()) for k, v in pairs.items())
    n, text, ids, strs = len(rows), b"", [], []
    start = 28 + 16 * n
    for column, places in ((0, ids), (1, strs)):
        for row in rows:
            places.append((len(row[column]), start + len(text)))
            text += row[column] + b"\0"
    table = b"".join(struct.pack("<II", *place) for place in (*ids, *strs))
    return struct.pack("<IIIIIII", 0x950412DE, 0, n, 28, 28 + 8 * n, 0, 28 + 16 * n) + table + text


def catalogues(folder: Path) -> Path:
    """Writes en-xa and its mirror ar-xb under `folder`, ready for LOCALE_PATHS."""
    with CATALOGUE.open("rb") as file:
        held = gettext.GNUTranslations(file)._catalog
    pairs = {"": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=(n != 1);\n"}
    plurals = {key[0] for key in held if isinstance(key, tuple)}
    for key in held:
        if isinstance(key, str) and key:
            pairs[key] = accented(key)
    for one in (
        plurals
    ):  # the catalogue keys a plural by its singular; the file wants both, and gettext finds it by the first
        pairs[one] = f"{accented(one)}\0{accented(one)}"
    for name in ("en_XA", "ar_XB"):
        place = folder / name / "LC_MESSAGES"
        place.mkdir(parents=True, exist_ok=True)
        (place / "django.mo").write_bytes(compiled(pairs))
    return folder
