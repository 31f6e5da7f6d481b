"""Steps over whole tables, written once: as an Ibis expression for DuckDB or Spark, as SQL for DuckDB alone, in polars.

Only sums leave the engine: one GROUP BY turns rows into counts, sums and cross products by cluster.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np

from commonbeat.errors import BadInput, Missing

__all__ = ["gram_expression", "meat", "sums"]

PILOT = 1000  # rows whose mean is subtracted inside every sum


def sums(source, names, *, cluster=None, level=None, weights=None, shift=None, engine=None) -> dict:
    """Counts, sums and cross products of `names` by (cluster, level): the parts of a Gram, second moments still by cell.

    source : Parquet path (globs allowed), DuckDB relation, Ibis table, or a polars / pandas / Arrow frame
    engine : None = DuckDB's SQL for files and relations, polars for frames; "ibis" = the Ibis expression on DuckDB
    Rows with a missing value are left out and counted; weights must be positive.
    """
    kind = _kind(source)
    if kind == "ibis" or (engine == "ibis" and kind != "frame"):
        columns, dropped, shift = _by_ibis(source, names, cluster, level, weights, shift)
    elif kind == "frame":
        columns, dropped, shift = _by_polars(source, names, cluster, level, weights, shift)
    else:
        columns, dropped, shift = _by_duckdb(source, names, cluster, level, weights, shift)
    return _parts(columns, len(names), weights is not None, shift, dropped)


def gram_expression(table, names, shift, *, cluster=None, level=None, weights=None):
    """The one GROUP BY as an Ibis expression: the same on DuckDB and on Spark.

    table : an Ibis table;  shift : (q,) numbers subtracted inside the sums
    """
    import ibis

    x = {f"x{i}": table[name].cast("float64") - float(c) for i, (name, c) in enumerate(zip(names, shift))}
    keys = {"g": table[cluster] if cluster else ibis.literal(0), "l": table[level] if level else ibis.literal(0)}
    w = {"w": table[weights].cast("float64")} if weights else {}
    used = [c for c in (*names, cluster, level, weights) if c]
    rows = table.filter([table[c].notnull() for c in used]).select(**keys, **x, **w)
    out = {"n": rows.count()}
    for k in (0, 1, 2) if weights else (0,):
        weight = rows.w**k if k == 2 else rows.w if k else None
        at = lambda value: value.sum() if weight is None else (value * weight).sum()  # noqa: E731, B023
        out[f"t{k}"] = rows.count() if weight is None else weight.sum()
        out |= {f"f{k}_{i}": at(rows[f"x{i}"]) for i in range(len(names))}
        out |= {f"s{k}_{i}_{j}": at(rows[f"x{i}"] * rows[f"x{j}"]) for i, j in _pairs(len(names))}
    return rows.group_by("g", "l").aggregate(**out)


def meat(source, *, columns, shift, project, error, bread, weights=None, power=1, engine=None, every=()):
    """The second scan: sum of w^2 e^2 / (1 - h)^power x x' over complete rows, x with an intercept in front.

    columns, shift : columns and what is subtracted;  project (1 + columns, p), error (1 + columns,) : x and e of a row
    every          : columns that must be present, as in the first scan
    """
    p = project.shape[1]
    names = list(columns)
    at = ["1.0", *(f"x{i}" for i in range(len(names)))]
    linear = lambda v: " + ".join(f"({c!r}) * {a}" for c, a in zip(v.tolist(), at) if c) or "0.0"  # noqa: E731
    rows = ", ".join(
        f"CAST({_q(n)} AS DOUBLE) - ({float(c)!r}) AS x{i}" for i, (n, c) in enumerate(zip(names, shift))
    )
    w = f"CAST({_q(weights)} AS DOUBLE)" if weights else "1.0"
    present = " AND ".join(
        f"{_q(c)} IS NOT NULL" for c in dict.fromkeys([*every, *names, *([weights] if weights else [])])
    )
    leverage = " + ".join(f"({float(bread[i, j] * (1 if i == j else 2))!r}) * z{i} * z{j}" for i, j in _pairs(p))
    scores = f"w * w * e * e / power(1.0 - w * ({leverage}), {int(power)})"
    sql = f"""
        WITH r AS (SELECT {rows}, {w} AS w FROM source WHERE {present}),
             z AS (SELECT {", ".join(f"{linear(project[:, k])} AS z{k}" for k in range(p))}, {linear(error)} AS e, w FROM r),
             s AS (SELECT *, {scores} AS c FROM z)
        SELECT {", ".join(f"sum(c * z{i} * z{j}) AS m{i}_{j}" for i, j in _pairs(p))} FROM s"""
    with _opened(source) as ask:
        found = ask(sql)
    out = np.empty((p, p))
    for i, j in _pairs(p):
        out[i, j] = out[j, i] = found[f"m{i}_{j}"][0]
    return out


def _pairs(q):
    return list(combinations_with_replacement(range(q), 2))


def _q(name):
    return '"' + str(name).replace('"', '""') + '"'


def _kind(source) -> str:
    module = type(source).__module__.split(".")[0]
    if isinstance(source, (str, Path)):
        return "file"
    if module in ("_duckdb", "duckdb"):
        return "duckdb"
    return "ibis" if module == "ibis" else "frame"


def _duckdb():
    try:
        import duckdb
    except ImportError:
        raise Missing("reading tables from files needs DuckDB: pip install 'duckdb<2'") from None
    return duckdb


def _from(source, connection):
    """A name to select from, registered in `connection`."""
    if isinstance(source, (str, Path)):
        path = str(source)
        if not any(c in path for c in "*?[") and not Path(path).exists():
            raise BadInput(f"{path} does not exist: give a Parquet file, or a pattern such as answers-*.parquet")
        return f"read_parquet('{path.replace(chr(39), chr(39) * 2)}')"
    import narwhals as nw

    table = nw.from_native(source).lazy().collect("polars").to_native().fill_nan(None)
    connection.register("given", table.to_arrow())
    return "given"


@contextmanager
def _opened(source):
    """A function from SQL whose table is called `source` to its columns; one connection serves every question."""
    kind = _kind(source)
    if kind == "ibis":
        name = source.get_name() if hasattr(source, "get_name") else None
        if name is None:
            raise BadInput("the second scan needs a named Ibis table: create a view of the expression first")
        backend = source.get_backend()
        frame = lambda sql: backend.sql(sql.replace("FROM source ", f"FROM {name} ")).to_pandas()  # noqa: E731
        yield lambda sql: {c: column.to_numpy() for c, column in frame(sql).items()}
    elif kind == "duckdb":
        _duckdb()
        yield lambda sql: source.query("source", sql).fetchnumpy()
    else:
        with _duckdb().connect() as connection:
            name = _from(source, connection)
            yield lambda sql: connection.sql(sql.replace("FROM source ", f"FROM {name} ")).fetchnumpy()


def _by_duckdb(source, names, cluster, level, weights, shift):
    with _opened(source) as ask:
        used = " AND ".join(
            f"{_q(c)} IS NOT NULL" for c in dict.fromkeys(c for c in (*names, cluster, level, weights) if c)
        )
        if shift is None:
            means = ", ".join(f"avg({_q(n)}) AS m{i}" for i, n in enumerate(names))
            pilot = ask(f"SELECT {means} FROM (SELECT * FROM source WHERE {used} LIMIT {PILOT})")
            means = [pilot[f"m{i}"][0] for i in range(len(names))]
            shift = np.array([0.0 if np.ma.is_masked(mean) else float(mean) for mean in means])
        found = ask(_group_by(names, shift, used, cluster, level, weights))
        total = int(ask("SELECT count(*) AS n FROM source WHERE true")["n"][0])
    _positive(found)
    return found, total - int(np.sum(found["n"])), shift


def _group_by(names, shift, used, cluster, level, weights) -> str:
    """The one GROUP BY as SQL."""
    rows = ", ".join(
        f"CAST({_q(n)} AS DOUBLE) - ({float(c)!r}) AS x{i}" for i, (n, c) in enumerate(zip(names, shift))
    )
    keys = f"{_q(cluster) if cluster else '0'} AS g, {_q(level) if level else '0'} AS l"
    w = f", CAST({_q(weights)} AS DOUBLE) AS w" if weights else ""
    out = ["count(*) AS n"]
    for k in (0, 1, 2) if weights else (0,):
        weight = ("", " * w", " * w * w")[k]
        out.append(f"sum({weight[3:]}) AS t{k}" if k else "CAST(count(*) AS DOUBLE) AS t0")
        out += [f"sum(x{i}{weight}) AS f{k}_{i}" for i in range(len(names))]
        out += [f"sum(x{i} * x{j}{weight}) AS s{k}_{i}_{j}" for i, j in _pairs(len(names))]
    out += ["min(w) AS least"] if weights else []
    return f"SELECT g, l, {', '.join(out)} FROM (SELECT {keys}, {rows}{w} FROM source WHERE {used}) GROUP BY g, l"


def _by_polars(frame, names, cluster, level, weights, shift):
    import narwhals as nw
    import polars as pl

    table = nw.from_native(frame).lazy().collect("polars").to_native()
    used = [c for c in (*names, cluster, level, weights) if c]
    missing = [c for c in used if c not in table.columns]
    if missing:
        raise BadInput(f"there is no column {missing[0]!r}; there are {', '.join(table.columns)}")
    full = table.select(list(dict.fromkeys(used))).fill_nan(None).drop_nulls()
    if shift is None:
        shift = np.array([full[n][:PILOT].cast(pl.Float64).mean() or 0.0 for n in names])
    x = [(pl.col(n).cast(pl.Float64) - float(c)).alias(f"x{i}") for i, (n, c) in enumerate(zip(names, shift))]
    keys = [(pl.col(c) if c else pl.lit(0)).alias(a) for c, a in ((cluster, "g"), (level, "l"))]
    w = [pl.col(weights).cast(pl.Float64).alias("w")] if weights else []
    out = [pl.len().alias("n")] + ([pl.col("w").min().alias("least")] if weights else [])
    for k in (0, 1, 2) if weights else (0,):
        weight = (pl.lit(1.0), pl.col("w"), pl.col("w") ** 2)[k]
        at = (lambda e: e.sum()) if k == 0 else (lambda e, v=weight: (e * v).sum())
        out.append(pl.len().cast(pl.Float64).alias("t0") if k == 0 else weight.sum().alias(f"t{k}"))
        out += [at(pl.col(f"x{i}")).alias(f"f{k}_{i}") for i in range(len(names))]
        out += [at(pl.col(f"x{i}") * pl.col(f"x{j}")).alias(f"s{k}_{i}_{j}") for i, j in _pairs(len(names))]
    made = full.lazy().select(*keys, *x, *w).group_by("g", "l").agg(out).collect()
    found = {c: made[c].to_numpy() for c in made.columns}
    _positive(found)
    return found, table.height - full.height, shift


def _by_ibis(source, names, cluster, level, weights, shift):
    try:
        import ibis
    except ImportError:
        raise Missing("this engine needs Ibis: pip install 'commonbeat[spark]'") from None
    table = ibis.read_parquet(str(source)) if isinstance(source, (str, Path)) else source
    used = list(dict.fromkeys(c for c in (*names, cluster, level, weights) if c))
    full = table.filter([table[c].notnull() for c in used])
    if shift is None:
        pilot = full.limit(PILOT)
        row = pilot.aggregate(**{f"m{i}": pilot[n].cast("float64").mean() for i, n in enumerate(names)}).to_pandas()
        shift = np.nan_to_num(row.iloc[0].to_numpy(float))
    made = gram_expression(table, names, shift, cluster=cluster, level=level, weights=weights).to_pandas()
    if weights and float(full[weights].min().to_pandas()) <= 0:
        raise BadInput("a weight is zero or negative: weights must be positive, drop those rows")
    found = {c: made[c].to_numpy() for c in made.columns}
    return found, int(table.count().to_pandas()) - int(found["n"].sum()), shift


def _positive(found):
    if "least" in found and len(found["least"]) and float(np.min(found["least"])) <= 0:
        raise BadInput(
            f"the smallest weight is {float(np.min(found['least'])):g}: weights must be positive, drop those rows"
        )


def _parts(found, q, weighted, shift, dropped):
    powers = (0, 1, 2) if weighted else (0,)
    plain = {k: np.asarray(v) for k, v in found.items()}
    cells = len(plain["n"])
    second = np.empty((len(powers), cells, q, q))
    for k in powers:
        for i, j in _pairs(q):
            second[k, :, i, j] = second[k, :, j, i] = plain[f"s{k}_{i}_{j}"]
    if np.isnan(second).any():
        raise BadInput(
            "a column holds NaN: write missing values as null, so that their rows are left out and counted"
        )
    return {
        "shift": np.asarray(shift, float), "cluster": plain["g"], "level": plain["l"], "count": plain["n"].astype(np.int64),
        "total": np.stack([plain[f"t{k}"].astype(float) for k in powers]),
        "first": np.stack([np.stack([plain[f"f{k}_{i}"] for i in range(q)], axis=1) for k in powers]),
        "second": second, "dropped": dropped,
    }  # fmt: skip
