"""One GROUP BY, many engines: the Ibis expression on DuckDB and on Spark, batches of any table, and arrays."""

import duckdb
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commonbeat.errors import BadInput, TooFew
from commonbeat.regression import batches, feeds, fit, gram, ols, robust_scan
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


def labelled(seed, n):
    """Columns of every kind that may be summed or may name a cluster: small and large whole numbers, words, truth values."""
    rng = np.random.default_rng(seed)
    return pl.DataFrame(
        {
            "y": rng.normal(size=n) + 1e6,
            "small": rng.integers(-3, 9, n).astype(np.int8),
            "yes": rng.random(n) < 0.3,
            "single": rng.normal(size=n).astype(np.float32),
            "word": [f"k{i}" for i in rng.integers(0, 30, n)],
            "far": rng.integers(0, 2**60, 20)[rng.integers(0, 20, n)],
            "level": rng.integers(-5, 5, n).astype(np.int16),
            "w": rng.uniform(0.1, 3, n),
        }
    ).with_columns(
        kind=pl.col("word").cast(pl.Categorical),
        small=pl.when(pl.int_range(n) % 11 == 3).then(None).otherwise("small"),
    )


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(3, 900),
    cluster=st.sampled_from([None, "word", "far", "level", "kind"]),
    level=st.sampled_from([None, "level", "word"]),
    weights=st.sampled_from([None, "w"]),
    compiled=st.booleans(),
    rows=st.sampled_from([7, 100, 10_000]),
)
def test_batches_add_up_to_the_group_by(tmp_path_factory, seed, n, cluster, level, weights, compiled, rows):
    """The quick way beside its twin: read in batches of any size, multiplied in blocks or compiled."""
    path = tmp_path_factory.mktemp("rows") / "some.parquet"
    labelled(seed, n).write_parquet(path)
    names, keys = ["y", "small", "yes", "single"], {"cluster": cluster, "fixed_effects": level, "weights": weights}
    twin = gram(path, names, **keys, engine="ibis")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(feeds, "ROWS", rows)
        patch.setattr(batches, "COMPILED", 0 if compiled else 10**9)
        got = gram(path, names, **keys, shift=twin.shift)
    assert (got.dropped, got.n, got.level_labels) == (twin.dropped, twin.n, twin.level_labels)
    a, b = (np.lexsort((one.level, one.cluster)) for one in (got, twin))
    assert (got.cluster[a] == twin.cluster[b]).all() and (got.count[a] == twin.count[b]).all()
    for part in ("total", "first"):
        ours, theirs = getattr(got, part)[:, a], getattr(twin, part)[:, b]
        assert np.abs(ours - theirs).max() <= 1e-12 * max(1, np.abs(theirs).max())
    assert np.abs(got.second - twin.second).max() <= 1e-12 * np.abs(twin.second).max()


@pytest.mark.parametrize("se", ["HC0", "HC1", "HC2", "HC3"])
@pytest.mark.parametrize("weights", [None, "w"])
@pytest.mark.parametrize("fe", [None, "area"])
def test_the_second_scan_equals_rows_in_memory(parquet, se, weights, fe):
    expected = in_memory(parquet, fe, weights, se)
    for source in (parquet, duckdb.connect().read_parquet(str(parquet)), pl.read_parquet(parquet)):
        one = gram(source, ["y", *X], weights=weights, fixed_effects=fe)
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


def test_tables_that_cannot_be_summed_are_refused_by_name(parquet, tmp_path):
    import ibis

    words = pl.DataFrame({"y": ["a", "b"], "a": [1.0, 2.0]})
    words.write_parquet(tmp_path / "words.parquet")
    (tmp_path / "rows.csv").write_text("y,a\n1,2\n")
    for source in (words, tmp_path / "words.parquet"):
        with pytest.raises(BadInput, match=r"column 'y' holds .*string"):
            gram(source, ["y", "a"])
    with pytest.raises(BadInput, match="cannot be read as Parquet"):
        gram(tmp_path / "rows.csv", ["y", "a"])
    for engine in (None, "ibis"):
        with pytest.raises(BadInput, match="no column 'z'"):
            gram(parquet, ["y", "z"], engine=engine)
    absorbed = gram(parquet, ["y", *X], fixed_effects="area")
    with pytest.raises(BadInput, match="does not take absorbed"):
        robust_scan(ibis.duckdb.connect().read_parquet(str(parquet), table_name="answers"), absorbed, "y", X)
    with pytest.raises(BadInput, match="met 60 complete rows and the first 2993"):
        robust_scan(table(60), absorbed, "y", X)
    pl.DataFrame({"y": [1.0, float("nan")], "a": [1.0, 2.0]}).write_parquet(tmp_path / "nan.parquet")
    with pytest.raises(BadInput, match="holds NaN"):
        gram(tmp_path / "nan.parquet", ["y", "a"])


def test_a_dictionary_may_hold_words_no_row_uses():
    rows = table(60).with_columns(cluster=(pl.col("cluster") % 5).cast(pl.String).cast(pl.Categorical))
    some = rows.filter(pl.col("cluster").cast(pl.String) != "3")
    got, words = (gram(t, ["y", "a"], cluster="cluster") for t in (some, some.cast({"cluster": pl.String})))
    assert got.clusters == 4 and got.count.sum() == len(some) and np.allclose(got.second, words.second, rtol=1e-12)


def test_a_column_may_stand_in_the_names_of_folders(tmp_path):
    for year in (2024, 2025):
        (tmp_path / f"year={year}").mkdir()
        table(100, year).write_parquet(tmp_path / f"year={year}" / "rows.parquet")
    assert gram(f"{tmp_path}/*/*.parquet", ["y", "a"], cluster="year").clusters == 2


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
