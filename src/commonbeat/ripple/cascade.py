"""How far did one story travel, and from whom to whom?  Sizes are exact; what nobody knows is a bound."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import polars as pl
from scipy import stats as distributions

from commonbeat import stats
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain
from commonbeat.ripple import trees
from commonbeat.ripple.links import Links, links
from commonbeat.tables import as_polars

__all__ = ["Cascade", "Place", "cascade", "forest"]

_OF_A_TREE = ("event_id", "parent_id", "story_id", "at", "parent_how")


@dataclass(frozen=True, slots=True)
class Place:
    """events: how many events carry this coarse place; first_seconds: how long after the start the first one came."""

    place: str
    events: int
    first_seconds: float | None


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

    events : one story: any frame or mapping with event_id, parent_id and, where known, at (date-times or seconds),
             kind, audience, parent_how, place; in any order
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
    reach, known = _reach(found.table)
    bounds = _bounds(tree, shape)
    places, outside = _places(found.table, home, level)
    generations = np.bincount(shape.node_depth) if shape else np.zeros(0, int)
    how = np.bincount(tree.how[tree.parent >= 0], minlength=3) if shape else [0, 0, 0]
    odd = {n: int(f.sum()) for n, f in _odd(tree).items()}
    return Cascade(
        events=len(found.table), views=views, size=len(tree.table), reach=reach, reach_known=known,
        depth=int(shape.depth[0]) if shape else 0, depth_bounds=bounds[0],
        max_breadth=int(shape.max_breadth[0]) if shape else 0, max_breadth_bounds=bounds[1],
        structural_virality=_virality(shape), structural_virality_bounds=bounds[2],
        wiener=shape.wiener(0) if shape else 0, leaves=int(shape.leaves[0]) if shape else 0,
        generations=tuple(int(g) for g in generations), branching=_branching(tree, shape, level),
        parents=dict(zip(("declared", "inferred", "unknown"), (int(h) for h in how))),
        orphans=odd["orphans"] + odd["elsewhere"], elsewhere=odd["elsewhere"], cycles=odd["cycles"],
        before_parent=odd["before_parent"], duplicates=int(found.duplicates.sum()),
        half_life_seconds=_half_life(found.table, level), places=places, outside=outside, warnings=warnings,
    )  # fmt: skip


def _virality(shape):
    if shape is None or shape.size[0] < 2:
        return None
    n = int(shape.size[0])
    return 2 * shape.wiener(0) / (n * (n - 1))


def _bounds(tree, shape):
    """Three readings of the same links: only declared ones kept; as recorded; as deep as time allows."""
    if shape is None:
        return (0, 0), (0, 0), (None, None)
    readings = [shape]
    if (tree.how[tree.parent >= 0] != 0).any():
        star, _, _ = trees.sound(np.where((tree.how != 0) & (tree.parent >= 0), 0, tree.parent), tree.offsets)
        readings.append(trees.shapes(star, tree.offsets))
    if (tree.how[tree.parent >= 0] == 2).any():
        deepest, _, _ = trees.sound(_deepest(tree), tree.offsets)
        readings.append(trees.shapes(deepest, tree.offsets))
    virality = [_virality(r) for r in readings]
    spans = [
        (min(int(getattr(r, n)[0]) for r in readings), max(int(getattr(r, n)[0]) for r in readings))
        for n in ("depth", "max_breadth")
    ]
    return spans[0], spans[1], (None, None) if virality[0] is None else (min(virality), max(virality))


def _deepest(tree):
    """Every unknown parent becomes the deepest event before it; nothing later, so no cycle can arise."""
    when = tree.table["when"].fill_null(0.0).to_numpy()
    order = np.lexsort((np.arange(when.size), when))
    parent, depth = tree.parent.copy(), np.zeros(when.size, np.int64)
    deep = -1
    for i in order:
        if parent[i] >= 0:
            if tree.how[i] == 2 and deep >= 0:
                parent[i] = deep
            depth[i] = depth[parent[i]] + 1
        if deep < 0 or depth[i] > depth[deep]:
            deep = i
    return parent


def _reach(table):
    if "audience" not in table.columns:
        return None, 0
    audience = table["audience"].cast(pl.Float64).fill_nan(None)
    if (audience < 0).any():
        row = int((audience < 0).fill_null(False).arg_true()[0])
        raise BadInput(
            f"audience is {audience[row]:g} for event {table['event_id'][row]}: use 0 or more, or leave it empty."
        )
    return (int(audience.sum()) if audience.count() else None), audience.count()


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


def _half_life(table, level):
    """Median of event times; its interval from the order statistics (binomial), which treats events as separate."""
    when = np.sort(table["when"].drop_nulls().to_numpy()) if "at" in table.columns else np.zeros(0)
    if when.size < 2:
        return Estimate(None, n=when.size, unit="seconds", method="order statistics")
    when = when - when[0]
    n = when.size
    k = int(distributions.binom.ppf((1 - level) / 2, n, 0.5))
    low, high = (when[k - 1], when[n - k]) if k >= 1 else (None, None)
    half = when[int(np.ceil(n / 2)) - 1]
    return Estimate(half, low=low, high=high, level=level, n=n, unit="seconds", method="order statistics of event times",
                    cautions=("Of the events seen so far; events that come in bursts make the interval too short.",))  # fmt: skip


def _places(table, home, level):
    if "place" not in table.columns or table["place"].null_count() == len(table):
        return (), None
    start = table["when"].min()
    placed = table.filter(pl.col("place").is_not_null())
    by = (
        placed.group_by("place")
        .agg(events=pl.len(), first=pl.col("when").min())
        .sort(["events", "place"], descending=[True, False])
    )
    home = home or placed.sort("when", "event_id")["place"][0]
    away = int((placed["place"] != home).sum())
    low, high = stats.wilson(away, len(placed), level=level)
    outside = Estimate(
        away / len(placed), low=low, high=high, level=level, n=len(placed), method=f"Wilson; outside {home}"
    )
    return tuple(
        Place(p, e, None if f is None or start is None else f - start) for p, e, f in by.iter_rows()
    ), outside


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
            f"{odd['cycles']} events name each other as parents in a circle; the first of each circle hangs on the root."
        )
    if odd["before_parent"]:
        said.append(f"{odd['before_parent']} events are stamped before their parent; the links were kept.")
    if tree.duplicates.sum():
        said.append(f"{int(tree.duplicates.sum())} rows repeat an event_id and were left out.")
    if views:
        said.append(f"{views} views have no known parent; they count as attention and are in no tree.")
    return tuple(said)
