"""What a vote's form says, and where its visitor goes next: read the same way by Django's view and by the shell's lane."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from django.urls import reverse

from commonbeat.web.talk.forms import GROUPS

__all__ = ["Heard", "heard", "onward"]

VALUES = {"agree": 1, "disagree": -1, "pass": 0}
KNOWN = frozenset(key for key, _ in GROUPS)


class Heard(NamedTuple):
    statement: str
    value: int
    group: str


def heard(form: Mapping[str, str]) -> Heard | None:
    """None when the form says neither agree, disagree nor pass. A group nobody offered counts as none."""
    statement, value, group = form.get("statement", ""), VALUES.get(form.get("value", "")), form.get("group", "")
    if value is None or "\0" in statement:  # which not every database can be asked for
        return None
    return Heard(statement, value, group if group in KNOWN else "")


@lru_cache(maxsize=256)
def onward(slug: str, group: str = "") -> str:
    return reverse("talk:conversation", args=[slug]) + (f"?as={group}" if group else "")
