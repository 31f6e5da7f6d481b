"""Files of borders, written by geopandas (GDAL) and read by us: the same shapes, or a sentence."""

import json
import sys

import geopandas
import numpy as np
import pytest
import shapely

from commonbeat.errors import BadInput, Missing
from commonbeat.ledger.border_files import read_borders

TWO = [shapely.box(-93.3, 44.9, -93.2, 45.0), shapely.Point(-93.1, 44.9).buffer(0.01)]


def drawn(shapes=TWO, crs=4326, **columns):
    return geopandas.GeoDataFrame({"area_id": ["north", "south"][: len(shapes)], **columns}, geometry=shapes, crs=crs)


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg"])
def test_what_gdal_wrote_is_read_as_it_was(tmp_path, name):
    drawn(households=[12, None]).to_file(tmp_path / name)
    frame = read_borders(tmp_path / name)
    assert frame["area_id"].to_list() == ["north", "south"]
    assert frame["households"].to_list()[1] is None  # nothing is nothing, not the word None
    for ours, theirs in zip(shapely.from_wkb(frame["geometry"].to_list()), TWO):
        assert ours.symmetric_difference(theirs).area < 1e-12


@pytest.mark.parametrize("name", ["a.geojson", "a.gpkg"])
def test_another_system_is_turned_into_wgs_84(tmp_path, name):
    away = drawn().to_crs(26915)  # metres, zone 15 north
    away.to_file(tmp_path / name, **({"RFC7946": "NO"} if name.endswith("json") else {}))
    ours = shapely.from_wkb(read_borders(tmp_path / name)["geometry"].to_list())
    back = away.to_crs(4326).geometry
    assert np.abs(shapely.bounds(ours) - back.bounds.to_numpy()).max() < 1e-9


def test_without_pyproj_another_system_says_what_to_do(tmp_path, monkeypatch):
    drawn().to_crs(26915).to_file(tmp_path / "a.gpkg")
    monkeypatch.setitem(sys.modules, "pyproj", None)
    with pytest.raises(Missing, match=r"is in EPSG:26915; save it as WGS 84 .*commonbeat\[borders\]"):
        read_borders(tmp_path / "a.gpkg")


def test_pieces_heights_and_crossed_borders(tmp_path):
    crossed = shapely.Polygon([(0, 0, 5), (1, 1, 5), (1, 0, 5), (0, 1, 5)])  # a bow tie, with heights
    frame = drawn([crossed, shapely.box(2, 0, 3, 1)])
    frame["area_id"] = "one"
    frame.to_file(tmp_path / "a.geojson")
    (shape,) = shapely.from_wkb(read_borders(tmp_path / "a.geojson")["geometry"].to_list())
    assert shape.is_valid and not shape.has_z and shape.area == pytest.approx(1.5)


def geojson(path, features, **more):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features, **more}))
    return path


def area(geometry, **said):
    return {"type": "Feature", "properties": said, "geometry": geometry}


SQUARE = shapely.geometry.mapping(TWO[0])
METRES = shapely.geometry.mapping(shapely.box(478000, 4980000, 479000, 4981000))


@pytest.mark.parametrize(("features", "more", "says"), [
    ([area({"type": "Point", "coordinates": [1, 2]})], {}, "1 shapes that are no polygons"),
    ([area(None)], {}, "1 shapes that are no polygons"),
    ([area(METRES)], {}, "no longitudes and latitudes"),
    ([area(SQUARE)], {"crs": {"properties": {"name": "EPSG:999999"}}}, "not known: EPSG:999999"),
    ("x", {}, "no list of features"),
    ([area({"type": "Polygon", "coordinates": "x"})], {}, "not a file of borders that can be read"),
])  # fmt: skip
def test_a_file_that_holds_no_areas_gets_a_sentence(tmp_path, features, more, says):
    with pytest.raises(BadInput, match=says):
        read_borders(geojson(tmp_path / "a.geojson", features, **more))


def test_files_made_to_hurt_get_a_sentence(tmp_path):
    (tmp_path / "a.geojson").write_text("[" * 100_000)
    (tmp_path / "a.gpkg").write_bytes(b"SQLite format 3\0" + b"x" * 5000)
    for name in ("a.geojson", "a.gpkg"):
        with pytest.raises(BadInput, match="borders"):
            read_borders(tmp_path / name)


def test_two_layers_are_asked_about_and_no_system_is_refused(tmp_path):
    drawn().to_file(tmp_path / "a.gpkg", layer="old")
    drawn().to_file(tmp_path / "a.gpkg", layer="new")
    with pytest.raises(BadInput, match="one layer of borders; it holds 2: old, new"):
        read_borders(tmp_path / "a.gpkg")
    drawn(crs=None).to_file(tmp_path / "b.gpkg")
    with pytest.raises(BadInput, match="does not say its coordinate system"):
        read_borders(tmp_path / "b.gpkg")


def test_an_empty_file_of_borders_has_no_rows(tmp_path):
    assert len(read_borders(geojson(tmp_path / "a.geojson", []))) == 0


def test_real_beats_are_read_as_gdal_reads_them(real):
    file = real("chicago_beats/police_beats.geojson")
    theirs = geopandas.read_file(file)
    ours = shapely.from_wkb(read_borders(file)["geometry"].to_list())
    said = [c for c in theirs.columns if c != "geometry"]
    united = theirs.dissolve(by=said, sort=False, dropna=False).geometry
    assert (len(theirs), len(ours), len(united)) == (277, 275, 275)  # two beats are drawn in two pieces
    assert np.allclose(np.sort(shapely.area(ours)), np.sort(shapely.area(united.make_valid().to_numpy())), rtol=1e-9)
