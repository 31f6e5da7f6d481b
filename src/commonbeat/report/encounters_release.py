"""What of the answer on encounters may leave: small cells hidden, and one more where the total would give them away."""

from __future__ import annotations

from collections.abc import Sequence

from commonbeat.encounters import Cell, Equity, Present
from commonbeat.privacy import shown_count

__all__ = ["released", "released_cells", "released_present"]

KINDS = ("positive", "service", "enforcement")
_NOTHING = {"count": None, "rate": None, "low": None, "high": None, "pooled": None, "widened": None}


def released(found: Equity, *, analyst: bool = False) -> dict:
    """The answer as JSON for everybody; exact for an analyst."""
    raw = found.to_dict()
    if analyst:
        return raw
    for name, cells in (("cells", found.cells), ("town_groups", found.town_groups)):
        raw[name] = released_cells(cells)
    raw["versus"] = [v for v in raw["versus"] if shown_count(v["crude"]["n"]) is not None]
    return raw


def released_cells(cells: Sequence[Cell]) -> list[dict]:
    """Cells with counts under the floor hidden, and in an area where only one group is hidden the next smallest too."""
    rows = [c.to_dict() for c in cells]
    hidden = {(i, k) for i, c in enumerate(cells) for k in KINDS if shown_count(getattr(c, k).count) is None}
    for kind in KINDS:
        for area in {c.area for c in cells}:
            here = [i for i, c in enumerate(cells) if c.area == area]
            out = [i for i in here if (i, kind) in hidden]
            if len(here) > 1 and len(out) == 1 and getattr(cells[out[0]], kind).count > 0:
                rest = [i for i in here if i not in out]
                hidden.add((min(rest, key=lambda i: getattr(cells[i], kind).count), kind))
    for i, kind in hidden:
        rows[i][kind] |= _NOTHING
        rows[i]["suppressed"] = True
        if kind != "service":
            rows[i]["appendix"]["positive_to_enforcement"] = {"value": None, "low": None, "high": None}
        if kind == "enforcement":
            rows[i]["q"] = None
    return rows


def released_present(rows: Sequence[Present], *, analyst: bool = False) -> list[dict]:
    """Rates per people present; counts under the floor hidden, unless an analyst asks."""
    nothing = {"count": None, "rate": None, "low": None, "high": None}
    return [r.to_dict() | ({} if analyst or shown_count(r.count) is not None else nothing) for r in rows]
