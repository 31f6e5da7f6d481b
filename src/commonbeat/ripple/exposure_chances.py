"""How likely was each ring for each unit?  All assignments listed, the law of the draw, or many draws made again."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.special import gammaln

from commonbeat.errors import BadInput
from commonbeat.ripple import exposure_kernels as kernels

__all__ = ["LIST_UP_TO", "chances"]

LIST_UP_TO = 100_000  #: assignments that are listed one by one, so that probabilities are exact


def chances(design, rings, mapping, how, draws, rng, treated):
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
    bits = kernels.conditions(packed, rings, mapping == "nearest", draws)
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
