"""Who got how much, and who could have? Rings around the places where something happened, under the draw as it was made."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from commonbeat.design import Design
from commonbeat.errors import BadInput
from commonbeat.estimate import plain
from commonbeat.ripple import exposure_kernels as kernels
from commonbeat.ripple.exposure_chances import LIST_UP_TO, chances
from commonbeat.ripple.rings import Neighbourhood

__all__ = ["Exposure", "exposure"]

DRAWS = 1_000


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
    bits, probability, error, draws = chances(design, rings, mapping, how, draws, rng, treated)
    names, observed, probability = _viewers(names, observed, probability, viewed)
    never = {n: int((probability[:, k] == 0).sum()) for k, n in enumerate(names)}
    counts = {n: int((observed == k).sum()) for k, n in enumerate(names)}
    return Exposure(names, observed, probability, never, counts, how, error, draws, design.sentence(), bits)


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


def _viewers(names, observed, probability, viewed):
    if viewed is None:
        return names, observed, probability
    viewed = np.asarray(viewed, bool)
    if viewed.shape != observed.shape:
        raise BadInput(f"viewed has {viewed.size} entries for {observed.size} units.")
    names = (*names[:-1], "viewer", "none")
    last = len(names) - 1
    observed = np.where(observed == last - 1, np.where(viewed, last - 1, last), observed)
    unknown = np.full(len(observed), np.nan)
    return names, observed, np.column_stack([probability[:, :-1], unknown, probability[:, -1]])
