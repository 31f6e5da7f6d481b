"""What does a group say that the others do not? Tested on votes that played no part in forming the groups."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import special
from scipy import stats as distributions

from commonbeat.dialogue.clusters import align, partition
from commonbeat.dialogue.grouping import Groups
from commonbeat.dialogue.mapping import Table, directions, positions, table, tally
from commonbeat.dialogue.votes import Votes
from commonbeat.estimate import plain
from commonbeat.stats import benjamini_hochberg, wilson

__all__ = ["Representative", "Said", "representative"]

SMALL_CELL = 10  # below, the exact test


@dataclass(frozen=True, slots=True)
class Said:
    """One group on one statement: the share that agrees and the others' share with 95 % intervals, and the test between.

    n counts passes; p_adjusted is Benjamini-Hochberg over every group and statement tested.
    """

    statement_id: int | str
    text: str
    group: int
    agree: int
    n: int
    share: float
    low: float
    high: float
    share_of_others: float
    low_of_others: float
    high_of_others: float
    n_of_others: int
    p_value: float
    p_adjusted: float
    found: bool

    @property
    def direction(self) -> str:
        return "agrees more" if self.share > self.share_of_others else "agrees less"

    def to_dict(self) -> dict:
        return plain(asdict(self) | {"direction": self.direction})


@dataclass(frozen=True, slots=True, eq=False)
class Representative:
    """Every test made, and the counts behind them.

    said    : one row for each group and statement that could be tested
    agree, disagree, n : (k, S) counts by cross-fitted group, statements as in `Votes`
    false_discoveries : the share of `found` rows expected to be chance (0.10)
    code    : tested, no_groups, too_few
    """

    said: tuple[Said, ...]
    agree: np.ndarray
    disagree: np.ndarray
    n: np.ndarray
    k: int
    folds: int
    false_discoveries: float
    code: str

    def of(self, group: int) -> tuple[Said, ...]:
        """What this group says that others do not, the surest first."""
        mine = [s for s in self.said if s.group == group and s.found]
        return tuple(
            sorted(mine, key=lambda s: (s.p_adjusted, -abs(s.share - s.share_of_others), str(s.statement_id)))
        )

    @property
    def flagged(self) -> int:
        """Statements on which some group differs."""
        return len({s.statement_id for s in self.said if s.found})

    def to_dict(self) -> dict:
        return plain(
            {
                "code": self.code,
                "groups": self.k,
                "folds": self.folds,
                "false_discoveries": self.false_discoveries,
                "tested": len(self.said),
                "flagged": self.flagged,
                "said": [s.to_dict() for s in self.said],
            }
        )


def representative(
    votes: Votes, groups: Groups, *, folds: int = 5, false_discoveries: float = 0.10, anyway: bool = False
) -> Representative:
    """On which statements does a group differ from the rest?

    groups : from `groups(votes)`; where none are supported nothing is tested, unless `anyway` asks for the best division
    folds  : parts of the statements; those of one part are tested with groups found without them
    Without this, the votes that draw a line between people are then used to prove it: with no structure at all such a
    test finds differences on a quarter of the statements and more.
    Method: cross-fitting; two-proportion z test, Fisher's exact test where a cell is under 10; Benjamini-Hochberg;
    Wilson intervals. People without votes in the other parts are left out of that part.
    """
    k = groups.supported or (groups.tried if anyway else 0)
    t = table(votes)
    size = len(votes.statement_ids)
    empty = np.zeros((max(k, 0), size), np.int64)
    if k < 2 or t.shape[1] < 2:
        code = "no_groups" if k < 2 else "too_few"
        return Representative((), empty, empty, empty, k, 0, false_discoveries, code)
    folds = min(folds, t.shape[1])
    agree, disagree, n = _cross_fitted(t, groups, k, folds)
    said = _tests(votes, t, agree, n, false_discoveries)
    counts = []
    for made in (agree, disagree, n):
        wide = np.zeros((k, size), np.int64)
        wide[:, t.columns] = made
        counts.append(wide)
    return Representative(tuple(said), *counts, k, folds, false_discoveries, "tested")


def _cross_fitted(t: Table, groups: Groups, k: int, folds: int):
    """(k, C) agrees, disagrees and votes of each statement, by groups that this statement did not help to form."""
    size = t.shape[1]
    fold = np.random.default_rng([groups.seed, 6]).permutation(np.arange(size) % folds)
    person = t.person
    agree, disagree, n = (np.zeros((k, size), np.int64) for _ in range(3))
    for f in range(folds):
        here = fold[t.statement] == f
        labels = _labels_without(t, ~here, groups, k)
        mine = here & (labels[person] >= 0)
        place = labels[person[mine]].astype(np.int64) * size + t.statement[mine]
        value = t.value[mine]
        for counts, wanted in ((agree, value == 1), (disagree, value == -1), (n, slice(None))):
            counts += tally(place[wanted], k * size).reshape(k, size)
    return agree, disagree, n


def _labels_without(t, used, groups, k):
    points, seen = positions(t, directions(t, used=used, tolerance=1e-6))
    ready = (groups.candidate >= 0) & (seen > 0)
    labels = np.full(t.shape[0], -1, np.int8)
    labels[ready] = partition(points[ready], k, seed=groups.seed)
    return align(labels, groups.candidate, k)


def _tests(votes, t, agree, n, false_discoveries):
    rest_agree, rest_n = agree.sum(0) - agree, n.sum(0) - n
    group, column = np.nonzero((n > 0) & (rest_n > 0))
    a, m, b, r = (x[group, column] for x in (agree, n, rest_agree, rest_n))
    p = two_shares(a, m, b, r)
    adjusted = benjamini_hochberg(p)
    (low, high), (others_low, others_high) = wilson(a, m), wilson(b, r)
    place = t.columns[column]
    return [
        Said(
            votes.statement_ids[place[i]], votes.texts[place[i]], int(group[i]), int(a[i]), int(m[i]),
            float(a[i] / m[i]), float(low[i]), float(high[i]), float(b[i] / r[i]), float(others_low[i]), float(others_high[i]), int(r[i]),
            float(p[i]), float(adjusted[i]), bool(adjusted[i] <= false_discoveries),
        )
        for i in range(len(p))
    ]  # fmt: skip


def two_shares(a, m, b, r) -> np.ndarray:
    """Could a of m and b of r be one share?  -> two-sided p; exact (Fisher 1935) where a cell is under 10."""
    a, m, b, r = (np.asarray(x, float) for x in (a, m, b, r))
    pooled = (a + b) / (m + r)
    error = np.sqrt(pooled * (1 - pooled) * (1 / m + 1 / r))
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where(error > 0, (a / m - b / r) / error, 0.0)
    p = special.erfc(np.abs(z) / np.sqrt(2))
    small = np.minimum.reduce([a, m - a, b, r - b]) < SMALL_CELL
    for i in np.flatnonzero(small):
        p[i] = _fisher(int(a[i]), int(m[i]), int(b[i]), int(r[i]))
    return np.minimum(p, 1.0)


def _fisher(a, m, b, r):
    """Two-sided: all tables with these margins that are no likelier than the one seen."""
    low, high = max(0, a + b - r), min(a + b, m)
    chance = distributions.hypergeom.logpmf(np.arange(low, high + 1), m + r, a + b, m)
    return float(np.exp(chance[chance <= chance[a - low] + 1e-7]).sum())
