"""The whole way of one clip, on drawn scenes whose truth is known, judged by the pixels that come out."""

import json
import os
import signal
import subprocess
import sys
import time

import av
import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import BadInput, Refused
from commonbeat.footage.check import survives
from commonbeat.footage.order import Region


def content_left(before, after, box):
    x0, y0, x1, y1 = (round(v) for v in box)
    return survives(before[y0:y1, x0:x1], after[y0:y1, x0:x1])


def test_no_face_of_the_drawn_street_is_left_in_any_frame(stage, done):
    out, record = done
    before, after = stage.scene.pixels(stage.path), stage.scene.pixels(out)
    assert len(before) == len(after) == record.frames == 24
    left = [content_left(b, a, box) for b, a, boxes in zip(before, after, stage.truth) for box in boxes.values()]
    assert len(left) == 2 * 24 and max(left) < 0.6
    # and the same measure sees the faces where nothing is hidden
    assert content_left(before[0], before[0], stage.truth[0][0]) == pytest.approx(1)


def test_little_else_is_masked(stage, done):
    before, after = stage.scene.pixels(stage.path)[3], stage.scene.pixels(done[0])[3]
    changed = np.abs(before.astype(int) - after) > 40
    for x0, y0, x1, y1 in stage.truth[3].values():
        wide, high = 0.3 * (x1 - x0), 0.3 * (y1 - y0)
        changed[int(y0 - high) : int(y1 + high) + 1, int(x0 - wide) : int(x1 + wide) + 1] = False
    assert changed.mean() < 0.015


def test_the_record_says_what_was_done_and_nothing_about_anybody(done):
    out, record = done
    said = record.to_dict()
    assert list(said) == ["frames", "fps", "duration_seconds", "tracks", "muted", "leak", "seconds", "versions"]
    assert list(said["leak"]) == ["estimate", "upper", "longest_run", "checked_frames", "method"]
    assert [list(t) for t in said["tracks"]] == [["id", "first", "last", "frames", "masked", "reason"]] * 2
    assert said["leak"]["upper"] is None and said["leak"]["estimate"] == 0 and said["muted"] == [[0.3, 0.6]]
    assert all(t["masked"] and t["reason"] == "no_consent" and t["frames"] == 24 for t in said["tracks"])
    assert str(out.parent) not in json.dumps(footage.statement(record))


def test_a_span_is_silent_to_the_sample_and_the_rest_stays_in_step(stage, done):
    with av.open(str(done[0])) as source:
        frames = list(source.decode(audio=0))
    start = float(frames[0].pts * frames[0].time_base)
    heard = np.concatenate([f.to_ndarray() for f in frames], axis=1)[0]
    at = lambda seconds: round((seconds - start) * 48_000)  # noqa: E731
    assert np.abs(heard[at(0.3) : at(0.6)]).max() == 0
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)
    early = heard[at(0.1) : at(0.2)]
    lags = range(-60, 61)
    likeness = [np.dot(early, tone[4800 + lag : 9600 + lag]) for lag in lags]
    # 440 Hz repeats every 109 samples, so within 54 the best lag is the true one: half a millisecond of the 20
    # allowed
    assert abs(list(lags)[int(np.argmax(likeness))]) <= 24 and np.std(early) > 0.15


def test_keeping_one_track_shows_it_and_hides_the_other_without_a_new_search(stage, done, tmp_path):
    out = tmp_path / "kept.mp4"
    choice = {1: footage.Decision(keep=True, consent="c1")}
    record = footage.rerender(stage.path, out, done[1], choice, check=False, threads=1)
    before, after = stage.scene.pixels(stage.path)[0], stage.scene.pixels(out)[0]
    shown, masked = stage.truth[0][0], stage.truth[0][1]
    assert content_left(before, after, shown) > 0.8 and content_left(before, after, masked) < 0.6
    assert [(t.masked, t.reason) for t in record.tracks] == [(False, "consent"), (True, "no_consent")]
    gone = {1: footage.Decision(keep=True, consent="c1", withdrawn=True)}
    again = footage.rerender(stage.path, out, done[1], gone, check=False, threads=1)
    assert content_left(before, stage.scene.pixels(out)[0], shown) < 0.6 and again.tracks[0].reason == "withdrawn"


