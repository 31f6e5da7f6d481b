"""A rollout in which units start at different times: the plan's estimator, never a plain two-way fixed effect."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from commonbeat import trust
from commonbeat.errors import BadInput
from commonbeat.studies.findings import Finding, Findings
from commonbeat.studies.plan import Plan
from commonbeat.studies.running import versions
from commonbeat.studies.seals import Seal
from commonbeat.studies.verdicts import verdict

__all__ = ["run_stepped"]

#: the pairs a reviewer would ask for beside whichever the plan named
OTHERS = (("callaway-santanna", "notyet"), ("callaway-santanna", "never"), ("roth-santanna", "notyet"))


def run_stepped(
    plan: Plan, panel: pl.DataFrame, *, seals: Sequence[Seal] = (), seed: int = 0, snapshot: str = ""
) -> Findings:
    """Runs a stepped rollout on its panel (one row per unit and time).

    Raises BadInput when a column the plan names is missing, and whatever `trust.staggered_effect` says of the panel.
    """
    named = {
        "unit": plan.panel.unit,
        "time": plan.panel.time,
        "first_treated": plan.panel.first_treated,
        "outcome": plan.panel.outcome,
    }
    missing = [f"{role} = {column}" for role, column in named.items() if column not in panel.columns]
    if missing:
        raise BadInput(f"the panel lacks {', '.join(missing)}; it has {', '.join(panel.columns)}")
    primary = _one(plan, panel, plan.panel.method, plan.panel.control, named)
    beside = [(m, c) for m, c in OTHERS if (m, c) != (plan.panel.method, plan.panel.control)]
    others = [
        _one(plan, panel, m, c, named)
        for m, c in beside
        if (m, c) != ("callaway-santanna", "never") or _has_never(plan, panel)
    ]
    return Findings(
        plan=plan.to_dict(), plan_hash=plan.hash, sealed_before_data=False, sealed_at=seals[0].sealed_at if seals else None,
        snapshot=snapshot, primary=primary, robustness=tuple(others), seed=seed, versions=versions(),
        cautions=("not sealed beforehand: the panel existed before this plan", *primary.effect.cautions),
    )  # fmt: skip


def _one(plan, panel, method, control, named) -> Finding:
    found = trust.staggered_effect(panel, **named, method=method, control=control, se=plan.panel.se)
    e = replace(found.simple, unit=plan.outcome.unit, n=found.simple.n or panel.height)
    return Finding(
        "",
        -1,
        e,
        verdict(e, plan.smallest_effect, better=plan.outcome.better),
        "randomised",
        estimator=f"{method}, {control}",
        outcome=plan.outcome.name.capitalize(),
        smallest=plan.smallest_effect,
    )


def _has_never(plan, panel) -> bool:
    last = panel[plan.panel.time].max()
    first = panel[plan.panel.first_treated]
    return bool(first.is_null().any() or (first.cast(pl.Float64) > float(last)).any())
