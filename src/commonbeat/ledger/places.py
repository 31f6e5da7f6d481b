"""In which area does a point lie? And are latitude and longitude the right way round?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from commonbeat.errors import BadInput
from commonbeat.estimate import plain

__all__ = ["NOWHERE", "Borders", "Placed"]


@dataclass(frozen=True, slots=True)
class Placed:
    """How the points of a file lie: inside an area, outside all, without coordinates; and do they agree with its words?

    agree, compared : rows whose own area is where their point lies, of those that have both; the file's word is kept
    """

    points: int
    outside: int
    without: int
    agree: int
    compared: int
    filled: int

    def __add__(self, other: Placed) -> Placed:
        return Placed(*(getattr(self, s) + getattr(other, s) for s in self.__slots__))

    def to_dict(self) -> dict:
        return plain({s: getattr(self, s) for s in self.__slots__})


NOWHERE = Placed(0, 0, 0, 0, 0, 0)  #: before any point was seen


class Borders:
    """The borders of a book's areas, ready to be asked about many points."""

    def __init__(self, areas: pl.DataFrame):
        import shapely  # slow to import, and only borders need it

        known = areas.filter(pl.col("geometry").is_not_null())
        known = known.sort("area_id", descending=True)
        self.names = known["area_id"].to_list()
        self.shapes = shapely.from_wkb(known["geometry"].to_list())
        shapely.prepare(self.shapes)

    def area_of(self, longitude, latitude) -> np.ndarray:
        """(n,) the area of each point, None where it lies in no area or has no coordinates.

        A point on a border belongs to the area that comes first by name, so that the answer never changes.
        """
        import shapely

        x, y = np.asarray(longitude, float), np.asarray(latitude, float)
        out = np.full(len(x), None, object)
        order = np.argsort(x, kind="stable")[: int(np.isfinite(x).sum())]  # nan sorts last
        x, y = x[order], y[order]
        for name, shape, (west, south, east, north) in zip(self.names, self.shapes, shapely.bounds(self.shapes)):
            first, last = np.searchsorted(x, west, "left"), np.searchsorted(x, east, "right")
            near = first + np.flatnonzero((y[first:last] >= south) & (y[first:last] <= north))
            inside = near[shapely.intersects_xy(shape, x[near], y[near])]
            out[order[inside]] = name  # names come in falling order: the first one is written last and stays
        return out

    def place(self, rows: pl.DataFrame, file: str) -> tuple[pl.DataFrame, Placed]:
        """Fills `area_id` where the source gave none; where it gave one, only compares: the record is never overwritten.

        Raises BadInput when the points lie in the areas only if latitude and longitude are swapped.
        """
        latitude, longitude = (rows[c].to_numpy() for c in ("latitude", "longitude"))
        found = pl.Series(self.area_of(longitude, latitude), dtype=pl.String)
        have = rows["latitude"].is_not_null() & rows["longitude"].is_not_null()
        outside = have & found.is_null()
        self._ask_if_swapped(latitude, longitude, int(have.sum()), int(outside.sum()), file)
        given = rows["area_id"]
        both = given.is_not_null() & found.is_not_null()
        fill = given.is_null() & found.is_not_null()
        told = Placed(
            int(have.sum()), int(outside.sum()), int((~have).sum()), int((both & (given == found)).sum()), int(both.sum()),
            int(fill.sum()),
        )  # fmt: skip
        return rows.with_columns(given.zip_with(~fill, found).alias("area_id")), told

    def _ask_if_swapped(self, latitude, longitude, points: int, outside: int, file: str) -> None:
        if outside * 2 <= points:
            return
        swapped = sum(a is not None for a in self.area_of(latitude, longitude))
        if swapped * 2 > points:
            raise BadInput(
                f"{file}: {outside:,} of {points:,} points lie outside every area, and {swapped:,} lie inside one when "
                "latitude and longitude are swapped. Are the two columns the wrong way round? Swap them in the mapping."
            )
