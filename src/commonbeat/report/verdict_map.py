"""Which areas stand clearly above the rest of the town?  Drawn from their own borders as plain SVG: print, grey and no network."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np
import polars as pl
import shapely

from commonbeat.report.charts import INK, Chart, Table

__all__ = ["verdict_map"]

#: verdict -> (words, fill, dash): dark, light and white differ in grey; white areas have a broken border as well
LOOKS = {
    "above_town": ("clearly above the rest of the town", "#1c4f7c", ""),
    "not_clearly_above": ("not clearly above", "#d5dfe9", ""),
    "too_few": ("too few to tell", "#ffffff", "4 3"),
    "no_denominator": ("nobody counted the residents", "#ffffff", "1 3"),
}


def verdict_map(areas: pl.DataFrame, verdicts: Mapping[str, str], *, table: Table) -> Chart | None:
    """Enforcement contact against the rest of the town, area by area. None when no area has a border.

    areas : codebook table `areas`;  verdicts : area_id -> a code of `encounters.VERDICTS`
    """
    drawn = areas.filter(pl.col("geometry").is_not_null())
    if drawn.is_empty():
        return None
    shapes = shapely.from_wkb(drawn["geometry"].to_list())
    codes = [verdicts.get(a, "too_few") for a in drawn["area_id"]]
    names = drawn["name"].to_list()
    used = [code for code in LOOKS if code in codes]
    said = "; ".join(f"{LOOKS[c][0]}: {_some([n for n, k in zip(names, codes) if k == c])}" for c in used)
    words = f"A map of {len(names)} areas. {said[0].upper() + said[1:]}."
    wide, narrow = (_svg(shapes, names, codes, used, width) for width in (640, 320))
    return Chart(
        "verdicts", "Where is enforcement clearly above the rest of the town?", wide, narrow, words, table, {}
    )


def _some(names: list[str], most: int = 12) -> str:
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")


def _svg(shapes, names, codes, used, width: int) -> str:
    west, south, east, north = shapely.total_bounds(shapes)
    flat = np.cos(np.radians((south + north) / 2))  # a degree of longitude is shorter than one of latitude
    scale = (width - 8) / max((east - west) * flat, 1e-9)
    height = (north - south) * scale + 8

    def place(xy):
        return np.column_stack([4 + (xy[:, 0] - west) * flat * scale, 4 + (north - xy[:, 1]) * scale])

    areas = "".join(_area(s, n, c, place) for s, n, c in zip(shapes, names, codes))
    key = "".join(_key(c, height + 10 + 24 * i) for i, c in enumerate(used))
    size = f"0 0 {width} {height + 16 + 24 * len(used):.0f}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{size}" width="100%">{areas}{key}</svg>'


def _area(shape, name: str, code: str, place) -> str:
    rings = [r for p in shapely.get_parts(shape) for r in (p.exterior, *p.interiors)]
    path = "".join(
        "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in place(shapely.get_coordinates(r))) + "Z" for r in rings
    )
    words, fill, dash = LOOKS[code]
    return (
        f'<path d="{path}" fill="{fill}" fill-rule="evenodd" stroke="{INK}" stroke-width="0.8" stroke-dasharray="{dash}">'
        f"<title>{escape(name)}: {words}</title></path>"
    )


def _key(code: str, top: float) -> str:
    words, fill, dash = LOOKS[code]
    return (
        f'<rect x="4" y="{top:.0f}" width="18" height="14" fill="{fill}" stroke="{INK}" stroke-dasharray="{dash}"/>'
        f'<text x="30" y="{top + 12:.0f}" font-size="13" fill="{INK}">{words}</text>'
    )
