"""Who got how much, and who could have? Rings around the places where something happened, under the draw as it was made."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse
from scipy.spatial import cKDTree
from scipy.special import gammaln

from commonbeat.codebook import RINGS
from commonbeat.design import Design
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.ripple import exposure_kernels as kernels

__all__ = ["Exposure", "Neighbourhood", "exposure", "rings_by_distance", "rings_by_ties"]

LIST_UP_TO = 100_000  #: assignments that are listed one by one, so that probabilities are exact
DRAWS = 1_000


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Rings around each unit, nearest first.

    labels : one name per ring; starts (rings, units + 1) and neighbours: ring r of unit i is
             neighbours[starts[r, i] : starts[r, i + 1]]; being near is mutual
    visit  : (units,) units in an order in which near ones follow one another; any order is right, this one is faster
    """

    labels: tuple[str, ...]
    starts: np.ndarray = field(repr=False)
    neighbours: np.ndarray = field(repr=False)
    visit: np.ndarray = field(repr=False)

    @property
    def units(self) -> int:
        return self.starts.shape[1] - 1


@dataclass(frozen=True, slots=True)
class Exposure:
    """conditions  : names, nearest first, "none" last
    observed    : (units,) condition each unit was in
    probability : (units, conditions) chance of each condition under the design; nan where no draw decided (viewer)
    never       : units that could never have been in each condition
    counts      : units observed in each condition
    how         : "listed", "closed_form" or "simulated"; mc_error: largest Monte Carlo standard error of a probability
    bits        : (conditions, units, words) all draws packed, None for the closed form; draws: how many
    """

    conditions: tuple[str, ...]
    observed: np.ndarray = field(repr=False)
    probability: np.ndarray = field(repr=False)
    never: dict
    counts: dict
    how: str
    mc_error: float
    draws: int
    sentence: str
    bits: np.ndarray | None = field(repr=False, default=None)

    def to_dict(self) -> dict:
        return plain({"conditions": self.conditions, "counts": self.counts, "never": self.never, "how": self.how,
                      "mc_error": self.mc_error, "draws": self.draws, "design": self.sentence})  # fmt: skip


def rings_by_distance(x, y, radii) -> Neighbourhood:
    """Who lives how near to whom?  radii: {ring: outer radius in the unit of x and y}, e.g. {"onlooker": 50, "neighbour": 400}."""
    points = np.column_stack([np.asarray(x, float), np.asarray(y, float)])
    if not np.isfinite(points).all():
        raise BadInput("Every unit needs its place before rings can be drawn; leave the others out and say how many.")
    names = sorted(radii, key=radii.get)
    _check_names(names)
    if any(radii[n] <= 0 for n in names) or len(set(radii.values())) < len(names):
        raise BadInput("radii are above 0, and each ring has its own.")
    pairs = cKDTree(points).sparse_distance_matrix(cKDTree(points), max(radii.values()), output_type="coo_matrix")
    i, j, d = pairs.row, pairs.col, pairs.data
    other = i != j
    inner, tables = -1.0, []
    for name in names:
        inside = other & (d <= radii[name]) & (d > inner)
        tables.append(_lists(i[inside], j[inside], len(points)))
        inner = radii[name]
    cell = np.floor(points / (4 * max(radii.values())))
    return _joined(names, tables, np.lexsort((cell[:, 1], cell[:, 0])))


def rings_by_ties(source, target, units: int, *, labels=("onlooker", "neighbour")) -> Neighbourhood:
    """Who is how many steps away from whom?  source, target: (ties,) unit numbers, in both directions; ring k is k steps."""
    source, target = np.asarray(source, np.int64), np.asarray(target, np.int64)
    if source.size and (min(source.min(), target.min()) < 0 or max(source.max(), target.max()) >= units):
        raise BadInput(f"ties name units from 0 to {units - 1}.")
    _check_names(labels)
    apart = source != target
    a, b = np.r_[source[apart], target[apart]], np.r_[target[apart], source[apart]]
    one = sparse.csr_matrix((np.ones(a.size, np.int8), (a, b)), shape=(units, units)) > 0
    known, reach, tables = sparse.identity(units, dtype=bool, format="csr"), one, []
    for _ in labels:
        new = sparse.csr_matrix(reach > known)
        tables.append(_lists(*new.nonzero(), units))
        known = known + new
        reach = (new.astype(np.int32) @ one.astype(np.int32)) > 0
    return _joined(labels, tables, np.arange(units))


