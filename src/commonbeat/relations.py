"""Steps over whole tables as Ibis expressions, written once: the same on DuckDB and on Spark.

Only sums leave the engine: one GROUP BY turns rows into counts, sums and cross products by cluster.
"""

from __future__ import annotations

from glob import glob
from itertools import combinations_with_replacement
from pathlib import Path

import numpy as np

from commonbeat.errors import BadInput, Missing

__all__ = ["gram_expression", "meat", "sums"]

PILOT = 1000  # rows whose mean is subtracted inside every sum


def sums(source, names, *, cluster=None, level=None, weights=None, shift=None) -> dict:
    """Counts, sums and cross products of `names` by (cluster, level): the parts of a Gram, second moments still by cell.

    source : an Ibis table (DuckDB, Spark), or a Parquet path (globs allowed), which DuckDB then reads
    Rows with a missing value are left out and counted; weights must be positive.
    """
    table = _table(source)
    used = list(dict.fromkeys(c for c in (*names, cluster, level, weights) if c))
    missing = [c for c in used if c not in table.columns]
    if missing:
        raise BadInput(f"there is no column {missing[0]!r}; there are {', '.join(table.columns)}")
    full = table.filter([table[c].notnull() for c in used])
    if shift is None:
        pilot = full.limit(PILOT)
        row = pilot.aggregate(**{f"m{i}": pilot[n].cast("float64").mean() for i, n in enumerate(names)}).to_pandas()
        shift = np.nan_to_num(row.iloc[0].to_numpy(float))
    made = gram_expression(table, names, shift, cluster=cluster, level=level, weights=weights).to_pandas()
    if weights and (least := float(full[weights].min().to_pandas())) <= 0:
        raise BadInput(f"the smallest weight is {least:g}: weights must be positive, drop those rows")
    found = {c: made[c].to_numpy() for c in made.columns}
    dropped = int(table.count().to_pandas()) - int(found["n"].sum())
    return _parts(found, len(names), weights is not None, shift, dropped)


def _table(source):
    try:
        import ibis
    except ImportError:
        raise Missing("this engine needs Ibis: pip install 'commonbeat[spark]'") from None
    if not isinstance(source, (str, Path)):
        return source
    if not glob(str(source), recursive=True):
        raise BadInput(f"{source} does not exist: give a Parquet file, or a pattern such as answers-*.parquet")
    return ibis.read_parquet(str(source))


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


def meat(table, *, columns, shift, project, error, bread, weights=None, power=1, every=()):
    """The second scan: sum of w^2 e^2 / (1 - h)^power x x' over complete rows, x with an intercept in front.

    table          : a named Ibis table
    columns, shift : columns and what is subtracted;  project (1 + columns, p), error (1 + columns,) : x and e of a row
    every          : columns that must be present, as in the first scan
    """
    if not hasattr(table, "get_name"):
        raise BadInput("the second scan needs a named Ibis table: create a view of the expression first")
    p, names = project.shape[1], list(columns)
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
        WITH r AS (SELECT {rows}, {w} AS w FROM {table.get_name()} WHERE {present}),
             z AS (SELECT {", ".join(f"{linear(project[:, k])} AS z{k}" for k in range(p))}, {linear(error)} AS e, w FROM r),
             s AS (SELECT *, {scores} AS c FROM z)
        SELECT {", ".join(f"sum(c * z{i} * z{j}) AS m{i}_{j}" for i, j in _pairs(p))} FROM s"""
    found = table.get_backend().sql(sql).to_pandas()
    out = np.empty((p, p))
    for i, j in _pairs(p):
        out[i, j] = out[j, i] = found[f"m{i}_{j}"][0]
    return out


def _pairs(q):
    return list(combinations_with_replacement(range(q), 2))


def _q(name):
    return '"' + str(name).replace('"', '""') + '"'


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
