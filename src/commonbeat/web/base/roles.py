"""Who may do what: the roles, and the door every view must carry.

A view without a door is shut to everybody (`middleware.Doors`), and a test walks the whole URLconf to say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db import models
from django.utils.translation import gettext_lazy as _

__all__ = ["PUBLIC", "Door", "Role", "by_link", "public", "staff"]


class Role(models.TextChoices):
    OFFICER = "officer", _("Officer")
    PRESS = "press", _("Press officer")
    EDITOR = "editor", _("Second approver")
    AUDITOR = "auditor", _("Auditor")
    ANALYST = "analyst", _("Analyst")
    INDEPENDENT = "independent", _("Independent body")


@dataclass(frozen=True, slots=True)
class Door:
    """Who may pass. `link`: whoever holds the private link in the address; the view checks the link itself.

    `from_here`: also a program on this very machine that no proxy speaks for (numbers for monitoring, nothing of anybody).
    """

    roles: frozenset[str] = frozenset()
    everybody: bool = False
    link: bool = False
    from_here: bool = False


PUBLIC = Door(everybody=True)


def public(view: Callable) -> Callable:
    """Open to everybody; sets no cookie; forms are guarded by their origin."""
    view.door = PUBLIC  # type: ignore[attr-defined]  # the mark the middleware reads
    return view


def by_link(view: Callable) -> Callable:
    """Open to whoever holds the private link."""
    view.door = Door(everybody=True, link=True)  # type: ignore[attr-defined]
    return view


def staff(*roles: Role, from_here: bool = False) -> Callable:
    """Open to these roles, after a second factor."""

    def carry(view: Callable) -> Callable:
        view.door = Door(roles=frozenset(map(str, roles)), from_here=from_here)  # type: ignore[attr-defined]
        return view

    return carry
