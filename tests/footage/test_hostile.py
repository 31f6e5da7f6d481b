"""What cameras, editors and ill will hand in: each gives a copy or a sentence, and nothing is left lying about."""

import struct

import av
import cv2
import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import BadInput, CommonbeatError, Refused


def grey(height, width, n=2, seed=0):
    rng = np.random.default_rng(seed)
    small = rng.integers(60, 180, (n, 9, 16, 3), dtype=np.uint8)
    return [cv2.resize(p, (width, height), interpolation=cv2.INTER_CUBIC) for p in small]


def protected(source, out, **asked):
    return footage.protect(source, out, check=False, threads=1, **asked)


@pytest.mark.truth
def test_an_eight_thousand_pixel_picture_is_protected(stage, tmp_path):
    stage.scene.write(tmp_path / "8k.mp4", grey(4320, 7680, 1))
    assert protected(tmp_path / "8k.mp4", tmp_path / "out.mp4", turned="never").frames == 1


def test_a_picture_longer_than_what_is_looked_at_is_masked_at_its_own_size(stage, tmp_path):
    picture = grey(288, 2880, 1)[0]
    truth = stage.scene.put(picture, 2700, 144, 150)
    stage.scene.write(tmp_path / "long.mp4", [picture] * 2)
    protected(tmp_path / "long.mp4", tmp_path / "out.mp4", turned="never")
    before, after = stage.scene.pixels(tmp_path / "long.mp4")[0], stage.scene.pixels(tmp_path / "out.mp4")[0]
    x0, y0, x1, y1 = map(round, truth)
    assert after.shape == (288, 2880) and before[y0:y1, x0:x1].std() > 20 and after[y0:y1, x0:x1].std() < 5


def test_a_picture_larger_than_allowed_is_refused_before_it_is_searched(stage, tmp_path):
    stage.scene.write(tmp_path / "large.mp4", grey(720, 1280, 1))
    with pytest.raises(Refused, match="Export it smaller"):
        protected(tmp_path / "large.mp4", tmp_path / "no.mp4", limits=footage.Limits(megapixels=0.9))
    assert not (tmp_path / "no.mp4").exists()


