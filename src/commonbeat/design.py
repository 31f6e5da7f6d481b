"""How was chance used? The assignment of a trial as a value, and fresh draws of it.

Everything that replays chance (randomisation tests, exposure probabilities, power) takes a Design, so that what is
replayed is what was done: the same blocks, the same clusters, the same number in every arm.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from commonbeat.errors import BadInput, TooFew

__all__ = ["Design", "codes_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Design:
    """Who could have been assigned to what, and how likely?

    kind          : "complete" (fixed numbers per arm in every block), "bernoulli" (independent), "saturated" (blocks
                    draw a share first, then people within them)
    arms          : labels of the arms, the first is control; draws hold their positions 0..k-1
    block, cluster: (n,) integer codes; one block = no blocking, cluster = row number = no clusters
    counts        : (blocks, arms) clusters that get each arm ("complete")
    probabilities : (arms,) chance of each arm ("bernoulli")
    saturation    : ((share, blocks), ...) how many blocks get which treated share ("saturated")
    """

    kind: str
    arms: tuple
    block: np.ndarray = field(repr=False)
    cluster: np.ndarray = field(repr=False)
    counts: np.ndarray | None = None
    probabilities: tuple[float, ...] | None = None
    saturation: tuple[tuple[float, int], ...] | None = None

    # -- ways to say it -----------------------------------------------------------------------------------------

    @classmethod
    def observed(cls, arm, *, block=None, cluster=None) -> Design:
        """The design that kept the numbers we see: each block's count of clusters (or people) per arm."""
        arms, arm = codes_of(arm, "arm")
        block, cluster = _structure(len(arm), block, cluster)
        first = _first_rows(cluster, arm, "arm", "an arm is given to whole clusters: or cluster by something smaller")
        shape = (int(block.max()) + 1, len(arms))
        counts = np.bincount(block[first] * shape[1] + arm[first], minlength=shape[0] * shape[1]).reshape(shape)
        return cls("complete", arms, block, cluster, counts=counts)

    @classmethod
    def complete(cls, counts, *, block=None, cluster=None, arms=None) -> Design:
        """Fixed numbers per arm. counts: (arms,), or (blocks, arms) with blocks; in clusters when there are any."""
        counts = np.atleast_2d(np.asarray(counts, np.int64))
        size = (
            int(counts.sum()) if block is None and cluster is None else len(block if block is not None else cluster)
        )
        block, cluster = _structure(size, block, cluster)
        if counts.shape[0] != block.max() + 1:
            raise BadInput(
                f"counts has {counts.shape[0]} rows for {block.max() + 1} blocks: give one row for each block"
            )
        held = np.bincount(block[_first_rows(cluster)], minlength=len(counts))
        if (counts.sum(1) != held).any():
            b = int(np.flatnonzero(counts.sum(1) != held)[0])
            raise BadInput(
                f"block {b} holds {held[b]} units but its arms add up to {counts[b].sum()}: mend the counts"
            )
        return cls("complete", _labels(arms, counts.shape[1]), block, cluster, counts=counts)

    @classmethod
    def bernoulli(cls, n: int, probabilities, *, cluster=None, arms=None) -> Design:
        """Every person (or cluster) is assigned alone. probabilities: the chance of arm 1, or one per arm."""
        p = np.atleast_1d(np.asarray(probabilities, float))
        p = np.array([1 - p[0], p[0]]) if p.size == 1 else p
        if (p < 0).any() or not math.isclose(p.sum(), 1, abs_tol=1e-9):
            raise BadInput(f"chances of the arms must lie in 0..1 and add up to 1, they are {p.tolist()}")
        block, cluster = _structure(n, None, cluster)
        return cls("bernoulli", _labels(arms, len(p)), block, cluster, probabilities=tuple(p.tolist()))

    @classmethod
    def pairs(cls, pair) -> Design:
        """Matched pairs: in each pair one is treated."""
        labels, code = codes_of(pair, "pair")
        odd = np.flatnonzero(np.bincount(code) != 2)
        if odd.size:
            size = int(np.bincount(code)[odd[0]])
            raise BadInput(f"pair {labels[odd[0]]!r} has {size} people: a pair has two, drop it or use blocks")
        return cls.complete(np.ones((len(labels), 2), int), block=code)

    @classmethod
    def saturated(cls, group, saturation) -> Design:
        """Two stages: groups draw a treated share, then people within them. saturation: {share: number of groups}."""
        labels, code = codes_of(group, "group")
        plan = tuple(sorted((float(s), int(k)) for s, k in dict(saturation).items()))
        if sum(k for _, k in plan) != len(labels):
            raise BadInput(f"the shares are given to {sum(k for _, k in plan)} groups, there are {len(labels)}")
        if not all(0 <= s <= 1 for s, _ in plan):
            raise BadInput("a treated share lies between 0 and 1")
        return cls("saturated", (0, 1), code, np.arange(len(code)), saturation=plan)

    # -- what it says --------------------------------------------------------------------------------------------

    @property
    def n(self) -> int:
        return len(self.block)

    @property
    def units(self) -> int:
        """How many things chance decided about: clusters, or people."""
        return int(self.cluster.max()) + 1

    @property
    def clustered(self) -> bool:
        return self.units < self.n

    def size(self) -> float:
        """How many different assignments could have happened? (inf beyond what a float holds)"""
        logs = 0.0
        if self.kind == "complete":
            logs = sum(math.lgamma(row.sum() + 1) - sum(math.lgamma(k + 1) for k in row) for row in self.counts)
        elif self.kind == "bernoulli":
            logs = self.units * math.log(sum(p > 0 for p in self.probabilities))
        else:
            return math.inf
        return float(round(math.exp(logs))) if logs < 34 else (math.exp(logs) if logs < 700 else math.inf)

    def probability(self) -> np.ndarray:
        """(n, arms) chance of each person to be in each arm."""
        if self.kind == "complete":
            return (self.counts / self.counts.sum(1, keepdims=True))[self.block]
        if self.kind == "bernoulli":
            return np.tile(self.probabilities, (self.n, 1))
        sizes = np.bincount(self.block)
        groups = sum(k for _, k in self.saturation)
        p = sum(k * np.floor(s * sizes + 0.5) / sizes for s, k in self.saturation) / groups
        return np.column_stack([1 - p, p])[self.block]

    def draw(self, rng, n_draws: int = 1) -> np.ndarray:
        """(n_draws, n) int8 positions in `arms`, each row one assignment that could have happened.

        rng: np.random.default_rng(seed); the same seed gives the same draws.
        """
        if self.kind == "bernoulli":
            edges = np.cumsum(self.probabilities)[:-1]
            units = np.searchsorted(edges, rng.random((n_draws, self.units)), side="right").astype(np.int8)
        elif self.kind == "complete":
            units = self._draw_complete(rng, n_draws)
        else:
            units = self._draw_saturated(rng, n_draws)
        return units[:, self.cluster] if self.clustered else units

    def enumerate(self, limit: int = 200_000) -> np.ndarray:
        """(size, n) every assignment once, for complete randomisation with at most `limit` of them."""
        if self.kind != "complete" or self.size() > limit:
            raise BadInput(
                f"{self.size():.3g} assignments are more than {limit:,}: draw a sample instead of listing them"
            )
        unit_block = self.block[_first_rows(self.cluster)]
        rows = np.zeros((1, self.units), np.int8)
        for b, counts in enumerate(self.counts):
            members = np.flatnonzero(unit_block == b)
            ways = _ways(len(members), counts)
            rows = np.repeat(rows, len(ways), axis=0)
            rows[:, members] = np.tile(ways, (len(rows) // len(ways), 1))
        return rows[:, self.cluster]

    def digest(self) -> str:
        """A short fingerprint of the whole design, to record beside a result."""
        h = hashlib.sha256(repr((self.kind, self.arms, self.probabilities, self.saturation)).encode())
        for part in (self.block, self.cluster, self.counts):
            h.update(b"-" if part is None else np.ascontiguousarray(part, np.int64).tobytes())
        return h.hexdigest()[:16]

    def sentence(self) -> str:
        """The design in words, for a method line."""
        things = f"{self.units} clusters" if self.clustered else f"{self.n} people"
        blocks = int(self.block.max()) + 1
        if self.kind == "bernoulli":
            return f"{things}, each assigned alone with chances {', '.join(f'{p:g}' for p in self.probabilities)}"
        if self.kind == "saturated":
            return f"{things} in {blocks} groups, shares " + ", ".join(f"{s:g} in {k}" for s, k in self.saturation)
        inside = "" if blocks == 1 else f" within {blocks} blocks"
        return f"{things}{inside}, arms of " + ", ".join(str(k) for k in self.counts.sum(0))

    def to_dict(self) -> dict:
        return {
            "kind": self.kind, "arms": list(self.arms), "n": self.n, "units": self.units,
            "blocks": int(self.block.max()) + 1, "digest": self.digest(), "sentence": self.sentence(),
        }  # fmt: skip

    def __eq__(self, other):
        return isinstance(other, Design) and self.digest() == other.digest()

    def __hash__(self):
        return hash(self.digest())

    # -- the draws -----------------------------------------------------------------------------------------------

    def _draw_complete(self, rng, n_draws):
        unit_block = self.block[_first_rows(self.cluster)]
        by_block = np.split(np.argsort(unit_block, kind="stable"), np.cumsum(np.bincount(unit_block))[:-1])
        out = np.empty((n_draws, self.units), np.int8)
        alike, kind = np.unique(self.counts, axis=0, return_inverse=True)
        for k, counts in enumerate(alike):  # blocks alike are dealt together: trials with thousands of pairs exist
            members = np.array([by_block[b] for b in np.flatnonzero(kind.ravel() == k)])
            cards = np.repeat(np.arange(len(counts), dtype=np.int8), counts)
            out[:, members] = rng.permuted(np.tile(cards, (n_draws, len(members), 1)), axis=2)
        return out

    def _draw_saturated(self, rng, n_draws):
        shares = np.repeat([s for s, _ in self.saturation], [k for _, k in self.saturation])
        shares = rng.permuted(np.tile(shares, (n_draws, 1)), axis=1)
        out = np.zeros((n_draws, self.n), np.int8)
        for g in range(shares.shape[1]):
            members = np.flatnonzero(self.block == g)
            treated = np.floor(shares[:, g] * len(members) + 0.5)
            rank = rng.permuted(np.tile(np.arange(len(members)), (n_draws, 1)), axis=1)
            out[:, members] = rank < treated[:, None]
        return out


def codes_of(labels, name: str = "labels") -> tuple[tuple, np.ndarray]:
    """Labels as sorted distinct values and (n,) integer codes; a missing label is refused with its row."""
    array = np.asarray(labels)
    if array.ndim != 1 or not array.size:
        raise TooFew(f"{name} needs one label per row, it has shape {array.shape}")
    missing = np.zeros(1, bool)
    if array.dtype.kind in "fO":
        missing = np.array([v is None or v != v for v in array])
    if missing.any():
        raise BadInput(f"{name} is missing in row {int(np.flatnonzero(missing)[0])}: drop the row or fill it in")
    if array.dtype.kind in "iu" and (low := int(array.min())) >= 0 and int(array.max()) - low <= 2 * len(array):
        present = np.bincount(array - low) > 0  # small whole numbers are coded without sorting
        return tuple((np.flatnonzero(present) + low).tolist()), (np.cumsum(present) - 1)[array - low]
    values, codes = np.unique(array, return_inverse=True)
    return tuple(values.tolist()), codes.astype(np.int64)


def _structure(n, block, cluster):
    block = np.zeros(n, np.int64) if block is None else codes_of(block, "block")[1]
    cluster = np.arange(n) if cluster is None else codes_of(cluster, "cluster")[1]
    if not len(block) == len(cluster) == n:
        raise BadInput(f"arm, block and cluster need the same length: {n}, {len(block)}, {len(cluster)}")
    _first_rows(cluster, block, "block", "a cluster lies in one block: use smaller clusters or larger blocks")
    return block, cluster


def _first_rows(cluster, constant=None, name="", way_out=""):
    """The first row of each cluster, after checking that `constant` does not change inside one."""
    if len(cluster) == cluster.max() + 1:  # everybody is a cluster of one
        first = np.empty(len(cluster), np.int64)
        first[cluster] = np.arange(len(cluster))
        return first
    _, first = np.unique(cluster, return_index=True)
    if constant is not None and (constant != constant[first][cluster]).any():
        c = int(cluster[np.flatnonzero(constant != constant[first][cluster])[0]])
        raise BadInput(f"{name} differs inside cluster number {c}: {way_out}")
    return first


def _labels(arms, k):
    arms = tuple(range(k)) if arms is None else tuple(arms)
    if len(arms) != k:
        raise BadInput(f"{len(arms)} labels for {k} arms")
    return arms


def _ways(m, counts):
    """Every way to deal `counts` arms to m units: (ways, m)."""
    rows = np.zeros((1, m), np.int8)
    open_ = np.ones((1, m), bool)
    for arm in range(1, len(counts)):
        next_rows, next_open = [], []
        for row, free in zip(rows, open_):
            chosen = np.array(list(combinations(np.flatnonzero(free), int(counts[arm]))), int).reshape(
                -1, counts[arm]
            )
            new, left = np.tile(row, (len(chosen), 1)), np.tile(free, (len(chosen), 1))
            at = np.arange(len(chosen))[:, None]
            new[at, chosen], left[at, chosen] = arm, False
            next_rows.append(new)
            next_open.append(left)
        rows, open_ = np.concatenate(next_rows), np.concatenate(next_open)
    return rows
