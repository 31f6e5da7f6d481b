"""What do people say together? Statements about policing in a town, written by us, and votes of known opinion groups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl

from commonbeat.city.words import stream

__all__ = ["COMMON", "GROUP_SHARE", "Talked", "build"]

GROUP_SHARE = (0.45, 0.33, 0.22)
#: chance to agree in each of the three opinion groups, of those who do not pass
PATTERNS = {
    "all": (0.90, 0.88, 0.86), "none": (0.10, 0.12, 0.14), "a": (0.88, 0.20, 0.25), "b": (0.18, 0.86, 0.22),
    "c": (0.20, 0.24, 0.85), "ab": (0.84, 0.82, 0.18), "ac": (0.86, 0.18, 0.80), "bc": (0.16, 0.84, 0.82),
    "mixed": (0.52, 0.48, 0.50),
}  # fmt: skip
PASS = 0.12
STATEMENTS = (
    ("all", "Officers should say why they stopped somebody, every time."),
    ("all", "I would like to know the officers who walk my street."),
    ("all", "A complaint should be answered within a month."),
    ("all", "A child should be able to wave at a police car without fear."),
    ("all", "Good moments with the police do not undo bad ones; both should be counted."),
    ("none", "It is nobody's business how often force is used."),
    ("none", "Officers should be rewarded for the number of friendly contacts they log."),
    ("a", "There should be more patrols at night."),
    ("a", "Speeding in our streets should be fined more often."),
    ("a", "I feel safer when I see a patrol car."),
    ("a", "The police in this town are already fair to everybody."),
    ("a", "Cameras on the market square would help."),
    ("b", "Stops for small things should end."),
    ("b", "Part of the police budget should go to youth clubs."),
    ("b", "An independent board should decide about complaints."),
    ("b", "I think twice before I call the police."),
    ("b", "Some streets are watched far more than others."),
    ("c", "Officers should spend more time at sports grounds and schools."),
    ("c", "Nobody asks young people before rules are made."),
    ("c", "Music in the park should be allowed until ten."),
    ("c", "Officers should visit our class more than once a year."),
    ("ab", "New officers should walk with a resident in their first month."),
    ("ab", "Officers should live in the town they serve."),
    ("ac", "A photo with an officer is a nice memory."),
    ("ac", "Stories about kind officers should be on the town's page."),
    ("bc", "Being followed in a shop happens to people like me."),
    ("bc", "Searches should need a written reason that the person can keep."),
    ("bc", "I would dance with an officer only if I could walk away at any time."),
    ("mixed", "Officers should carry the same equipment at festivals as at night."),
    ("mixed", "The town should film every public meeting."),
)  # fmt: skip
ATTRIBUTES = ("I am under 25.", "I was stopped by the police in the last year.", "I work for the police.")
COMMON = tuple(text for pattern, text in STATEMENTS if pattern in ("all", "none"))


@dataclass(frozen=True, slots=True)
class Talked:
    """Codebook tables `statements` and `votes`; hidden: person, opinion_group (0, 1, 2)."""

    statements: pl.DataFrame
    votes: pl.DataFrame
    hidden: pl.DataFrame


def build(seed, *, residents, start, days) -> Talked:
    """Lets people vote: about one resident in fifty, each on 60 % of the statements, some of them twice."""
    rng = stream(seed, "dialogue")
    voters = int(np.clip(residents // 50, 150, 4000))
    group = rng.choice(3, voters, p=GROUP_SHARE)
    known = rng.choice(3, voters, p=(0.8, 0.14, 0.06))
    known = np.where(
        (group == 2) & (rng.random(voters) < 0.6), 1, np.where((group == 0) & (rng.random(voters) < 0.1), 2, known)
    )
    opens = start + timedelta(days=days * 0.55)
    person, item, value = _votes(rng, group, known)
    when = rng.uniform(0, 30, len(person))
    again = rng.random(len(person)) < 0.01  # people may change their mind: the last vote counts
    person, item = np.r_[person, person[again]], np.r_[item, item[again]]
    first = np.where(
        np.r_[again, np.zeros(again.sum(), bool)], rng.integers(-1, 2, len(person)), np.r_[value, value[again]]
    )
    when = np.r_[when, when[again] + 0.01]
    votes = pl.DataFrame(
        {
            "person": np.char.add("v", np.char.zfill((person + 1).astype(str), 5)),
            "statement_id": np.char.add("t", np.char.zfill((item + 1).astype(str), 2)),
            "value": first.astype(np.int8),
            "at": pl.Series(opens.timestamp() * 1e6 + when * 86_400e6).cast(pl.Int64).cast(pl.Datetime("us", "UTC")),
            "known_group": np.array(("resident", "youth", "officer"))[known][person],
        }
    ).sort("at", maintain_order=True)
    names = np.char.add("v", np.char.zfill((np.arange(voters) + 1).astype(str), 5))
    return Talked(_statements(rng, opens), votes, pl.DataFrame({"person": names, "opinion_group": group}))


def _votes(rng, group, known):
    chance = np.array([PATTERNS[pattern] for pattern, _ in STATEMENTS]).T[group]
    self_said = np.c_[known == 1, rng.random(len(group)) < np.where(group == 1, 0.35, 0.1), known == 2]
    chance = np.c_[chance, np.where(self_said, 0.995, 0.005)]
    shown = rng.random(chance.shape) < 0.6
    value = np.where(rng.random(chance.shape) < chance, 1, -1)
    opinion = np.arange(chance.shape[1]) < len(STATEMENTS)
    value = np.where(opinion & (rng.random(chance.shape) < PASS), 0, value)
    person, item = np.nonzero(shown)
    return person, item, value[person, item]


def _statements(rng, opens) -> pl.DataFrame:
    texts = [text for _, text in STATEMENTS] + list(ATTRIBUTES)
    return pl.DataFrame(
        {
            "statement_id": [f"t{i:02d}" for i in range(1, len(texts) + 1)],
            "text": texts,
            "at": pl.Series([opens - timedelta(days=3)] * len(texts)).cast(pl.Datetime("us", "UTC")),
            "proposed_by": rng.choice(["resident", "officer", "host"], len(texts), p=(0.75, 0.1, 0.15)),
            "attribute": [False] * len(STATEMENTS) + [True] * len(ATTRIBUTES),
            "moderated": ["accepted"] * len(texts),
            "language": ["en"] * len(texts),
        }
    )
