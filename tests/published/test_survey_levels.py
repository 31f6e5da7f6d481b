"""Every level, weight and replicate record that R 4.2.2 (survey 4.1.1) computed, matched to relative 1e-8.

In scope: means, factors, totals, ratios, groups and their contrasts, domains, design effects, quantiles and intervals of
shares; post-stratified, raked, calibrated and trimmed weights with their variances; jackknife and bootstrap replicates.
Out of scope, because nothing here answers them: svyglm, svyttest, svyvar, svychisq, and BRR/Fay replicates.
"""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

from commonbeat.trust import calibrate, estimate_level, kish, poststratify, rake, replicate_weights, trim
from commonbeat.trust.replicates import Replicates

pytestmark = pytest.mark.real

DESIGNS = {
    "dsrs": ("apisrs", {"weights": "pw", "fpc": ["fpc"]}),
    "dsrs0": ("apisrs", {"weights": "pw"}),
    "dstrat": ("apistrat", {"weights": "pw", "fpc": ["fpc"], "strata": "stype"}),
    "dstratwr": ("apistrat", {"weights": "pw", "strata": "stype"}),
    "dclus1": ("apiclus1", {"weights": "pw", "fpc": ["fpc"], "cluster": ["dnum"]}),
    "dclus1wr": ("apiclus1", {"weights": "pw", "cluster": ["dnum"]}),
    "dclus2": ("apiclus2", {"fpc": ["fpc1", "fpc2"], "cluster": ["dnum", "snum"]}),
    "dclus2wr": ("apiclus2", {"weights": "pw", "cluster": ["dnum", "snum"]}),
}
OUT = ("glm_gauss", "glm_logit", "ttest", "var", "chisq_F", "chisq_Chisq", "chisq_Wald", "chisq_adjWald")


@pytest.fixture(scope="module")
def reference(real):
    folder = real("trust_reference")

    @cache
    def frame(name):
        return pl.read_csv(folder / "input" / f"{name}.csv", null_values="NA")

    @cache
    def records(name):
        return {r["id"]: r for r in json.loads((folder / "expected" / f"{name}.json").read_text())}

    margins = json.loads((folder / "input" / "api_margins.json").read_text())
    return frame, records, margins, folder


def drawn(frame, name):
    data, parts = DESIGNS[name]
    people = frame(data)
    return people, {k: people[v] if isinstance(v, str) else people.select(v).to_numpy() for k, v in parts.items()}


def same(ours, theirs, rel=1e-8):
    assert np.asarray(ours, float) == pytest.approx(np.asarray(theirs, float), rel=rel, abs=1e-14)


def answered_by_all(people, *columns):
    return people.select(pl.all_horizontal([pl.col(c).is_not_null() for c in columns])).to_series().to_numpy()


def only(values, kept):
    return np.where(kept, values.cast(pl.Float64).to_numpy(), np.nan)


def a_list(thing):
    return thing if isinstance(thing, list) else [thing]


def linear(kind, people, design, r):
    """Our answer beside R's, as pairs."""
    if kind == "mean":
        columns = ["api00", "api99", "enroll"]
        kept = answered_by_all(people, *columns)
        for j, column in enumerate(columns):
            ours = estimate_level(only(people[column], kept), **design)
            yield (
                [ours.value, ours.std_error, ours.design_effect],
                [r["estimate"][j], r["se"][j], a_list(r["deff"])[j]],
            )
            half = (r["ci_normal"]["values"][j][1] - r["ci_normal"]["values"][j][0]) / 2 / 1.959963984540054
            yield ours.std_error, half
            if kept.all():
                yield ours.df, r["degf"]
    elif kind == "mean_deffreplace":
        ours = estimate_level(people["api00"], design_effect="replace", **design)
        yield [ours.value, ours.std_error, ours.design_effect], [r["estimate"], r["se"], r["deff"]]
    elif kind == "mean_factor":
        for j, stype in enumerate("EHM"):
            ours = estimate_level(people["stype"] == stype, kind="share", **design)
            yield ours.value, r["estimate"][j]
            if r["se"][j] > 1e-9:  # strata are the types themselves: both sides are rounding errors of 0
                yield [ours.std_error, ours.design_effect], [r["se"][j], r["deff"][j]]
    elif kind == "total":
        kept = answered_by_all(people, "enroll")
        for j, column in enumerate([people["enroll"], *(people["stype"] == s for s in "EHM")]):
            ours = estimate_level(only(column, kept), kind="total", **design)
            yield ours.value, r["estimate"][j]
            if r["se"][j] > 1e-6:
                yield [ours.std_error, ours.design_effect], [r["se"][j], r["deff"][j]]
    elif kind == "ratio":
        ours = estimate_level(people["api.stu"], kind="ratio", denominator=people["enroll"], **design)
        yield [ours.value, ours.std_error], [r["estimate"], r["se"]]
    elif kind == "by":
        ours = estimate_level(people["api00"], by=people["stype"], **design)
        for j, group in enumerate(r["table"]["stype"]):
            yield [ours[group].value, ours[group].std_error], [r["table"]["api00"][j], r["table"]["se"][j]]
        cells = np.array(r["vcov"]["values"])
        yield ours.covariance / cells.max() + 1, cells / cells.max() + 1
    elif kind == "by_contrast":
        ours = estimate_level(people["api00"], by=people["stype"], **design)
        for j, group in enumerate("HM"):
            less = ours.contrast({group: 1, "E": -1})
            yield [less.value, less.std_error], [r["estimate"][j], r["se"][j]]
    elif kind == "domain":
        ours = estimate_level(people["api00"], by=people.select("stype", "awards"), **design)["E / Yes"]
        yield [ours.value, ours.std_error], [r["estimate"], r["se"]]
    elif kind.startswith("ciprop"):
        how = kind.split("_")[1].replace("xlogit", "logit")
        ours = estimate_level(people["awards"] == "Yes", kind="share", interval=how, **design)
        yield [ours.value, ours.std_error**2], [r["estimate"], r["var"]]
        if how != "likelihood":
            yield [ours.low, ours.high], r["ci"]
    elif kind.startswith("quantile"):
        for row, q in zip(r["table"]["values"], (0.25, 0.5, 0.75), strict=True):
            ours = estimate_level(people["api00"], kind="quantile", q=q, rule=kind.split("_")[1], **design)
            yield [ours.value, ours.low, ours.high, ours.std_error], row


