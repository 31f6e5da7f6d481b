"""The page of one conversation: common ground first, groups only if supported, and a map without persons on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.privacy import FLOOR
from commonbeat.report.page import page

__all__ = ["Tile", "dialogue_page", "tiles"]

ACROSS = (12, 9, 7, 5, 4, 3)  # tiles along the longer side, tried from fine to coarse
SHOWN = 12  # statements listed before the rest is only counted


@dataclass(frozen=True, slots=True)
class Tile:
    """A square of the map with at least five people: column and row from the top left, shade 1-4, letter of its group."""

    column: int
    row: int
    shade: int
    letter: str


def dialogue_page(answer: dict, points, labels, *, title: str = "What people think together", **about) -> str:
    """HTML of a released answer (`released(...)` with a verdict); points and labels only ever appear as counts."""
    across, found, left = tiles(np.asarray(points, float), np.asarray(labels))
    return page(
        "dialogue.html",
        title=title,
        strapline="A conversation in short statements: agree, disagree or pass",
        simulated=answer["simulated"],
        snapshot=answer["snapshot"],
        answer=answer,
        lists=_lists(answer),
        waiting_for=", ".join(sorted({g for row in answer["not_enough_votes"] for g in row["groups"]})),
        across=across,
        tiles=found,
        left=left,
        shown=SHOWN,
        **about,
    )


def _lists(answer: dict) -> list[dict]:
    """The two lists of the page, each with only what can be said with some confidence."""
    who, verb_s = ("everyone", "s") if answer["common_ground_over"] == "everyone" else ("all groups", "")
    return [
        {
            "heading": f"What {who} agree{verb_s} on",
            "verb": "agree",
            "rows": [r for r in answer["common_ground"] if _sure_enough(r)],
            "nothing": "Nothing yet that can be said with confidence.",
        },
        {
            "heading": f"What {who} reject{verb_s}",
            "verb": "disagree",
            "rows": [r for r in answer["shared_disagreement"] if _sure_enough(r)],
            "nothing": "Nothing that can be said with confidence.",
        },
    ]


def _sure_enough(row: dict) -> bool:
    return (row["p_every_group"] or 0) >= 0.9 or row["band"] in ("almost certain", "very likely")


def tiles(points: np.ndarray, labels: np.ndarray, *, floor: int = FLOOR) -> tuple[int, list[Tile], bool]:
    """A map of squares, none with fewer than `floor` people  -> (tiles across, tiles, were people left out?).

    The finest grid on which nine people in ten stand in squares that may be shown; else the coarsest.
    A square's group is named only where at least nine in ten of its people, and never fewer than all but the floor,
    share it: otherwise the square would tell about a few.
    """
    placed = np.isfinite(points).all(axis=1)
    points, labels = points[placed], labels[placed]
    if len(points) < floor:
        return 1, [], len(points) > 0
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    span = max((high - low).max(), 1e-9)
    for across in ACROSS:
        at = np.clip(((points - (low + high - span) / 2) / span * across).astype(int), 0, across - 1)
        code = at[:, 1] * across + at[:, 0]
        count = np.bincount(code, minlength=across**2)
        kept = count >= floor
        if count[kept].sum() >= 0.9 * len(points):
            break
    most = count.max()
    made = [
        Tile(c % across, across - 1 - c // across, 1 + int(3.999 * (count[c] - floor) / max(most - floor, 1)),
             _letter(labels[code == c]))
        for c in np.flatnonzero(kept)
    ]  # fmt: skip
    return across, made, bool((count[~kept] > 0).any())


def _letter(labels) -> str:
    size = np.bincount(labels[labels >= 0], minlength=1)
    return chr(ord("A") + int(size.argmax())) if size.max() == len(labels) else ""
