"""From sightings to tracks, checked with sightings made up from known paths."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat.errors import BadInput, Refused
from commonbeat.footage import Decision, Sightings, track
from commonbeat.footage.decide import decide, hidden_at
from commonbeat.footage.gaps import between, doubts, pair


def face(x, y=100.0, size=40.0, score=0.9):
    return [x - size / 2, y - size / 2, x + size / 2, y + size / 2, score]


def seen(rows, frames=60, cuts=()):
    at = {frame: np.array(boxes, float).reshape(-1, 5) for frame, boxes in rows.items()}
    return Sightings(frames, (640, 480), 30.0, at, [i / 30 for i in range(frames)], list(cuts))


def test_frames_between_two_looks_are_filled_in_on_a_straight_line():
    tracks = track(seen({0: [face(100)], 10: [face(120)], 20: [face(140)]}, 21), 30)
    (only,) = tracks
    assert (only.id, only.first, only.last) == (1, 0, 20)
    assert (only.boxes[:, 0] + only.boxes[:, 2]).tolist() == pytest.approx([2 * (100 + 2 * t) for t in range(21)])


def test_a_gap_of_under_a_second_is_one_person_and_a_longer_one_two():
    near = {f: [face(100)] for f in (0, 5, 30, 35)} | {f: [] for f in (10, 15, 20, 25)}
    assert len(track(seen(near), 30)) == 1
    far = {f: [face(100)] for f in (0, 5, 50, 55)} | {f: [] for f in range(10, 50, 5)}
    assert len(track(seen(far), 30)) == 2


def test_a_shot_cut_ends_tracks_and_their_leads():
    tracks = track(seen({f: [face(100)] for f in range(0, 60, 5)}, cuts=[31]), 30)
    # looks at 30 and 35: the lead before 35 would reach to 29 but for the cut; a fifth of a second is 6 frames
    assert [(t.first, t.last) for t in tracks] == [(0, 30), (32, 58)]


def test_one_weak_look_is_no_track_but_one_clear_look_is():
    assert track(seen({5: [face(100, score=0.3)]}), 30) == []
    assert len(track(seen({5: [face(100, score=0.6)]}), 30)) == 1


def test_a_weak_look_at_the_edge_is_believed_only_where_the_shot_ends_or_begins():
    at_edge = [face(630, score=0.3)]  # 610 to 650 of 640
    assert [t.last for t in track(seen({50: [], 59: at_edge}), 30)] == [59]
    assert [t.first for t in track(seen({0: at_edge, 5: []}), 30)] == [0]
    assert track(seen({30: at_edge}), 30) == [] == track(seen({59: [face(300, score=0.3)]}), 30)


def test_who_leaves_by_the_edge_is_masked_four_frames_on_elsewhere_two():
    for x, last in ((625, 14), (300, 12)):
        (only,) = track(seen({0: [face(x)], 5: [face(x)], 10: [face(x)], 11: []}), 30)
        assert only.last == last


def test_weak_sightings_carry_a_strong_track_on():
    rows = {0: [face(100)], 5: [face(100, score=0.25)], 10: [face(100, score=0.22)]}
    (only,) = track(seen(rows), 30)
    assert only.last >= 12


def test_tracks_are_numbered_by_first_frame_then_by_x():
    rows = {f: [face(400), face(100)] for f in range(0, 20, 5)} | {
        f: [face(400), face(100), face(250)] for f in (20, 25)
    }
    tracks = track(seen(rows, 26), 30)
    assert [t.id for t in tracks] == [1, 2, 3]
    assert [round(t.boxes[0][0]) for t in tracks] == [80, 380, 230]


def crossing():
    return track(seen({f: [face(100 + 8 * f), face(500 - 8 * f)] for f in range(0, 51, 2)}, 51), 30)


def test_a_kept_person_is_masked_where_two_tracks_mix():
    tracks = crossing()
    hidden = decide(tracks, {1: Decision(keep=True, consent="c1")})
    meet = 25  # both at x = 300
    assert hidden[1][meet - tracks[0].first] and not hidden[1][0] and hidden[2].all()
    assert len(hidden_at(tracks, hidden)(0)) == 1


def test_a_child_is_never_shown_without_a_guardian_and_a_withdrawn_consent_masks_again():
    with pytest.raises(Refused, match="guardian"):
        Decision(keep=True, consent="c1", child=True)
    assert Decision(keep=True, consent="c1", child=True, guardian=True).reason == "consent"
    hidden = decide(crossing(), {1: Decision(keep=True, consent="c1", withdrawn=True)})
    assert hidden[1].all()


def test_a_decision_about_a_track_that_does_not_exist_is_refused():
    with pytest.raises(BadInput, match="no track 9 in this clip: it has 2"):
        decide(crossing(), {9: Decision(keep=True)})


def test_doubt_is_a_lone_clear_face_or_a_long_step_and_the_rest_is_filled_in():
    a, none = np.array([face(100)]), np.empty((0, 5))
    places, sure = doubts(a, np.array([face(110)]))
    assert len(places) == 0 and sure[0, :4].tolist() == face(105)[:4]  # half way
    places, sure = doubts(a, np.array([face(140)]))
    assert places.tolist() == [[80, 80, 160, 120]] and len(sure) == 0  # around both ends of its way
    assert doubts(a, none)[0].tolist() == [face(100)[:4]]
    assert len(doubts(np.array([face(100, score=0.3)]), none)[0]) == 0


def test_the_search_between_looks_finds_the_very_frame_a_face_appears():
    for appears in range(1, 16):
        truth = {f: np.array([face(100)] if f >= appears else []).reshape(-1, 5) for f in range(17)}
        at = {0: truth[0], 16: truth[16]}
        between(0, 16, at, lambda frame, places, truth=truth: truth[frame])
        assert appears in at and appears - 1 in at and len(at) <= 2 + 4


def test_a_gap_is_looked_at_only_around_the_doubt_and_sure_faces_are_carried_over():
    both, asked = {f: np.array([face(100 + f), face(400)][: 1 + (f >= 5)]) for f in range(9)}, []

    def look(frame, places):
        asked.append(places.tolist())
        return both[frame][1:]  # only what lies around the place

    at = {0: both[0], 8: both[8]}
    between(0, 8, at, look)
    assert all(p == [face(400)[:4]] for p in asked) and sorted(at) == [0, 4, 5, 6, 8]
    assert at[4].tolist() == [[*face(104)[:4], 0.9]] and len(at[6]) == 2


def test_a_frame_looked_at_elsewhere_says_nothing_about_this_place():
    rows = {f: [face(100)] for f in range(10, 31, 5)} | {9: [], 31: []}
    seen_there, elsewhere = seen(rows), seen(rows)
    elsewhere.places = {9: np.array([[300.0, 0, 500, 200]]), 31: np.array([[300.0, 0, 500, 200]])}
    # nothing beside the ends: two frames of lead; not looked at there: a tenth of a second, three frames
    assert [(t.first, t.last) for t in track(seen_there, 30)] == [(8, 32)]
    assert [(t.first, t.last) for t in track(elsewhere, 30)] == [(7, 33)]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=5, unique=True),
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=5, unique=True),
)
def test_pairing_is_as_good_as_trying_every_pairing(a, b):
    from itertools import permutations

    a, b = (np.array([face(100 + 20 * x, 100 + 20 * y) for x, y in points]) for points in (a, b))
    if len(a) > len(b):
        a, b = b, a
    rows, _columns, apart = pair(a, b, reach=100.0)
    centre = lambda m: (m[:, :2] + m[:, 2:4]) / 2  # noqa: E731
    far = np.linalg.norm(centre(a)[:, None] - centre(b)[None], axis=2) / 40
    best = min(sum(far[i, j] for i, j in enumerate(way)) for way in permutations(range(len(b)), len(a)))
    assert len(rows) == len(a) and apart.sum() == pytest.approx(best)
