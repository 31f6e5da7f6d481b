"""Areas drawn from their own borders, shaded by a number; no tiles, no network, readable in grey."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import polars as pl
import shapely

from commonbeat.report.charts import INK, Chart, Table, draw

__all__ = ["area_map"]

#: from light to dark, evenly apart in lightness so that grey print keeps the order
SHADES = ("#eef1f4", "#c3d3e2", "#8fb0cf", "#5886b2", "#1c4f7c")


def area_map(
    areas: pl.DataFrame, value: Mapping[str, float | None], *, name: str, title: str, legend: str, table: Table
) -> Chart | None:
    """Where is it more, where less? None when no area has a border.

    areas : codebook table `areas`;  value : area_id -> number, None where it is hidden or cannot be told
    """
    shown = areas.filter(pl.col("geometry").is_not_null())
    if shown.height == 0:
        return None
    features = [
        {
            "type": "Feature",
            "geometry": _ring_order(shapely.from_wkb(row["geometry"])),
            "properties": {"area": row["name"], "value": value.get(row["area_id"])},
        }
        for row in shown.iter_rows(named=True)
    ]

    def one(width, height):
        data = alt.Data(values=features)
        shade = alt.Color(
            "properties.value:Q",
            title=legend,
            scale=alt.Scale(type="quantile", range=list(SHADES)),
            legend=alt.Legend(format=",.0f", orient="bottom"),
        )
        known = (
            alt.Chart(data)
            .transform_filter("datum.properties.value != null")
            .mark_geoshape(stroke=INK, strokeWidth=0.7)
        )
        unknown = (
            alt.Chart(data)
            .transform_filter("datum.properties.value == null")
            .mark_geoshape(fill="#ffffff", stroke=INK, strokeDash=[2, 2], strokeWidth=0.7)
        )
        picture = (
            alt.layer(unknown, known.encode(color=shade)) if any(v is not None for v in value.values()) else unknown
        )
        return picture.project(type="identity", reflectY=True).properties(width=width, height=height)

    wide, spec = draw(one(560, 420))
    narrow, _ = draw(one(300, 260))
    known = sorted(((v, k) for k, v in value.items() if v is not None), reverse=True)
    names = dict(areas.select("area_id", "name").iter_rows())
    most = ", ".join(names.get(k, k) for _, k in known[:3])
    least = ", ".join(names.get(k, k) for _, k in known[-3:])
    hidden = sum(v is None for v in value.values())
    words = f"A map of {shown.height} areas. Highest: {most}. Lowest: {least}." + (
        f" {hidden} areas are left white: too few to show." if hidden else ""
    )
    return Chart(name, title, wide, narrow, words, table, spec)


def _ring_order(shape) -> dict:
    """GeoJSON whose outer rings run clockwise, which is what Vega takes for the inside."""
    oriented = (
        shapely.orient_polygons(shape, exterior_cw=True) if hasattr(shapely, "orient_polygons") else shape.reverse()
    )
    return shapely.geometry.mapping(oriented)
