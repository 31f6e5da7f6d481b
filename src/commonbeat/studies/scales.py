"""Between which codes was each item answered, and is it worded the other way round? From the questionnaire as shipped."""

from __future__ import annotations

from commonbeat import questionnaires
from commonbeat.errors import BadInput
from commonbeat.studies.plan import Plan

__all__ = ["spans_of"]


def spans_of(plan: Plan) -> dict[str, tuple[float, float, bool]]:
    """item -> (lowest code, highest code, reversed?) for the plan's outcome. Raises BadInput for an unknown questionnaire."""
    name = plan.outcome.questionnaire
    if name is None:
        raise BadInput(
            "the plan's outcome names items but no questionnaire; say which one and which version they are from"
        )
    found = questionnaires.load(name)
    missing = [i for i in plan.outcome.items if i not in found.ends]
    if missing:
        raise BadInput(f"{name} has no item {', '.join(missing)}; it has {', '.join(found.ends)}")
    return {item: (float(low), float(high), item in found.reverse) for item, (low, high) in found.ends.items()}
