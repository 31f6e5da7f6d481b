"""The same question within groups: those the plan named, those somebody asks for later, and whole curves on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from commonbeat.errors import BadInput
from commonbeat.studies.choices import ESTIMATORS, GROUPS
from commonbeat.studies.effects import finding
from commonbeat.studies.findings import Finding
from commonbeat.studies.joint import level_of_each
from commonbeat.studies.plan import Plan, Ring

__all__ = ["curves", "explored", "groups", "points"]


def points(plan) -> list[tuple]:
    waves = [w for w in plan.waves if w > 0 or plan.design == "story_experiment"] or list(plan.waves)
    return [(r, w) for r in plan.rings for w in waves]


def explored(plan: Plan, ring: Ring, rows: pl.DataFrame, names: Sequence[str], seed: int) -> tuple[Finding, ...]:
    """What nobody named beforehand: groups and estimators, marked as such. BadInput for what cannot be looked at."""
    named = {*plan.groups, *plan.robustness, plan.estimator}
    found = []
    for name in names:
        if name in named:
            raise BadInput(
                f'"{name}" was named in the plan, so it is not exploratory: it stands among the findings already'
            )
        if name in ESTIMATORS:
            found.append(finding(plan, ring, plan.primary.wave, rows, estimator=name, planned=False, seed=seed))
        elif _sorts(plan, rows, name):
            found += groups(plan, ring, rows, (name,), planned=False)
        else:
            raise BadInput(
                f'"{name}" is neither a group ({", ".join(GROUPS)}) nor an estimator ({", ".join(ESTIMATORS)})'
            )
    return tuple(found)


def groups(plan: Plan, ring: Ring, rows: pl.DataFrame, names: Sequence[str], *, planned=True) -> tuple[Finding, ...]:
    """The primary comparison within each group; every group that was named, also where it went the wrong way."""
    found = []
    for name in names:
        column = _column(name)
        if column not in rows.columns:
            continue  # said among what went differently
        values = sorted(rows[column].drop_nulls().cast(pl.String).unique().to_list())
        parts = [rows.filter(pl.col(column).cast(pl.String) == value) for value in values]
        level = level_of_each(plan, parts)
        for value, here in zip(values, parts, strict=True):
            found.append(
                finding(
                    plan,
                    ring,
                    plan.primary.wave,
                    here,
                    level=level,
                    group=name,
                    value=_value(name, value),
                    planned=planned,
                )
            )
    return tuple(found)


def curves(plan: Plan, cells: Mapping[tuple, pl.DataFrame], name: str) -> tuple[Finding, ...]:
    """Every ring and wave within each value of one group, with intervals that hold for all of them at once.

    Officers are left out: they answer as officers, and never as members of a group.
    """
    first = next(iter(cells.values()))
    if not _sorts(plan, first, name):
        raise BadInput(f'"{name}" is not a group; the groups are {", ".join(GROUPS)}')
    column, parts = _column(name), {}
    for ring, wave in points(plan):
        here = cells[ring.name, wave]
        if ring.name == "officer" or column not in here.columns:
            continue
        for value in sorted(here[column].drop_nulls().cast(pl.String).unique().to_list()):
            parts[ring, wave, value] = here.filter(pl.col(column).cast(pl.String) == value)
    level = level_of_each(plan, list(parts.values()))
    return tuple(
        finding(
            plan, ring, wave, rows, level=level, group=name, value=_value(name, value), planned=name in plan.groups
        )
        for (ring, wave, value), rows in parts.items()
    )


def _sorts(plan, rows, name) -> bool:
    """Is this a group? Of a table of one's own, every column is one."""
    return name in GROUPS or bool(plan.people and name in rows.columns)


def _column(group: str) -> str:
    return "prior_band" if group == "prior_trust" else group


def _value(group: str, value: str) -> str:
    return value if group == "prior_trust" else f"{group.replace('_', ' ')} {_plain_value(value)}"


def _plain_value(value: str) -> str:
    return {"true": "yes", "false": "no"}.get(value, value)
