"""How does an answer get its ring and arm without anybody knowing whose it is? By a code that a batch of people share the meaning of.

A code carries area, ring, arm and week band, and nothing else. It is handed out in batches of at least twenty, so that
whoever reads it learns that one of twenty or more people holds it, and never which encounter it came from.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import polars as pl

from commonbeat.codebook import RINGS
from commonbeat.errors import BadInput, Refused
from commonbeat.estimate import plain

__all__ = ["BATCH", "Batch", "batches", "issue", "read_code", "spent"]

BATCH = 20  #: fewest codes that may share one meaning
_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # without what looks alike on paper
_CARRIED = ("area_id", "ring", "arm", "week")


@dataclass(frozen=True, slots=True)
class Batch:
    """One row of the codebook's `invitations`: what every code of the batch carries, and how many there are."""

    batch: str
    plan_id: str
    area_id: str | None
    ring: str
    arm: str | None
    week: str
    codes: int

    def __post_init__(self):
        if self.codes < BATCH:
            raise Refused(
                f"a batch of {self.codes} codes would point at too few people; at least {BATCH} share one meaning. "
                "Wait for more, or pool weeks into a quarter and areas into a larger one (`batches` does)"
            )
        if self.ring not in RINGS:
            raise BadInput(f'ring is "{self.ring}"; use {", ".join(RINGS)}')

    def to_dict(self) -> dict:
        return plain(asdict(self))


def batches(plan_id: str, wanted: pl.DataFrame, *, regions: Mapping[str, str] | None = None) -> tuple[tuple[Batch, ...], pl.DataFrame]:  # fmt: skip
    """Which batches can be handed out?  -> batches of at least twenty, and the rows that must wait.

    wanted  : area_id, ring, arm, week (as 2026-W08) and n, the people to invite; nothing else is let in
    regions : area -> larger area, for those whose quarter alone is too small
    Cells below twenty are pooled: first the week into its quarter, then the area into its region. Rings and arms are
    never mixed, because the answer would lose its meaning.
    """
    _only(wanted)
    made, rest = [], wanted.group_by(_CARRIED).agg(pl.col("n").sum())
    for coarser in (lambda f: f, _quarters, lambda f: _regions(f, regions)):
        rest = coarser(rest).group_by(_CARRIED).agg(pl.col("n").sum()).sort(_CARRIED)
        for row in rest.filter(pl.col("n") >= BATCH).iter_rows(named=True):
            made.append(Batch(f"b{len(made) + 1}", plan_id, row["area_id"], row["ring"], row["arm"], row["week"], int(row["n"])))  # fmt: skip
        rest = rest.filter(pl.col("n") < BATCH)
    return tuple(made), rest


def issue(batch: Batch, key: bytes) -> tuple[str, ...]:
    """The codes of a batch, to print and hand out, in an order that says nothing.  key: the book's secret, 32 bytes or more.

    A code is a batch's name, chance, and a mark that only the key's holder can make; no list of them needs to be kept.
    """
    made = set()
    while len(made) < batch.codes:
        own = "".join(secrets.choice(_LETTERS) for _ in range(8))
        made.add(f"{batch.batch}-{own}-{_mark(batch.batch, own, key)}")
    return tuple(sorted(made))


def read_code(code: str, known: Iterable[Batch], key: bytes, *, used: set[str] | None = None) -> dict:
    """What does a code carry?  -> area_id, ring, arm, week, plan_id, and nothing else.

    used : hashes of codes that were redeemed (`spent`); a code answers once
    Raises BadInput for a code nobody handed out, Refused for one that was used.
    """
    name, _, rest = code.strip().upper().partition("-")
    own, _, mark = rest.partition("-")
    batch = {b.batch.upper(): b for b in known}.get(name)
    if batch is None or not hmac.compare_digest(mark, _mark(batch.batch, own, key)):
        raise BadInput("this is not a code that was handed out: check the letters, there is no O, I, L, 0 or 1 in it")
    if used is not None and spent(code) in used:
        raise Refused("this code was used already; a code answers once, so that no voice counts twice")
    return {"plan_id": batch.plan_id} | {name: getattr(batch, name) for name in _CARRIED}


def spent(code: str) -> str:
    """What to keep of a used code: its hash, kept apart from the answer."""
    return hashlib.sha256(b"commonbeat code\n" + code.strip().upper().encode()).hexdigest()


def _mark(batch, own, key) -> str:
    if len(key) < 32:
        raise BadInput("the key of the codes is shorter than 32 bytes and could be guessed")
    number = int.from_bytes(hmac.new(key, f"{batch}-{own}".encode(), hashlib.sha256).digest(), "big")
    return "".join(_LETTERS[number // len(_LETTERS) ** k % len(_LETTERS)] for k in range(6))


def _only(wanted):
    extra = [c for c in wanted.columns if c not in (*_CARRIED, "n")]
    if extra:
        raise Refused(
            f"a code carries {', '.join(_CARRIED)} and nothing else; {', '.join(extra)} would tie answers to encounters or people"
        )
    missing = [c for c in (*_CARRIED, "n") if c not in wanted.columns]
    if missing:
        raise BadInput(f"the list of whom to invite lacks {', '.join(missing)}")
    wrong = wanted.filter(~pl.col("week").str.contains(r"^\d{4}-W(0[1-9]|[1-4]\d|5[0-3])$"))
    if wrong.height:
        raise BadInput(f'week is "{wrong["week"][0]}"; write it as 2026-W08')


def _quarters(frame):
    quarter = ((pl.col("week").str.slice(6, 2).cast(pl.Int64) - 1) // 13 + 1).clip(1, 4)
    return frame.with_columns(week=pl.col("week").str.slice(0, 4) + pl.lit("-Q") + quarter.cast(pl.String))


def _regions(frame, regions):
    return frame if not regions else frame.with_columns(pl.col("area_id").replace(dict(regions)))