def test_two_hundred_and_forty_frames_a_second_keep_every_timestamp(stage, tmp_path):
    pts = [round(i * 1000 / 240) for i in range(48)]
    stage.scene.write(tmp_path / "fast.mkv", [stage.pictures[i // 4] for i in range(48)], rate=240, pts=pts)
    record = protected(tmp_path / "fast.mkv", tmp_path / "out.mp4")
    with av.open(str(tmp_path / "out.mp4")) as made:
        times = [float(f.pts * f.time_base) * 1000 for f in made.decode(video=0)]
    assert record.frames == 48 and np.abs(np.subtract(times, pts)).max() <= 1 and len(record.tracks) == 2


def test_a_picture_with_alpha_is_protected(stage, tmp_path):
    stage.scene.write(tmp_path / "alpha.mov", stage.pictures[:3], codec="qtrle", pix_fmt="argb")
    assert protected(tmp_path / "alpha.mov", tmp_path / "out.mp4").frames == 3


def woven(stage, moments):
    """Frames of two fields each, as a television camera gives them: odd lines one moment later."""
    frames = []
    for a, b in zip(moments[::2], moments[1::2]):
        frame = a.copy()
        frame[1::2] = b[1::2]
        frames.append(frame)
    return frames


def combed(grey):
    """How much more do neighbouring lines differ than lines of one field? About 0.3 in a whole picture."""
    rows = grey.astype(float)
    beside, field = (
        np.abs(rows[2:-2] - (rows[1:-3] + rows[3:-1]) / 2),
        np.abs(rows[2:-2] - (rows[:-4] + rows[4:]) / 2),
    )
    return beside.mean() / field.mean()


def test_interlaced_frames_become_whole_pictures_all_masked_none_lost(stage, tmp_path):
    # six pixels between the fields: a fast pan
    moments = [np.roll(stage.pictures[0], 6 * i, axis=1) for i in range(12)]
    stage.scene.write(tmp_path / "woven.mkv", woven(stage, moments), encoder={"x264-params": "tff=1"})
    record = protected(tmp_path / "woven.mkv", tmp_path / "out.mp4")
    before, after = stage.scene.pixels(tmp_path / "woven.mkv"), stage.scene.pixels(tmp_path / "out.mp4")
    assert record.frames == len(after) == 6 and "interlaced" in record.cautions[0] and len(record.tracks) >= 2
    assert combed(before[3]) > 0.9 and combed(after[3]) < 0.6
    hidden = {t.id: np.ones(t.frames, bool) for t in record.tracks}
    plan = footage.Plan.of(record.plan)
    assert footage.look_again(tmp_path / "woven.mkv", tmp_path / "out.mp4", plan, hidden).visible == ()


def test_frames_woven_without_saying_so_are_masked_as_they_are(stage, tmp_path):
    stage.scene.write(tmp_path / "woven.mkv", woven(stage, stage.pictures[:8]))
    record = protected(tmp_path / "woven.mkv", tmp_path / "out.mp4")
    assert record.frames == 4 and len(record.tracks) == 2


def test_sixty_faces_are_all_masked(stage, tmp_path):
    picture = stage.scene.ground(960, 540)
    truth = [
        stage.scene.put(picture, 48 + 96 * (i % 10), 40 + 88 * (i // 10), 44, ("light", "dark")[i % 2])
        for i in range(60)
    ]
    stage.scene.write(tmp_path / "crowd.mp4", [picture] * 3)
    protected(tmp_path / "crowd.mp4", tmp_path / "out.mp4", extra_boxes={f: truth for f in range(3)})
    before, after = stage.scene.pixels(tmp_path / "crowd.mp4")[1], stage.scene.pixels(tmp_path / "out.mp4")[1]
    from commonbeat.footage.check import survives

    left = [survives(before[round(b[1]) : round(b[3]), round(b[0]) : round(b[2])], after[round(b[1]) : round(b[3]), round(b[0]) : round(b[2])]) for b in truth]  # fmt: skip
    assert max(left) < 0.6


def box_at(data: bytes, name: bytes) -> int:
    return data.index(name) - 4


def test_a_header_that_claims_ten_hours_is_refused_before_anything_is_decoded(stage, tmp_path):
    source = tmp_path / "long.mp4"
    stage.scene.write(source, stage.pictures[:4])
    data = bytearray(source.read_bytes())
    for name, at in ((b"mvhd", 20), (b"mdhd", 20)):  # version 0: time scale at 16, duration at 20
        where = box_at(data, name) + 4
        scale = struct.unpack_from(">I", data, where + at - 4)[0]
        struct.pack_into(">I", data, where + at, scale * 36_000)
    where = box_at(data, b"tkhd") + 4 + 24
    struct.pack_into(">I", data, where, 36_000 * 1000)
    source.write_bytes(data)
    try:
        record = protected(source, tmp_path / "out.mp4")
    except Refused as refused:
        assert "Cut it into parts" in str(refused)
    else:  # the reader believed the packets rather than the header
        assert record.frames == 4 and record.duration_seconds < 1


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.95])
def test_an_mp4_without_its_index_gets_a_sentence(stage, tmp_path, kept):
    data = stage.path.read_bytes()
    assert data.index(b"moov") > data.index(b"mdat")  # the index comes last, so a cut loses it
    (tmp_path / "cut.mp4").write_bytes(data[: int(box_at(data, b"moov") * kept)])
    with pytest.raises(BadInput, match="not a video file we can read"):
        protected(tmp_path / "cut.mp4", tmp_path / "out.mp4")


def test_a_video_without_a_frame_gets_a_sentence(stage, tmp_path):
    with av.open(str(tmp_path / "none.mkv"), "w") as target:
        stream = target.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        target.start_encoding()
    with pytest.raises(BadInput, match=r"no frame of the video can be decoded|not a video|no pictures"):
        protected(tmp_path / "none.mkv", tmp_path / "out.mp4")


@pytest.mark.parametrize("seeds", [range(2), pytest.param(range(2, 30), marks=pytest.mark.truth)])
def test_bytes_changed_at_random_give_a_copy_or_a_sentence_and_nothing_else(stage, tmp_path, seeds):
    whole = stage.path.read_bytes()
    for number in seeds:
        data, rng = bytearray(whole), np.random.default_rng(number)
        for at in rng.integers(64, len(data), 40):
            data[at] = rng.integers(256)
        source, out = tmp_path / f"{number}.mp4", tmp_path / f"{number}-out.mp4"
        source.write_bytes(data)
        try:
            assert protected(source, out, turned="never").frames >= 1 and out.exists()
        except CommonbeatError as refused:
            assert len(str(refused)) > 20 and not out.exists()
        assert source.read_bytes() == bytes(data)
    assert not list(tmp_path.glob(".*.work"))
