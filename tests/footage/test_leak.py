"""What may still be seen: the program's second look, the person's, and the bound, against planted truth."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from commonbeat import footage
from commonbeat.errors import BadInput, TooFew
from commonbeat.footage import Decision, Leak, Plan
from commonbeat.footage.check import look_again
from commonbeat.footage.clip import Clip
from commonbeat.footage.decide import decide
from commonbeat.footage.leak import releasable, upper_bound
from commonbeat.footage.render import render
from commonbeat.footage.work import painter


def plant(stage, plan, hidden, first, length, way, out):
    """Writes the copy with a hole in one person's mask. way "mask": drawing failed; "track": never known there."""
    told = plan
    if way == "track":
        t = plan.tracks[0]
        cut = t.first + len(t.boxes) - length
        shorter = replace(t, boxes=t.boxes[:-length], seen=t.seen[:-length], ambiguous=t.ambiguous[:-length])
        told, first = replace(plan, tracks=(shorter, *plan.tracks[1:])), cut
    told_hidden = decide(told.tracks, {})
    paint, bare = (
        painter(told, told_hidden, "solid"),
        painter(replace(told, tracks=told.tracks[1:]), told_hidden, "solid"),
    )

    def leaky(frame, planes):
        (bare if way == "mask" and first <= frame < first + length else paint)(frame, planes)

    with Clip(stage.path) as clip:
        render(clip, out, leaky, threads=1)
    return told, told_hidden


@pytest.mark.parametrize("way", ["mask", "track"])
def test_planted_leaks_of_one_to_five_frames_are_blocked(stage, done, tmp_path, way):
    plan = Plan.of(done[1].plan)
    eye, rng, blocked = footage.CenterFace(), np.random.default_rng(3), 0
    for length in range(1, 6):
        out = tmp_path / f"{way}{length}.mp4"
        first = int(rng.integers(0, 24 - length))
        told, hidden = plant(stage, plan, decide(plan.tracks, {}), first, length, way, out)
        leak = look_again(stage.path, out, told, hidden, detector=eye)
        blocked += any("Something like a face" in why for why in releasable(done[1].with_leak(leak)))
    assert blocked == 5


def test_a_clean_copy_shows_nothing_and_waits_only_for_a_person(done):
    record = done[1]
    assert record.leak.visible == () and record.leak.longest_run == 0 and record.leak.checked_frames == 24
    assert [why[:16] for why in releasable(record)] == ["Nobody has looke"]


def test_a_person_shown_with_consent_is_no_leak(stage, done, tmp_path):
    out, plan = tmp_path / "kept.mp4", Plan.of(done[1].plan)
    hidden = decide(plan.tracks, {1: Decision(keep=True, consent="c1")})
    with Clip(stage.path) as clip:
        render(clip, out, painter(plan, hidden, "solid"), threads=1)
    assert look_again(stage.path, out, plan, hidden).visible == ()


def test_the_bound_is_the_largest_share_that_would_still_have_looked_clean():
    # 100 clean of 1000: with 29 leaking, P(none seen) = C(971,100)/C(1000,100) > 0.05 >= the same with 30 or more
    chance = lambda leaking: comb(1000 - leaking, 100) / comb(1000, 100)  # noqa: E731
    most = max(k for k in range(200) if chance(k) > 0.05)
    assert upper_bound(0, 100, 1000) == most / 1000 and most == 28
    assert upper_bound(0, 100, 10**6) == pytest.approx(0.0295, abs=3e-4)  # 1 - 0.05 ** (1 / 100)
    assert upper_bound(0, 24, 24) == 0 and upper_bound(3, 24, 24) == 3 / 24


def test_the_bound_covers_the_truth_in_at_least_95_of_100_reviews():
    population, looked = 300, 60
    for leaking in (0, 3, 9, 30):
        seen = np.random.default_rng(leaking).hypergeometric(leaking, population - leaking, looked, size=2000)
        bounds = {k: upper_bound(k, looked, population) for k in set(seen.tolist())}
        covered = sum(bounds[k] >= leaking / population for k in seen.tolist())
        # 99.9 % lower limit of 2000 draws at 0.95: 0.95 - 3.1 * sqrt(0.95 * 0.05 / 2000)
        assert covered / 2000 >= 0.95 - 3.1 * np.sqrt(0.95 * 0.05 / 2000)


def test_a_bound_without_a_look_is_refused():
    with pytest.raises(BadInput, match="looked > 0"):
        upper_bound(0, 0, 100)


def test_after_a_person_looked_the_bound_is_stated_and_releases_or_not(done):
    record = done[1]
    all_frames = footage.sample_frames(record, 100)
    assert all_frames == list(range(24))
    clean = footage.after_review(record, all_frames, [], "reviewer 1")
    assert clean.leak.upper == 0 and releasable(clean) == [] and clean.reviewers == ("reviewer 1",)
    few = footage.after_review(record, footage.sample_frames(record, 6, seed=1), [], "reviewer 1")
    assert few.leak.upper > 0.03 and "Look at more frames" in releasable(few)[0]
    bad = footage.after_review(record, all_frames, [3, 4], "reviewer 1")
    assert bad.leak.upper == 2 / 24 and len(releasable(bad)) == 2
    with pytest.raises(BadInput, match="among those looked at"):
        footage.after_review(record, [1, 2], [3], "reviewer 1")


def test_what_a_person_calls_no_face_no_longer_stands_in_the_way(done):
    spots = ((3, 0.0, 0.0, 9.0, 9.0), (4, 0.0, 0.0, 9.0, 9.0), (9, 5.0, 5.0, 9.0, 9.0))
    shown = done[1].with_leak(replace(done[1].leak, estimate=3 / 51, longest_run=2, visible=spots))
    assert any("2 frames in a row" in why for why in releasable(shown))
    left = footage.no_faces(shown, [0, 2], "reviewer 1").leak
    assert left.visible == (spots[1],) and left.longest_run == 1 and left.estimate == pytest.approx(1 / 51)
    none = footage.no_faces(shown, [0, 1, 2], "reviewer 1")
    assert none.leak.estimate == 0 and [why[:6] for why in releasable(none)] == ["Nobody"]
    with pytest.raises(BadInput, match="3 places to judge"):
        footage.no_faces(shown, [3], "reviewer 1")


def test_every_track_is_served_with_its_ends_and_frames_between(done):
    chosen = footage.track_frames(done[1], each=3, seed=2)
    assert chosen.keys() == {1, 2} and all(len(f) == 5 and f[0] == 0 and f[-1] == 23 for f in chosen.values())


def test_stills_show_the_masked_copy(stage, done):
    made = dict(footage.stills(done[0], [0, 5, 23], longest=160))
    assert sorted(made) == [0, 5, 23] and all(jpeg[:2] == b"\xff\xd8" for jpeg in made.values())


def test_a_sample_is_the_same_for_a_seed_and_without_repeats(done):
    record = replace(done[1], frames=1000)
    one = footage.sample_frames(record, 100, seed=4)
    assert one == footage.sample_frames(record, 100, seed=4) != footage.sample_frames(record, 100, seed=5)
    assert len(set(one)) == 100


def test_a_dark_clip_and_an_unchecked_one_are_blocked(done):
    record = done[1]
    dark = replace(record, light=20.0)
    assert any("too dark" in why for why in releasable(dark))
    assert any("not been looked at again" in why for why in releasable(replace(record, leak=Leak())))
    assert not issubclass(BadInput, TooFew)
