"""From answers to one score each: how it is made, from which ends, and what happens to a missing answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.errors import BadInput, Problem, TooFew
from commonbeat.estimate import plain
from commonbeat.trust.columns import matrix, turned

__all__ = ["HOW", "Scores", "score"]

#: percent: mean of the answers on the scale's own ends, 0-100; mean: in answer units; z: sum of z-scores;
#: component: first principal component of the z-scores
HOW = ("percent", "mean", "z", "component")


@dataclass(frozen=True, slots=True)
class Scores:
    """A score for each person.

    values     : (people,) nan for people who answered too few questions
    item_share : (items,) weight of each question in the score
    explained  : share of the questions' variance the component carries; None otherwise
    scored, patched, left_out : people with a score, of these with answers missing, and people without a score
    """

    values: np.ndarray
    how: str
    unit: str
    item_share: np.ndarray
    explained: float | None
    scored: int
    patched: int
    left_out: int
    method: str
    cautions: tuple[str, ...]

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype) if copy else np.asarray(self.values, dtype=dtype)

    def to_dict(self) -> dict:
        """All but the row-by-row scores, which belong to people."""
        left = ("how", "unit", "item_share", "explained", "scored", "patched", "left_out", "method", "cautions")
        return plain({name: getattr(self, name) for name in left})


def score(items, *, how="percent", scale=None, reverse=(), at_least=0.5, reference=None) -> Scores:
    """Which score does each person give?

    items     : (people, questions), nan or None where there is no answer
    scale     : (low, high) of the answers, or {question: (low, high)}; the theoretical ends, not those that were met.
                Needed for percent and for reversed questions
    reverse   : names or column numbers of questions worded the other way round
    at_least  : share of the questions a person must have answered; missing answers are filled with the person's own mean of
                the others, each question first put on the common scale
    reference : (people,) true for those whose mean and spread make the z-scores (a control group); everybody unless told
    Raises BadInput naming line and value of an answer outside its scale.
    """
    if how not in HOW:
        raise BadInput(f'`how` is "{how}"; it may be {", ".join(HOW)}.')
    x, names = matrix(items)
    ends = _ends(names, scale)
    _inside(x, names, ends)
    turn = turned(names, reverse)
    if turn.any() and ends is None and how not in ("z", "component"):
        raise BadInput("A reversed question needs its `scale`, as (1, 4): the ends it is turned between.")
    y = _common(x, ends, turn, how, reference)
    answered = (~np.isnan(y)).sum(axis=1)
    enough = answered >= max(1, int(np.ceil(at_least * y.shape[1] - 1e-9)))
    if not enough.any():
        raise TooFew(f"Nobody answered at least {at_least:.0%} of the {y.shape[1]} questions.")
    own = np.divide(np.nansum(y, axis=1), answered, out=np.full(len(y), np.nan), where=answered > 0)
    filled = np.where(np.isnan(y), own[:, None], y)
    values, share, explained = _combine(filled, enough, how)
    values = np.where(enough, values, np.nan)
    patched, left = int((enough & (answered < y.shape[1])).sum()), int((~enough).sum())
    rule = f"scored when at least {at_least:.0%} of the questions are answered, a missing answer takes the person's mean of the others"
    cautions = [f"{patched:,} scores rest on some of the questions only."] if patched else []
    cautions += [f"{left:,} people answered too few questions and have no score."] if left else []
    return Scores(
        values,
        how,
        _UNIT[how],
        share,
        explained,
        int(enough.sum()),
        patched,
        left,
        f"{_WORDS[how]}; {rule}",
        tuple(cautions),
    )


_UNIT = {
    "percent": "points of 100",
    "mean": "answer",
    "z": "sum of standard deviations",
    "component": "standard deviations",
}
_WORDS = {
    "percent": "mean of the answers, each on 0-100 between the ends of its scale",
    "mean": "mean of the answers",
    "z": "sum of z-scores",
    "component": "first principal component of the z-scores",
}


def _common(x, ends, turn, how, reference):
    """Answers on one scale: 0-100, as they are, or z-scores; reversed questions turned."""
    if how in ("percent", "mean"):
        if how == "percent" and ends is None:
            raise BadInput('how="percent" needs `scale`, the ends of the answers, as (0, 10).')
        if ends is None:
            return x
        low, high = ends
        y = np.where(turn, low + high - x, x)
        return (y - low) / (high - low) * 100 if how == "percent" else y
    known = np.ones(len(x), bool) if reference is None else np.asarray(reference, bool)
    mean, sd = np.nanmean(x[known], axis=0), np.nanstd(x[known], axis=0, ddof=1)
    if not (sd > 0).all():
        raise BadInput("A question was answered alike by everybody, so it has no z-score. Leave it out.")
    return np.where(turn, -1.0, 1.0) * (x - mean) / sd


def _combine(y, enough, how):
    k = y.shape[1]
    if how == "z":
        return y.sum(axis=1), np.full(k, 1 / k), None
    if how != "component":
        return y.mean(axis=1), np.full(k, 1 / k), None
    r = np.corrcoef(y[enough], rowvar=False).reshape(k, k)
    roots, vectors = np.linalg.eigh(r)
    first = vectors[:, -1] * (1.0 if vectors[:, -1].sum() >= 0 else -1.0)
    made = y @ first
    return made / made[enough].std(ddof=1), first, float(roots[-1] / k)


def _ends(names, scale):
    if scale is None:
        return None
    if hasattr(scale, "items"):
        missing = [n for n in names if n not in scale]
        if missing:
            raise BadInput(f"`scale` does not say between which ends `{missing[0]}` is answered.")
        pairs = [scale[n] for n in names]
    else:
        pairs = [scale] * len(names)
    low, high = np.array(pairs, float).T
    if not (low < high).all():
        raise BadInput("`scale` needs the low end first and the high end after it, as (1, 4).")
    return low, high


def _inside(x, names, ends):
    if ends is None:
        return
    low, high = ends
    with np.errstate(invalid="ignore"):
        rows, columns = np.nonzero((x < low) | (x > high))
    if len(rows):
        raise BadInput(
            problems=[
                Problem(
                    f"`{names[j]}`: the answer {x[i, j]:g} lies outside its scale {low[j]:g} to {high[j]:g}. "
                    "Correct it, or code a refusal as missing.",
                    line=i + 1, column=names[j], value=float(x[i, j]),
                )
                for i, j in list(zip(rows.tolist(), columns.tolist(), strict=True))[:50]
            ]
        )  # fmt: skip