@pytest.mark.parametrize("name", DESIGNS)
def test_linearised_levels_equal_r(reference, name):
    frame, records, *_ = reference
    people, design = drawn(frame, name)
    met = 0
    for key, record in records("survey_linear").items():
        owner, _, kind = key.partition("_")
        if owner != name or kind in OUT:
            continue
        pairs = list(linear(kind, people, design, record["result"]))
        assert pairs, f"{key} was compared with nothing"
        for ours, theirs in pairs:
            same(ours, theirs)
        met += 1
    assert met == 17


@pytest.mark.parametrize("name", DESIGNS)
def test_the_likelihood_interval_is_as_near_as_r_s_interpolated_profile(reference, name):
    """R reads this one off a spline through a profile, so its own last digits are an approximation."""
    frame, records, *_ = reference
    people, design = drawn(frame, name)
    ours = estimate_level(people["awards"] == "Yes", kind="share", interval="likelihood", **design)
    same([ours.low, ours.high], records("survey_linear")[f"{name}_ciprop_likelihood"]["result"]["ci"], rel=2e-5)


def test_the_published_api_figures(reference):
    frame, *_ = reference
    people, design = drawn(frame, "dclus1")
    mean = estimate_level(people["api00"], **design)
    total = estimate_level(people["enroll"], kind="total", **design)
    assert (round(mean.value, 2), round(mean.std_error, 3)) == (644.17, 23.542)
    assert (round(total.value), round(total.std_error)) == (3404940, 932235)
    people, design = drawn(frame, "dclus1wr")
    ratio = estimate_level(people["api.stu"], kind="ratio", denominator=people["enroll"], **drawn(frame, "dclus1")[1])
    assert (round(ratio.value, 7), round(ratio.std_error, 9)) == (0.8497087, 0.008386297)


def weighings(margins, population, people, base, record):
    both = {"stype": margins["stype"], "api99": population["api99"]}
    four = {k: margins[k] for k in ("stype", "sch.wide", "comp.imp", "awards")}
    return {
        "poststrat": lambda: poststratify(people, {"stype": margins["stype"]}, weights=base),
        "rake": lambda: rake(people, four, weights=base),
        "calibrate_linear": lambda: calibrate(people, both, weights=base),
        "calibrate_raking": lambda: calibrate(people, both, weights=base, how="raking"),
        "calibrate_logit": lambda: calibrate(people, both, weights=base, how="logit", bounds=(0.3, 4)),
        "calibrate_linear_bounded": lambda: calibrate(people, both, weights=base, bounds=(0.5, 2)),
        "trim": lambda: trim(rake(people, four, weights=base), low=record["lower"], high=record["upper"]),
    }


def test_weights_and_their_variances_equal_r(reference):
    frame, records, margins, _ = reference
    population = records("survey_calibration")["dsrs_calibrate_linear"]["result"]["population"]
    met = 0
    for key, record in records("survey_calibration").items():
        name, _, kind = key.partition("_")
        people, design = drawn(frame, name)
        base, r = design.pop("weights"), record["result"]
        ways = weighings(margins, population, people, base, r)
        if kind == "kish":
            same(kish(ways["rake"]()), [r["deff_kish"], r["n_eff"]])
            met += 1
            continue
        made = ways[kind]()
        same(made, r["weights"])
        kept = answered_by_all(people, "api00", "enroll")
        for j, column in enumerate(["api00", "enroll"]):
            ours = estimate_level(only(people[column], kept), weights=made, **design)
            same([ours.value, ours.std_error], [r["mean"]["estimate"][j], r["mean"]["se"][j]])
        total = estimate_level(people["enroll"], kind="total", weights=made, **design)
        same([total.value, total.std_error], [r["total"]["estimate"], r["total"]["se"]])
        groups = estimate_level(people["api00"], by=people["stype"], weights=made, **design)
        for j, group in enumerate(r["by"]["stype"]):
            same([groups[group].value, groups[group].std_error], [r["by"]["api00"][j], r["by"]["se"][j]])
        met += 1
    assert met == 31


