"""Is there any ripple at all, and any beyond a ring? Tests that replay the draw and assume nothing about outcomes."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np

from commonbeat.design import Design
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.ripple import exposure_kernels as kernels
from commonbeat.ripple.exposure import Exposure
from commonbeat.ripple.rings import Neighbourhood

__all__ = ["RippleTest", "no_ripple_at_all", "no_ripple_beyond"]

LEAST_DRAWS = 99


@dataclass(frozen=True, slots=True)
class RippleTest:
    """p_value: (1 + draws at least as extreme) / (1 + draws); exact enumeration divides by all assignments.

    statistic : what was compared; draws; focal: units whose outcomes were used
    """

    null: str
    statistic: float
    p_value: float
    draws: int
    focal: int
    method: str

    def to_dict(self) -> dict:
        return plain(asdict(self))


def no_ripple_at_all(y, exposed: Exposure) -> RippleTest:
    """Would these outcomes look like this if nothing that happened to anyone mattered to anybody?

    Sharp null: every outcome is what it would have been under any assignment. Statistic: between-condition sum of squares
    of outcomes about their mean, over all units with an answer, in the observed and in every drawn assignment.
    """
    if exposed.bits is None:
        raise BadInput("This test replays draws: ask `exposure` for listed or simulated ones.")
    y = np.asarray(y, float)
    known = np.isfinite(y)
    if known.sum() < 4:
        raise TooFew(f"{int(known.sum())} outcomes; the test needs 4.")
    r = np.where(known, y - y[known].mean(), 0.0)
    values = np.stack([r] * exposed.bits.shape[0])
    sums = kernels.sums_by_draw(exposed.bits, values, exposed.draws)
    counts = kernels.sums_by_draw(exposed.bits, np.stack([known * 1.0] * exposed.bits.shape[0]), exposed.draws)
    drawn = [k for k, n in enumerate(exposed.conditions) if n != "viewer"]
    code = np.searchsorted(drawn, np.where(np.isin(exposed.observed, drawn), exposed.observed, drawn[-1]))
    here = np.bincount(code, r, len(drawn)), np.bincount(code, known * 1.0, len(drawn))
    seen, null = _between(*here), _between(sums, counts)
    extreme = int((null >= seen * (1 - 1e-9)).sum())
    p = extreme / exposed.draws if exposed.how == "listed" else (1 + extreme) / (1 + exposed.draws)
    return RippleTest(
        "no ripple at all", float(seen), p, exposed.draws, int(known.sum()), f"replay of: {exposed.sentence}"
    )


def _between(sums, counts):
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(counts > 0, sums**2 / counts, 0.0).sum(0)


def no_ripple_beyond(
    y, design: Design, rings: Neighbourhood, assigned, ring: str, *, rng, draws=999, focal_share=0.5
) -> RippleTest:
    """Does it matter what happened further away than this ring?

    Focal units are picked without looking at outcomes or assignment; what happened to them and inside the ring around
    them stays as it was, and everything else is drawn again within its block (Athey, Eckles & Imbens 2018): single units,
    or whole clusters of which nobody must stay. In two stages the groups' shares stay and people are drawn again within
    them. Statistic: among focal units with nothing inside the ring, how outcomes go with how much happened in the next ring.
    Raises TooFew when too little is left to draw or to compare.
    """
    if ring not in ("participant", *rings.labels[:-1]):
        raise BadInput(
            f'ring "{ring}" has no ring beyond it; use one of participant, {", ".join(rings.labels[:-1])}.'
        )
    y, z = np.asarray(y, float), np.isin(np.asarray(assigned), design.arms[1:])
    upto = 0 if ring == "participant" else 1 + rings.labels.index(ring)
    inner = [_ring(rings, r) for r in range(upto)]
    outer = _ring(rings, upto)
    focal, frozen = _focal(y, inner, design.cluster, rng, focal_share)
    quiet = focal[[not z[i] and not any(z[n[s[i] : s[i + 1]]].any() for s, n in inner) for i in focal]]
    first = np.unique(design.cluster, return_index=True)[1]  # one unit speaks for its cluster
    loose = first[~frozen[first]]
    if quiet.size < 10 or loose.size < 10:
        raise TooFew(
            f"{quiet.size} people with nothing within the ring and {loose.size} units to draw again; 10 of each are needed."
        )
    r = y[quiet] - y[quiet].mean()
    width = np.concatenate([outer[1][outer[0][i] : outer[0][i + 1]] for i in quiet])
    who = np.repeat(np.arange(quiet.size), [outer[0][i + 1] - outer[0][i] for i in quiet])
    seen = _slope(r, width, who, z)
    null, drawn = np.empty(draws), z[first]
    by_block = [np.flatnonzero(design.block[loose] == b) for b in np.unique(design.block[loose])]
    for d in range(draws):
        for rows in by_block:
            of = design.cluster[loose[rows]]
            drawn[of] = rng.permutation(drawn[of])
        null[d] = _slope(r, width, who, drawn[design.cluster])
    p = (1 + int((np.abs(null) >= abs(seen) * (1 - 1e-9)).sum())) / (1 + draws)
    return RippleTest(
        f"no ripple beyond {ring}",
        float(seen),
        p,
        draws,
        int(quiet.size),
        f"conditional redraw of {loose.size} units; {design.sentence()}",
    )


def _ring(rings, r):
    return rings.starts[r], rings.neighbours


def _focal(y, inner, cluster, rng, share):
    """Focal units, and the units that stay as they are: the focal ones, everybody inside their ring, and their clusters."""
    order = np.argsort(cluster, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(cluster))[:-1])
    frozen = np.zeros(cluster.size, bool)
    focal, still, most = [], 0, share * cluster.size
    for i in rng.permutation(np.flatnonzero(np.isfinite(y))):
        near = np.concatenate([[i], *(n[s[i] : s[i + 1]] for s, n in inner)]).astype(np.int64)
        new = np.unique(cluster[near[~frozen[near]]])
        added = sum(members[c].size for c in new)
        if still + added > most:
            continue
        for c in new:
            frozen[members[c]] = True
        still += added
        focal.append(i)
    return np.array(sorted(focal), int), frozen


def _slope(r, width, who, z):
    """How outcomes go with the number treated in the outer ring."""
    dose = np.bincount(who, z[width], r.size)
    dose = dose - dose.mean()
    spread = dose @ dose
    return float(r @ dose / np.sqrt(spread)) if spread > 0 else 0.0
