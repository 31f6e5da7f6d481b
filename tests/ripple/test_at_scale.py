"""The same trees and counts on every engine: in memory, as Ibis on DuckDB, and on Spark."""

import datetime as dt
import os
import sys

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from commonbeat import ripple
from commonbeat.errors import BadInput
from commonbeat.ripple.at_scale import counts, forest_there

ibis = pytest.importorskip("ibis")
START = dt.datetime(2026, 3, 1)


def archive(seed, stories=40, declared=True):
    """Stories with everything odd in them: lost parents, circles, repeated rows, two who came by themselves, wrong stamps."""
    rng, rows = np.random.default_rng(seed), []
    for s in range(stories):
        n = int(rng.integers(1, 30))
        for i in range(n):
            parent = (
                None if i == 0 or rng.random() < 0.1 else f"{s}-{rng.integers(0, n if rng.random() < 0.1 else i)}"
            )
            parent = f"{s}-lost" if parent and rng.random() < 0.05 else parent
            how = "unknown" if rng.random() < 0.1 else None
            at = START + dt.timedelta(seconds=int(rng.integers(0, 200_000)))
            rows.append((f"{s}-{i}", parent, f"s{s}", at, how, int(rng.integers(0, 9)), "north" if i % 2 else None))
            if rng.random() < 0.05:
                rows.append(rows[-1])
    names = ["event_id", "parent_id", "story_id", "at", "parent_how", "audience", "place"]
    table = pl.DataFrame(rows, schema=names, orient="row", schema_overrides={"parent_how": pl.String})
    return table if declared else table.with_columns(parent_id=pl.lit(None, pl.String))


def on_duckdb(table, folder):
    path = folder / "spread.parquet"
    table.write_parquet(path)
    return ibis.duckdb.connect().read_parquet(path)


def in_memory(table):
    found = ripple.forest(table).with_columns(pl.col("orphans") + pl.col("elsewhere"))
    return found.drop("elsewhere", "before_parent").sort("story_id")


def same(found, table):
    expected = in_memory(table)
    assert_frame_equal(found.select(expected.columns), expected, check_dtypes=False)


@pytest.mark.parametrize("declared", [True, False])
def test_duckdb_gives_the_trees_of_memory(declared, tmp_path):
    for seed in range(4):
        table = archive(seed, declared=declared)
        same(forest_there(on_duckdb(table, tmp_path)), table)


def test_counts_by_story_hour_and_place(tmp_path):
    table = archive(9)
    there = on_duckdb(table, tmp_path)
    found = pl.from_arrow(counts(there).to_pyarrow())
    keys = ["story_id", "hour", "place"]
    expected = table.group_by("story_id", pl.col("at").dt.truncate("1h").alias("hour"), "place").agg(
        events=pl.len(), audience=pl.col("audience").sum(), stated=pl.col("audience").count(), first=pl.col("at").min(), last=pl.col("at").max()
    )  # fmt: skip
    assert_frame_equal(found.sort(keys), expected.sort(keys), check_dtypes=False, check_column_order=False)
    with pytest.raises(BadInput, match="no column street"):
        counts(there, by=("story_id", "street"))


@pytest.mark.spark
def test_spark_gives_the_trees_and_counts_of_duckdb(tmp_path):
    pytest.importorskip("pyspark")
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    session = (
        SparkSession.builder.master("local[2]").appName("commonbeat").config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2").config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.sql.session.timeZone", "UTC").getOrCreate()
    )  # fmt: skip
    try:
        table = archive(3)
        duck = on_duckdb(table, tmp_path)
        session.read.parquet(str(tmp_path / "spread.parquet")).createOrReplaceTempView("spread")
        there = ibis.pyspark.connect(session).table("spread")
        same(forest_there(there), table)
        by = ("story_id", "day")
        one, two = (
            pl.from_arrow(counts(t, by=by).to_pyarrow()).sort(by).select(*by, "events", "audience")
            for t in (there, duck)
        )
        assert (
            one["events"].to_list() == two["events"].to_list()
            and one["audience"].to_list() == two["audience"].to_list()
        )
    finally:
        session.stop()
