"""A folder of videos, one after the other, side by side, and on a cluster: the same copies."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from commonbeat import footage


@pytest.fixture
def archive(stage, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    for name in ("a", "c"):
        stage.scene.write(source / f"{name}.mp4", stage.pictures[:2])
    (source / "b.mp4").write_bytes(b"no video")
    return source, tmp_path / "out"


def summary(outcomes):
    return [(o.name, o.record.frames if o.record else None, o.error is not None, o.skipped) for o in outcomes]


WANTED = [("a.mp4", 2, False, False), ("b.mp4", None, True, False), ("c.mp4", 2, False, False)]


def test_side_by_side_gives_the_same_as_one_after_the_other_and_resumes(archive):
    asked = {"check": False, "threads": 1}
    told = []
    with ThreadPoolExecutor(2) as pool:
        made = list(footage.protect_folder(*archive, spread=pool.map, progress=lambda *w: told.append(w), **asked))
    assert summary(made) == WANTED and {w[0].name for w in told} >= {"a.mp4", "c.mp4"}
    (archive[1] / "c.mp4").unlink()  # as after a crash: what is there is whole, the rest is done again
    assert summary(footage.protect_folder(*archive, **asked)) == [("a.mp4", None, False, True), *WANTED[1:]]


@pytest.mark.spark
def test_a_spark_cluster_gives_the_same(archive, monkeypatch):
    from pyspark.sql import SparkSession

    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)  # else its workers run whatever python3 is found first

    session = (
        SparkSession.builder.master("local[2]").appName("commonbeat").config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    )  # fmt: skip
    try:
        made = list(footage.protect_folder(*archive, spread=footage.on_spark(session), check=False, threads=1))
    finally:
        session.stop()
    assert summary(made) == WANTED and (archive[1] / "a.mp4").exists()
