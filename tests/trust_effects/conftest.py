"""Reference values: inputs as CSV, expected numbers as JSON, found through the `real` fixture."""

import json

import numpy as np
import polars as pl
import pytest


@pytest.fixture(scope="session")
def frame(real):
    """`frame("cace_synth.csv")` -> polars frame of that input."""
    return lambda name: pl.read_csv(real(f"trust_reference/input/{name}"), null_values="NA")


@pytest.fixture(scope="session")
def record(real):
    """`record("did", "twfe")` -> the result of that record."""

    def find(file, name):
        records = json.loads(real(f"trust_reference/expected/{file}.json").read_text())
        return next(r for r in records if r["id"] == name)["result"]

    return find


def agrees(fit, expected, rel=1e-8):
    """The terms of a reference table against a Fit: estimate, error, df, ends of the interval."""
    at = [fit.terms.index(t) for t in expected["term"]]
    for theirs, ours in (("coefficients", "estimate"), ("std.error", "std_error"), ("df", "df"), ("conf.low", "low")):
        assert np.allclose(getattr(fit, ours)[at], expected[theirs], rtol=rel, atol=1e-12), theirs


@pytest.fixture(scope="session")
def same():
    return agrees
