"""The same answers however the table is held, and a sentence for what cannot be read."""

import numpy as np
import polars as pl
import pytest

from commonbeat import trust
from commonbeat.errors import BadInput, TooFew


def people(n=240, seed=0):
    rng = np.random.default_rng(seed)
    patch = rng.permutation(np.repeat(np.arange(24), n // 24))
    return pl.DataFrame(
        {
            "trust": rng.normal(55, 15, n), "before": rng.normal(50, 10, n), "arm": np.where(patch % 2, "visit", "none"),
            "seen": rng.integers(0, 2, n), "sex": rng.choice(["f", "m"], n), "patch": [f"p{i}" for i in patch],
            "area": [f"a{i % 3}" for i in range(n)], "w": rng.uniform(0.5, 2, n),
        }
    )  # fmt: skip


def held(frame):
    plain = frame.to_pandas()
    yield frame
    yield plain
    yield plain.astype(dict.fromkeys(("arm", "sex", "patch", "area"), "category"))
    yield frame.to_arrow()
    yield frame.with_columns(pl.col("seen").cast(pl.Int8), pl.col("patch").cast(pl.Categorical))


def test_polars_pandas_categories_and_arrow_give_one_answer():
    found = []
    for f in held(people()):
        some = lambda *c, f=f: f.select(list(c)) if hasattr(f, "select") else f[list(c)]  # noqa: E731
        found.append(
            [
                trust.difference_in_means(f["trust"], f["arm"], cluster=f["patch"], weights=f["w"], treated="visit").low,
                trust.adjusted_effect(f["trust"], f["arm"], some("before"), cluster=f["patch"], treated="visit").low,
                trust.regress(f["trust"], some("before", "seen"), fixed_effects=some("area", "sex"), cluster=f["patch"]).low[0],
                trust.regress("trust ~ before * C(sex) | area", f, cluster="patch", weights="w").low[-1],
                trust.by_group(f["trust"], f["seen"], f["sex"], block=f["area"]).effects[1].low,
                trust.randomisation_test(f["trust"], f["seen"], block=f["area"], draws=200, interval=False).p_value,
                trust.estimate_level(f["trust"], by=f["area"], weights=f["w"], cluster=f["patch"]).levels[2].low,
                trust.reliability(some("trust", "before")).alpha.value,
                trust.rake(some("sex", "area"), {"sex": {"f": 60, "m": 40}, "area": {"a0": 50, "a1": 25, "a2": 25}}).weights[0],
            ]
        )  # fmt: skip
    assert np.allclose(found, found[0], rtol=1e-12)


def test_two_clusters_as_a_frame_or_a_list_of_names():
    d = people()
    by_frame = trust.regress(d["trust"], d.select("before"), cluster=d.select("patch", "area"))
    by_name = trust.regress("trust ~ before", d, cluster=["patch", "area"])
    assert np.array_equal(by_frame.std_error, by_name.std_error) and "two-way" in by_frame.method


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda d: trust.regress(d["trust"].scatter(3, np.inf), d["before"]), BadInput, "y in row 3 is inf"),
        (lambda d: trust.regress("trust ~ nothing", d), BadInput, "'nothing' cannot be read.*columns are trust"),
        (lambda d: trust.regress("trust ~ ~ before", d), BadInput, "one ~ in each part"),
        (lambda d: trust.regress("trust ~ before | district", d), BadInput, "no column 'district'"),
        (lambda d: trust.regress([], np.empty((0, 1))), TooFew, "no rows"),
        (lambda d: trust.regress(d["trust"], d["before"], cluster=[None] * 240), TooFew, "no complete row"),
    ],
)
def test_what_cannot_be_read_is_a_sentence(call, kind, said):
    with pytest.raises(kind, match=said):
        call(people())


def test_all_answers_equal_is_said_in_every_fit():
    d = people()
    flat = trust.regress(np.full(240, 0.1), d.select("before"), cluster=d["patch"])
    assert "all answers are equal" in " ".join(flat.cautions)
    assert "all answers are equal" in " ".join(
        trust.adjusted_effect(np.full(240, 7), d["seen"], d["before"]).cautions
    )
    by_patch = np.unique(d["patch"], return_inverse=True)[1] % 2
    for arm, plan in ((d["seen"], {}), (by_patch, {"cluster": d["patch"]})):
        flat = trust.difference_in_means(np.full(240, 7), arm, **plan)
        assert flat.value == 0 and "all answers are equal" in " ".join(flat.cautions)
    exact = trust.regress(2 * d["before"] + 1, d.select("before"))
    assert "explain the outcome exactly" in " ".join(exact.cautions)
    assert not trust.regress(d["trust"] + 1e6, d.select("before")).cautions