def exposure(
    design: Design,
    rings: Neighbourhood,
    assigned,
    *,
    treated=None,
    mapping="nearest",
    draws=DRAWS,
    rng=None,
    how="auto",
    viewed=None,
) -> Exposure:
    """Which ring was everybody in, and how likely was that under the draw as it was made?

    design   : the actual randomisation of the same units (blocks, clusters, numbers); rings: who is near whom
    assigned : (units,) arm each unit got, as labels of the design's arms
    treated  : arms that count as "it happened here"; all but the first unless given
    mapping  : "nearest": participant, then each ring, then none; "own_and_near": both, own only, near only, none
    how      : "listed" (all assignments), "closed_form" (complete, blocked or Bernoulli, no clusters), "simulated", or
               "auto": listed up to 100,000 assignments, else simulated (the variance needs pairs, which need draws)
    viewed   : (units,) who saw the story: those in no ring become "viewer"; no draw decided that, so it has no probability
    """
    z = _treated(design, assigned, treated)
    if rings.units != design.n:
        raise BadInput(f"The rings are about {rings.units} units, the design about {design.n}.")
    if mapping not in ("nearest", "own_and_near"):
        raise BadInput('mapping is "nearest" or "own_and_near".')
    names = (
        ("participant", *rings.labels, "none") if mapping == "nearest" else ("own_and_near", "own", "near", "none")
    )
    observed = kernels.observed(z, rings.starts, rings.neighbours, mapping == "nearest")
    if how == "auto":
        how = (
            "listed"
            if design.kind == "complete" and design.size() <= LIST_UP_TO and design.size() * design.n <= 5e7
            else "simulated"
        )
    bits, probability, error, draws = _probabilities(design, rings, mapping, how, draws, rng, treated)
    names, observed, probability = _viewers(names, observed, probability, viewed)
    never = {n: int((probability[:, k] == 0).sum()) for k, n in enumerate(names)}
    counts = {n: int((observed == k).sum()) for k, n in enumerate(names)}
    return Exposure(names, observed, probability, never, counts, how, error, draws, design.sentence(), bits)


def _check_names(names):
    wrong = [n for n in names if n not in RINGS or n in ("participant", "viewer")]
    if wrong or not names:
        raise BadInput(
            f'ring "{wrong[0] if wrong else ""}": the rings around a participant are {", ".join(r for r in RINGS if r not in ("participant", "viewer"))}.'
        )


def _lists(i, j, units):
    order = np.argsort(i, kind="stable")
    return np.concatenate([[0], np.cumsum(np.bincount(i, minlength=units))]).astype(np.int64), j[order].astype(
        np.int32
    )


def _joined(names, tables, visit) -> Neighbourhood:
    before = np.cumsum([0, *(len(n) for _, n in tables)])
    starts = np.stack([s + b for (s, _), b in zip(tables, before)])
    return Neighbourhood(tuple(names), starts, np.concatenate([n for _, n in tables]), visit)


def _treated(design, assigned, treated):
    assigned = np.asarray(assigned)
    if assigned.shape != (design.n,):
        raise BadInput(f"assigned has {assigned.size} entries for {design.n} units.")
    wanted = design.arms[1:] if treated is None else np.atleast_1d(treated).tolist()
    unknown = set(np.unique(assigned).tolist()) - set(design.arms)
    if unknown or set(wanted) - set(design.arms):
        raise BadInput(
            f"arm {sorted(unknown or set(wanted) - set(design.arms))[0]!r} is not one of the design's arms {design.arms}."
        )
    return np.isin(assigned, wanted)


def _probabilities(design, rings, mapping, how, draws, rng, treated):
    arms = [
        k for k, a in enumerate(design.arms) if (k > 0 if treated is None else a in np.atleast_1d(treated).tolist())
    ]
    if how == "closed_form":
        return None, _closed_form(design, rings, mapping, arms), 0.0, 0
    if how == "listed":
        z = np.isin(design.enumerate(LIST_UP_TO), arms)
        draws, packed = len(z), kernels.pack(z)
    elif how == "simulated":
        if rng is None:
            raise BadInput("Simulated exposure needs rng=np.random.default_rng(seed), so that it can be repeated.")
        packed = _drawn(design, arms, draws, rng)
    else:
        raise BadInput('how is "auto", "listed", "closed_form" or "simulated".')
    bits = kernels.conditions(packed, rings.starts, rings.neighbours, mapping == "nearest", draws, rings.visit)
    p = kernels.count_bits(bits).T / draws
    return bits, p, 0.0 if how == "listed" else float(np.sqrt((p * (1 - p)).max() / draws)), draws


