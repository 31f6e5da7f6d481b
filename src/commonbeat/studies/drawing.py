"""Who gets what, drawn so that nobody can shop for a draw and anyone can repeat it.

The seed is made and its hash is published before the list of units exists; the seed itself is shown afterwards. Whoever
holds the list, the seed and this file gets the same draw.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from commonbeat.audit import Chain
from commonbeat.design import Design
from commonbeat.errors import BadInput, Broken, Refused
from commonbeat.studies.plan import Plan

__all__ = [
    "Assignment",
    "Balance",
    "assign",
    "balance",
    "check_draw",
    "commitment",
    "new_seed",
    "next_arm",
    "record_draw",
]


DRAWN = "plan.assigned"


def new_seed() -> str:
    """32 random bytes in hex: keep it closed until everybody is assigned."""
    return secrets.token_hex(32)


def commitment(seed: str) -> str:
    """What to publish beforehand: a hash that the seed answers to and does not give away."""
    return hashlib.sha256(b"commonbeat seed\n" + bytes.fromhex(_checked(seed))).hexdigest()


@dataclass(frozen=True, slots=True)
class Assignment:
    """The draw. frame: unit, arm, block, cluster, probability in the order of the units' names."""

    plan_id: str
    frame: pl.DataFrame = field(repr=False)
    design: Design = field(repr=False)
    seed_commitment: str
    plan_hash: str = ""
    committed: bool = False  # did the plan name the seed's hash beforehand?

    @property
    def sha256(self) -> str:
        """Of the whole draw, as it stands in the audit chain."""
        return hashlib.sha256(self.frame.write_csv().encode()).hexdigest()

    def to_dict(self) -> dict:
        counts = self.frame.group_by("arm").len().sort("arm")
        return {
            "plan_id": self.plan_id, "seed_commitment": self.seed_commitment, "design": self.design.to_dict(),
            "arms": dict(counts.iter_rows()), "units": self.frame.to_dicts(),
        }  # fmt: skip


def assign(plan: Plan, units: pl.DataFrame, *, seed: str, shares: Sequence[float] | None = None) -> Assignment:
    """Draws an arm for every unit, in blocks and clusters as the plan says.

    units  : one row each: `unit`, and the plan's block and cluster columns
    seed   : hex; must answer to the plan's seed_commitment when the plan has one (Broken otherwise)
    shares : share of each arm in every block, equal by default; what cannot be split evenly is drawn too
    A saturation design is drawn twice: every block draws one of the plan's shares, then its units draw the arm.
    """
    if plan.seed_commitment and commitment(seed) != plan.seed_commitment:
        raise Broken(
            "this seed does not answer to the plan's seed_commitment: use the seed that was committed, or seal an amendment"
        )
    if "unit" not in units.columns or units.height == 0:
        raise BadInput('the list of units needs a column "unit" and at least one row')
    if units["unit"].is_duplicated().any():
        twice = units.filter(pl.col("unit").is_duplicated())["unit"][0]
        raise BadInput(f'unit "{twice}" stands in the list twice: a unit is drawn once')
    units = units.sort("unit")  # the order of the file must not matter
    block = _column(units, plan.block)
    cluster = _column(units, plan.cluster)
    rng = np.random.default_rng(int(_checked(seed), 16))
    share = None
    if plan.design == "saturation":
        counts, share = _two_stages(plan, block, cluster, rng)
    else:
        counts = _counts(block, cluster, units.height, len(plan.arms), shares, rng)
    design = Design.complete(counts, block=block, cluster=cluster, arms=plan.arms)
    arm = design.draw(rng)[0]
    chance = design.probability()[np.arange(units.height), arm]
    if share is not None:  # what the group drew, which is what the analysis compares; rounding to whole units aside
        chance = np.where(arm == plan.arms.index(plan.primary.treated), share, 1 - share)
    frame = units.select(
        pl.lit(plan.plan_id).alias("plan_id"),
        pl.col("unit").cast(pl.String),
        pl.Series("arm", [plan.arms[a] for a in arm]),
        pl.Series("block", block, dtype=pl.String) if block is not None else pl.lit(None, pl.String).alias("block"),
        pl.Series("cluster", cluster, dtype=pl.String)
        if cluster is not None
        else pl.lit(None, pl.String).alias("cluster"),
        pl.Series("probability", chance),
    )
    return Assignment(plan.plan_id, frame, design, commitment(seed), plan.hash, bool(plan.seed_commitment))


def record_draw(drawn: Assignment, chain: Chain, *, who: str, at: dt.datetime | None = None) -> int:
    """Writes a list's draw into the audit chain  -> the entry's number. Refused for a plan that commits to no seed, or is not sealed.

    Another draw of the same plan is written beside the first, never over it; the same draw again is the first.
    """
    if not drawn.committed:
        raise Refused(
            "this plan commits to no seed, so anybody could draw until they like it: make one with `commonbeat study assign --new-seed`, "
            "put the commitment into the plan and seal it"
        )
    if not any(e.what == "plan.sealed" and e.about.get("plan_hash") == drawn.plan_hash for e in chain):
        raise Refused("this plan is not sealed in this book: `commonbeat study seal` comes before the draw")
    about = {"plan_id": drawn.plan_id, "plan_hash": drawn.plan_hash, "seed_commitment": drawn.seed_commitment, "units": drawn.frame.height, "draw_sha256": drawn.sha256}  # fmt: skip
    for e in chain:
        if e.what == DRAWN and dict(e.about) == about:
            return e.n
    return chain.append(DRAWN, who=who, about=about, at=at).n


