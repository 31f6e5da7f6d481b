"""The whole of one conversation: map, groups, what they say, common ground, and the same without flagged votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from commonbeat.dialogue.abuse import Flags, flags
from commonbeat.dialogue.agreement import CommonGround, KnownGroups, common_ground, ground_of_counts, known_groups
from commonbeat.dialogue.grouping import Groups, groups
from commonbeat.dialogue.telling import Representative, representative
from commonbeat.dialogue.votes import Votes
from commonbeat.estimate import plain

__all__ = ["Conversation", "conversation"]


@dataclass(frozen=True, slots=True, eq=False)
class Conversation:
    """Everything this room can say about one conversation, exact and without people.

    over    : whose agreement `ground` is about: known groups, opinion groups (cross-fitted), or everyone
    without : the same without flagged people, or None when nobody was flagged
    """

    votes: Votes
    groups: Groups
    said: Representative
    ground: CommonGround
    over: str
    flags: Flags
    known: KnownGroups | None = None
    without: Conversation | None = None
    warnings: tuple[str, ...] = ()

    def to_dict(self) -> dict:
        """Raw and exact: for analysts. `report` suppresses before anything is shown."""
        v, g = self.votes, self.groups
        return plain(
            {
                "people": len(v.people),
                "statements": int(v.voted_on.sum()),
                "statements_written": len(v.statement_ids),
                "votes": len(v),
                "rows": v.rows,
                "agree": v.agrees,
                "disagree": v.disagrees,
                "pass": v.passes,
                "attribute_statements": int((v.attribute & v.voted_on).sum()),
                "opinion_statements": int(v.opinions.sum()),
                "opinion_votes": int(v.opinions[v.statement].sum()),
                "people_placed": self._placed,
                "supported_groups": g.supported,
                "verdict_code": g.code,
                "stability": g.stability,
                "stability_range": g.stability_range,
                "stability_word": g.word,
                "p_value": g.p_value,
                "held_out": g.to_dict()["held_out"],
                "stability_by_k": g.to_dict()["stability_by_k"],
                "shuffles": g.shuffles,
                "subsamples": g.subsamples,
                "seed": g.seed,
                "legacy": g.legacy,
                "groups": self._groups(),
                "common_ground_over": self.over,
                "known_groups": [{"name": n, "size": s} for n, s in zip(self.ground.groups, self.ground.sizes)],
                "common_ground": [r.to_dict() for r in self.ground.agree],
                "shared_disagreement": [r.to_dict() for r in self.ground.disagree],
                "not_enough_votes": [w.to_dict() for w in self.ground.waiting],
                "abuse": self._abuse(),
                "warnings": [*v.notes, *self.warnings],
            }
        )

    @property
    def _placed(self) -> int:
        return int((self.groups.labels >= 0).sum() if self.groups.legacy else self.groups.map.placed.sum())

    def _groups(self) -> list[dict]:
        return [
            {"name": name_of(i), "size": size, "statements": [self._row(s) for s in self.said.of(i)]}
            for i, size in enumerate(self.groups.sizes)
        ]

    def _row(self, said) -> dict:
        place = list(self.votes.statement_ids).index(said.statement_id)
        return said.to_dict() | {"fewest_in_a_group": int(self.said.n[:, place].min())}

    def _abuse(self) -> dict:
        made = self.flags.to_dict() | {"with_flagged": _brief(self), "without_flagged": None}
        if self.without is not None:
            made["without_flagged"] = _brief(self.without)
        return made


def _brief(c: Conversation) -> dict:
    first = [{"statement_id": r.statement_id, "lower": r.lower} for r in c.ground.agree[:5]]
    return {"people": len(c.votes.people), "supported_groups": c.groups.supported, "common_ground": first}


def name_of(group: int) -> str:
    """Opinion groups are lettered, the largest A."""
    return chr(ord("A") + group)


def conversation(
    votes: Votes, known=None, *, seed: int = 0, shuffles: int = 99, subsamples: int = 100, legacy: bool = False,
    warnings: tuple[str, ...] = (),
) -> Conversation:  # fmt: skip
    """What do people think together, where do they part, and what may be trusted of it?

    known : who belongs to which known group, as in `common_ground`; without it common ground is asked of the supported
            opinion groups (each statement by groups it did not help to form), and without those of everyone
    """
    named = None if known is None else known_groups(votes, known)
    made = groups(votes, seed=seed, shuffles=shuffles, subsamples=subsamples, legacy=legacy)
    said = representative(votes, made)
    ground, over = _ground(votes, named, made, said)
    found = flags(votes)
    without = None
    if found.any.any() and not legacy:
        honest = ~found.any
        rest = None if named is None else KnownGroups(named.names, named.of[honest])
        # a look beside the main answer: fewer shuffles decide the same question (p <= 0.05 needs 19)
        without = _plainly(votes.only(honest), rest, seed, min(shuffles, 39), min(subsamples, 40))
    return Conversation(votes, made, said, ground, over, found, named, without, warnings)


def _plainly(votes, named, seed, shuffles, subsamples) -> Conversation:
    made = groups(votes, seed=seed, shuffles=shuffles, subsamples=subsamples)
    said = representative(votes, made)
    ground, over = _ground(votes, named, made, said)
    return Conversation(votes, made, said, ground, over, flags(votes), named)


def _ground(votes, named, made, said) -> tuple[CommonGround, str]:
    if named is not None and named.names:
        return common_ground(votes, named), "known groups"
    if said.code == "tested":
        names = [name_of(i) for i in range(said.k)]
        return ground_of_counts(votes, names, made.sizes, said.agree, said.disagree, said.n), "opinion groups"
    return common_ground(votes, KnownGroups(("everyone",), np.zeros(len(votes.people), np.int32))), "everyone"