def test_replicates_equal_r(reference):
    frame, records, _, folder = reference
    met = 0
    for key, record in records("survey_replicates").items():
        if key.startswith("scd"):
            continue
        people, r = frame(record["data"][0].removesuffix(".csv")), record["result"]
        each = pl.read_csv(folder / "input" / record["data"][-1]).to_numpy()
        reps = Replicates(each, np.array(r["pweights"]), r["type"], r["scale"], np.array(r["rscales"]), r["mse"])
        assert reps.df == r["degf"]
        kept = answered_by_all(people, "api00", "api99", "enroll")
        for j, column in enumerate(["api00", "api99", "enroll"]):
            if r["mean"]["se"][j] > 1e-6:
                ours = estimate_level(only(people[column], kept), replicates=reps)
                same([ours.value, ours.std_error], [r["mean"]["estimate"][j], r["mean"]["se"][j]])
        ratio = estimate_level(people["api.stu"], kind="ratio", denominator=people["enroll"], replicates=reps)
        same([ratio.value, ratio.std_error], [r["ratio"]["estimate"], r["ratio"]["se"]])
        middle = estimate_level(people["api00"], kind="quantile", replicates=reps)
        same([middle.value, middle.std_error**2], [r["median"]["estimate"], r["median"]["var"]])
        groups = estimate_level(people["api00"], by=people["stype"], replicates=reps)
        for j, group in enumerate(r["by"]["stype"]):
            same([groups[group].value, groups[group].std_error], [r["by"]["api00"][j], r["by"]["se"][j]])
        met += 1
    assert met == 15


@pytest.mark.parametrize(
    ("key", "data", "draw"),
    [
        ("jk1_clus1wr", "apiclus1", {"kind": "jk1", "cluster": "dnum"}),
        ("jk1_clus1fpc", "apiclus1", {"kind": "jk1", "cluster": "dnum", "fpc": "fpc"}),
        ("jkn_stratwr", "apistrat", {"kind": "jkn", "strata": "stype"}),
        ("jkn_stratfpc", "apistrat", {"kind": "jkn", "strata": "stype", "fpc": "fpc"}),
        ("jk1_clus1wr_mse", "apiclus1", {"kind": "jk1", "cluster": "dnum", "mse": True}),
        ("jkn_stratfpc_mse", "apistrat", {"kind": "jkn", "strata": "stype", "fpc": "fpc", "mse": True}),
    ],
)
def test_our_own_jackknife_weights_equal_r_s(reference, key, data, draw):
    frame, records, _, folder = reference
    people, r = frame(data), records("survey_replicates")[key]["result"]
    parts = {k: people[v] if k in ("cluster", "strata", "fpc") else v for k, v in draw.items()}
    ours = replicate_weights(weights=people["pw"], **parts)
    theirs = pl.read_csv(folder / "input" / f"repw_{key}.csv").to_numpy()
    same(
        np.sort(ours.weights, axis=1), np.sort(theirs, axis=1)
    )  # R names the draws in the order of the clusters' codes
    same([ours.scale, *sorted(ours.rscales)], [r["scale"], *sorted(r["rscales"])])


@pytest.mark.parametrize("key", ["jk1_clus1wr_raked", "jk1_clus1wr_ps", "jk1_clus1wr_cal"])
def test_weights_made_again_in_every_draw_equal_r(reference, key):
    frame, records, margins, _ = reference
    people = frame("apiclus1")
    population = records("survey_calibration")["dsrs_calibrate_linear"]["result"]["population"]
    weigh = {
        "jk1_clus1wr_raked": lambda w: rake(people, {k: margins[k] for k in ("stype", "sch.wide")}, weights=w),
        "jk1_clus1wr_ps": lambda w: poststratify(people, {"stype": margins["stype"]}, weights=w),
        "jk1_clus1wr_cal": lambda w: calibrate(
            people, {"stype": margins["stype"], "api99": population["api99"]}, weights=w
        ),
    }[key]
    made = replicate_weights(kind="jk1", weights=people["pw"], cluster=people["dnum"]).reweighted(weigh)
    r = records("survey_replicates")[key]["result"]
    ours = estimate_level(people["api00"], replicates=made)
    same([ours.value, ours.std_error, ours.df], [r["mean"]["estimate"][0], r["mean"]["se"][0], r["degf"]])