def check_draw(drawn: Assignment, chain: Chain) -> int:
    """Which entry of the chain holds this very draw? Broken where the chain holds another one of the plan, BadInput where none."""
    chain.verify().or_raise()
    told = [e for e in chain if e.what == DRAWN and e.about["plan_id"] == drawn.plan_id]
    for e in told:
        if e.about["draw_sha256"] == drawn.sha256:
            return e.n
    if not told:
        raise BadInput(f'no draw of a list stands in the audit chain for the plan "{drawn.plan_id}"')
    raise Broken(f"entry {told[-1].n} holds another draw: the list, the seed, the plan or the draw was changed since")


def next_arm(plan: Plan, *, seed: str, stratum: str, arrived: int) -> str:
    """The arm of the next person, for people who appear one by one (permuted blocks of random size, per stratum).

    arrived : how many of this stratum came before
    The sequence follows from seed and stratum alone, so it can be recomputed, and cannot be guessed without the seed.
    """
    if arrived < 0:
        raise BadInput(f"arrived is {arrived}: it counts those who came before, from 0")
    key = hmac.new(bytes.fromhex(_checked(seed)), f"{plan.hash}\n{stratum}".encode(), hashlib.sha256).digest()
    rng = np.random.default_rng(int.from_bytes(key, "big"))
    seen = 0
    while True:
        size = len(plan.arms) * int(rng.integers(1, 4))
        dealt = rng.permutation(np.repeat(np.arange(len(plan.arms)), size // len(plan.arms)))
        if arrived < seen + size:
            return plan.arms[dealt[arrived - seen]]
        seen += size


@dataclass(frozen=True, slots=True)
class Balance:
    """How alike the arms are in what was known before. difference: standardised; names sorted."""

    rows: tuple[tuple[str, float | None, float | None, float | None], ...]

    def to_dict(self) -> dict:
        keys = ("covariate", "treated_mean", "control_mean", "standardised_difference")
        return {"balance": [dict(zip(keys, row)) for row in self.rows]}


def balance(frame: pl.DataFrame, covariates: Sequence[str], *, treated: str, control: str) -> Balance:
    """Were the arms alike beforehand? The difference in means over the pooled standard deviation; None: nothing varies."""
    rows = []
    for name in covariates:
        a = frame.filter(pl.col("arm") == treated)[name].drop_nulls().cast(pl.Float64).to_numpy()
        b = frame.filter(pl.col("arm") == control)[name].drop_nulls().cast(pl.Float64).to_numpy()
        if not len(a) or not len(b):
            rows.append((name, None, None, None))
            continue
        spread = np.sqrt((a.var() + b.var()) / 2)
        rows.append(
            (name, float(a.mean()), float(b.mean()), float((a.mean() - b.mean()) / spread) if spread > 0 else None)
        )
    return Balance(tuple(rows))


def _checked(seed: str) -> str:
    try:
        bytes.fromhex(seed)
    except (ValueError, TypeError) as error:
        raise BadInput(
            "the seed is not hexadecimal: use the one that `commonbeat study assign --new-seed` made"
        ) from error
    if len(seed) < 32:
        raise BadInput(
            "the seed is shorter than 16 bytes and could be guessed: use `commonbeat study assign --new-seed`"
        )
    return seed


def _column(units, name):
    if not name:
        return None
    if name not in units.columns:
        raise BadInput(
            f'the plan draws by "{name}", which the list of units does not have: it has {", ".join(units.columns)}'
        )
    return units[name].cast(pl.String).to_list()


def _two_stages(plan, block, cluster, rng):
    """Each group draws one of the plan's shares, as many groups each as can be  -> (groups, arms) units, (rows,) share."""
    if not plan.shares:
        raise BadInput("a saturation design draws shares first: name them in the plan, as shares = [0.25, 0.75]")
    if block is None or len(plan.arms) != 2:
        raise BadInput("a saturation design needs block (the groups that draw a share) and two arms")
    frame = pl.DataFrame({"block": block, "cluster": cluster or [str(i) for i in range(len(block))]})
    sizes = frame.unique().group_by("block").len().sort("block")
    short = 2 * len(plan.shares)
    if sizes.height < short:
        raise BadInput(
            f"{sizes.height} groups are too few to draw {len(plan.shares)} shares: at least {short} are needed"
        )
    pool = np.tile(np.arange(len(plan.shares)), sizes.height // len(plan.shares) + 1)
    pool = np.r_[
        pool[: sizes.height - sizes.height % len(plan.shares)],
        rng.permutation(len(plan.shares))[: sizes.height % len(plan.shares)],
    ]
    drawn = np.array(plan.shares)[rng.permutation(pool)]
    n = sizes["len"].to_numpy()
    treated = np.floor(drawn * n + 0.5).astype(int)  # as the replay of the draw rounds
    counts = np.column_stack([treated, n - treated])
    if plan.arms.index(plan.primary.treated) == 1:
        counts = counts[:, ::-1]
    of = dict(zip(sizes["block"].to_list(), drawn.tolist(), strict=True))
    return counts, np.array([of[b] for b in block])


def _counts(block, cluster, n, arms, shares, rng):
    """(blocks, arms) clusters per arm; remainders go to arms that the seed draws, so no arm is favoured by its place."""
    shares = np.full(arms, 1 / arms) if shares is None else np.asarray(shares, float)
    if len(shares) != arms or (shares <= 0).any() or abs(shares.sum() - 1) > 1e-9:
        raise BadInput(f"shares must be one positive number for each of the {arms} arms and add up to 1")
    frame = pl.DataFrame({"block": block or ["all"] * n, "cluster": cluster or [str(i) for i in range(n)]})
    sizes = frame.unique().group_by("block").len().sort("block")["len"].to_numpy()
    counts = np.floor(sizes[:, None] * shares + 1e-9).astype(int)
    for b, left in enumerate(sizes - counts.sum(1)):
        counts[b, rng.permutation(arms)[:left]] += 1
    return counts
