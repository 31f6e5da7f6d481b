"""When groups drew a treated share and people then drew within them: direct, indirect, total and overall effects."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from scipy import stats

from commonbeat.design import codes_of
from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import Estimate, plain

__all__ = ["TwoStage", "two_stage"]


@dataclass(frozen=True, slots=True)
class TwoStage:
    """direct: treated minus untreated people, per share; indirect, total, overall: higher share minus the lowest one.

    indirect compares the untreated of both, total the treated of one with the untreated of the other, overall everybody.
    """

    shares: tuple[float, ...]
    groups: tuple[int, ...]
    direct: tuple[Estimate, ...]
    indirect: tuple[Estimate, ...]
    total: tuple[Estimate, ...]
    overall: tuple[Estimate, ...]

    def to_dict(self) -> dict:
        return plain(asdict(self))


def two_stage(y, treated, group, share, *, level=0.95) -> TwoStage:
    """What does it do to the untreated that others around them were treated?

    y       : (n,) outcome, nan left out; treated (n,) 0 or 1; group (n,) labels
    share   : (n,) the treated share the person's group drew, the same for all of a group
    Method: Hudgens & Halloran (2008): group means, each group once; variance between groups, t with Welch's df.
    Raises TooFew with fewer than two groups at a share.
    """
    y, treated, share = np.asarray(y, float), np.asarray(treated).astype(bool), np.asarray(share, float)
    labels, code = codes_of(group, "group")
    first = np.unique(code, return_index=True)[1]
    if (share != share[first][code]).any():
        raise BadInput("share differs inside a group: it is what the whole group drew.")
    known = np.isfinite(y)
    g = len(labels)
    means = {
        w: _means(y, code, g, known & pick)
        for w, pick in (("treated", treated), ("untreated", ~treated), ("all", np.ones_like(treated)))
    }
    drawn = share[first]
    levels = np.unique(drawn)
    at = [drawn == s for s in levels]
    if min(a.sum() for a in at) < 2:
        s = levels[int(np.argmin([a.sum() for a in at]))]
        raise TooFew(
            f"Only one group drew the share {s:g}; without a second one nothing says how much groups differ."
        )
    direct = tuple(_one(means["treated"][a] - means["untreated"][a], level) for a in at)
    base = means["untreated"][at[0]]
    pairs = [(at[k], at[0]) for k in range(1, len(levels))]
    return TwoStage(
        tuple(levels.tolist()), tuple(int(a.sum()) for a in at), direct,
        tuple(_two(means["untreated"][a], base, level) for a, _ in pairs),
        tuple(_two(means["treated"][a], base, level) for a, _ in pairs),
        tuple(_two(means["all"][a], means["all"][b], level) for a, b in pairs),
    )  # fmt: skip


def _means(y, code, g, rows):
    n = np.bincount(code[rows], minlength=g)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.bincount(code[rows], y[rows], g) / n


def _one(d, level):
    d = d[np.isfinite(d)]
    if d.size < 2:
        return Estimate(
            None,
            n=d.size,
            method="difference within groups",
            cautions=("Fewer than two groups have both treated and untreated people.",),
        )
    error = d.std(ddof=1) / np.sqrt(d.size)
    half = stats.t.ppf((1 + level) / 2, d.size - 1) * error
    return Estimate(
        d.mean(),
        error,
        d.size - 1,
        d.mean() - half,
        d.mean() + half,
        level,
        d.size,
        method="mean of group differences (Hudgens & Halloran 2008)",
    )


def _two(a, b, level):
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(a.size, b.size) < 2:
        return Estimate(
            None,
            n=a.size + b.size,
            method="difference between groups",
            cautions=("Fewer than two groups on one side.",),
        )
    va, vb = a.var(ddof=1) / a.size, b.var(ddof=1) / b.size
    value, error = a.mean() - b.mean(), np.sqrt(va + vb)
    df = (va + vb) ** 2 / (va**2 / (a.size - 1) + vb**2 / (b.size - 1)) if error > 0 else a.size + b.size - 2
    half = stats.t.ppf((1 + level) / 2, df) * error
    return Estimate(
        value,
        error,
        df,
        value - half,
        value + half,
        level,
        a.size + b.size,
        method="difference of group means, Welch (Hudgens & Halloran 2008)",
    )
