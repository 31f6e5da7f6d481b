"""Files of borders, GeoJSON and GeoPackage, as rows of words with one shape each in WGS 84.

shapely reads the shapes; GDAL would read more formats and weighs two hundred megabytes, which a town that brings one
file of districts should not have to install. Another coordinate system needs pyproj (`commonbeat[borders]`).
GeoPackage: OGC 12-128r19, clause 2.1.3 (a small header before plain well-known binary). GeoJSON: RFC 7946.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import polars as pl

from commonbeat.errors import BadInput, Missing

__all__ = ["read_borders"]

ENVELOPES = (0, 32, 48, 48, 64)  #: bytes of the bounding box, by the code in a GeoPackage shape's header
WGS84 = {"urn:ogc:def:crs:ogc:1.3:crs84", "urn:ogc:def:crs:ogc::crs84", "ogc:crs84", "epsg:4326", "urn:ogc:def:crs:epsg::4326"}  # fmt: skip
POLYGONS = (3, 6)  #: shapely's numbers for Polygon and MultiPolygon


def read_borders(path: Path) -> pl.DataFrame:
    """The areas of a GeoJSON or GeoPackage file: their properties as text, and `geometry` as well-known binary.

    Longitude before latitude, WGS 84. Pieces that say the same of themselves are one area. Raises BadInput for a file
    that is not what it seems, that does not say its coordinate system, or that holds anything but polygons, and
    Missing where another coordinate system would need pyproj.
    """
    read = _geojson if path.suffix.lower() == ".geojson" else _geopackage
    try:
        words, shapes, system = read(path)
    except BadInput:
        raise
    except Exception as error:
        raise BadInput(f"{path.name} is not a file of borders that can be read: {error}.") from error
    binary = _polygons(path, shapes, system)
    names = list(dict.fromkeys(name for row in words for name in row if name != "geometry"))
    frame = pl.DataFrame(
        {n: [_text(row.get(n)) for row in words] for n in names}, schema=dict.fromkeys(names, pl.String)
    )
    return _pieces_united(frame.with_columns(pl.Series("geometry", binary, dtype=pl.Binary)), names)


def _text(value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list | bool) else str(value)


def _geojson(path: Path):
    import shapely

    content = json.loads(path.read_text(encoding="utf-8-sig"))
    features = content.get("features") if isinstance(content, dict) else None
    if not isinstance(features, list):
        raise BadInput(f"{path.name} is not a file of borders: it holds no list of features.")
    named = ((content.get("crs") or {}).get("properties") or {}).get("name")
    shapes = [
        None if f.get("geometry") is None else shapely.from_geojson(json.dumps(f["geometry"])) for f in features
    ]
    return [f.get("properties") or {} for f in features], shapes, named or "EPSG:4326"


def _geopackage(path: Path):
    import shapely

    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as base:
        base.row_factory = sqlite3.Row
        layers = base.execute("SELECT table_name, column_name, srs_id FROM gpkg_geometry_columns").fetchall()
        if len(layers) != 1:
            said = ", ".join(layer["table_name"] for layer in layers) or "none"
            raise BadInput(f"{path.name} must hold one layer of borders; it holds {len(layers)}: {said}.")
        table, column, srs = layers[0]
        rows = [dict(r) for r in base.execute(f"SELECT * FROM {_quoted(table)}")]
        system = base.execute(
            "SELECT organization, organization_coordsys_id FROM gpkg_spatial_ref_sys WHERE srs_id = ? AND srs_id > 0",
            [srs],
        ).fetchone()
    shapes = [shapely.from_wkb(_without_header(row.pop(column))) for row in rows]
    said = system is not None and system[0].upper() not in ("NONE", "GDAL")  # GDAL writes itself where none was given
    return rows, shapes, f"{system[0]}:{system[1]}" if said else None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _without_header(blob: bytes | None) -> bytes | None:
    if blob is None:
        return None
    if blob[:2] != b"GP":
        raise ValueError("a shape does not begin as a GeoPackage shape does")
    return blob[8 + ENVELOPES[blob[3] >> 1 & 7] :]


def _polygons(path: Path, shapes: list, system: str | None) -> list[bytes]:
    """The shapes as valid WGS 84 polygons without height, in well-known binary."""
    import numpy as np
    import shapely

    if system is None:
        raise BadInput(f"{path.name} does not say its coordinate system; save it with one (WGS 84).")
    drawn = np.array(shapes, dtype=object)
    broken = ~np.isin(shapely.get_type_id(drawn), POLYGONS)
    if broken.any():
        raise BadInput(f"{path.name} has {int(broken.sum())} shapes that are no polygons; areas need polygons.")
    drawn = shapely.force_2d(drawn)
    if system.lower() not in WGS84:
        drawn = shapely.transform(drawn, _to_wgs84(path, system))
    outside = np.abs(shapely.bounds(drawn)).max(initial=0, axis=0)
    if (outside > (180, 90, 180, 90)).any() or not np.isfinite(outside).all():
        raise BadInput(
            f"{path.name} has coordinates that are no longitudes and latitudes; save it as WGS 84 (EPSG:4326)."
        )
    return shapely.to_wkb(shapely.make_valid(drawn)).tolist()


def _to_wgs84(path: Path, system: str):
    import numpy as np

    try:
        import pyproj
    except ImportError:
        raise Missing(
            f"{path.name} is in {system}; save it as WGS 84 (EPSG:4326), or: pip install 'commonbeat[borders]'."
        ) from None
    try:
        change = pyproj.Transformer.from_crs(system, "EPSG:4326", always_xy=True)
    except pyproj.exceptions.CRSError as error:
        raise BadInput(f"{path.name} names a coordinate system that is not known: {system}.") from error
    return lambda points: np.column_stack(change.transform(points[:, 0], points[:, 1]))


def _pieces_united(frame: pl.DataFrame, words: list[str]) -> pl.DataFrame:
    """An area drawn as several polygons that say the same of themselves is one area."""
    if not words or not frame.select(pl.struct(words).is_duplicated().any()).item():
        return frame
    import shapely

    pieces = frame.group_by(words, maintain_order=True).agg("geometry")
    whole = [shapely.to_wkb(shapely.union_all(shapely.from_wkb(p))) for p in pieces["geometry"].to_list()]
    return pieces.with_columns(pl.Series("geometry", whole, dtype=pl.Binary))
