"""A town's whole archive on one engine: what is counted where the rows lie, and trees whose rows never leave the engine.

Written once as Ibis expressions, for DuckDB and for Spark. Ibis has no recursion and neither engine needs it: each story's
links are collected into one array of whole numbers, and a function over arrays (the same kernel as in memory) measures it.
A story must fit into one worker's memory.
"""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat.errors import BadInput, Missing
from commonbeat.ripple import trees
from commonbeat.ripple.links import settle

__all__ = ["SHAPE", "counts", "forest_expression", "forest_there"]

SHAPE = ("size", "depth", "max_breadth", "leaves", "orphans", "unknown", "cycles", "wiener_high", "wiener_low")
_WIDE = 1 << 31  #: rows a story may have
_NONE, _LOST = 0, 1  #: what stands where a parent's place would: nobody is named; somebody who is not in this story


def counts(table, *, by=("story_id", "hour", "place")):
    """How many events, and how large an audience, per story, hour and place?  -> an Ibis expression, one row per cell

    table : an Ibis table of spread events (story_id, at; audience and place where known)
    by    : any of story_id, hour (of the clock, UTC), day, place, kind
    """
    made = {"hour": lambda t: t["at"].truncate("h"), "day": lambda t: t["at"].truncate("D")}
    unknown = [c for c in by if c not in made and c not in table.columns]
    if unknown:
        raise BadInput(f"There is no column {unknown[0]} to count by; there are {', '.join(table.columns)}.")
    keys = {c: made[c](table) if c in made else table[c] for c in by}
    stated = (
        table["audience"].cast("int64") if "audience" in table.columns else table["at"].isnull().ifelse(None, None)
    )
    rows = table.mutate(**{f"by_{c}": value for c, value in keys.items()}, stated=stated.cast("int64"))
    cells = rows.group_by([f"by_{c}" for c in by]).aggregate(
        events=rows.count(), audience=rows["stated"].sum(), stated=rows["stated"].count(), first=rows["at"].min(), last=rows["at"].max()
    )  # fmt: skip
    return cells.rename({c: f"by_{c}" for c in by})


def forest_expression(table):
    """The shape of every story's tree  -> an Ibis expression: story_id, duplicates, and `shape`, an array in the order of SHAPE

    table : an Ibis table with event_id, parent_id, story_id, at; parent_how where known
    Same rules as `forest` in memory. Rows are placed within their story by time; a join finds each parent's place; both
    places go into one whole number, so that collecting them in any order loses nothing.
    """
    import ibis

    how = table["parent_how"] if "parent_how" in table.columns else ibis.literal(None, "string")
    rows = table.select(
        "event_id", "parent_id", "story_id", "at", said=(how.fill_null("declared") == "unknown").cast("int64")
    )
    by_time = ibis.window(group_by="story_id", order_by=["at", "event_id", "parent_id"])
    again = ibis.window(group_by=["story_id", "event_id"], order_by=["at", "parent_id"])
    rows = rows.mutate(time=ibis.row_number().over(again))
    once = rows.filter(rows["time"] == 0).drop("time")
    placed = once.mutate(place=ibis.row_number().over(by_time).cast("int64"))
    own = placed.select(owner="story_id", named="event_id", there="place")
    # views of their own names: one table joined to itself would leave Spark unsure whose column is meant
    found = placed.left_join(own, [placed["story_id"] == own["owner"], placed["parent_id"] == own["named"]])
    parent = ibis.ifelse(
        found["parent_id"].isnull(), _NONE, ibis.ifelse(found["there"].isnull(), _LOST, found["there"] + 2)
    )
    # 31 bits of place, 32 of the parent's, and the sign for a link the source itself calls unknown
    packed = found["place"] * (1 << 32) + parent
    linked = found.select("story_id", link=ibis.ifelse(found["said"] == 1, -packed - 1, packed).cast("int64"))
    arrays = linked.group_by("story_id").aggregate(links=linked["link"].collect())
    total = rows.group_by("story_id").aggregate(rows_in_all=rows.count())
    told = once["parent_id"].notnull().any()
    arrays = arrays.join(total, "story_id").cross_join(once.aggregate(names_parents=told))
    measured = arrays.mutate(shape=_measure(table)(arrays["links"], arrays["names_parents"]))
    return measured.select("story_id", "rows_in_all", "shape")


