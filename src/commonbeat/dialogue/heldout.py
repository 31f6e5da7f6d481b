"""Do groups help to foretell votes that were put aside? That, not the look of the map, says whether there are any."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.dialogue.clusters import partition
from commonbeat.dialogue.mapping import Table, directions, positions

__all__ = ["MOST_GROUPS", "Foretold", "foretell", "rates"]

MOST_GROUPS = 5


@dataclass(frozen=True, slots=True, eq=False)
class Foretold:
    """How much better are votes foretold by k groups than by none, for k = 1..5?

    loss     : (5,) mean log-loss of a held-out vote (agree or not), nats
    gain     : (5,) 1 - loss_k / loss_1; error (5,) its standard error over people
    chosen   : the k that the one-standard-error rule picks (1 = no groups)
    votes    : votes held out and foretold
    """

    loss: np.ndarray
    gain: np.ndarray
    error: np.ndarray
    chosen: int
    votes: int


def foretell(t: Table, *, least: int, seed: int, folds: int = 5, share: float = 0.1, restarts: int = 2) -> Foretold:
    """How many groups do held-out votes support, from none to five?

    t      : opinion votes; share of them is put aside in each fold, another share each time
    least  : votes a person needs to be placed
    Groups are found, and their rates counted, on the other votes only. The rule: the fewest groups whose loss is within
    one standard error (of the paired difference, people as units) of the best.
    """
    rng = np.random.default_rng([seed, 1])
    fold = rng.integers(0, max(round(1 / share), 1), size=len(t.value), dtype=np.int8)
    person = t.person
    losses = np.zeros((len(t.start) - 1, MOST_GROUPS))
    count = np.zeros(len(t.start) - 1)
    for f in range(folds):
        made = _one_fold(t, person, fold == f, least, seed + f, restarts)
        if made is None:
            continue
        who, loss = made
        count += np.bincount(who, minlength=len(count))
        for k in range(MOST_GROUPS):
            losses[:, k] += np.bincount(who, loss[k], minlength=len(count))
    return _judged(losses, count)


def _one_fold(t, person, aside, least, seed, restarts):
    used = ~aside
    size = t.shape[1]
    fit = directions(t, used=used, tolerance=1e-3)
    points, seen = positions(t, fit)
    placed = seen >= min(least, max(size - 1, 1))
    mine = aside & placed[person]
    if placed.sum() < 2 or not mine.any() or fit.power[0] <= 0:
        return None
    points = points[placed]
    labels = np.full(t.shape[0], -1, np.int8)
    learn = np.flatnonzero(used & placed[person])
    test = np.flatnonzero(mine)
    agree = t.value[test] == 1
    losses = []
    for k in range(1, MOST_GROUPS + 1):
        labels[placed] = partition(points, k, seed=seed, restarts=restarts)
        rate = rates(labels[person[learn]], t.statement[learn], t.value[learn] == 1, k, size)
        p = rate[labels[person[test]], t.statement[test]]
        losses.append(-np.log(np.where(agree, p, 1 - p)))
    return person[test], losses


def rates(group, statement, agree, k: int, size: int) -> np.ndarray:
    """(k, C) share that agrees in each group, with one agreeing and one other vote added so that 0 and 1 never occur."""
    place = group.astype(np.int64) * size + statement
    n = np.bincount(place, minlength=k * size)
    a = np.bincount(place[agree], minlength=k * size)
    return ((a + 1) / (n + 2)).reshape(k, size)


def _judged(losses, count) -> Foretold:
    n = count.sum()
    if n == 0:
        zero = np.zeros(MOST_GROUPS)
        return Foretold(np.full(MOST_GROUPS, np.nan), zero, zero, 1, 0)
    total = losses.sum(axis=0) / n
    best = int(total.argmin())
    chosen = next(k for k in range(MOST_GROUPS) if total[k] - total[best] <= _error(losses, count, k, best))
    gain = 1 - total / total[0]
    error = np.array([_error(losses, count, k, 0) for k in range(MOST_GROUPS)]) / total[0]
    return Foretold(total, gain, error, chosen + 1, int(n))


def _error(losses, count, k, other):
    """Standard error of the mean difference, each person's votes taken together."""
    d = losses[:, k] - losses[:, other]
    d = d - count * (d.sum() / count.sum())
    people = np.count_nonzero(count)
    return np.sqrt((d @ d) * people / max(people - 1, 1)) / count.sum()
