"""Is a difference between groups a difference in trust, or did the question mean something else to them?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
from scipy import stats

from commonbeat.errors import BadInput, TooFew
from commonbeat.estimate import plain
from commonbeat.trust.columns import labels, matrix
from commonbeat.trust.factor_model import SAME, FactorFit, fit_factors

__all__ = ["Invariance", "InvarianceStep", "invariance"]

LESS_CFI, MORE_RMSEA = 0.01, 0.015  #: how much worse a stricter model may fit (Cheung & Rensvold 2002; Chen 2007)
POOR_RMSEA, POOR_CFI = 0.10, 0.90


@dataclass(frozen=True, slots=True)
class InvarianceStep:
    """One model: its fit, and the test against the model before it (None for the first)."""

    same: str
    chi_square: float
    df: int
    cfi: float
    rmsea: float
    srmr: float
    chi_square_more: float | None
    df_more: int | None
    p_value: float | None
    holds: bool


@dataclass(frozen=True, slots=True)
class Invariance:
    """How far the questions mean the same to every group.

    holds : "none", "configural" (same pattern), "metric" (same loadings: relations compare) or "scalar" (means compare)
    groups, n  : names and complete answers of each
    factor_means : (groups, factors) differences from the first group in its standard deviations; None unless scalar holds
    """

    holds: str
    steps: tuple[InvarianceStep, ...]
    groups: tuple[str, ...]
    n: tuple[int, ...]
    factor_means: np.ndarray | None
    models: tuple[FactorFit, ...]
    cautions: tuple[str, ...]

    @property
    def means_compare(self) -> bool:
        """May the groups' mean scores be compared?"""
        return self.holds == "scalar"

    def tidy(self) -> pl.DataFrame:
        """A row for each model: same, chi_square, df, cfi, rmsea, srmr, chi_square_more, df_more, p_value, holds."""
        return pl.DataFrame([{k: getattr(s, k) for k in InvarianceStep.__slots__} for s in self.steps])

    def to_dict(self) -> dict:
        return plain(
            {
                "holds": self.holds, "means_compare": self.means_compare, "groups": self.groups, "n": self.n,
                "steps": [{k: getattr(s, k) for k in InvarianceStep.__slots__} for s in self.steps],
                "factor_means": self.factor_means, "cautions": self.cautions,
            }
        )  # fmt: skip


def invariance(items, group, *, factors=None, fewest=50) -> Invariance:
    """Do the questions mean the same to every group, so that their means may be compared?

    items   : (people, questions); only people who answered all are used
    group   : (people,)
    factors : {name: [questions]} when they measure more than one thing; one factor unless told
    fewest  : complete answers a group needs
    Method: multi-group maximum likelihood; loadings, then intercepts, held equal. A step holds while CFI falls by at most
    0.01 and RMSEA rises by at most 0.015; the chi-square test stands beside it, since in large samples it rejects trifles.
    """
    x, names = matrix(items)
    codes, groups = labels(group, "group", rows=len(x))
    order, factor_of = _factors(names, factors)
    x = x[:, order]
    whole = ~np.isnan(x).any(axis=1) & (codes >= 0)
    n = np.bincount(codes[whole], minlength=len(groups))
    if len(groups) < 2:
        raise TooFew("One group has nobody to be compared with.")
    if n.min() < fewest:
        small = groups[int(np.argmin(n))]
        raise TooFew(
            f"`{small}` has {n.min()} people who answered all {len(order)} questions; at least {fewest} are needed in every group."
        )
    parts = [x[whole & (codes == g)] for g in range(len(groups))]
    models = tuple(fit_factors(parts, factor_of, same=same) for same in SAME)
    steps = _steps(models)
    holds = "none"
    for step in steps:
        if not step.holds:
            break
        holds = step.same
    means = models[2].factor_means if holds == "scalar" else None
    left = int((~whole).sum())
    cautions = [f"{left:,} of {len(x):,} people did not answer every question."] if left else []
    if holds != "scalar":
        cautions.append(
            "The groups' mean scores must not be compared: part of any difference is the question's, not the people's."
        )
    return Invariance(holds, steps, tuple(groups), tuple(n.tolist()), means, models, tuple(cautions))


def _steps(models) -> tuple[InvarianceStep, ...]:
    steps = []
    for k, m in enumerate(models):
        if k == 0:
            fits = m.df == 0 or (m.rmsea <= POOR_RMSEA and m.cfi >= POOR_CFI)
            steps.append(
                InvarianceStep(m.same, m.chi_square, m.df, m.cfi, m.rmsea, m.srmr, None, None, None, bool(fits))
            )
            continue
        before = models[k - 1]
        more, df = m.chi_square - before.chi_square, m.df - before.df
        close = m.cfi >= before.cfi - LESS_CFI and (m.rmsea <= before.rmsea + MORE_RMSEA or before.df == 0)
        p = float(stats.chi2.sf(max(more, 0), df))
        close = close or p > 0.05  # in small groups fit indices wander while the test sees nothing
        steps.append(
            InvarianceStep(m.same, m.chi_square, m.df, m.cfi, m.rmsea, m.srmr, float(more), int(df), p, bool(close))
        )
    return tuple(steps)


def _factors(names, factors):
    if factors is None:
        return list(range(len(names))), np.zeros(len(names), int)
    order, factor_of = [], []
    for k, (name, members) in enumerate(factors.items()):
        for item in members:
            if str(item) not in names:
                raise BadInput(f'Factor `{name}` names the question "{item}", which is not among {", ".join(names)}.')
            order.append(names.index(str(item)))
            factor_of.append(k)
    if len(set(order)) != len(order):
        raise BadInput("A question belongs to one factor only.")
    return order, np.array(factor_of)
