"""Which column of somebody's file is which column of the codebook? A small TOML file says, and two functions read it.

name = "our-cad"                     licence, zone (in which naive times are kept), encoding: once for the file
empty = ["NA", "n/a"]                words that stand for an empty cell, in every column
[contacts]                           one section per table the file feeds
contact_id = "incident"              a column of the file
at = { from = ["day", "time"], format = "%m/%d/%Y %H:%M" }
kind = { is = "service" }            the same in every row
activity = { from = "type", words = { WELFARE = "help" }, else = "call" }
area_id = { from = "beat", as = "slug" }                          or lower, upper
residents = { from = "population", times = "share_white" }        a count from a total and a share
race = { from = "race", as = "lower", missing = "unknown" }       what an empty cell means, said openly
unit = { from = "unit", optional = true }                         a column some files do not have
person_search = { from = "search_person", or_from = "searched" }  another column (or a list) where the first is empty or absent
at = { from = "when", format = ["%m/%d/%Y %H:%M", "%Y-%m-%d %H:%M"] }  the first that fits
contact_id = { row_hash = true }     where the source gives no id
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as Map
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl

from commonbeat import codebook
from commonbeat.errors import BadInput
from commonbeat.ledger.row_ids import RowIds
from commonbeat.ledger.times import in_zone, moments
from commonbeat.tables import WRONG

__all__ = ["Mapping", "apply", "mapping", "mappings", "slug", "where_it_lies"]

_KNOWN = {
    "from",
    "is",
    "words",
    "else",
    "as",
    "format",
    "zone",
    "ambiguous",
    "row_hash",
    "times",
    "join",
    "missing",
    "optional",
    "or_from",
}


@dataclass(frozen=True)
class Mapping:
    """A column mapping. `tables`: table -> rows to make from each row of the file, each {codebook column: how}."""

    name: str
    tables: Map[str, tuple[Map, ...]]
    zone: str | None = None
    licence: str | None = None
    encoding: str | None = None
    about: str = ""
    empty: tuple[str, ...] = ()

    @property
    def wanted(self) -> set[str]:
        """Columns of the file this mapping reads."""
        return set() if any(how.get("row_hash") for how in self._hows) else self.named  # none named: all of them

    @property
    def named(self) -> set[str]:
        """Columns of the file it names."""
        return {c for how in self._hows for word in ("from", "times", "or_from") for c in _list(how.get(word))}

    @property
    def _hows(self) -> list[Map]:
        return [how for rows in self.tables.values() for row in rows for how in row.values()]


def mappings() -> tuple[str, ...]:
    """Names of the mappings that come with Commonbeat."""
    return tuple(sorted(f.name[:-5] for f in _folder().iterdir() if f.name.endswith(".toml")))


def where_it_lies() -> str:
    """The folder of the mappings that come with Commonbeat, for those who copy one."""
    return str(_folder())


def mapping(name: str | Path) -> Mapping:
    """The mapping of this name, or in this TOML file. Raises BadInput for a name nobody knows or a key it does not have."""
    path = Path(name)
    if str(name) in mappings():
        text = (_folder() / f"{name}.toml").read_text(encoding="utf-8")
    elif path.is_file():
        text = path.read_text(encoding="utf-8")
    else:
        raise BadInput(
            f'There is no mapping "{name}"; there are {", ".join(mappings())}, or give the path of a TOML file.'
        )
    try:
        return _checked(tomllib.loads(text), path.stem)
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The mapping {path.name} is not TOML: {error}.") from error


def apply(how: Mapping, table: str, frame: pl.DataFrame, *, seen: RowIds | None = None):
    """Turns rows of a file into rows of a table  -> (rows, number of the file's row of each, what is wrong).

    frame : the file's rows, as read;  seen : what was read of this file before, for ids made from row hashes
    """
    made, wrong = [], []
    seen = seen or RowIds()
    if how.empty:
        words = pl.col(pl.String)
        frame = frame.with_columns(pl.when(~words.str.strip_chars().is_in(how.empty)).then(words).name.keep())
    for columns in how.tables[table]:
        rows = pl.DataFrame({"row__": pl.arange(len(frame), eager=True)})
        for c, spec in columns.items():
            values, problems = _column(how, c, spec, frame, seen, _is_moment(table, c))
            rows = rows.with_columns(values.alias(c))
            wrong.append(problems)
        made.append(rows)
    both = pl.concat(made, how="diagonal_relaxed").sort("row__", maintain_order=True) if len(made) > 1 else made[0]
    return both.drop("row__"), both["row__"], pl.concat(wrong) if wrong else pl.DataFrame(schema=WRONG)


def slug(x: pl.Expr) -> pl.Expr:
    """`Near - North` as an id: `near-north`."""
    return x.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", "-").str.strip_chars("-")


def _column(how: Mapping, c: str, spec: Map, frame: pl.DataFrame, seen: RowIds, moment: bool):
    none = pl.DataFrame(schema=WRONG)
    if "is" in spec:
        return pl.Series([spec["is"]]).new_from_index(0, len(frame)), none
    if spec.get("row_hash"):
        return seen.of(frame), none
    spec = _with_what_is_there(spec, frame.columns)
    absent = [s for s in (*_list(spec["from"]), *_list(spec.get("times"))) if s not in frame.columns]
    if absent:  # `fitting` has refused the file already, unless the column may be absent
        return pl.Series([None], dtype=pl.Null).new_from_index(0, len(frame)), none
    values = frame.select(_words(spec).alias(c))[c]
    given = values
    if "times" in spec:
        values = frame.select((_number(spec["from"]) * _number(spec["times"])).round().cast(pl.Int64))[spec["from"]]
    if "words" in spec:
        values = _translated(values, spec)
    elif moment and values.dtype == pl.String:
        values = moments(values, spec, how.zone)
    elif moment and isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone is None:
        values = in_zone(values, spec, how.zone)
    lost = given.is_not_null() & values.is_null()
    if "words" in spec:
        lost &= ~given.str.strip_chars().is_in([w for w, v in spec["words"].items() if v == ""])
    if "missing" in spec:
        values = values.fill_null(spec["missing"])
    if not lost.any():
        return values, none
    return values, _told(how, c, spec, given, lost, moment)


def _with_what_is_there(spec: Map, columns) -> Map:
    """The same, with only those further columns that the file has; the first of them stands in for one it has not."""
    others = [c for c in _list(spec.get("or_from")) if c in columns]
    if others and not set(_list(spec["from"])) <= set(columns):
        spec = {**spec, "from": others.pop(0)}
    return {**spec, "or_from": others}


def _words(spec: Map) -> pl.Expr:
    sources = _list(spec["from"])
    x = pl.col(sources[0])
    if len(sources) > 1:
        x = pl.concat_str(pl.col(sources).cast(pl.String), separator=spec.get("join", " "))
    if spec.get("or_from"):
        x = pl.coalesce(x, *spec["or_from"])
    shape = spec.get("as")
    if shape == "slug":
        return slug(x.cast(pl.String))
    if shape == "lower":
        return x.cast(pl.String).str.strip_chars().str.to_lowercase()
    return x.cast(pl.String).str.strip_chars().str.to_uppercase() if shape == "upper" else x


def _number(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.Float64, strict=False)


def _translated(values: pl.Series, spec: Map) -> pl.Series:
    words = {w: (v if v != "" else None) for w, v in spec["words"].items()}
    said = values.cast(pl.String).str.strip_chars()
    otherwise = {"default": spec["else"]} if "else" in spec else {"default": None}
    return said.replace_strict(list(words), list(words.values()), return_dtype=pl.String, **otherwise).zip_with(
        said.is_not_null(), pl.Series([None], dtype=pl.String)
    )


def _told(how: Mapping, c: str, spec: Map, given: pl.Series, lost: pl.Series, moment: bool) -> pl.DataFrame:
    if "words" in spec:
        use = f"the mapping {how.name} knows {', '.join(spec['words'])}; add this word to it"
    elif moment:
        use = (
            f"write a time that exists, as {' or '.join(_list(spec.get('format')) or ['2026-03-01 14:30:00'])}; an hour that comes twice or never "
            "when clocks change needs its offset"
        )
    else:
        use = "give a number"
    values = given.filter(lost).cast(pl.String)
    rows = pl.arange(len(given), eager=True).filter(lost)
    texts = [f'{" + ".join(_list(spec["from"]))} is "{v[:80]}"; {use}' for v in values]
    return pl.DataFrame({"row": rows, "column": [c] * len(rows), "value": values, "message": texts}, schema=WRONG)


def _checked(data: dict, stem: str) -> Mapping:
    head = {k: data.pop(k) for k in ("name", "zone", "licence", "encoding", "about", "empty") if k in data}
    head["empty"] = tuple(_list(head.get("empty")))
    tables = {}
    for table, rows in data.items():
        if table not in codebook.TABLES:
            raise BadInput(
                f'The mapping has a section "{table}", which is no table; the tables are {", ".join(codebook.TABLES)}.'
            )
        tables[table] = tuple(_row(table, row) for row in (rows if isinstance(rows, list) else [rows]))
    if head.get("zone"):
        try:
            ZoneInfo(head["zone"])
        except Exception:
            raise BadInput(f'"{head["zone"]}" is not a time zone; write it like America/Chicago or UTC.') from None
    return Mapping(head.pop("name", stem), tables, **head)


def _row(table: str, row: dict) -> dict:
    known = codebook.TABLES[table].columns()
    made = {}
    for c, how in row.items():
        if c not in known:
            raise BadInput(f"The mapping fills {table}.{c}, which is no column; its columns are {', '.join(known)}.")
        spec = {"from": how} if isinstance(how, str) else how
        strange = set(spec) - _KNOWN
        if strange or not ({"from", "is", "row_hash"} & set(spec)):
            raise BadInput(
                f"The mapping's {table}.{c} needs one of from, is, row_hash, and may have {', '.join(sorted(_KNOWN))}."
            )
        made[c] = spec
    return made


def _is_moment(table: str, c: str) -> bool:
    return isinstance(codebook.TABLES[table].columns()[c].dtype, pl.Datetime)


def _list(value) -> list:
    return [] if value is None else value if isinstance(value, list) else [value]


def _folder():
    return resources.files("commonbeat.ledger") / "maps"
