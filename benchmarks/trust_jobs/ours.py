"""Our runs. Each takes (pattern of files, how many) and gives a call that returns numbers to compare."""

import numpy as np

from trust_jobs.data import X, read, split, survey


def ols_parquet(files, n):
    from commonbeat.regression import fit, gram

    def run():
        one = gram(files, ["y", *X], cluster="cluster", fixed_effects="area")
        return [fit(one, "y", X, se=se).of("t").std_error for se in ("CR1", "CR2")]

    return run


def ols_ibis(files, n):
    from commonbeat.regression import fit, gram

    def run():
        one = gram(files, ["y", *X], cluster="cluster", fixed_effects="area", engine="ibis")
        return [fit(one, "y", X, se=se).of("t").std_error for se in ("CR1", "CR2")]

    return run


def cr2(files, n):
    """From rows in memory: sums, coefficients, CR2 and its df."""
    from commonbeat.regression import ols

    y, x, cluster = read(files)
    return lambda: [ols(y, x, X, clusters=[cluster]).of("t").std_error]


def _sums(files):
    from commonbeat.regression import gram

    y, x, cluster = read(files)
    return gram(np.column_stack([y, x]), ["y", *X], cluster=cluster)


def crv3(files, n):
    from commonbeat.regression import fit

    one = _sums(files)
    return lambda: [fit(one, "y", X, se="CRV3").of("t").std_error]


def wild(files, n):
    from commonbeat.regression import wild_bootstrap

    one = _sums(files)
    return lambda: [wild_bootstrap(one, "y", X, "t", draws=999, interval=False).p_value]


def redraws(files, n, share=0.5, likert=False, statistic="difference"):
    from commonbeat.trust import randomisation_test

    y, z = split(share, likert)
    return lambda: [randomisation_test(y, z, statistic=statistic, draws=10_000, interval=False).p_value]


def redraws_likert(files, n):
    return redraws(files, n, likert=True)


def redraws_30(files, n):
    return redraws(files, n, share=0.3)


def redraws_studentised(files, n):
    return redraws(files, n, statistic="studentised")


def rake(files, n):
    import polars as pl

    from commonbeat.trust import rake

    people, margins, w, y = survey(n)
    frame = pl.DataFrame(people)

    def run():
        weights = rake(frame, margins, weights=w).weights
        return [float(weights @ y / weights.sum())]

    return run


def rake_again(files, n):
    import polars as pl

    from commonbeat.trust import raked_level

    people, margins, w, y = survey(n)
    frame = pl.DataFrame(people)
    return lambda: [raked_level(y, frame, margins, weights=w, draws=100, rng=1).std_error]


def level(files, n):
    from commonbeat.trust import estimate_level

    people, _, w, y = survey(n)
    cluster = np.random.default_rng(1).integers(0, 1_000, n)
    race = people["race"]
    return lambda: [estimate_level(y, weights=w, strata=cluster // 50, cluster=cluster, by=race).levels[0].std_error]
