"""On what do all known groups agree? No clustering is needed for that, only who says they belong where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy import special

from commonbeat.dialogue.mapping import tally
from commonbeat.dialogue.votes import REJECTED, Votes
from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["CommonGround", "Ground", "KnownGroups", "Waiting", "common_ground", "counts_by_group", "known_groups"]

NEEDED = 5  #: votes from every group before a statement is judged


@dataclass(frozen=True, slots=True, eq=False)
class KnownGroups:
    """names : of the groups, sorted;  of : (P,) int32 group of each person, -1 where none is known."""

    names: tuple[str, ...]
    of: np.ndarray

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(np.bincount(self.of[self.of >= 0], minlength=len(self.names)).tolist())


@dataclass(frozen=True, slots=True)
class Ground:
    """How sure is it that every group agrees with (or rejects) one statement?

    p_every_group : probability that in every group more than half would (independent groups, uniform priors)
    least_keen    : the group with the lowest bound;  lower : its 10 % lower bound of the share
    n_by_group, share_by_group, low_by_group, high_by_group : votes (passes count), share, its 95 % interval
    share_by_size, low_by_size, high_by_size : the groups' shares weighted by the people in them, so that small groups
                    neither drown nor decide unseen; 95 % interval by the groups' posterior variances
    group_consensus : product over groups of (A + 1) / (N + 2), as Polis shows; group_consensus_mean, its geometric mean
    """

    statement_id: int | str
    text: str
    p_every_group: float
    least_keen: str
    lower: float
    n_by_group: dict[str, int]
    share_by_group: dict[str, float]
    low_by_group: dict[str, float]
    high_by_group: dict[str, float]
    share_by_size: float
    low_by_size: float
    high_by_size: float
    group_consensus: float
    group_consensus_mean: float

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class Waiting:
    """A statement that cannot be judged yet, and the groups whose votes are missing."""

    statement_id: int | str
    text: str
    groups: tuple[str, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


@dataclass(frozen=True, slots=True)
class CommonGround:
    """agree, disagree : every judged statement, the surest first; waiting : those that lack votes from some group."""

    groups: tuple[str, ...]
    sizes: tuple[int, ...]
    agree: tuple[Ground, ...]
    disagree: tuple[Ground, ...]
    waiting: tuple[Waiting, ...]
    needed: int
    level: float

    def to_dict(self) -> dict:
        return plain(asdict(self))


def known_groups(votes: Votes, of) -> KnownGroups:
    """Who belongs to which known group?

    of : {person: group}; or one name per person in the order of `votes.people` (None: not known); or a `KnownGroups`
    People in `of` who did not vote are passed over; if nobody in it voted it is refused.
    """
    if isinstance(of, KnownGroups):
        return of
    if isinstance(of, Mapping):
        named = {str(p): g for p, g in of.items()}
        said = [named.get(str(p)) for p in votes.people]
        if named and len(votes.people) and not any(g is not None for g in said):
            raise BadInput("none of the people in the groups voted here; use the same ids as in the votes.")
    else:
        said = list(of)
        if len(said) != len(votes.people):
            raise BadInput(
                f"{len(said)} groups for {len(votes.people)} people; give one for each, None where not known."
            )
    names = tuple(sorted({str(g) for g in said if _known(g)}))
    at = {n: i for i, n in enumerate(names)}
    return KnownGroups(names, np.array([at[str(g)] if _known(g) else -1 for g in said], np.int32))


def _known(group) -> bool:
    return group is not None and group == group and str(group).strip() != ""


def counts_by_group(votes: Votes, known: KnownGroups):
    """(G, S) agrees, disagrees and votes (passes count) of each known group on each statement."""
    groups, size = len(known.names), len(votes.statement_ids)
    group = known.of[votes.person]
    mine = group >= 0
    place = group[mine].astype(np.int64) * size + votes.statement[mine]
    value = votes.value[mine]
    made = [tally(place[w], groups * size).reshape(groups, size) for w in (value == 1, value == -1)]
    return (*made, tally(place, groups * size).reshape(groups, size))


def common_ground(
    votes: Votes, known_groups_: object = None, *, needed: int = NEEDED, level: float = 0.10
) -> CommonGround:
    """Which statements do all known groups agree with, and which do they all reject?

    known_groups_ : {person: group}, one name per person, or `KnownGroups`; None takes everybody as one group
    needed        : votes from each group before a statement is judged; else it waits, and the result says for whom
    level         : of the lower bound that ranks
    Method: with A agreeing of N (passes count in N) a group's share follows Beta(A + 1, N - A + 1); the score is the
    product over groups of its chance to exceed one half; ranked by the lower bound of the least keen group, so that one
    loud group cannot carry a statement. Idea of bridging: Small et al. 2021; Ovadya & Thorburn 2023.
    """
    if known_groups_ is None:
        known = KnownGroups(("everyone",), np.zeros(len(votes.people), np.int32))
    else:
        known = known_groups(votes, known_groups_)
    if not known.names:
        raise BadInput("no groups are named; give at least one group with its people.")
    agree, disagree, n = counts_by_group(votes, known)
    return ground_of_counts(votes, known.names, known.sizes, agree, disagree, n, needed=needed, level=level)


def ground_of_counts(
    votes, names: Sequence[str], sizes, agree, disagree, n, *, needed=NEEDED, level=0.10
) -> CommonGround:
    """The same question when the votes are already counted: agree, disagree, n are (groups, statements)."""
    asked = np.flatnonzero(votes.voted_on & ~votes.attribute & (votes.moderated != REJECTED))
    enough = (n[:, asked] >= needed).all(axis=0)
    judged = asked[enough]
    waiting = tuple(
        Waiting(votes.statement_ids[j], votes.texts[j], tuple(g for g, m in zip(names, n[:, j]) if m < needed))
        for j in asked[~enough]
    )
    lists = [_ranked(votes, names, sizes, counts, n, judged, level) for counts in (agree, disagree)]
    return CommonGround(tuple(names), tuple(sizes), *lists, waiting, needed, level)


def _ranked(votes, names, sizes, counts, n, judged, level) -> tuple[Ground, ...]:
    if not len(judged):
        return ()
    a, m = counts[:, judged].astype(float), n[:, judged].astype(float)
    more_than_half = special.betaincc(a + 1, m - a + 1, 0.5)
    every = more_than_half.prod(axis=0)
    lower = special.betaincinv(a + 1, m - a + 1, level)
    low, high = special.betaincinv(a + 1, m - a + 1, 0.025), special.betaincinv(a + 1, m - a + 1, 0.975)
    consensus = ((a + 1) / (m + 2)).prod(axis=0)
    weight = np.asarray(sizes, float)[:, None]
    weight = weight / max(weight.sum(), 1)
    by_size = (weight * a / m).sum(axis=0)
    middle = (weight * (a + 1) / (m + 2)).sum(axis=0)
    half = 1.96 * np.sqrt((weight**2 * (a + 1) * (m - a + 1) / ((m + 2) ** 2 * (m + 3))).sum(axis=0))
    size_low, size_high = (
        np.minimum(by_size, np.maximum(middle - half, 0)),
        np.maximum(by_size, np.minimum(middle + half, 1)),
    )
    keen = lower.argmin(axis=0)
    order = np.lexsort((judged, -every, -lower.min(axis=0)))
    named = lambda values, i: dict(zip(names, values[:, i].tolist()))  # noqa: E731
    return tuple(
        Ground(
            votes.statement_ids[judged[i]], votes.texts[judged[i]], float(every[i]), names[keen[i]],
            float(lower[keen[i], i]), dict(zip(names, n[:, judged[i]].tolist())), named(a / m, i), named(low, i),
            named(high, i), float(by_size[i]), float(size_low[i]), float(size_high[i]), float(consensus[i]), float(consensus[i] ** (1 / len(names))),
        )
        for i in order
    )  # fmt: skip
