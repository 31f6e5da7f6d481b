"""From somebody's file to checked rows: mapped, cast, checked, placed, and everything wrong told line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from commonbeat import codebook, tables
from commonbeat.errors import BadInput, Problem
from commonbeat.estimate import plain
from commonbeat.ledger.adding import Added, add_all
from commonbeat.ledger.book import Book
from commonbeat.ledger.files import Opened, open_file
from commonbeat.ledger.fitting import fitted, refuse_strangers
from commonbeat.ledger.leaving import harmless
from commonbeat.ledger.mapping import Mapping, apply, mapping
from commonbeat.ledger.places import NOWHERE, Borders, Placed
from commonbeat.ledger.receipts import Source
from commonbeat.ledger.row_ids import RowIds
from commonbeat.ledger.sentences import CHECKED, wrong_sentences
from commonbeat.tables import WRONG

__all__ = ["Imported", "bring_in", "read"]

TOLD = ("line", "what_is_wrong")  #: columns of an errors file; passed over when it is imported again
WITH = {"contacts": ("people",)}  #: tables that the same file may feed


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did: per table rows added / already there / kept away; rows left in the errors file; points.

    called : columns of the file that were read under another word, as the mapping spells it
    """

    tables: dict[str, Added]
    left_out: int
    errors_file: str | None
    placed: Placed | None
    rounded: bool
    called: dict[str, str] = field(default_factory=dict)

    @property
    def snapshot(self) -> str:
        return next(iter(self.tables.values())).snapshot

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__} | {"snapshot": self.snapshot})


def read(table: str, file, *, map: str | Path | None = None, zone: str | None = None, encoding: str | None = None):
    """A file as a checked table, in memory and in no book  -> polars frame.

    map : a mapping by name or path; None: the file's columns are the codebook's;  zone : in which naive times are kept
    Raises BadInput with every wrong cell.
    """
    how = _how(table, map, zone)
    opened, _ = _fitted(table, open_file(file, encoding=encoding or (how.encoding if how else None)), how)
    reading = _Reading(table, opened, how, None)
    frames = [rows for rows, _ in reading.batches(table)]
    return pl.concat(frames) if frames else tables.empty(table)


def bring_in(
    book, table: str, file, *, importer: str, map: str | Path | None = None, zone: str | None = None,
    encoding: str | None = None, licence: str | None = None, errors: str | Path | None = None, keep_good: bool = False,
    note: str = "", wait: float = 30.0, seen: Callable[[int], None] = lambda rows: None,
) -> Imported:  # fmt: skip
    """Brings a file into a book: all of it, or (with `keep_good`) all that is right, or nothing.

    errors    : where to write the rows that are wrong, with what is wrong, to be mended and imported again
    keep_good : import the right rows now and leave the wrong ones in the errors file
    seen      : called with the number of rows of each batch, for a progress bar
    Raises BadInput with every wrong cell (nothing was imported), Busy, BookError.
    """
    how = _how(table, map, zone)
    opened, called = _fitted(table, open_file(file, encoding=encoding or (how.encoding if how else None)), how)
    into = Book.open(book)
    reading = _Reading(table, opened, how, _borders(into) if table == "contacts" else None, seen)
    if keep_good:
        reading.leave_out()
    source = Source(
        opened.path.name, opened.sha256, licence or (how.licence if how else None), how.name if how else None
    )
    try:
        added = add_all(
            into.path, {t: reading.batches(t) for t in reading.tables}, source=source, importer=importer, note=note, wait=wait
        )  # fmt: skip
    except BadInput:
        reading.write_errors(errors)
        raise
    reading.write_errors(errors)
    placed = reading.placed if table == "contacts" and reading.borders else None
    return Imported(
        added, len(reading.bad), str(errors) if errors and reading.bad else None, placed, reading.rounded, called
    )


def _how(table: str, name, zone: str | None) -> Mapping | None:
    if name is None and zone is None:
        tables.empty(table)  # says so if there is no such table
        return None
    how = mapping(name) if name is not None else None
    if how and table not in how.tables:
        raise BadInput(f"The mapping {how.name} does not fill {table}; it fills {', '.join(how.tables)}.")
    if how is None:
        return Mapping("", {}, zone)
    return Mapping(how.name, how.tables, zone or how.zone, how.licence, how.encoding, how.about, how.empty)


def _fitted(table: str, opened: Opened, how: Mapping | None) -> tuple[Opened, dict[str, str]]:
    if how and how.tables:
        return fitted(how, (table, *WITH.get(table, ())), opened)
    refuse_strangers(table, opened)
    return opened, {}


def _borders(book: Book) -> Borders | None:
    if "areas" not in book:
        return None
    areas = book.table("areas")
    return Borders(areas) if areas["geometry"].is_not_null().any() else None


