"""How many opinion groups are there, none included, and how far can that be trusted?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.dialogue.clusters import agreement_of_partitions, partition
from commonbeat.dialogue.heldout import MOST_GROUPS, Foretold, foretell
from commonbeat.dialogue.legacy import polis_groups
from commonbeat.dialogue.mapping import LEAST_VOTES, OpinionMap, Table, directions, opinion_map, positions, table
from commonbeat.dialogue.votes import Votes
from commonbeat.estimate import plain
from commonbeat.privacy import FLOOR

__all__ = ["Groups", "groups"]

STABLE, TENTATIVE = 0.85, 0.60  #: adjusted Rand between the groups and those of 80 % of the people
CHOOSE_PEOPLE = 20_000  # people whose held-out votes choose k; more change nothing but the time
CHECK_PEOPLE = 3_000  # people in a check of chance or of stability; fewer than all makes both harder to pass
ENOUGH_WORSE = (
    10  # shuffles that do as well as the real votes, after which p can only be large (Besag & Clifford 1991)
)


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """How many opinion groups the votes support (0 = none) and who is in which.

    supported : 0, or 2..5
    code      : why, for `report` to put in words: nobody, too_few, no_gain, chance, unstable, tentative, stable,
                unchecked (no shuffles or subsamples were asked for)
    labels    : (P,) int8 group of each person, the largest 0, -1 where not placed or no groups are supported
    candidate : (P,) int8 the best division even if it is not supported: for tests and for the doubting, not for pages
    tried     : the k of `candidate`;  foretold : held-out votes at k = 1..5
    stability : mean adjusted Rand of the supported (else tried) k over subsamples; stability_range, what nine in ten of
                them lie between; by_k, the means for k = 2..5 (nan: not tried)
    p_value   : share of shuffles that foretell as well
    """

    supported: int
    code: str
    labels: np.ndarray
    candidate: np.ndarray
    tried: int
    foretold: Foretold
    stability: float | None
    stability_range: tuple[float, float] | None
    by_k: tuple
    p_value: float | None
    shuffles: int
    subsamples: int
    seed: int
    map: OpinionMap
    legacy: bool = False

    @property
    def sizes(self) -> tuple[int, ...]:
        """People in each supported group."""
        return tuple(np.bincount(self.labels[self.labels >= 0], minlength=self.supported)[: self.supported].tolist())

    @property
    def word(self) -> str:
        """The stability in a word: stable, tentative, not supported."""
        return self.code if self.code in ("stable", "tentative", "unchecked") else "not supported"

    def to_dict(self) -> dict:
        """Everything but the people."""
        tried = range(1, MOST_GROUPS + 1)
        return plain(
            {
                "supported_groups": self.supported,
                "code": self.code,
                "sizes": list(self.sizes),
                "stability": self.stability,
                "stability_range": self.stability_range,
                "stability_word": self.word,
                "p_value": self.p_value,
                "tried": self.tried,
                "held_out": [
                    {"k": k, "gain": g, "std_error": e}
                    for k, g, e in zip(tried, self.foretold.gain, self.foretold.error)
                ],
                "held_out_votes": self.foretold.votes,
                "stability_by_k": [{"k": k, "stability": s} for k, s in zip(range(2, MOST_GROUPS + 1), self.by_k)],
                "shuffles": self.shuffles,
                "subsamples": self.subsamples,
                "seed": self.seed,
                "legacy": self.legacy,
                "map": self.map.to_dict(),
            }
        )


def groups(
    votes: Votes,
    *,
    seed: int = 0,
    shuffles: int = 99,
    subsamples: int = 100,
    least: int = LEAST_VOTES,
    legacy: bool = False,
) -> Groups:
    """Which opinion groups are there, if any?

    votes      : opinion votes count; attributes and rejected statements stay out
    shuffles   : data sets without structure (each statement's votes shuffled among its voters) to compare with
    subsamples : draws of 80 % of the people in which the groups must be found again
    legacy     : what a Polis server would show on a cold start, for checking us; it always finds groups
    Held-out votes say how many groups at most (one-standard-error rule, 1 = none); that gain must beat chance
    (p <= 0.05); and the groups must come back in subsamples. Of the divisions no finer than that, none with a group
    under five people, the finest stable one is taken (adjusted Rand >= 0.85), else the finest tentative one (>= 0.6),
    else none. Above 3,000 people both checks use 3,000 of them, which makes them harder to pass, not easier.
    Limit: shuffling also removes the habit of agreeing with everything, so a rejection says "not chance", no more.
    """
    made = opinion_map(votes, least=least)
    if legacy:
        return _legacy(votes, made, seed)
    t = table(votes)
    points = made.points[made.placed]
    if made.placed.sum() < 4 or not np.any(points):
        return _none(made, "nobody" if not len(votes.people) else "too_few", seed, shuffles, subsamples)
    rng = np.random.default_rng([seed, 2])
    part = _some(t, CHOOSE_PEOPLE, rng)
    told = foretell(part, least=made.least, seed=seed, folds=_folds(len(part.value)))
    tried = told.chosen if told.chosen > 1 else int(np.nanargmax(told.gain[1:])) + 2
    full = {k: _labelled(made, k, seed) for k in range(2, tried + 1)}
    p = _chance(t, made.least, seed, shuffles) if shuffles else None
    again = _stability(t, made, full, seed, subsamples) if subsamples else {}
    by_k = {j: float(found.mean()) for j, found in again.items()}
    least = {k: np.bincount(labels[labels >= 0], minlength=k).min() for k, labels in full.items()}
    k, code = _verdict(told, tried, p, by_k, least)
    candidate = full[k or tried]
    stability = by_k.get(k or tried)
    between = tuple(np.quantile(again[k or tried], [0.05, 0.95]).tolist()) if again else None
    labels = candidate if k else np.full(len(candidate), -1, np.int8)
    spread = tuple(by_k.get(j, float("nan")) for j in range(2, MOST_GROUPS + 1))
    return Groups(
        k, code, labels, candidate, k or tried, told, stability, between, spread, p, shuffles, subsamples, seed, made
    )


def _verdict(told, tried, p, by_k, least):
    if told.chosen == 1:
        return 0, "no_gain"
    if p is not None and p > 0.05:
        return 0, "chance"
    worth = [k for k in range(tried, 1, -1) if told.gain[k - 1] > told.error[k - 1] and least[k] >= FLOOR]
    if not by_k:
        return (worth[0], "unchecked") if worth else (0, "unstable")
    for enough, code in ((STABLE, "stable"), (TENTATIVE, "tentative")):
        for k in worth:
            if by_k[k] >= enough:
                return k, code
    return 0, "unstable"


def _none(made, code, seed, shuffles, subsamples):
    nobody = np.full(len(made.placed), -1, np.int8)
    zero = np.zeros(MOST_GROUPS)
    told = Foretold(np.full(MOST_GROUPS, np.nan), zero, zero, 1, 0)
    nan = (float("nan"),) * (MOST_GROUPS - 1)
    return Groups(0, code, nobody, nobody, 0, told, None, None, nan, None, shuffles, subsamples, seed, made)


def _legacy(votes, made, seed):
    labels = polis_groups(votes)
    k = int(labels.max(initial=-1)) + 1
    told = Foretold(np.full(MOST_GROUPS, np.nan), np.zeros(MOST_GROUPS), np.zeros(MOST_GROUPS), max(k, 1), 0)
    nan = (float("nan"),) * (MOST_GROUPS - 1)
    return Groups(k, "unchecked", labels, labels, k, told, None, None, nan, None, 0, 0, seed, made, legacy=True)


def _labelled(made: OpinionMap, k: int, seed: int) -> np.ndarray:
    out = np.full(len(made.placed), -1, np.int8)
    out[made.placed] = partition(made.points[made.placed], k, seed=seed)
    return out


def _some(t: Table, people: int, rng) -> Table:
    size = t.shape[0]
    return t if size <= people else t.rows(np.sort(rng.choice(size, people, replace=False)))


def _folds(votes: int) -> int:
    return 10 if votes < 20_000 else 4 if votes < 200_000 else 1


def _chance(t, least, seed, shuffles):
    """How often do votes without structure foretell as well?  The best gain of k = 2..5, so that choosing is paid for."""
    rng = np.random.default_rng([seed, 3])
    part = _some(t, CHECK_PEOPLE, rng)
    folds = 5 if len(part.value) < 20_000 else 2 if len(part.value) < 100_000 else 1
    real = foretell(part, least=least, seed=seed, folds=folds).gain[1:].max()
    by = np.argsort(part.statement, kind="stable")
    column, said = part.statement[by], part.value[by]
    worse = 0
    for done in range(1, shuffles + 1):
        value = np.empty_like(said)
        value[by] = said[np.argsort(column + rng.random(len(column)))]
        null = Table(part.start, part.statement, value, part.columns)
        worse += foretell(null, least=least, seed=seed, folds=folds).gain[1:].max() >= real
        if worse == ENOUGH_WORSE:
            return worse / done
    return (worse + 1) / (shuffles + 1)


def _stability(t, made, full, seed, subsamples):
    """{k: adjusted Rand, one for each draw} between everybody's groups and those found again from 80 % of the people."""
    rng = np.random.default_rng([seed, 4])
    people = min(t.shape[0], CHECK_PEOPLE)
    found = {k: [] for k in full}
    for b in range(subsamples):
        some = np.sort(rng.choice(t.shape[0], max(int(0.8 * people), 1), replace=False))
        part = t.rows(some)
        placed = made.placed[some]
        points = positions(part, directions(part, tolerance=1e-3))[0][placed]
        for k, labels in full.items():
            again = partition(points, k, seed=seed + b, restarts=2)
            found[k].append(agreement_of_partitions(labels[some][placed], again))
    return {k: np.array(v) for k, v in found.items()}
