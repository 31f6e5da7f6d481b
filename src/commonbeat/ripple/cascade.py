"""How far did one story travel, and from whom to whom?  Sizes are exact; what nobody knows is a bound."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl

from commonbeat import stats
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.ripple import trees
from commonbeat.ripple.attention import Place, half_life, places, reach
from commonbeat.ripple.clock import NAIVE
from commonbeat.ripple.links import Links, links
from commonbeat.ripple.readings import bounds, virality
from commonbeat.tables import as_polars

__all__ = ["Cascade", "Place", "cascade", "forest"]

_OF_A_TREE = ("event_id", "parent_id", "story_id", "at", "parent_how")


@dataclass(frozen=True, slots=True)
class Cascade:
    """How one story spread.

    events, views       : all events, and how many of them are views without a parent (they are in no tree)
    size                : nodes of the tree
    reach, reach_known  : sum of audiences, an upper bound of the people reached; how many events state an audience
    depth, max_breadth, structural_virality : of the tree as recorded, unknown parents read as the root; virality of
                          one node is None
    depth_bounds        : (every link that is not declared tied to the root, deepest tree that time allows)
    max_breadth_bounds, structural_virality_bounds : (smallest, largest) over those readings
    wiener              : sum of distances of all pairs, an exact integer
    generations         : events per generation; branching: offspring per event of each, with interval
    parents             : how many links are declared, inferred, unknown
    orphans, elsewhere, cycles, before_parent, duplicates : what was odd, counted
    half_life_seconds   : time until half of all events had happened
    outside             : share of placed events that are not where it began
    """

    events: int
    views: int
    size: int
    reach: int | None
    reach_known: int
    depth: int
    depth_bounds: tuple[int, int]
    max_breadth: int
    max_breadth_bounds: tuple[int, int]
    structural_virality: float | None
    structural_virality_bounds: tuple[float | None, float | None]
    wiener: int
    leaves: int
    generations: tuple[int, ...]
    branching: tuple[Estimate, ...]
    parents: dict
    orphans: int
    elsewhere: int
    cycles: int
    before_parent: int
    duplicates: int
    half_life_seconds: Estimate
    places: tuple[Place, ...]
    outside: Estimate | None
    warnings: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def cascade(events, *, home=None, level=0.95) -> Cascade:
    """How large, deep, broad and viral was this story's spread, and how fast?

    events : one story: any frame, mapping or list of dicts with event_id, parent_id and, where known, at (date-times in
             any zones, their ISO text, or seconds), kind, audience, parent_how, place; in any order
    home   : the place the story is from; without it the place of its first event
    Raises TooFew for no event, BadInput for two stories, negative audiences, missing ids.
    Method: Wiener index by subtree sizes (exact), structural virality as in Goel, Anderson, Hofman & Watts (2016).
    """
    found = links(_with_parents(events))
    if not len(found.table):
        raise TooFew("There is no event in this story yet: nothing has spread.")
    if found.stories > 1:
        raise BadInput(f"These events belong to {found.stories} stories; pick one, or ask `forest` for all of them.")
    views = _loose_views(found)
    tree = links(found.table.filter(~views).drop("story", "when", "how", "said")) if views.any() else found
    return _measured(found, tree, int(views.sum()), home, level)


def forest(events) -> pl.DataFrame:
    """The shape of every story's tree at once.

    -> story_id, size, depth, max_breadth, leaves, structural_virality, orphans, unknown, cycles, before_parent, duplicates
    Same rules as `cascade`, without bounds and intervals; made for millions of rows.
    """
    table = _with_parents(events)
    found = links(table.select(c for c in _OF_A_TREE if c in table.columns))
    shape = trees.shapes(found.parent, found.offsets)
    first = found.table[found.offsets[:-1]] if found.stories else found.table
    names = first["story_id"] if "story_id" in first.columns else first["story"].cast(pl.String)
    counted = {n: found.per_story(f) for n, f in _odd(found).items()}
    virality = pl.Series(shape.structural_virality()).fill_nan(None)
    return pl.DataFrame(
        {"story_id": names, "size": shape.size, "depth": shape.depth, "max_breadth": shape.max_breadth, "leaves": shape.leaves,
         "structural_virality": virality, **counted, "duplicates": found.duplicates}
    )  # fmt: skip


def _odd(found: Links) -> dict:
    return {
        "orphans": found.orphan & ~found.elsewhere, "elsewhere": found.elsewhere, "unknown": found.how == 2,
        "cycles": found.looped, "before_parent": found.early & (found.how != 2),
    }  # fmt: skip


def _with_parents(events):
    table = as_polars(events)
    if not table.columns:
        raise TooFew("There is no event in this story yet: nothing has spread.")
    return table if "parent_id" in table.columns else table.with_columns(parent_id=pl.lit(None, pl.String))


def _loose_views(found):
    """Views nobody points to: attention, but no link of a chain."""
    if "kind" not in found.table.columns:
        return np.zeros(len(found.table), bool)
    inside = np.zeros(len(found.table), bool)
    inside[found.parent[(found.parent >= 0) & (found.how != 2)]] = True
    view = (found.table["kind"].cast(pl.String) == "view").fill_null(False).to_numpy()
    return view & (found.how == 2) & ~inside | (view & (found.parent < 0) & ~inside & (len(found.table) > 1))


def _measured(found, tree, views, home, level) -> Cascade:
    shape = trees.shapes(tree.parent, tree.offsets) if len(tree.table) else None
    warnings = _warnings(tree, views)
    seen_by, known = reach(found.table)
    span = bounds(tree, shape)
    where, outside = places(found.table, home, level)
    generations = np.bincount(shape.node_depth) if shape else np.zeros(0, int)
    how = np.bincount(tree.how[tree.parent >= 0], minlength=3) if shape else [0, 0, 0]
    odd = {n: int(f.sum()) for n, f in _odd(tree).items()}
    return Cascade(
        events=len(found.table), views=views, size=len(tree.table), reach=seen_by, reach_known=known,
        depth=int(shape.depth[0]) if shape else 0, depth_bounds=span[0],
        max_breadth=int(shape.max_breadth[0]) if shape else 0, max_breadth_bounds=span[1],
        structural_virality=virality(shape), structural_virality_bounds=span[2],
        wiener=shape.wiener(0) if shape else 0, leaves=int(shape.leaves[0]) if shape else 0,
        generations=tuple(int(g) for g in generations), branching=_branching(tree, shape, level),
        parents=dict(zip(("declared", "inferred", "unknown"), (int(h) for h in how))),
        orphans=odd["orphans"] + odd["elsewhere"], elsewhere=odd["elsewhere"], cycles=odd["cycles"],
        before_parent=odd["before_parent"], duplicates=int(found.duplicates.sum()),
        half_life_seconds=half_life(found, level), places=where, outside=outside, warnings=warnings,
    )  # fmt: skip


def _branching(tree, shape, level):
    """Offspring per event, generation by generation; offspring cluster, so the interval is widened by their spread."""
    if shape is None:
        return ()
    depth, children = shape.node_depth, np.bincount(tree.parent[tree.parent >= 0], minlength=len(tree.table))
    out = []
    for g in range(int(depth.max()) + 1):
        own = children[depth == g]
        if own.sum() == 0:
            break
        spread = max(1.0, own.var(ddof=1) / own.mean()) if own.size > 1 else 1.0
        low, high = stats.garwood(own.sum() / spread, own.size / spread, level=level)
        out.append(
            Estimate(
                own.mean(),
                low=low,
                high=high,
                level=level,
                n=own.size,
                method="Poisson interval over the spread of offspring",
            )
        )
    return tuple(out)


def _warnings(tree, views):
    said = []
    odd = {n: int(f.sum()) for n, f in _odd(tree).items()}
    n = max(len(tree.table) - 1, 1)
    if odd["unknown"] and len(tree.table) > 1:
        said.append(
            f"The parents of {odd['unknown']} of {n} events are unknown; they are read as coming from the root, so depth and virality are bounds."
        )
    if odd["orphans"] + odd["elsewhere"]:
        said.append(
            f"{odd['orphans'] + odd['elsewhere']} events name a parent that is not in this story; they hang on the root."
        )
    if odd["elsewhere"]:
        said.append(f"{odd['elsewhere']} of these parents belong to another story.")
    if odd["cycles"]:
        said.append(
            f"{odd['cycles']} events name each other, or themselves, as parents in a circle; each circle is cut at its first event."
        )
    if odd["before_parent"]:
        said.append(f"{odd['before_parent']} events are stamped before their parent; the links were kept.")
    if tree.duplicates.sum():
        said.append(f"{int(tree.duplicates.sum())} rows repeat an event_id and were left out.")
    if views:
        said.append(f"{views} views have no known parent; they count as attention and are in no tree.")
    if tree.naive:
        said.append(NAIVE)
    if "at" in tree.table.columns and (untimed := tree.table["when"].null_count()) > 0:
        said.append(f"{untimed} events have no time; they count, but not towards half of all attention.")
    return tuple(said)
