"""One GROUP BY, many engines: DuckDB's SQL, the Ibis expression on DuckDB and on Spark, polars, and numpy."""

import duckdb
import numpy as np
import polars as pl
import pytest

from commonbeat.errors import BadInput, TooFew
from commonbeat.regression import fit, gram, ols, robust_scan
from commonbeat.relations import gram_expression

X = ["a", "b"]


def table(n=3000, seed=0):
    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, 40, n)
    a, b = rng.normal(size=n) + 50, rng.integers(0, 2, n).astype(float)
    y = 1e6 + a - b + rng.normal(size=40)[cluster] + rng.normal(size=n)
    return pl.DataFrame(
        {"y": y, "a": a, "b": b, "cluster": cluster, "area": cluster % 5, "w": rng.uniform(0.5, 2, n)}
    )


@pytest.fixture(scope="module")
def parquet(tmp_path_factory):
    path = tmp_path_factory.mktemp("rows") / "answers.parquet"
    table().with_columns(a=pl.when(pl.int_range(pl.len()) < 7).then(None).otherwise(pl.col("a"))).write_parquet(path)
    return path


def in_memory(path, fe, weights, se):
    d = pl.read_parquet(path).drop_nulls()
    return ols(d["y"].to_numpy(), d.select(X).to_numpy(), X, clusters=[d["cluster"].to_numpy()] if se.startswith("C") else [],
               fixed_effects=[d["area"].to_numpy()] if fe else [], weights=d["w"].to_numpy() if weights else None, se=se)  # fmt: skip


def engines(path):
    yield path, None
    yield str(path), "ibis"
    yield pl.read_parquet(path), None
    yield pl.read_parquet(path).to_pandas(), None
    yield duckdb.connect().read_parquet(str(path)), None


@pytest.mark.parametrize("fe", [None, "area"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_every_engine_gives_one_answer(parquet, fe, weights):
    expected = in_memory(parquet, fe, weights, "CR2")
    for source, engine in engines(parquet):
        one = gram(source, ["y", *X], cluster="cluster", fixed_effects=fe, weights=weights, engine=engine)
        got = fit(one, "y", X)
        assert one.dropped == 7 and got.n == 2993 and got.clusters == 40
        for part in ("estimate", "std_error", "df"):
            assert np.allclose(getattr(got, part), getattr(expected, part), rtol=1e-9), (type(source), part)


@pytest.mark.parametrize("se", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("weights", [None, "w"])
def test_the_second_scan_equals_rows_in_memory(parquet, se, weights):
    expected = in_memory(parquet, False, weights, se)
    for source in (parquet, duckdb.connect().read_parquet(str(parquet)), pl.read_parquet(parquet)):
        one = gram(source, ["y", *X], weights=weights)
        got = robust_scan(source, one, "y", X, weights=weights, se=se)
        assert np.allclose(got.std_error, expected.std_error, rtol=1e-8) and np.allclose(got.df, expected.df)


def test_the_second_scan_takes_an_ibis_table(parquet):
    import ibis

    source = ibis.duckdb.connect().read_parquet(str(parquet), table_name="answers")
    one = gram(source, ["y", *X])
    got = robust_scan(source, one, "y", X)
    assert np.allclose(got.std_error, in_memory(parquet, False, None, "HC2").std_error, rtol=1e-8)


def test_a_file_that_is_not_there_and_a_weight_of_zero(parquet, tmp_path):
    with pytest.raises(BadInput, match="does not exist"):
        gram(tmp_path / "none.parquet", ["y"])
    table(50).with_columns(w=pl.lit(0.0)).write_parquet(tmp_path / "zero.parquet")
    for source in (tmp_path / "zero.parquet", pl.read_parquet(tmp_path / "zero.parquet")):
        with pytest.raises(BadInput, match="must be positive"):
            gram(source, ["y", "a"], weights="w")
    with pytest.raises(BadInput, match="no column 'z'"):
        gram(pl.read_parquet(parquet), ["y", "z"])
    with pytest.raises(TooFew, match="no complete row"):
        gram(
            pl.DataFrame({"y": [None, None], "a": [1.0, 2.0]}, schema={"y": pl.Float64, "a": pl.Float64}), ["y", "a"]
        )
    with pytest.raises(BadInput, match="second scan does not take"):
        robust_scan(parquet, gram(parquet, ["y", *X], fixed_effects="area"), "y", X)


@pytest.mark.spark
def test_spark_runs_the_same_expression(parquet):
    import ibis
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master("local[2]").appName("commonbeat").config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "2").config("spark.driver.bindAddress", "127.0.0.1").getOrCreate()
    )  # fmt: skip
    try:
        session.read.parquet(str(parquet)).createOrReplaceTempView("answers")
        spark = ibis.pyspark.connect(session).table("answers")
        one = gram(spark, ["y", *X], cluster="cluster", fixed_effects="area", weights="w")
        got, expected = fit(one, "y", X), in_memory(parquet, True, True, "CR2")
        assert one.dropped == 7
        for part in ("estimate", "std_error", "df"):
            assert np.allclose(getattr(got, part), getattr(expected, part), rtol=1e-9)
        here = ibis.duckdb.connect().read_parquet(str(parquet), table_name="answers")
        shift = [1e6, 50.0, 0.5]
        there = gram_expression(spark, ["y", *X], shift, cluster="cluster").order_by("g").to_pandas()
        assert np.allclose(
            there, gram_expression(here, ["y", *X], shift, cluster="cluster").order_by("g").to_pandas(), rtol=1e-9
        )
    finally:
        session.stop()
