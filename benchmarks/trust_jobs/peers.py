"""The same jobs by others. R (estimatr, survey, coin) is not run here."""

import numpy as np

from trust_jobs.data import X, read, split, survey


def pyfixest_parquet(files, n):
    from glob import glob

    import pandas as pd
    import pyarrow.parquet as pq
    import pyfixest as pf

    def run():
        frame = pd.concat([pq.read_table(path).to_pandas() for path in sorted(glob(files))])
        formula = f"y ~ {' + '.join(X)} | area"
        fitted = pf.feols(formula, frame, vcov={"CRV1": "cluster"}, lean=True, copy_data=False, store_data=False)
        return [float(fitted.se()["t"])]

    return run


def pyfixest_crv3(files, n):
    import pandas as pd
    import pyfixest as pf

    y, x, cluster = read(files)
    frame = pd.DataFrame(x, columns=X).assign(y=y, cluster=cluster)
    return lambda: [float(pf.feols(f"y ~ {' + '.join(X)}", frame, vcov={"CRV3": "cluster"}).se()["t"])]


def pyfixest_redraws(files, n):
    import pandas as pd
    import pyfixest as pf

    y, z = split()
    fitted = pf.feols("y ~ z", pd.DataFrame({"y": y, "z": z}))
    return lambda: [
        float(fitted.ritest("z", reps=1_000, rng=np.random.default_rng(1), type="randomization-c")["Pr(>|t|)"])
    ]


def statsmodels_parquet(files, n):
    from glob import glob

    import pandas as pd
    import pyarrow.parquet as pq
    import statsmodels.api as sm

    def run():
        frame = pd.concat([pq.read_table(path).to_pandas() for path in sorted(glob(files))])
        part = frame[["y", *X]] - frame.groupby("area")[["y", *X]].transform("mean")
        fitted = sm.OLS(part["y"], part[X]).fit(cov_type="cluster", cov_kwds={"groups": frame["cluster"]})
        return [float(fitted.bse["t"])]

    return run


def diff_diff_cr2(files, n):
    from diff_diff.linalg import LinearRegression

    y, x, cluster = read(files)
    return lambda: [float(LinearRegression(cluster_ids=cluster, vcov_type="hc2_bm").fit(x, y).vcov_[-1, -1] ** 0.5)]


def numpy_redraws(files, n):
    y, z = split()
    rng = np.random.default_rng(2)

    def run():
        seen = y[z == 1].mean() - y[z == 0].mean()
        total, out, w = y.sum(), np.empty(1_000), z.copy()
        for i in range(len(out)):
            rng.shuffle(w)
            out[i] = (y @ w) / 50_000 - (total - y @ w) / 50_000
        return [(np.abs(out) >= abs(seen)).mean()]

    return run


def scipy_redraws(files, n):
    from scipy.stats import permutation_test

    y, z = split()
    gap = lambda a, b, axis: a.mean(axis=axis) - b.mean(axis=axis)  # noqa: E731
    parts = (y[z == 1], y[z == 0])
    return lambda: [permutation_test(parts, gap, n_resamples=1_000, batch=100, vectorized=True, rng=1).pvalue]


def svy_rake(files, n):
    import polars as pl
    import svy

    people, margins, w, y = survey(n)
    frame = pl.DataFrame(people | {"w": w, "y": y})

    def run():
        made = svy.Sample(frame, svy.Design(wgt="w")).weighting.rake(controls=margins, tol=1e-9, max_iter=1_000)
        made.estimation.mean("y")
        return []

    return run


def svy_rake_again(files, n):
    import polars as pl
    import svy

    people, margins, w, y = survey(n)
    frame = pl.DataFrame(people | {"w": w, "y": y, "one": np.arange(n)})

    def run():
        made = svy.Sample(frame, svy.Design(wgt="w", psu="one")).weighting.create_bs_wgts(n_reps=100, rstate=1)
        made.weighting.rake(controls=margins, tol=1e-6, max_iter=1_000).estimation.mean("y")
        return []

    return run


def ipfn_rake(files, n):
    import pandas as pd
    from ipfn import ipfn

    people, margins, w, y = survey(n)
    frame = pd.DataFrame(people)
    frame["total"] = w
    totals = [pd.Series(m, name="total").rename_axis(k) for k, m in margins.items()]
    dims = [[k] for k in margins]

    def run():
        got = ipfn.ipfn(frame.copy(), totals, dims, convergence_rate=1e-9).iteration()["total"].to_numpy()
        return [float(got @ y / got.sum())]

    return run
