"""What does the town look like? A drawn map: two banks of a river, winding borders, streets, patches to walk in an evening."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl
import shapely
from shapely.geometry import LineString, MultiPoint, Point, Polygon

from commonbeat.city.words import NAMES, stream

__all__ = ["Town", "build"]

#: Middle of the map. Open Atlantic, so that no border of the drawn town can be taken for somebody's real street.
LATITUDE, LONGITUDE = 40.0, -40.0
KM_PER_DEGREE = 111.2
SOURCE = "simulated city"


@dataclass(frozen=True, slots=True)
class Town:
    """The drawn town; lengths in km around the town hall.

    areas    : codebook table `areas`          ties : codebook table `ties` (areas, and patches of the visit programme)
    centre   : (areas, 2) km                   patch_area : (patches,) area of each patch
    borders  : (areas,) shapely polygons, km   patch_centre : (patches, 2) km
    river, streets : well-known binary in degrees, for the map
    beside   : (pairs, 2) patches that touch
    """

    areas: pl.DataFrame
    ties: pl.DataFrame
    centre: np.ndarray
    borders: np.ndarray
    patch_area: np.ndarray
    patch_centre: np.ndarray
    patch_ids: np.ndarray
    beside: np.ndarray
    river: bytes
    streets: bytes


def build(seed: int, *, areas: int, patches_per_area: int = 6) -> Town:
    """Draws a town of so many areas, each cut into patches; the same seed draws the same town."""
    rng = stream(seed, "town")
    warp = _winding(rng)
    river_line = _river(rng)
    river = river_line.buffer(0.16)
    outline = _outline(rng)
    banks = sorted(shapely.get_parts(outline.difference(river)), key=lambda bank: -bank.area)[:2]
    share = banks[0].area / (banks[0].area + banks[1].area)
    left = int(np.clip(round(areas * share), 1, areas - 1))
    cells = [*_cells(banks[0], left, rng), *_cells(banks[1], areas - left, rng)]
    cells.sort(key=lambda cell: (round(-cell.centroid.y, 6), cell.centroid.x))
    pieces = [piece for cell in cells for piece in _cells(cell, patches_per_area, rng)]
    patch_area = np.repeat(np.arange(areas), patches_per_area)
    borders = np.array([warp(cell) for cell in cells], object)
    if not shapely.is_valid(borders).all():  # bent so far that the plane folds over itself: bend less, same bends
        by = next(b for b in (0.7, 0.5, 0.3, 0.0) if shapely.is_valid([warp(cell, b) for cell in cells]).all())
        warp = partial(warp, by=by)
        borders = np.array([warp(cell) for cell in cells], object)
    patches = np.array([warp(piece) for piece in pieces], object)
    ids = np.array([f"a{i + 1:02d}" for i in range(areas)])
    patch_ids = np.array([f"{ids[a]}-p{k % patches_per_area + 1}" for k, a in enumerate(patch_area)])
    names = np.array(NAMES)[rng.permutation(len(NAMES))] if areas <= len(NAMES) else _more_names(areas)
    centre = shapely.get_coordinates(shapely.centroid(borders))
    patch_centre = shapely.get_coordinates(shapely.centroid(patches))
    across, beside = _touching(borders), _touching(patches)
    return Town(
        areas=pl.DataFrame(
            {"area_id": ids, "name": names[:areas], "geometry": list(shapely.to_wkb(_degrees(borders)))}
        ).with_columns(source=pl.lit(SOURCE)),
        ties=pl.concat([_ties(None, ids, centre, across), _ties("visits", patch_ids, patch_centre, beside)]),
        centre=centre,
        borders=borders,
        patch_area=patch_area,
        patch_centre=patch_centre,
        patch_ids=patch_ids,
        beside=beside,
        river=shapely.to_wkb(_degrees(warp(river.intersection(outline.buffer(0.5))))),
        streets=shapely.to_wkb(_degrees(_streets(borders, centre, across))),
    )


def _outline(rng) -> Polygon:
    angle = np.linspace(0, 2 * np.pi, 240, endpoint=False)
    radius = 4.2 + sum(rng.normal(0, 0.5 / k) * np.cos(k * angle + rng.uniform(0, 6.3)) for k in range(2, 6))
    return Polygon(np.c_[1.15 * radius * np.cos(angle), 0.9 * radius * np.sin(angle)])


def _river(rng) -> LineString:
    x = np.linspace(-8, 8, 120)
    phase = rng.uniform(0, 6.3)
    return LineString(np.c_[x, 0.25 * x + 0.7 * np.sin(0.9 * x + phase) - 0.4])


def _winding(rng):
    """A smooth bending of the whole plane: borders wind, and neighbours still share them exactly."""
    waves = rng.normal(0, [0.9, 0.9, 1], (9, 3)) * [1, 1, 0.07]
    phase = rng.uniform(0, 2 * np.pi, (9, 2))

    def bend(xy, by):
        turn = xy @ waves[:, :2].T * 2
        return (
            xy
            + by
            * np.c_[
                (waves[:, 2] * np.sin(turn + phase[:, 0])).sum(1), (waves[:, 2] * np.cos(turn + phase[:, 1])).sum(1)
            ]
        )

    return lambda shape, by=1.0: shapely.transform(shapely.segmentize(shape, 0.08), lambda xy: bend(xy, by))


def _cells(shape, count: int, rng, *, rounds: int = 4):
    """Cuts a shape into `count` pieces of like size: Voronoi cells, relaxed (Lloyd 1982) so that none is a sliver."""
    points = _inside(shape, count, rng)
    for step in range(rounds):
        pieces = _voronoi(shape, points)
        if step < rounds - 1:
            points = shapely.get_coordinates(shapely.point_on_surface(pieces)) * 0.3 + 0.7 * shapely.get_coordinates(
                shapely.centroid(pieces)
            )
    return pieces


def _inside(shape, count, rng):
    x0, y0, x1, y1 = shape.bounds
    found = np.empty((0, 2))
    while len(found) < count:
        draw = rng.uniform([x0, y0], [x1, y1], (20 * count, 2))
        found = np.r_[found, draw[shapely.contains_xy(shape, draw)]]
    return found[:count]


def _voronoi(shape, points):
    if len(points) == 1:
        return np.array([shape], object)
    cells = shapely.get_parts(shapely.voronoi_polygons(MultiPoint(points), extend_to=shape))
    tree = shapely.STRtree(cells)
    order = [tree.query(Point(p), predicate="intersects")[0] for p in points]
    return shapely.intersection(cells[order], shape)


def _touching(shapes) -> np.ndarray:
    near = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=0.02).T
    return near[near[:, 0] < near[:, 1]][np.lexsort(near[near[:, 0] < near[:, 1]].T[::-1])]


def _ties(plan, ids, centre, pairs) -> pl.DataFrame:
    both = np.r_[pairs, pairs[:, ::-1]]
    metres = 1000 * np.linalg.norm(centre[both[:, 0]] - centre[both[:, 1]], axis=1)
    return pl.DataFrame(
        {"source": ids[both[:, 0]], "target": ids[both[:, 1]], "metres": metres.round(0)},
    ).select(pl.lit(plan, pl.String).alias("plan_id"), "source", "target", pl.lit("adjacent").alias("kind"), "metres")


def _streets(borders, centre, across):
    main = [LineString([centre[a], shapely.line_interpolate_point(s, 0.5).coords[0], centre[b]])
            for a, b in across
            if (s := borders[a].buffer(0.01).intersection(borders[b]).boundary).length > 0.2]  # fmt: skip
    return shapely.MultiLineString(main)


def _degrees(shapes):
    def turn(xy):
        return np.c_[
            LONGITUDE + xy[:, 0] / (KM_PER_DEGREE * np.cos(np.radians(LATITUDE))), LATITUDE + xy[:, 1] / KM_PER_DEGREE
        ]

    return shapely.transform(shapes, turn)


def _more_names(count):
    sides = ("", " North", " South", " East", " West")
    return np.array([name + side for side in sides for name in NAMES][:count])
