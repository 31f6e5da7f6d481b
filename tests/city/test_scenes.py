"""The drawn clips: nobody's faces, and the true place of every one of them."""

import numpy as np
import pytest

from commonbeat.city import scenes
from commonbeat.city.canvas import Canvas
from commonbeat.city.faces import BOX, REACH, SKINS, Look, Mood, draw
from commonbeat.city.melody import RATE, play
from commonbeat.errors import BadInput

SMALL = {"height": 180, "fps": 6}


@pytest.mark.parametrize("kind", scenes.KINDS)
def test_every_box_lies_in_the_picture_and_several_people_are_seen(kind):
    for pixels, seen in scenes.frames(kind, 7, **SMALL):
        h, w = pixels.shape[:2]
        assert (h, w) == (180, 320)
        assert len(seen) >= 3
        for _, (x0, y0, x1, y1) in seen:
            assert 0 <= x0 < x1 <= w
            assert 0 <= y0 < y1 <= h


def test_the_same_seed_draws_the_same_pictures():
    one = next(iter(scenes.frames("stroller", 7, **SMALL)))
    again, other = (
        next(iter(scenes.frames("stroller", 7, **SMALL))),
        next(iter(scenes.frames("stroller", 8, **SMALL))),
    )
    np.testing.assert_array_equal(one[0], again[0])
    assert one[1] == again[1]
    assert not np.array_equal(one[0], other[0])


def test_light_and_dark_faces_from_small_to_close():
    """Face widths at 540 lines run from about 24 to above 100 pixels, and each clip has both ends of the skin list."""
    widths = [box[2] - box[0] for _, seen in scenes.frames("stroller", 7, fps=2) for _, box in seen if box[0] > 1]
    assert min(widths) < 30
    assert max(widths) > 100


def test_a_box_is_where_the_face_was_put():
    """A face of half height 50 at the middle of a plain sheet: the box follows from its proportions."""
    canvas = Canvas(np.full((900, 1600, 3), 200, np.uint8))
    canvas.face("somebody", 800, 450, 50, Look(), Mood())
    ((who, box),) = canvas.seen
    x0, y0, x1, y1 = BOX
    assert who == "somebody"
    assert box == pytest.approx((800 + 50 * x0, 450 + 50 * y0, 800 + 50 * x1, 450 + 50 * y1), abs=0.02)


def test_a_face_turned_away_or_hidden_is_not_seen():
    canvas = Canvas(np.full((900, 1600, 3), 200, np.uint8))
    canvas.face("turned", 300, 450, 50, Look(), Mood(), back=True)
    canvas.face("hidden", 800, 450, 50, Look(), Mood())
    canvas.oval(800, 450, 90, 90, (90, 120, 90))
    canvas.face("seen", 1300, 450, 50, Look(), Mood())
    assert [who for who, _ in canvas.seen] == ["seen"]


def test_a_tilted_face_keeps_its_middle():
    canvas = Canvas(np.full((900, 1600, 3), 200, np.uint8))
    for tilt in (0.0, 0.6):
        canvas.face("somebody", 800, 450, 80, Look(), Mood(), tilt)
    straight, tilted = (np.array(box) for _, box, *_ in canvas.noted)
    assert np.abs((straight[:2] + straight[2:]) / 2 - (tilted[:2] + tilted[2:]) / 2).max() < 6


@pytest.mark.parametrize("skin", SKINS)
def test_a_cheek_has_the_colour_of_its_skin(skin):
    face = draw(Look(skin), Mood(0.0), 200).astype(int)
    x, y = (int((v / REACH + 1) * 100) for v in (-0.35, 0.62))
    assert face[y, x, 3] == 255
    assert np.abs(face[y, x, :3] - np.array(SKINS[skin])).max() < 70


def test_a_clip_has_pictures_sound_and_the_truth_beside(tmp_path):
    av = pytest.importorskip("av")
    scene = scenes.render("dance-off", tmp_path / "d.mp4", 7, height=180, fps=6, seconds=2)
    with av.open(str(scene.path)) as clip:
        assert sum(1 for _ in clip.decode(video=0)) == scene.frames == 12
    with av.open(str(scene.path)) as clip:
        heard = np.concatenate([frame.to_ndarray() for frame in clip.decode(audio=0)], axis=1)
    assert heard.shape[1] / RATE == pytest.approx(2, abs=0.05)
    assert np.abs(heard).max() > 0.2
    assert sorted(scene.boxes) == list(range(12))
    assert scene.to_dict()["simulated"] is True
    assert [p.name for p in tmp_path.iterdir()] == ["d.mp4"]


def test_the_music_stays_in_range():
    for kind in scenes.KINDS:
        sound = play(kind, 1.0, np.random.default_rng(1))
        assert sound.shape == (RATE, 2)
        assert 0.3 < np.abs(sound).max() <= 0.81


@pytest.mark.parametrize(
    ("kind", "more"), [("parade", {}), ("stroller", {"height": 181}), ("stroller", {"seconds": 0})]
)
def test_a_clip_nobody_can_draw_is_refused(tmp_path, kind, more):
    with pytest.raises(BadInput, match="clip"):
        scenes.render(kind, tmp_path / "x.mp4", 7, **more)
    assert not list(tmp_path.iterdir())
