"""The one way out: every number of an edition passes here before any page, feed, JSON or export can show it.

Those who make the parts suppress them already, each in the way its question needs. This door does not trust them: a count
under the floor that still stands in an edition is taken out, with whatever was computed from it.
"""

from __future__ import annotations

from commonbeat.privacy import shown_count

__all__ = ["COUNTS", "released"]

#: names under which an edition carries numbers of people or of their contacts
COUNTS = (
    "n",
    "residents",
    "people",
    "positive",
    "service",
    "enforcement",
    "complaints",
    "force",
    "views",
    "shares",
    "replies",
    "votes",
)
_DEPEND = {"n": ("value", "low", "high")}


def released(part):
    """A part of an edition as it may leave: small counts withheld, and the rates, levels and intervals behind them."""
    if isinstance(part, list):
        return [released(p) for p in part]
    if not isinstance(part, dict):
        return part
    out = {k: released(v) for k, v in part.items()}
    for name in COUNTS:
        held = out.get(name)
        if isinstance(held, int) and not isinstance(held, bool) and shown_count(held) is None:
            behind = _DEPEND.get(name) or (f"{name}_rate", f"{name}_low", f"{name}_high")
            out |= {k: None for k in (name, *behind) if k in out}
    return out