def forest_there(table) -> pl.DataFrame:
    """`forest` for an Ibis table: the engine counts and joins, and only one row per story comes back."""
    found = forest_expression(table).to_pyarrow()
    shape = np.array(found["shape"].to_pylist(), np.int64).reshape(-1, len(SHAPE))
    column = dict(zip(SHAPE, shape.T))
    n = column["size"].astype(float)
    wiener = [(int(h) << 62) + int(w) for h, w in zip(column.pop("wiener_high"), column.pop("wiener_low"))]
    virality = [2 * w / (k * (k - 1)) if k > 1 else None for w, k in zip(wiener, n)]
    duplicates = np.asarray(found["rows_in_all"]) - column["size"]
    out = {
        "story_id": found["story_id"].to_pylist(),
        **column,
        "structural_virality": virality,
        "duplicates": duplicates,
    }
    return pl.DataFrame(out).sort("story_id")


def shapes_of_links(links, offsets, names_parents) -> np.ndarray:
    """(stories, len(SHAPE)) from packed links, story after story; links of one story in any order."""
    story = np.repeat(np.arange(offsets.size - 1), np.diff(offsets))
    said = links < 0
    packed = np.where(said, -links - 1, links)
    place, named = packed >> 32, packed & 0xFFFFFFFF
    order = np.lexsort((place, story))
    named, said = named[order], said[order]
    first = np.repeat(offsets[:-1], np.diff(offsets))
    parent = np.where(named >= 2, named - 2 + first, -1)
    how = np.where(said | ((named == _NONE) & ~names_parents), 2, 0)
    made = settle(offsets, parent, named != _NONE, how)
    shape = trees.shapes(made.parent, offsets)
    per_story = lambda flags: np.add.reduceat(np.r_[flags.astype(np.int64), 0], offsets[:-1])  # noqa: E731
    odd = per_story(made.orphan), per_story(made.how == 2), per_story(made.looped)
    return np.column_stack(
        [shape.size, shape.depth, shape.max_breadth, shape.leaves, *odd, shape.wiener_high, shape.wiener_low]
    )


def _measure(table):
    """The kernel as a function over arrays; DuckDB hands over Arrow, Spark hands over pandas."""
    try:
        import ibis
        import ibis.expr.datatypes as dt
    except ImportError:
        raise Missing("this needs Ibis: pip install 'commonbeat[spark]'") from None
    numbers, flag = dt.Array(dt.int64), dt.boolean

    def arrow(links, names_parents):
        import pyarrow as pa

        links = links.combine_chunks() if isinstance(links, pa.ChunkedArray) else links
        offsets = np.concatenate([[0], np.cumsum(links.value_lengths().to_numpy(zero_copy_only=False))]).astype(
            np.int64
        )
        told = bool(names_parents[0].as_py()) if len(names_parents) else True
        found = shapes_of_links(links.flatten().to_numpy(zero_copy_only=False), offsets, told)
        return pa.array(found.tolist(), pa.list_(pa.int64()))

    def pandas(links, names_parents):
        import pandas as pd

        offsets = np.concatenate([[0], np.cumsum([len(x) for x in links])]).astype(np.int64)
        flat = np.concatenate([np.asarray(x, np.int64) for x in links]) if len(links) else np.zeros(0, np.int64)
        found = shapes_of_links(flat, offsets, bool(names_parents.iloc[0]) if len(links) else True)
        return pd.Series(list(found))

    signature = ((numbers, flag), numbers)
    spark = table.get_backend().name == "pyspark"
    made = ibis.udf.scalar.pandas if spark else ibis.udf.scalar.pyarrow
    return made(pandas if spark else arrow, name="commonbeat_tree_shapes", signature=signature)
