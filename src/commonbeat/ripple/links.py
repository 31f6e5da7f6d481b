"""Who passed it on to whom? From events in any order and shape to trees of row numbers, with every oddity counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.codebook.words import PARENT_HOW
from commonbeat.errors import BadInput, TooFew
from commonbeat.ripple import trees
from commonbeat.ripple.clock import seconds
from commonbeat.ripple.whereabouts import in_time, positions
from commonbeat.tables import as_polars

__all__ = ["Links", "links", "settle"]

_HOW = {"declared": 0, "inferred": 1, "unknown": 2}


@dataclass(frozen=True, slots=True)
class Links:
    """Trees over rows, each story's rows together, parents before children, the root first.

    table   : one row per event, in that order: story_id, event_id, at (or null), and whatever else came in
    parent  : (rows,) row of the parent, -1 at a root
    how     : (rows,) 0 declared, 1 inferred, 2 unknown (tied to the root because nothing better is known); roots are 0
    offsets : (stories + 1,) where each story's rows begin
    orphan, elsewhere, looped, early : (rows,) parent not among the events; parent in another story; row on a cycle;
              stamped before its parent
    duplicates : (stories,) rows left out because their event_id had been seen in the story
    naive   : the times carry no zone
    """

    table: pl.DataFrame
    parent: np.ndarray
    how: np.ndarray
    offsets: np.ndarray
    orphan: np.ndarray
    elsewhere: np.ndarray
    looped: np.ndarray
    early: np.ndarray
    duplicates: np.ndarray
    naive: bool = False

    @property
    def stories(self) -> int:
        return self.offsets.size - 1

    def per_story(self, flags) -> np.ndarray:
        """(stories,) how many rows of each story carry the flag."""
        return (
            np.add.reduceat(np.r_[np.asarray(flags, np.int64), 0], self.offsets[:-1])
            if self.stories
            else np.zeros(0, int)
        )


def links(events) -> Links:
    """Which event came from which?

    events : any frame or mapping with event_id and parent_id; at, story_id, parent_how where known
    An unknown parent is read as the root, and so is a parent that is not among the events (counted as orphan). An event
    without parent came from the story itself, whose first event stands for it, if the source names parents elsewhere.
    The root is the earliest event without parent_id. Raises BadInput for missing columns or an unknown parent_how.
    """
    table, duplicates, naive = _rows(events)
    stories = table["story"].to_numpy()
    offsets = np.concatenate(
        [np.flatnonzero(np.r_[True, stories[1:] != stories[:-1]]) if stories.size else [], [stories.size]]
    ).astype(np.int64)
    parent, elsewhere = positions(table)
    named = table["parent_id"].is_not_null().to_numpy()
    how = np.where(named, table["how"].to_numpy(), _without_parent(table, named))
    made = settle(offsets, parent, named, how)
    if made.order is not None:
        table, elsewhere = table[made.order], elsewhere[made.order]
    return Links(table, made.parent, made.how, offsets, made.orphan, elsewhere, made.looped, _early(table, made.parent), duplicates, naive)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Settled:
    """(rows,) parent, how, orphan, looped as in `Links`, in the new order of the rows; order: None where nothing moved."""

    order: np.ndarray | None
    parent: np.ndarray
    how: np.ndarray
    orphan: np.ndarray
    looped: np.ndarray


def settle(offsets, parent, named, how) -> Settled:
    """From what rows say about their parents to one tree per story.

    offsets : (stories + 1,); rows of a story by time. parent: row of the parent or -1; named: the row names one
    """
    orphan = named & (parent < 0)
    how = np.where(orphan, 2, how)
    looped = trees.circles(np.where(how == 2, -1, parent))
    roots = _roots(offsets, named, parent, looped)
    home = np.repeat(roots, np.diff(offsets))
    parent = np.where((how == 2) | (parent < 0), home, parent)
    parent[roots], how[roots], orphan[roots] = -1, 0, False
    order = _root_first(offsets, roots)
    parent, settled = trees.sound(_moved(parent, order), offsets)
    if settled is not None:
        order = settled if order is None else order[settled]
    if order is not None:
        how, orphan, looped = how[order], orphan[order], looped[order]
    return Settled(order, parent, how, orphan, looped)


def _rows(events):
    """Rows by story, time and id, each event once -> (table, how many rows of each story repeat an event, zones missing?)."""
    table = as_polars(events)
    if not table.columns:
        raise TooFew("There is no event in this story yet: nothing has spread.")
    missing = [c for c in ("event_id", "parent_id") if c not in table.columns]
    if missing:
        raise BadInput(
            f"The events need a column {' and '.join(missing)}; they have {', '.join(table.columns) or 'none'}."
        )
    if table["event_id"].null_count():
        row = int(table["event_id"].is_null().arg_true()[0])
        raise BadInput(f"event_id is missing in row {row}: every event needs one, or nothing can point to it.")
    table = table.with_columns(_id(table[c]) for c in ("event_id", "parent_id"))
    if table.schema["event_id"] != table.schema["parent_id"]:
        table = table.with_columns(pl.col("event_id", "parent_id").cast(pl.String))
    # where no time is given at all, the order of the rows stands in for it
    when, naive = seconds(table["at"]) if "at" in table.columns else (pl.int_range(len(table), eager=True), False)
    # cells of mixed types cannot be put in order; what is needed of them has been read
    table = table.drop(c for c, kind in table.schema.items() if kind == pl.Object and c != "at")
    if table.schema.get("at") == pl.Object:
        table = table.with_columns(at=when)
    table = table.with_columns(_how(table), _said_unknown(table), _story(table), when=when.cast(pl.Float64))
    order = in_time(table)
    table = table if order is None else table[order]
    before = np.bincount(table["story"].to_numpy())
    if table["event_id"].n_unique() < len(table):
        table = table.unique(["story", "event_id"], keep="first", maintain_order=True)
    return table, before - np.bincount(table["story"].to_numpy(), minlength=before.size), naive


def _id(column):
    """Whole numbers as they are, everything else as text; an empty text is no id."""
    c = column.name
    if column.dtype.is_float():  # pandas turns whole-number ids with gaps into floats
        column = column.fill_nan(None)
        if (column.abs() > 2**53).any():
            raise BadInput(
                f"{c} holds floats above 2^53, whose last digits are lost: read it as text or whole numbers."
            )
        return column.cast(pl.Int64 if (column == column.floor()).all() else pl.String)
    if column.dtype.is_integer() and (column.dtype != pl.UInt64 or (column.max() or 0) < 2**63):
        return column.cast(pl.Int64)
    if column.dtype == pl.Null:
        return column
    if column.dtype == pl.Object:
        text = pl.Series(c, [None if v is None or v != v else str(v) for v in column.to_list()], dtype=pl.String)
    else:
        text = column.cast(pl.String)
    return text.set((text == "").fill_null(False), None)


def _how(table):
    if "parent_how" not in table.columns:
        return pl.lit(0, pl.Int8).alias("how")
    given = table["parent_how"].cast(pl.String)
    wrong = given.filter(given.is_not_null() & ~given.is_in(list(PARENT_HOW)))
    if len(wrong):
        raise BadInput(f'parent_how is "{wrong[0]}"; use {", ".join(PARENT_HOW)}, or leave it empty for declared.')
    return given.replace_strict(_HOW, default=0, return_dtype=pl.Int8).alias("how")


def _said_unknown(table):
    if "parent_how" not in table.columns:
        return pl.lit(False).alias("said")
    return (pl.col("parent_how").cast(pl.String) == "unknown").fill_null(False).alias("said")


def _without_parent(table, named):
    """Where a source names parents at all, an event without one came from the story itself; where none does, nobody knows."""
    said = table["said"].to_numpy()
    return np.where(said | ~np.full(len(table), bool(named.any())), 2, 0)


def _story(table):
    """Stories by number, in the order of their names."""
    if "story_id" not in table.columns:
        return pl.lit(0, pl.UInt32).alias("story")
    names = table["story_id"].unique()
    text = names.cast(pl.String).fill_null("")
    known = pl.DataFrame({"story_id": names, "story": (text.rank("dense") - 1).cast(pl.UInt32)})
    return table.select("story_id").join(known, on="story_id", how="left", maintain_order="left", nulls_equal=True)[
        "story"
    ]


def _roots(offsets, named, parent, circled):
    """First row without a named parent; else the first whose parent is not here; else the first on a circle."""
    if offsets.size < 2:
        return np.zeros(0, np.int64)
    score = np.where(~named, 0, np.where(parent < 0, 1, np.where(circled, 2, 3)))
    return np.minimum.reduceat(score * score.size + np.arange(score.size), offsets[:-1]) % score.size


def _root_first(offsets, roots):
    """Order with each root before the others of its story, None where it stands there already."""
    if (roots == offsets[:-1]).all():
        return None
    rank = np.ones(offsets[-1], np.int8)
    rank[roots] = 0
    return np.lexsort((rank, np.repeat(np.arange(offsets.size - 1), np.diff(offsets))))


def _moved(parent, order):
    if order is None:
        return parent
    place = np.empty(order.size, np.int64)
    place[order] = np.arange(order.size)
    parent = parent[order]
    return np.where(parent < 0, -1, place[np.maximum(parent, 0)])


def _early(table, parent):
    if table["when"].null_count() == len(table):
        return np.zeros(len(table), bool)
    when = table["when"].fill_null(np.nan).to_numpy()
    with np.errstate(invalid="ignore"):
        return (parent >= 0) & (when < when[np.maximum(parent, 0)])
