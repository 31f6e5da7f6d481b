"""What least squares cannot answer, and how it says so."""

import numpy as np
import pytest

from commonbeat.errors import BadInput, Refused, TooFew
from commonbeat.regression import gram, ols

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
Y = X[:, 0] + RNG.normal(size=40)


def test_a_collinear_column_is_named_and_dropped_the_later_one_first():
    fit = ols(Y, np.column_stack([X, X[:, 0] + X[:, 1]]), ["a", "b", "sum"])
    assert fit.terms == ("(Intercept)", "a", "b") and fit.dropped == ("sum",)
    assert any("sum" in c for c in fit.cautions)
    with pytest.raises(BadInput, match="others explain it"):
        fit.of("sum")


def test_a_constant_column_goes_for_the_intercept():
    assert ols(Y, np.column_stack([X, np.ones(40)]), ["a", "b", "one"]).dropped == ("one",)


def test_a_small_cluster_is_personal_data_and_stays():
    with pytest.raises(Refused, match="personal data"):
        gram(np.column_stack([Y, X]), ["y", "a", "b"], cluster=np.arange(40) // 5).to_dict()
    kept = gram(np.column_stack([Y, X]), ["y", "a", "b"], cluster=np.arange(40) // 10).to_dict()
    assert kept["count"] == [10, 10, 10, 10]


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda: ols(Y, X, ["a", "b"], clusters=[np.zeros(40)]), TooFew, "one cluster"),
        (lambda: ols(Y, X, ["a", "b"], weights=np.r_[0.0, np.ones(39)]), BadInput, "must be positive"),
        (lambda: ols(np.r_[np.nan, Y[1:]], X, ["a", "b"]), BadInput, "the outcome in row 0"),
        (lambda: ols(Y[:3], X[:3], ["a", "b"]), TooFew, "nothing is left"),
        (lambda: ols(Y, X, ["a", "b"], se="CR2"), BadInput, "without clusters"),
        (lambda: ols(Y, X, ["a", "b"], clusters=[np.arange(40)] * 2, se="CR2"), BadInput, "choose one of CR0, CR1"),
        (lambda: ols(Y, X * 0, ["a", "b"], fixed_effects=[np.arange(40) % 2]), TooFew, "no regressor varies"),
        (lambda: ols(Y, X, ["a", "b"], instruments=X[:, :1], instrument_names=["a"]), BadInput, "add instruments"),
    ],
)
def test_what_cannot_be_answered_is_said(call, kind, said):
    with pytest.raises(kind, match=said):
        call()
