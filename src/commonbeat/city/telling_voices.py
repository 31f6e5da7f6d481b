"""What is true about stories and talk: how each story really travelled, and what the opinion groups share."""

from __future__ import annotations

import numpy as np
import polars as pl

from commonbeat.city.dialogue import GROUP_SHARE, PATTERNS, STATEMENTS
from commonbeat.city.truth import Fact

__all__ = ["facts", "shape"]


def facts(*, world, shared, tables, **_):
    return [*_cascades(shared, tables), *_intensity(world, tables), *_dialogue()]


def _cascades(shared, tables):
    """The two moments' trees as they were, and as they look when what nobody declared is hung on the root."""
    for story in ("stroller", "dance-off"):
        events = (
            tables["spread"]
            .join(shared.hidden, on="event_id", maintain_order="left")
            .filter(pl.col("story_id") == story)
        )
        true, seen = (shape(_parents(events, column)) for column in ("true_parent", "parent_id"))
        for k, (quantity, unit) in enumerate(
            (
                ("events", "events"),
                ("depth", "steps from the story"),
                ("structural virality", "mean steps between two"),
            )
        ):
            naive = "unknown parents hung on the story" if k else ""
            yield Fact("ripple.cascade", quantity, true[k], unit, seen[k], naive, {"story": story})


def _parents(events, column) -> np.ndarray:
    place = events.select("event_id").with_row_index("k")
    at = events.select(pl.col(column).alias("event_id")).join(place, on="event_id", how="left", maintain_order="left")
    return at["k"].cast(pl.Int64).fill_null(-1).to_numpy()


def shape(parent) -> tuple[int, int, float | None]:
    """Of a tree whose root is the story: events, depth, mean distance between two nodes (Goel et al. 2016); parents come first."""
    n = len(parent)
    depth, below = np.ones(n, int), [1] * n
    for k in range(n):
        if parent[k] >= 0:
            depth[k] = depth[parent[k]] + 1
    for k in range(n - 1, -1, -1):
        if parent[k] >= 0:
            below[parent[k]] += below[k]
    nodes = n + 1
    pairs = sum(b * (nodes - b) for b in below)
    return n, int(depth.max(initial=0)), 2 * pairs / (nodes * (nodes - 1)) if n else None


def _intensity(world, tables):
    shares = tables["spread"].filter(pl.col("kind") == "share").group_by("story_id").len().sort("len")
    finished = None if shares.is_empty() else 1 - 1 / shares["len"][-1]
    by = {"kind": "share", "kernel": "exponential"}
    yield Fact(
        "ripple.intensity",
        "branching ratio",
        world.branching,
        "shares",
        finished,
        "all but the first of a finished cascade have a cause: (n - 1) / n",
        by,
    )
    yield Fact("ripple.intensity", "half-life of the wait", world.kernel_hours * 3600, "seconds", None, "", by)


def _dialogue():
    """Common ground is what each group holds; a majority of all voters can be one group's loud view."""
    share = np.array(GROUP_SHARE)
    yield Fact("dialogue.groups", "opinion groups", len(share), "groups", None, "", {"shares": list(GROUP_SHARE)})
    common, loud = [], []
    for k, (pattern, _) in enumerate(STATEMENTS):
        chance = np.array(PATTERNS[pattern])
        if (chance > 0.7).all() or (chance < 0.3).all():
            common.append(f"t{k + 1:02d}")
        pooled = share @ chance
        if pooled > 0.6 or pooled < 0.4:
            loud.append(f"t{k + 1:02d}")
    by = {"statements": common, "naive statements": loud}
    yield Fact(
        "dialogue.common_ground",
        "statements all groups hold together",
        len(common),
        "statements",
        len(loud),
        "three in five of all voters agree, or disagree",
        by,
    )
