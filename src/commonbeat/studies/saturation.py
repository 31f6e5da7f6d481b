"""Two draws, one after the other: groups drew a share, units within them drew the visit. What reached whom, and could chance have done it?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from commonbeat import ripple, trust
from commonbeat.errors import TooFew
from commonbeat.estimate import Estimate

__all__ = ["around", "replayed"]


def around(rows: pl.DataFrame, *, ring: str, block: str, level: float) -> Estimate:
    """For those who took part: treated at the highest share against untreated at the lowest; for the others untreated against
    untreated, which is what reached them through their neighbours (Hudgens & Halloran 2008)."""
    rows = _drawn(rows, block)
    found = ripple.two_stage(rows["score"].to_numpy(), rows["treated"].to_numpy(), rows[block].to_numpy(), rows["share"].to_numpy(), level=level)  # fmt: skip
    part = found.total if ring == "participant" else found.indirect
    if not part:
        raise TooFew("every group drew the same share, so nothing says what the share does")
    what = f"share {found.shares[-1]:g} against {found.shares[0]:g} in {sum(found.groups)} groups"
    return replace(part[-1], n=rows.height, method=f"{part[-1].method}; {what}")


@dataclass(frozen=True, slots=True)
class _Units:
    """Units of the groups with the highest and the lowest share: group code, sum and number of answers, treated or not."""

    group: np.ndarray
    total: np.ndarray
    n: np.ndarray
    treated: np.ndarray
    high: np.ndarray  # (groups,) bool
    shares: tuple[float, float]

    def treats(self, high) -> np.ndarray:
        """(groups,) how many units a group of this size treats at the high or the low share."""
        size = np.bincount(self.group, minlength=len(self.high))
        share = np.where(high, self.shares[1], self.shares[0])
        return np.floor(share * size + 0.5).astype(int)


def replayed(
    rows: pl.DataFrame, *, ring: str, block: str, cluster: str, level: float, draws: int, seed: int
) -> Estimate:
    """Could the two draws alone have made this difference?

    rows : everybody asked in the ring: score (null where nobody answered), treated, share, and the plan's block and cluster
    p    : both stages are drawn again, under no effect on anybody. The interval needs effects whose untreated outcome is
           known: in every group as many units are kept as have the compared state under either share, chosen by chance;
           among them only the groups' shares are drawn again (Basse, Feller & Toulis 2019).
    Raises TooFew with fewer than four groups at either end.
    """
    units = _units(rows, block, cluster)
    total = ring == "participant"
    rng = np.random.default_rng(seed)
    p, n = _both_stages(units, total, draws, rng)
    kept, state = _kept(units, total, rng)
    names = rows.select(cluster).unique().sort(cluster)[cluster]
    here = rows.filter(pl.col(cluster).is_in(names.filter(pl.Series(kept)).implode()) & pl.col("score").is_not_null())
    group = here[block].to_numpy()
    test = trust.randomisation_test(here["score"].to_numpy(), (here["share"] == units.shares[1]).to_numpy().astype(int), cluster=group, level=level, seed=seed, draws=draws)  # fmt: skip
    method = (
        f"randomisation test, p = {p:.4f}, {n:,} redraws of both stages under no effect on anybody; interval by inversion, p = {test.p_value:.4f}, "
        f"shares drawn again over {len(units.high)} groups, {int(kept.sum())} units kept {state}"
    )
    return Estimate(
        test.effect, low=test.low, high=test.high, level=level, n=test.n, method=method, cautions=test.cautions
    )


def _drawn(rows: pl.DataFrame, block: str) -> pl.DataFrame:
    if "share" not in rows.columns:
        raise TooFew(
            "a saturation design needs the table of assignments, whose probability says which share a group drew"
        )
    return rows.filter(pl.col("share").is_not_null() & pl.col(block).is_not_null())


def _units(rows, block, cluster) -> _Units:
    rows = _drawn(rows, block)
    shares = rows["share"].unique().sort()
    if len(shares) < 2:
        raise TooFew("every group drew the same share, so nothing says what the share does")
    ends = (float(shares[0]), float(shares[-1]))
    each = rows.group_by(cluster).agg(
        pl.col(block).first(), pl.col("share").first(), pl.col("treated").max(), pl.col("score").sum(), pl.col("score").count().alias("n")
    ).sort(cluster)  # fmt: skip
    each = each.filter(pl.col("share").is_in(ends))
    names, code = np.unique(each[block].to_numpy(), return_inverse=True)
    high = np.zeros(len(names), bool)
    high[code] = (each["share"] == ends[1]).to_numpy()
    if min(high.sum(), (~high).sum()) < 4:
        raise TooFew(
            f"{high.sum()} groups drew the share {ends[1]:g} and {(~high).sum()} the share {ends[0]:g}: replaying the draw needs four of each"
        )
    return _Units(
        code,
        each["score"].to_numpy(),
        each["n"].to_numpy().astype(float),
        each["treated"].to_numpy().astype(bool),
        high,
        ends,
    )


def _both_stages(units, total, draws, rng):
    """(p, draws): the contrast of group means when shares are dealt again to groups, and visits to units within them."""
    seen = _contrast(units, units.treated[None], units.high[None], total)[0]
    high = rng.permuted(np.tile(units.high, (draws, 1)), axis=1)
    rank = _ranks(units.group, rng.random((draws, len(units.group))))
    quota = np.where(high, units.treats(np.ones_like(units.high)), units.treats(np.zeros_like(units.high)))
    again = _contrast(units, rank < quota[:, units.group], high, total)
    again = again[np.isfinite(again)]
    if not np.isfinite(seen) or not len(again):
        raise TooFew("too few units answered in one of the two states that are compared")
    return float((1 + (np.abs(again) >= abs(seen) - 1e-9).sum()) / (1 + len(again))), len(again)


def _ranks(group, ticket):
    """(draws, units) place of each unit among those of its group, by ticket."""
    order = np.lexsort((ticket, np.broadcast_to(group, ticket.shape)), axis=1)
    first = np.searchsorted(np.sort(group), np.arange(group.max() + 1))
    rank = np.empty_like(order)
    place = np.arange(len(group)) - first[np.sort(group)]
    np.put_along_axis(rank, order, np.broadcast_to(place, order.shape), axis=1)
    return rank


def _contrast(units, treated, high, total):
    """(draws,) mean over high-share groups of their treated (total) or untreated (indirect) minus mean over low-share groups of their untreated."""
    counts = (treated == high[:, units.group]) if total else ~treated  # the state that is compared
    groups = np.arange(len(units.high))[:, None] == units.group
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = ((counts * units.total) @ groups.T) / ((counts * units.n) @ groups.T)
    known = np.isfinite(mean)
    mean = np.where(known, mean, 0)
    ends = [(mean * (known & side)).sum(1) / np.maximum((known & side).sum(1), 1) for side in (high, ~high)]
    told = (known & high).any(1) & (known & ~high).any(1)
    return np.where(told, ends[0] - ends[1], np.nan)


def _kept(units, total, rng):
    """(units,) bool, and the state in words: as many of each group as would have that state under either share."""
    yes = np.ones_like(units.high)
    size = np.bincount(units.group)
    many, few = units.treats(yes), units.treats(~yes)
    room = np.minimum(many, size - few) if total else size - many
    state = (units.treated == units.high[units.group]) if total else ~units.treated
    ticket = np.where(state, rng.random(len(units.group)), 2.0)
    rank = _ranks(units.group, ticket[None])[0]
    return state & (rank < room[units.group]), "in the state that is compared" if total else "untreated"
