"""What else goes with a copy: regions followed through time, a poster, captions, lowered voices, WebM."""

import av
import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import BadInput
from commonbeat.footage.order import Region


@pytest.fixture(scope="module")
def street(stage):
    """A plate that moves 3 pixels a frame over a street with a tone at 440 Hz: (path, left edge by frame)."""
    rng, path = np.random.default_rng(5), stage.folder / "plate.mp4"
    plate = rng.integers(0, 2, (6, 14)).repeat(4, 0).repeat(4, 1)[..., None] * np.array([200, 190, 60]) + 20
    ground, pictures = stage.scene.ground(320, 240), []
    for t in range(25):
        picture = ground.copy()
        picture[150:174, 40 + 3 * t : 96 + 3 * t] = plate
        pictures.append(picture)
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)[None]
    stage.scene.write(path, pictures, audio=tone)
    return path, [40 + 3 * t for t in range(25)]


def heard(path):
    with av.open(str(path)) as source:
        frames = list(source.decode(audio=0))
    return np.concatenate([f.to_ndarray() for f in frames], axis=1)[0], frames[0].sample_rate


def pitch(samples, rate):
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return np.argmax(spectrum) * rate / len(samples)


def test_a_plate_drawn_once_is_hidden_in_every_frame_before_and_after(stage, street, tmp_path):
    path, lefts = street
    drawn = Region("plate", 0.4, (lefts[10] - 2, 148, lefts[10] + 58, 176), 0.0, 2.0)
    footage.protect(path, tmp_path / "out.mp4", regions=[drawn], check=False, threads=1)
    for picture, left in zip(stage.scene.pixels(tmp_path / "out.mp4"), lefts, strict=True):
        # the plate's squares stand 180 levels apart; hidden, hardly anything is left of them
        assert picture[152:172, left + 2 : left + 54].std() < 12
    # and what it covers moves along: where the plate was at first, the street is to be seen at the end
    assert stage.scene.pixels(tmp_path / "out.mp4")[24][152:172, 40:70].std() > 3


def test_a_webm_copy_carries_frames_and_sound_in_step_with_a_poster_and_captions(stage, street, tmp_path):
    (tmp_path / "words.vtt").write_text("WEBVTT\n\n00:00:00.000 --> 00:00:00.900\n[a tone]\n")
    out = tmp_path / "out.webm"
    record = footage.protect(
        street[0],
        out,
        sound="keep",
        poster=tmp_path / "poster.jpg",
        captions=tmp_path / "words.vtt",
        check=False,
        threads=1,
    )
    with av.open(str(out)) as made:
        assert (
            made.streams.video[0].codec_context.name == "vp9" and made.streams.audio[0].codec_context.name == "opus"
        )
        times = [float(f.pts * f.time_base) for f in made.decode(video=0)]
    assert record.frames == 25 and np.abs(np.subtract(times, np.arange(25) / 25)).max() <= 0.001
    samples, rate = heard(out)
    assert abs(pitch(samples[4800:28_800], rate) - 440) < 5 and abs(len(samples) / rate - 1.0) < 0.04
    assert (tmp_path / "poster.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert out.with_suffix(".vtt").read_text().startswith("WEBVTT")
    (tmp_path / "words.srt").write_text("1\n00:00:00,000 --> 00:00:01,000\nhello\n")
    with pytest.raises(BadInput, match=r"Export them as \.vtt"):
        footage.protect(street[0], out, captions=tmp_path / "words.srt")


def test_lowered_voices_are_a_fifth_lower_and_just_as_long(street, tmp_path):
    footage.protect(street[0], tmp_path / "out.mp4", sound="lower", check=False, threads=1)
    samples, rate = heard(tmp_path / "out.mp4")
    assert abs(pitch(samples[9600:38_400], rate) - 440 * 0.78) < 8  # 343 Hz
    assert abs(len(samples) / rate - 1.0) < 0.06
