"""What happened between two looks? Which box became which, where a doubt is left, and looking again there."""

from __future__ import annotations

import importlib.machinery
import importlib.util
from collections.abc import Callable
from pathlib import Path

import numpy as np
import scipy

from commonbeat.footage.faces import overlap

__all__ = ["CLEAR", "between", "doubts", "middle", "pair"]

CLEAR = 0.5  #: score from which a face without a partner is a reason to look again
MOVED = 0.7  #: centre movement and growth, in face sizes, that is a reason to look again


def _assignment():
    """scipy's `linear_sum_assignment`, without the rest of `scipy.optimize`: that is 48 MB and half a second for every clip."""
    folder = Path(scipy.__file__).parent / "optimize"
    for ending in importlib.machinery.EXTENSION_SUFFIXES:
        if (folder / f"_lsap{ending}").exists():
            spec = importlib.util.spec_from_file_location("_lsap", folder / f"_lsap{ending}")
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            return module.linear_sum_assignment
    from scipy.optimize import linear_sum_assignment  # another scipy keeps it elsewhere

    return linear_sum_assignment


_assign = _assignment()


def pair(a: np.ndarray, b: np.ndarray, reach: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Which box of `a` became which box of `b`?

    Distance is between centres in mean face sizes, plus the absolute log ratio of sizes; pairs farther than `reach`
    are none. Returns row numbers in a, in b, and the distances. Assignment: Hungarian (scipy).
    """
    if not len(a) or not len(b):
        none = np.empty(0, int)
        return none, none, np.empty(0)
    apart = distance(a, b)
    rows, columns = _assign(np.minimum(apart, 4 * reach))
    near = apart[rows, columns] <= reach
    return rows[near], columns[near], apart[rows[near], columns[near]]


def distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """How far are boxes apart, in face sizes, with a change of size counted too? (n, m)."""
    (ax, ay, asize), (bx, by, bsize) = middle(a), middle(b)
    size = np.sqrt(asize[:, None] * bsize[None])
    gap = np.hypot(ax[:, None] - bx[None], ay[:, None] - by[None]) / size
    return gap + np.abs(np.log(asize[:, None] / bsize[None]))


def middle(boxes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Centre x, centre y and size (geometric mean of the sides) of boxes."""
    x0, y0, x1, y1 = boxes[:, :4].T
    return (x0 + x1) / 2, (y0 + y1) / 2, np.sqrt(np.maximum((x1 - x0) * (y1 - y0), 1.0))


def doubts(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where do two looks leave a doubt about what happened between them, and what can be filled in?

    a, b : (n, 5) findings. Returns (m, 4) boxes around each doubt: a clear face without partner, or one that moved or
    grew much; and (k, 5) boxes half way between the pairs that leave none.
    """
    rows, columns, apart = pair(a, b, reach=2.0)
    far = apart > MOVED
    both = np.concatenate([a[rows[far], None], b[columns[far], None]], axis=1)
    moved = np.concatenate([both[:, :, :2].min(axis=1), both[:, :, 2:4].max(axis=1)], axis=1)
    lone = [_lone(a, rows), _lone(b, columns)]
    return np.concatenate([moved, *lone]), (a[rows[~far]] + b[columns[~far]]) / 2


def _lone(found: np.ndarray, paired: np.ndarray) -> np.ndarray:
    alone = found[:, 4] >= CLEAR
    alone[paired] = False
    return found[alone, :4]


def between(first: int, last: int, at: dict[int, np.ndarray], look: Callable[[int, np.ndarray], np.ndarray]) -> None:
    """Looks between two frames already looked at, until no doubt is left.

    at   : frame -> (n, 5) findings; frames looked at are written into it, with what was certain filled in
    look : (frame, places (m, 4)) -> findings around these places
    """
    todo = [(first, last)]
    while todo:
        a, b = todo.pop()
        if b - a < 2:
            continue
        places, certain = doubts(at[a], at[b])
        if len(places):
            half = (a + b) // 2
            found = look(half, places)
            if len(found) and len(certain):
                certain = certain[overlap(certain, found).max(axis=1) < 0.25]
            at[half] = np.concatenate([found, certain])
            todo += [(half, b), (a, half)]