def _drawn(design, arms, draws, rng):
    """Packed draws; the common design (fixed numbers, two arms, no clusters) never leaves the bits."""
    if design.kind == "complete" and not design.clustered:
        sizes = np.bincount(design.block)
        members = np.argsort(design.block, kind="stable")
        treated = design.counts[:, arms].sum(1)
        seed = int(rng.integers(0, 2**63))
        return kernels.draw_complete(members, np.r_[0, np.cumsum(sizes)], treated, design.n, draws, seed)
    parts = [np.isin(design.draw(rng, min(64, draws - d)), arms) for d in range(0, draws, 64)]
    return np.concatenate([kernels.pack(p) for p in parts], axis=1)


def _closed_form(design, rings, mapping, arms):
    """Chance that nobody among own + nearest rings is treated, from the hypergeometric (or independent) law."""
    if design.clustered or design.kind == "saturated":
        raise BadInput('There is no closed form with clusters or two stages; use how="simulated" with an rng.')
    if mapping == "nearest":
        nobody = [_nobody(design, rings, arms, r, own=True) for r in range(len(rings.labels) + 1)]
        return np.column_stack([1 - nobody[0], *(a - b for a, b in itertools.pairwise(nobody)), nobody[-1]])
    p = design.probability()[:, arms].sum(1)
    neither, near = _nobody(design, rings, arms, 1, own=True), _nobody(design, rings, arms, 1, own=False)
    alone = near - neither
    return np.column_stack([p - alone, alone, 1 - p - neither, neither])


def _nobody(design, rings, arms, upto, *, own):
    """(units,) chance that no unit of the first `upto` rings (and, with `own`, the unit itself) is treated."""
    units = design.n
    if design.kind == "bernoulli":
        q = 1 - sum(design.probabilities[a] for a in arms)
        return q ** (sum(np.diff(rings.starts[r]) for r in range(upto)) + own if upto else np.full(units, float(own)))
    counts, sizes = design.counts, np.bincount(design.block)
    treated = counts[:, arms].sum(1)
    if len(sizes) == 1:
        near = sum((np.diff(rings.starts[r]) for r in range(upto)), np.zeros(units, np.int64)) + own
        return _none_of(np.arange(near.max() + 1), sizes[0], treated[0])[near]
    log = np.zeros(units)
    who = [np.repeat(np.arange(units), np.diff(rings.starts[r])) for r in range(upto)] + (
        [np.arange(units)] if own else []
    )
    whom = [rings.neighbours[rings.starts[r, 0] : rings.starts[r, -1]] for r in range(upto)] + (
        [np.arange(units)] if own else []
    )
    key = np.concatenate(who) * len(sizes) + design.block[np.concatenate(whom)] if who else np.zeros(0, np.int64)
    pair, k = np.unique(key, return_counts=True)
    with np.errstate(divide="ignore"):
        part = np.log(_none_of(k, sizes[pair % len(sizes)], treated[pair % len(sizes)]))
    np.add.at(log, pair // len(sizes), part)
    return np.exp(log)


def _none_of(s, n, m):
    """Chance that none of s given units is among m drawn of n: C(n - s, m) / C(n, m)."""
    s, n, m = np.broadcast_arrays(s, n, m)
    possible = n - s >= m
    left = np.where(possible, n - s, m)
    log = gammaln(left + 1) - gammaln(left - m + 1) - gammaln(n + 1) + gammaln(n - m + 1)
    return np.where(possible, np.exp(log), 0.0)


def _viewers(names, observed, probability, viewed):
    if viewed is None:
        return names, observed, probability
    viewed = np.asarray(viewed, bool)
    if viewed.shape != observed.shape:
        raise TooFew(f"viewed has {viewed.size} entries for {observed.size} units.")
    names = (*names[:-1], "viewer", "none")
    last = len(names) - 1
    observed = np.where(observed == last - 1, np.where(viewed, last - 1, last), observed)
    unknown = np.full(len(observed), np.nan)
    return names, observed, np.column_stack([probability[:, :-1], unknown, probability[:, -1]])
