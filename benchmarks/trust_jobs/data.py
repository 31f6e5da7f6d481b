"""The rows: a trial by cluster for the regressions, a split of people for the redraws, a survey for the weights."""

from pathlib import Path

import numpy as np

X = [f"x{i}" for i in range(9)] + ["t"]
MARGINS = {"sex": 2, "age": 6, "race": 5, "education": 6, "area": 100}
PART = 10_000_000  # rows in one file


def trial(n, seed, clusters=1000, areas=100):
    """Ten regressors (three binary, three Likert, three continuous, one drawn by cluster), areas that hold clusters."""
    import polars as pl

    rng = np.random.default_rng(seed)
    cluster = rng.integers(0, clusters, n).astype(np.int32)
    drawn = np.random.default_rng(9).permutation(np.repeat([0, 1], clusters // 2)).astype(np.int8)
    shock = np.random.default_rng(8).normal(size=clusters)
    x = {f"x{i}": rng.integers(0, 2, n).astype(np.int8) for i in range(3)}
    x |= {f"x{i}": rng.integers(1, 6, n).astype(np.int8) for i in range(3, 6)}
    x |= {f"x{i}": rng.normal(size=n) for i in range(6, 9)}
    y = 50 + 2 * drawn[cluster] + x["x0"] + x["x6"] + shock[cluster] + 10 * rng.normal(size=n)
    area = (cluster % areas).astype(np.int16)
    return pl.DataFrame({"y": y, **x, "t": drawn[cluster], "cluster": cluster, "area": area})


def write(folder, n) -> str:
    """Parquet files of up to ten million rows each; the pattern that reads them all. Written once."""
    where = Path(folder) / str(n)
    where.mkdir(parents=True, exist_ok=True)
    for k, start in enumerate(range(0, n, PART)):
        path = where / f"{k}.parquet"
        if not path.exists():
            trial(min(PART, n - start), k).write_parquet(path, compression="zstd")
    return f"{where}/*.parquet"


def read(pattern):
    """y (n,), x (n, 10), cluster (n,) in memory."""
    import polars as pl

    frame = pl.read_parquet(pattern)
    return frame["y"].to_numpy(), frame.select(X).to_numpy().astype(float), frame["cluster"].to_numpy()


def split(share=0.5, likert=False, n=100_000):
    """Answers of n people of whom a share was treated."""
    rng = np.random.default_rng(1)
    y = rng.normal(size=n)
    z = rng.permutation(np.repeat([0, 1], [round(n * (1 - share)), round(n * share)]))
    return (np.clip(np.round(y), -2, 2) if likert else y), z


def survey(n):
    """People, margins that are not those of the sample, unequal base weights, an answer."""
    rng = np.random.default_rng(0)
    people = {k: rng.choice(s, n, p=rng.dirichlet(np.full(s, 5.0))).astype(np.int8) for k, s in MARGINS.items()}
    margins = {}
    for k, s in MARGINS.items():
        want = np.bincount(people[k], minlength=s) * rng.uniform(0.7, 1.4, s)
        margins[k] = dict(enumerate((want / want.sum() * 5e6).tolist()))
    return people, margins, rng.uniform(0.5, 2, n), rng.normal(55, 15, n) + 5 * people["sex"]
