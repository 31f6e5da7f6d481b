"""Which statement should this person be shown next? The one about which least is known from people like them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np

from commonbeat.dialogue.agreement import NEEDED, KnownGroups, counts_by_group, known_groups
from commonbeat.dialogue.votes import REJECTED, Votes
from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["NextStatement", "next_statement", "priorities"]

FLOOR_SHARE = 0.2  #: of all showings are spread evenly, so that no statement ever starves


@dataclass(frozen=True, slots=True)
class NextStatement:
    """What to ask, and every chance behind the draw, so that it can be checked afterwards.

    statement_id  : None when nothing is left to ask
    probabilities : {statement: chance} over what this person has not voted on; adds up to 1
    floor         : the least chance any of them had
    """

    statement_id: int | str | None
    text: str
    probability: float | None
    probabilities: dict
    floor: float | None
    seed: int

    def to_dict(self) -> dict:
        return plain({name: getattr(self, name) for name in self.__slots__})


def priorities(votes: Votes, known=None, *, group: str | None = None) -> np.ndarray:
    """(S,) How much would one more vote teach about each statement?  0 for rejected ones and self-descriptions.

    The variance left in each group's share of agreement, Beta(A + 1, N - A + 1), up to five times as much while the
    group lacks votes to be judged by, squared, and added over groups; with `group`, of that group alone.
    """
    known = (
        KnownGroups(("everyone",), np.zeros(len(votes.people), np.int32))
        if known is None
        else known_groups(votes, known)
    )
    agree, _, n = counts_by_group(votes, known)
    variance = (agree + 1) * (n - agree + 1) / ((n + 2) ** 2 * (n + 3))
    worth = (variance * (1 + 4 * np.maximum(NEEDED - n, 0) / NEEDED)) ** 2
    if group is not None:
        if group not in known.names:
            raise BadInput(f'there is no group "{group}"; the groups are {", ".join(known.names)}.')
        worth = worth[[known.names.index(group)]]
    open_ = ~votes.attribute & (votes.moderated != REJECTED)
    return worth.sum(axis=0) * open_


def next_statement(
    votes: Votes,
    person=None,
    *,
    known_groups=None,
    group: str | None = None,
    seed: int = 0,
    floor: float = FLOOR_SHARE,
) -> NextStatement:
    """What should this person be asked next?

    person       : label of the person, so that nothing is asked twice; None or a newcomer: everything is open
    known_groups : as in `common_ground`; statements lacking votes from some group come first
    group        : the person's own group where it is known: only they can fill its gaps
    floor        : share of showings spread evenly over all statements, whatever their priority
    The draw follows from seed, person and how many votes they have cast, so an audit can repeat it.
    """
    if not 0 <= floor <= 1:
        raise BadInput(f"floor is {floor}; a share between 0 and 1 is needed.")
    weight = priorities(votes, known_groups, group=group)
    voted = _voted(votes, person)
    left = np.flatnonzero(weight > 0)
    left = left[~np.isin(left, voted)]
    if not len(left):
        return NextStatement(None, "", None, {}, None, seed)
    chance = floor / len(left) + (1 - floor) * weight[left] / weight[left].sum()
    rng = np.random.default_rng([seed, zlib.crc32(str(person).encode()), len(voted)])
    at = int(np.searchsorted(np.cumsum(chance), rng.random() * chance.sum(), side="right").clip(max=len(left) - 1))
    ids = [votes.statement_ids[j] for j in left]
    chances = dict(zip(ids, chance.tolist()))
    return NextStatement(ids[at], votes.texts[left[at]], float(chance[at]), chances, floor / len(left), seed)


def _voted(votes, person):
    at = np.flatnonzero(votes.people.astype(str) == str(person)) if person is not None else ()
    return votes.statement[votes.start[at[0]] : votes.start[at[0] + 1]] if len(at) else np.zeros(0, np.int32)
