"""One protected drawn clip for many tests: two heads, sound, a plan."""

import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest

_spec = importlib.util.spec_from_file_location("footage_scene", Path(__file__).with_name("scene.py"))
scene = sys.modules.setdefault("footage_scene", importlib.util.module_from_spec(_spec))
_spec.loader.exec_module(scene)


@pytest.fixture(scope="session")
def stage(tmp_path_factory):
    """The drawn scene's tools and one clip: folder, path, pictures, truth (boxes by frame and person)."""
    folder = tmp_path_factory.mktemp("footage")
    pictures, truth = scene.walk()
    tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000)[None]
    path = folder / "walk.mp4"
    scene.write(path, pictures, audio=tone)
    return type("Stage", (), {"scene": scene, "folder": folder, "path": path, "pictures": pictures, "truth": truth})


@pytest.fixture(scope="session")
def done(stage):
    """The clip protected once, behind the fence, with sound kept and a span muted."""
    from commonbeat import footage

    out = stage.folder / "walk_protected.mp4"
    return out, footage.protect(stage.path, out, mute=[(0.3, 0.6)], threads=1)
