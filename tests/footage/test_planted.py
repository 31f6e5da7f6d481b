"""Sixty copies with a leak of 1 to 5 frames planted in each: is the release blocked, and does the bound cover the truth?"""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

from commonbeat import footage
from commonbeat.footage import Plan
from commonbeat.footage.check import look_again
from commonbeat.footage.decide import decide
from commonbeat.footage.leak import releasable

_spec = importlib.util.spec_from_file_location("footage_planting", Path(__file__).with_name("test_leak.py"))
_leak = sys.modules.setdefault("footage_planting", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(_leak)

RENDERS, LOOKED = 60, 12


@pytest.mark.truth
def test_sixty_planted_leaks_are_blocked_and_the_stated_bound_covers_them(stage, done, tmp_path):
    plan, eye, rng = Plan.of(done[1].plan), footage.CenterFace(), np.random.default_rng(11)
    blocked = covered = 0
    for number in range(RENDERS):
        length, way = number % 5 + 1, ("mask", "track")[number % 2]
        first, out = int(rng.integers(0, plan.frames - length + 1)), tmp_path / f"{number}.mp4"
        told, hidden = _leak.plant(stage, plan, decide(plan.tracks, {}), first, length, way, out)
        leak = look_again(stage.path, out, told, hidden, detector=eye)
        out.unlink()
        record = done[1].with_leak(leak)
        why = [w for w in releasable(record) if not w.startswith("Nobody has looked")]
        blocked += bool(why)
        # a person who misses nothing looks at frames drawn by chance; the planted frames are the truth
        if way == "track":  # the mask ends early: the last frames of the first person
            first = plan.tracks[0].last + 1 - length
        shown = set(range(first, first + length))
        looked = footage.sample_frames(record, LOOKED, seed=number)
        upper = footage.after_review(record, looked, shown & set(looked), "reviewer 1").leak.upper
        covered += upper >= length / plan.frames
    print(f"planted leaks: {blocked} of {RENDERS} blocked, bound covers in {covered}")
    assert blocked >= 0.95 * RENDERS and covered >= 0.95 * RENDERS
