"""Does a mapping fit a file?  Headers differ in case and spaces only: matched, and said. Else: what is missing, what comes near."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable

from commonbeat import codebook
from commonbeat.errors import BadInput
from commonbeat.ledger.files import Opened
from commonbeat.ledger.mapping import Mapping, mapping, mappings, where_it_lies

__all__ = ["fitted", "refuse_strangers"]

TOLD_ONE_BY_ONE = 12  #: columns nobody knows; more are one letter, not one each


def fitted(how: Mapping, tables: Iterable[str], opened: Opened) -> tuple[Opened, dict[str, str]]:
    """The file with its columns called as the mapping calls them  -> (file, {its own word: the mapping's}).

    `Call Type` is read as `call_type`: case, spaces and signs between words do not count, as long as only one column fits.
    Raises BadInput with every column that is missing and the nearest there is.
    """
    asked = {c for t in tables for c in Mapping("", {t: how.tables.get(t, ())}).named}
    called = _alike(asked - set(opened.columns), opened.columns)
    there = {*opened.columns, *called.values()}
    missing = list(dict.fromkeys(m for t in tables for m in _missing(how, t, there)))
    if missing:
        raise BadInput(_letter(how, missing, opened))
    return (_renamed(opened, called) if called else opened), called


def refuse_strangers(table: str, opened: Opened) -> None:
    """A file of which hardly a column is the codebook's needs a mapping: says which fits, or how to write one."""
    known = set(codebook.TABLES[table].columns())
    needed = [c for c, about in codebook.TABLES[table].columns().items() if not about.nullable]
    strange = [c for c in opened.columns if c not in known]
    whole = all(c in opened.columns for c in needed if c != "simulated")
    if len(strange) <= TOLD_ONE_BY_ONE and (whole or len(strange) * 2 <= len(opened.columns)):
        return
    fits = [m for m in mappings() if _fits(mapping(m), table, opened.columns)]
    asked = [c for c in codebook.TABLES[table].columns() if c in {*needed, *opened.columns} - {"simulated"}]
    lines = "\n".join(f'  {c} = "{c if c in opened.columns else _nearest(c, strange) or "?"}"' for c in asked)
    way = f"Use --map {fits[0]}." if fits else (
        f"Write a mapping, a text file that ends in .toml, give it with --map, and put their words for these on the right:\n"
        f"  [{table}]\n{lines}\nReady ones to copy lie in {where_it_lies()}."
    )  # fmt: skip
    raise BadInput(
        f"{opened.path.name}: its columns ({', '.join(strange[:12])}{' ...' if len(strange) > 12 else ''}) are not those of "
        f"{table}. {way}"
    )


def _missing(how: Mapping, table: str, there: set[str]) -> list[tuple[str, str]]:
    """(column of the codebook, column of the file it is read from) that the file does not have."""
    found = []
    for row in how.tables.get(table, ()):
        for c, spec in row.items():
            if not spec.get("optional") and not there.intersection(_list(spec.get("or_from"))):
                found += [(c, s) for s in (*_list(spec.get("from")), *_list(spec.get("times"))) if s not in there]
    return found


def _fits(how: Mapping, table: str, columns) -> bool:
    called = _alike(how.named - set(columns), columns)
    return table in how.tables and not _missing(how, table, {*columns, *called.values()})


def _letter(how: Mapping, missing, opened: Opened) -> str:
    said = [
        f'"{s}" for {c}' + (f' (perhaps "{near}"?)' if (near := _nearest(s, opened.columns)) else "")
        for c, s in missing
    ]
    others = [
        m for m in mappings() if m != how.name and any(_fits(mapping(m), t, opened.columns) for t in how.tables)
    ]
    return (
        f"The mapping {how.name} reads columns that {opened.path.name} does not have: {', '.join(said)}. The file has "
        f"{', '.join(opened.columns[:40])}. "
        + (f"The mapping {others[0]} fits it. " if others else "")
        + f"Copy the mapping (it lies in {where_it_lies()}), name your columns in the copy, and give its path with --map."
    )


def _alike(asked: Iterable[str], columns) -> dict[str, str]:
    """{column of the file: asked} where one and only one column says the same in other letters."""
    plain: dict[str, list[str]] = {}
    for c in columns:
        plain.setdefault(_bare(c), []).append(c)
    pairs = {a: plain.get(_bare(a), []) for a in sorted(asked)}
    return {found[0]: a for a, found in pairs.items() if len(found) == 1 and _bare(a)}


def _nearest(word: str, columns) -> str | None:
    bare = {_bare(c): c for c in columns}
    close = difflib.get_close_matches(_bare(word), bare, n=1, cutoff=0.5)
    return (
        bare[close[0]]
        if close
        else next((c for b, c in bare.items() if b and (b in _bare(word) or _bare(word) in b)), None)
    )


def _renamed(opened: Opened, called: dict[str, str]) -> Opened:
    back = {a: c for c, a in called.items()}

    def rows(wanted):
        for frame, lines in opened.rows({back.get(c, c) for c in wanted}):
            yield frame.rename({c: a for c, a in called.items() if c in frame.columns}), lines

    return Opened(opened.path, opened.sha256, tuple(called.get(c, c) for c in opened.columns), rows)


def _bare(word: str) -> str:
    return re.sub(r"[\W_]+", "", word).lower()


def _list(value) -> list:
    return [] if value is None else value if isinstance(value, list) else [value]