def test_boxes_handed_in_and_regions_drawn_by_hand_are_hidden_whoever_consents(stage, done, tmp_path):
    out = tmp_path / "regions.mp4"
    plate = Region("plate", 0.0, (10, 180, 60, 220), 0.0, 0.4, follow=False)
    everything = Region("other", 0.8, None, 0.8, 9.0)
    footage.rerender(
        stage.path,
        out,
        done[1],
        {},
        regions=[plate, everything],
        extra_boxes={5: [(100, 150, 140, 200)]},
        check=False,
        threads=1,
    )
    after = stage.scene.pixels(out)
    assert after[2][185:215, 15:55].std() < 3 and after[20][185:215, 15:55].std() < 3
    assert after[15][185:215, 15:55].std() > 3
    assert after[5][165:185, 112:128].std() < 3 and after[6][165:185, 112:128].std() > 3
    assert after[22].std() < 2


def test_a_mosaic_leaves_at_most_two_by_three_cells_of_a_small_face(stage, done, tmp_path):
    out = tmp_path / "mosaic.mp4"
    footage.rerender(stage.path, out, done[1], {}, style="mosaic", check=False, threads=1)
    before, after = stage.scene.pixels(stage.path), stage.scene.pixels(out)
    assert max(content_left(b, a, box) for b, a, t in zip(before, after, stage.truth) for box in t.values()) < 0.6


def test_timestamps_of_a_variable_rate_stay_within_a_millisecond(stage, tmp_path):
    pts = [0, 40, 45, 130, 133, 300, 301, 420, 500, 900]
    source, out = tmp_path / "vfr.mkv", tmp_path / "vfr.mp4"
    stage.scene.write(source, stage.pictures[:10], pts=pts)
    record = footage.protect(source, out, check=False, threads=1)
    with av.open(str(out)) as made:
        times = [float(f.pts * f.time_base) * 1000 for f in made.decode(video=0)]
    assert record.frames == 10 and np.abs(np.array(times) - pts).max() <= 1


def test_a_sideways_clip_comes_out_upright_and_masked(stage, tmp_path):
    turned, out = tmp_path / "turned.mp4", tmp_path / "out.mp4"
    stage.scene.write(turned, [np.ascontiguousarray(np.rot90(p)) for p in stage.pictures[:8]])
    stage.scene.sideways(turned, 320)
    record = footage.protect(turned, out, check=False, threads=1)
    after, before = stage.scene.pixels(out), stage.scene.pixels(stage.path)
    assert after[0].shape == (240, 320) and record.frames == 8
    assert np.corrcoef(before[0][200:].ravel(), after[0][200:].ravel())[0, 1] > 0.9
    assert max(content_left(before[i], after[i], box) for i in range(8) for box in stage.truth[i].values()) < 0.6


def test_nothing_of_the_original_container_is_carried_over(stage, tmp_path):
    tagged, out = tmp_path / "tagged.mp4", tmp_path / "out.mp4"
    tags = {"title": "TITLEWORD", "comment": "COMMENTWORD"}
    stage.scene.write(tagged, stage.pictures[:4], metadata=tags)
    footage.protect(tagged, out, check=False, threads=1)
    data = out.read_bytes()
    assert not any(word in data for word in (b"TITLEWORD", b"COMMENTWORD"))
    assert b"TITLEWORD" in tagged.read_bytes() and b"COMMENTWORD" in tagged.read_bytes()


def test_odd_sizes_one_frame_and_webm_give_a_result(stage, tmp_path):
    source, out = tmp_path / "odd.mkv", tmp_path / "odd.webm"
    stage.scene.write(source, [stage.pictures[0][:239, :319]], codec="ffv1", pix_fmt="yuv444p")
    record = footage.protect(source, out, threads=1)
    assert record.frames == 1 and "odd number of pixels" in " ".join(record.cautions)
    assert stage.scene.pixels(out)[0].shape == (240, 320)


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("notes.mp4", b"these are only words\n" * 200, "not a video file we can read"),
        ("empty.mp4", b"", "the file is empty"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/x.ts\n", "not a video file we can read"),
    ],
)
def test_what_is_no_video_gets_a_sentence_and_leaves_nothing(tmp_path, name, content, says):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadInput, match=says):
        footage.protect(tmp_path / name, tmp_path / "out.mp4")
    assert not (tmp_path / "out.mp4").exists()