@dataclass
class _Reading:
    """One file on its way in. Everything wrong is gathered to the end of the file, then told at once."""

    table: str
    opened: Opened
    how: Mapping | None
    borders: Borders | None
    seen: Callable[[int], None] = lambda rows: None
    placed: Placed = NOWHERE
    rounded: bool = False
    bad: set[int] = field(default_factory=set)
    skip: bool = False
    wrong: list[Problem] = field(default_factory=list)
    more: int = 0
    rows_told: list[pl.DataFrame] = field(default_factory=list)

    @property
    def tables(self) -> tuple[str, ...]:
        also = [t for t in WITH.get(self.table, ()) if self.how and t in self.how.tables]
        return (self.table, *also)

    def leave_out(self) -> None:
        """Finds the rows that are wrong in any table, so that the next reading passes over them."""
        for table in self.tables:
            for _ in self._checked(table):
                pass
        self.skip, self.placed = True, NOWHERE

    def batches(self, table: str) -> Iterator[tuple[pl.DataFrame, pl.Series]]:
        yield from self._checked(table)
        if self.wrong and not self.skip:
            first = str(self.wrong[0])
            total = len(self.wrong) + self.more
            raise BadInput(first + (f" (and {total - 1:,} more)" if total > 1 else ""), self.wrong)

    def _checked(self, table: str):
        ids = RowIds()
        wanted = self._wanted(table)
        self._check_header(table, wanted)
        for frame, lines in self.opened.rows(wanted):
            rows, origin, wrong = self._mapped(table, frame, ids)
            checked, more = tables.examine(table, _defaults(table, rows))
            wrong = _all_wrong(wrong, more.filter(pl.col("row").is_not_null()))
            if table == "contacts":
                wrong = pl.concat([wrong, _sentences(checked)])
            at = lines.gather(origin)
            if self.skip:
                good = ~at.is_in(list(self.bad))
                checked, at = checked.filter(good), at.filter(good)
            else:
                self._note(frame, lines, origin, at, wrong)
            if table == "contacts":
                checked = self._placed(checked)
            self.seen(len(frame))
            yield checked, at

    def _check_header(self, table: str, wanted: set[str]) -> None:
        """What the header alone shows, once, before any row is read."""
        nothing = pl.DataFrame(schema={c: pl.String for c in self.opened.columns if c in wanted})
        rows, _, _ = self._mapped(table, nothing, RowIds())
        _, wrong = tables.examine(table, _defaults(table, rows))
        if len(wrong):
            name = self.opened.path.name
            raise BadInput(problems=[Problem(m, name, 1, c, v) for _, c, v, m in wrong.iter_rows()])

    def _wanted(self, table: str) -> set[str]:
        everything = {c for c in self.opened.columns if c not in TOLD}
        if not self.how or table not in self.how.tables:
            return everything
        wanted = Mapping("", {table: self.how.tables[table]}).wanted or everything
        return everything if not self.skip and self.table == table and len(everything) <= 60 else wanted

    def _mapped(self, table: str, frame: pl.DataFrame, ids: RowIds):
        if self.how is None:
            none = pl.DataFrame(schema=WRONG)
            return frame, pl.arange(len(frame), eager=True), none
        how = self.how
        if table not in how.tables:
            how = Mapping(how.name, {table: ({c: {"from": c} for c in frame.columns if c in codebook.TABLES[table].columns()},)}, how.zone, empty=how.empty)  # fmt: skip
        return apply(how, table, frame, seen=ids)

    def _note(self, frame, lines, origin, at, wrong: pl.DataFrame) -> None:
        """Keeps what is wrong as letters, and the file's own rows for the errors file."""
        if wrong.is_empty():
            return
        name = self.opened.path.name
        room = tables.LISTED - len(self.wrong)
        for row, column, value, message in wrong.head(max(room, 0)).iter_rows():
            self.wrong.append(Problem(message, name, int(at[row]), column or None, value))
        self.more += max(len(wrong) - room, 0) if room > 0 else len(wrong)
        said = wrong.group_by("row", maintain_order=True).agg(pl.col("message").str.join("; "))
        spots = origin.gather(said["row"])
        self.bad.update(lines.gather(spots).to_list())
        told = frame[spots.to_list()].select(pl.exclude(pl.Binary).cast(pl.String, strict=False))
        self.rows_told.append(told.with_columns(lines.gather(spots).alias(TOLD[0]), said["message"].alias(TOLD[1])))

    def _placed(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self.borders:
            rows, told = self.borders.place(rows, self.opened.path.name)
            self.placed = self.placed + told
        spot = pl.col("latitude", "longitude")
        self.rounded = self.rounded or bool(rows.select((spot.round(3) != spot).any()).sum_horizontal().sum())
        return rows.with_columns(spot.round(3))

    def write_errors(self, path) -> None:
        if path is None or not self.rows_told:
            return
        harmless(pl.concat(self.rows_told, how="diagonal")).write_csv(Path(path))


def _defaults(table: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Rows from a file are real unless they say otherwise."""
    if "simulated" in codebook.TABLES[table].columns() and "simulated" not in rows.columns:
        return rows.with_columns(pl.lit(False).alias("simulated"))
    return rows


def _all_wrong(mapped: pl.DataFrame, checked: pl.DataFrame) -> pl.DataFrame:
    """What the mapping could not read and what the codebook does not allow, each cell told once; swapped columns guessed."""
    if mapped.is_empty() and checked.is_empty():
        return checked
    if len(mapped):
        told = mapped.select("row", "column")
        checked = checked.join(told, on=["row", "column"], how="anti", nulls_equal=True, maintain_order="left")
        checked = checked.filter(~((pl.col("column") == "") & pl.col("row").is_in(told["row"].implode())))
        checked = pl.concat([mapped, checked]).sort("row", maintain_order=True)
    swapped = (pl.col("column") == "latitude") & pl.col("value").cast(pl.Float64, strict=False).is_between(-180, 180)
    return checked.with_columns(
        pl.when(swapped)
        .then(pl.col("message") + "; are latitude and longitude the wrong way round?")
        .otherwise("message")
        .alias("message")
    )


def _sentences(rows: pl.DataFrame) -> pl.DataFrame:
    found = [
        (i, c, rows[c][i], f"{c}: {what}") for c in CHECKED if rows[c].null_count() < len(rows)
        for i, what in wrong_sentences(rows[c])
    ]  # fmt: skip
    return pl.DataFrame(found, schema=WRONG, orient="row")
