"""Scales against R 4.2.2 (psych 2.2.9, lavaan 0.6.14) and against published factor models.

Out of scope, because nothing here answers them: minimal-residual loadings, hierarchical omega, intraclass correlations.
"""

import json

import numpy as np
import polars as pl
import pytest

from commonbeat.trust import invariance, reliability, score

SCALES = {
    "agree": (["A1", "A2", "A3", "A4", "A5"], ["A1"]),
    "consc": (["C1", "C2", "C3", "C4", "C5"], ["C4", "C5"]),
    "neuro": (["N1", "N2", "N3", "N4", "N5"], []),
}


@pytest.fixture(scope="module")
def bfi(real):
    folder = real("trust_reference")
    records = {r["id"]: r["result"] for r in json.loads((folder / "expected" / "scales.json").read_text())}
    return pl.read_csv(folder / "input" / "bfi.csv", null_values="NA"), records


@pytest.mark.real
@pytest.mark.parametrize("name", SCALES)
def test_alpha_of_complete_answers(bfi, name):
    people, records = bfi
    columns, reverse = SCALES[name]
    ours, theirs = reliability(people.select(columns), reverse=reverse), records[f"alpha_cc_{name}"]
    assert ours.n == theirs["n"]
    assert [ours.alpha.value, ours.alpha_standardised, ours.lambda6] == pytest.approx(
        [theirs["alpha_raw"], theirs["alpha_std"], theirs["lambda6"]], rel=1e-8
    )
    assert [i.item_rest for i in ours.items] == pytest.approx(list(theirs["item_rest"].values()), rel=1e-8)
    assert ours.covariance == pytest.approx(np.array(theirs["cov"]["values"]), rel=1e-8)


@pytest.mark.real
@pytest.mark.parametrize("name", SCALES)
def test_alpha_of_pairs_of_answers_as_psych_has_it(bfi, name):
    people, records = bfi
    columns, reverse = SCALES[name]
    ours, theirs = reliability(people.select(columns), reverse=reverse, missing="pairwise"), records[f"alpha_{name}"]
    total = theirs["total"]
    assert [
        ours.alpha.value,
        ours.alpha.std_error,
        ours.alpha_standardised,
        ours.lambda6,
        ours.average_r,
    ] == pytest.approx([total[k] for k in ("raw_alpha", "ase", "std.alpha", "G6(smc)", "average_r")], rel=1e-8)
    assert [ours.alpha.low, ours.alpha.value, ours.alpha.high] == pytest.approx(theirs["feldt"], rel=1e-8)
    assert [i.alpha_without for i in ours.items] == pytest.approx(theirs["alpha_drop"]["raw_alpha"], rel=1e-8)
    for field, column in (("n", "n"), ("item_rest", "r.drop"), ("mean", "mean"), ("std_dev", "sd")):
        assert [getattr(i, field) for i in ours.items] == pytest.approx(theirs["item_stats"][column], rel=1e-8)


@pytest.mark.real
@pytest.mark.parametrize("name", SCALES)
def test_omega_and_one_factor_fit(bfi, name):
    people, records = bfi
    columns, reverse = SCALES[name]
    ours, theirs = reliability(people.select(columns), reverse=reverse), records[f"omega_cfa_{name}"]
    fit = ours.one_factor
    assert fit.loadings[0, :, 0] == pytest.approx(theirs["loadings"], rel=1e-5)
    assert fit.loadings_error[0] == pytest.approx(theirs["loadings_se"], rel=1e-5)
    assert fit.unique[0] == pytest.approx(theirs["theta"], rel=1e-5)
    names = {
        "chisq": "chi_square", "df": "df", "cfi": "cfi", "tli": "tli", "rmsea": "rmsea", "rmsea.ci.lower": "rmsea_low",
        "rmsea.ci.upper": "rmsea_high", "srmr": "srmr", "logl": "log_likelihood",
    }  # fmt: skip
    for theirs_name, field in names.items():
        assert getattr(fit, field) == pytest.approx(theirs["fit"][theirs_name], rel=1e-5)
    assert ours.omega == pytest.approx(theirs["omega"], rel=1e-5)
    factanal = records[f"omega_fa_{name}"]
    assert ours.omega_standardised == pytest.approx(factanal["omega_ml"], rel=1e-5)
    standard = fit.loadings[0, :, 0] / np.sqrt(fit.loadings[0, :, 0] ** 2 + fit.unique[0])
    assert standard == pytest.approx(factanal["ml_loadings"], rel=1e-5)


@pytest.mark.real
@pytest.mark.parametrize("name", SCALES)
def test_scores_on_0_to_100(bfi, name):
    people, records = bfi
    columns, reverse = SCALES[name]
    theirs = records[f"index_0_100_{name}"]
    values = np.asarray(score(people.select(columns), scale=(1, 6), reverse=reverse, at_least=1.0))
    assert [np.nanmean(values), np.nanstd(values, ddof=1)] == pytest.approx([theirs["mean"], theirs["sd"]], rel=1e-8)
    for gender, mean in theirs["by_gender"].items():
        assert np.nanmean(values[(people["gender"] == int(gender)).to_numpy()]) == pytest.approx(mean, rel=1e-8)


def test_measurement_invariance_of_the_school_children_of_1939():
    """Chi-squares of the three models as lavaan's tutorial prints them (Rosseel 2012): Holzinger & Swineford's nine tests."""
    semopy = pytest.importorskip("semopy.examples")
    children = semopy.holzinger39.get_data()
    factors = {"visual": ["x1", "x2", "x3"], "textual": ["x4", "x5", "x6"], "speed": ["x7", "x8", "x9"]}
    found = invariance(children[[f"x{i}" for i in range(1, 10)]], children["school"], factors=factors)
    assert [round(s.chi_square, 3) for s in found.steps] == [115.851, 124.044, 164.103]
    assert [s.df for s in found.steps] == [48, 54, 60]
    assert round(found.steps[1].chi_square_more, 3) == 8.192
    assert found.steps[2].df_more == 6
    assert found.holds == "metric"  # intercepts differ between the schools, so their means must not be compared
    assert found.factor_means is None