def test_sound_alone_hdr_and_a_clip_too_long_are_refused(stage, tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as target:
        made = target.add_stream("aac", rate=48000, layout="mono")
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.sample_rate = 48000
        target.mux(made.encode(frame))
        target.mux(made.encode(None))
    with pytest.raises(BadInput, match="only sound"):
        footage.protect(tmp_path / "sound.mp4", tmp_path / "out.mp4")
    stage.scene.write(tmp_path / "hdr.mp4", stage.pictures[:2], colour={"color_trc": 18, "color_primaries": 9})
    with pytest.raises(Refused, match="HDR video"):
        footage.protect(tmp_path / "hdr.mp4", tmp_path / "out.mp4")
    with pytest.raises(Refused, match="Cut it into parts"):
        footage.protect(stage.path, tmp_path / "out.mp4", limits=footage.Limits(seconds=0.5))
    assert not (tmp_path / "out.mp4").exists()


def test_a_file_cut_short_is_protected_as_far_as_it_goes_or_refused(stage, tmp_path):
    source = tmp_path / "whole.mkv"
    stage.scene.write(source, stage.pictures)
    (tmp_path / "cut.mkv").write_bytes(source.read_bytes()[: source.stat().st_size // 2])
    record = footage.protect(tmp_path / "cut.mkv", tmp_path / "out.mp4", check=False, threads=1)
    assert 0 < record.frames < 24


def test_a_process_that_needs_too_much_memory_is_ended_with_a_sentence(stage, tmp_path):
    with pytest.raises(Refused, match="walk"):
        footage.protect(stage.path, tmp_path / "out.mp4", limits=footage.Limits(memory_gb=0.25))
    assert not (tmp_path / "out.mp4").exists()


def test_kill_minus_nine_leaves_no_playable_copy_and_the_next_run_finishes(stage, tmp_path):
    out = tmp_path / "out.mp4"
    code = f"from commonbeat import footage; footage.protect({str(stage.path)!r}, {str(out)!r}, threads=1)"
    child = subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)
    desk = tmp_path / ".out.mp4.work"
    deadline = time.monotonic() + 60
    while not list(desk.glob("looks-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert not out.exists()
    for left in desk.glob("*.part"):
        with pytest.raises(av.error.FFmpegError):
            next(av.open(str(left)).decode(video=0))
    time.sleep(0.5)
    assert footage.protect(stage.path, out, check=False, threads=1).frames == 24
    assert not desk.exists()


KILLED = """
import os, sys
from pathlib import Path
import numpy as np
from commonbeat.footage.clip import Clip
from commonbeat.footage.render import render

def paint(frame, planes):
    planes[::2] = np.random.default_rng(frame).integers(0, 256, planes[::2].shape)  # so that there is much to write
    if frame == 70:
        os.kill(os.getpid(), 9)

with Clip(sys.argv[1]) as clip:
    render(clip, Path(sys.argv[2]), paint, container=sys.argv[3], quality=4, threads=1)
"""


@pytest.mark.parametrize("container", ["mp4", "webm"])
def test_what_was_written_before_a_kill_cannot_be_played(stage, tmp_path, container):
    source, part = tmp_path / "in.mp4", tmp_path / "video.part"
    stage.scene.write(
        source, [p[::2, ::2] for p in stage.pictures * 3], rate=8
    )  # a WebM is flushed every five seconds
    ended = subprocess.run([sys.executable, "-c", KILLED, source, part, container], check=False)
    assert ended.returncode == -signal.SIGKILL and part.stat().st_size > 50_000  # much of it is there
    with pytest.raises(av.error.FFmpegError):
        next(av.open(str(part)).decode(video=0))
    for forced in ("matroska", "mp4"):  # nor when a player is told what it is
        with pytest.raises(av.error.FFmpegError):
            next(av.open(str(part), format=forced).decode(video=0))


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"style": "blur"}, "blur is not offered for people"),
        ({"sound": "loud"}, "none of drop, keep, lower"),
    ],
)
def test_what_cannot_be_asked_is_said(stage, tmp_path, asked, says):
    with pytest.raises(BadInput, match=says):
        footage.protect(stage.path, tmp_path / "out.mp4", **asked)


def test_the_original_is_never_overwritten(stage):
    with pytest.raises(BadInput, match="would overwrite the original"):
        footage.protect(stage.path, stage.path)


@pytest.mark.parametrize(("text", "spans"), [("3.2-4.5", [(3.2, 4.5)]), ("10-12, 1-2", [(1, 2), (10, 12)])])
def test_mute_spans_are_read(text, spans):
    assert footage.spans(text) == spans


@pytest.mark.parametrize("text", ["5", "4-3", "a-b", "-1-2"])
def test_mute_spans_that_are_none_are_refused(text):
    with pytest.raises(BadInput, match="give seconds from-to"):
        footage.spans(text)


def test_a_regions_file_names_every_mistake(tmp_path):
    file = tmp_path / "regions.json"
    file.write_text(
        '[{"at": 1, "box": [0,0,5,5]}, {"at": 1, "box": [9,0,5,5]}, {"kind": "hat", "at": 0, "box": "all"}]'
    )
    with pytest.raises(BadInput) as caught:
        footage.read_regions(file)
    assert [p.message.split()[1] for p in caught.value.problems] == ["2", "3"]
