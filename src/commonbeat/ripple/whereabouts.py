"""In which order do rows stand, and in which row is a parent?  Joining ids costs far more than walking the trees.

Whole numbers that lie close together are looked up in a table of their own; everything else is sorted and joined.
"""

from __future__ import annotations

import numpy as np
import polars as pl

__all__ = ["in_time", "positions"]

ROOM = 4  #: a table of whole-number ids may have this many places per row


def in_time(table: pl.DataFrame):
    """Order of the rows by story, time and id, None where they stand in it already.

    table : story (numbers), when (seconds or null, null first), event_id, parent_id
    Equal times fall back on the ids, so that any order of rows gives the same trees.
    """
    keys = _keys(table)
    if _strict(keys):
        return None
    order = np.lexsort(keys)
    if _strict([k[order] for k in keys]):
        return order
    return (
        table.select(pl.arg_sort_by("story", "when", "event_id", "parent_id", nulls_last=False))
        .to_series()
        .to_numpy()
    )


def _keys(table):
    """What numpy can sort by, the most important last."""
    when = table["when"].fill_null(-np.inf).to_numpy()
    keys = [when, table["story"].to_numpy().astype(np.int64)]
    return [table["event_id"].to_numpy(), *keys] if table.schema["event_id"].is_integer() else keys


def _strict(keys):
    """Does every row come strictly after the one before?  Then the order is the only one."""
    later = np.zeros(max(keys[0].size - 1, 0), bool)
    for key in keys:
        later = (key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & later)
    return bool(later.all())


def positions(table: pl.DataFrame):
    """Row of each parent inside the same story (-1: none), and whether it was found in another story only."""
    looked_up = _looked_up(table) if table.schema["event_id"].is_integer() else None
    return _joined(table) if looked_up is None else looked_up


def _looked_up(table):
    """By a table from id to row, where ids are close together and no two rows share one; else None."""
    ids, n = table["event_id"].to_numpy(), len(table)
    if not n:
        return None
    low, high = int(ids.min()), int(ids.max())
    if high - low > ROOM * n + 1024:
        return None
    row_of = np.full(high - low + 1, -1, np.int64)
    row_of[ids - low] = np.arange(n)
    if (row_of[ids - low] != np.arange(n)).any():
        return None
    wanted = table["parent_id"].fill_null(low - 1).to_numpy()
    inside = (wanted >= low) & (wanted <= high)
    row = np.where(inside, row_of[np.where(inside, wanted - low, 0)], -1)
    story = table["story"].to_numpy()
    elsewhere = (row >= 0) & (story[row] != story)
    return np.where(elsewhere, -1, row), elsewhere


def _joined(table):
    n = len(table)
    own = table.select("story", parent_id="event_id", row=pl.int_range(n))
    named = table.select("story", "parent_id")
    found = named.join(own, on=["story", "parent_id"], how="left", maintain_order="left")["row"]
    lost = found.is_null() & table["parent_id"].is_not_null()
    elsewhere = np.zeros(n, bool)
    if lost.any():
        elsewhere = (lost & table["parent_id"].is_in(table["event_id"].implode()).fill_null(False)).to_numpy().copy()
    return found.fill_null(-1).to_numpy().astype(np.int64), elsewhere
